"""When to take pictures and statistics: every N steps, at epoch ends, or as many as an overhead budget allows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import ceil, log2

#: Stands for never, and fits the device's counters.
MAX_STRIDE = 1 << 30

#: What the statistics of a fit may take at most beside their share of training time.
BEGINNING_S = 0.5


@dataclass(frozen=True)
class ScheduleState:
    """What a schedule may look at.

    `step`: updates so far. `last`: step of the last pictures, None before the first. `training_s` and `pictures_s`:
    seconds since fit began that went into training and into pictures, those of the first step excepted. `cost_s`: what the next pictures will cost, by
    the last ones. `overhead`: the share of training time that pictures may take. `thinning`: 1, or 2, 4, … as the log
    fills up: how many times rarer than wanted pictures have to be.
    """

    step: int
    last: int | None
    epoch: int
    epoch_end: bool
    training_s: float
    pictures_s: float
    cost_s: float
    overhead: float
    thinning: int = 1

    @property
    def is_affordable(self) -> bool:
        """Do pictures now keep within the overhead?"""
        return self.affords(1)

    def affords(self, pictures: int, at_least_s: float = 0.0) -> bool:
        """Would so many pictures keep within it, or within so many seconds, if they were taken now?"""
        budget_s = max(self.overhead * self.training_s, at_least_s)
        return self.pictures_s + pictures * self.cost_s <= budget_s / self.thinning


class Schedule(ABC):
    """Says at which steps to log. The first and the last step of a fit are logged whatever it says.

    `statistics_stride` is how many steps lie between two records of gradients; None leaves it to the overhead budget.
    `is_thinning` says that `due` itself heeds `ScheduleState.thinning`; of one that does not, only each thinning-th yes counts.

    Example:

    ```python
    class Primes(tb_cnnviz.Schedule):
        def is_due(self, moment):
            return all(moment.step % n for n in range(2, moment.step))
    ```
    """

    statistics_stride: int | None = None
    is_thinning = False

    @abstractmethod
    def is_due(self, moment: ScheduleState) -> bool:
        """Are pictures to be taken now? Asked after every batch (every execution, where one runs several steps)."""


class Every(Schedule):
    """Pictures and statistics every `n` steps; pictures also at epoch ends that the overhead allows.

    Raises:
        ValueError: when n is no whole number of at least 1.
    """

    is_thinning = True

    def __init__(self, n: int) -> None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"every: {n!r} given; a number of steps is a whole number of at least 1")
        self.n = n
        self.statistics_stride = n

    def is_due(self, moment: ScheduleState) -> bool:
        n = self.n * moment.thinning
        if moment.last is None or moment.step // n > moment.last // n:
            return True
        return moment.epoch_end and moment.is_affordable


class EachEpoch(Schedule):
    """Pictures at the end of each epoch."""

    is_thinning = True

    def is_due(self, moment: ScheduleState) -> bool:
        return moment.epoch_end and (moment.epoch + 1) % moment.thinning == 0


class Auto(Schedule):
    """Pictures at steps two to the octave up to `last_fixed`, then whenever the overhead budget allows.

    Within an epoch they leave room for those at its end, which hold more. So that the beginning of every fit is seen, and
    a fit of seconds has its epoch ends too, those up to `last_fixed` and at epoch ends are taken whatever the overhead
    while all pictures after the first step's keep within `unnoticed_s` seconds. One that is not paid for waits until it is.
    """

    is_thinning = True
    last_fixed = 32
    unnoticed_s = 1.5

    def is_due(self, moment: ScheduleState) -> bool:
        if moment.last is None:
            return True
        if moment.step <= self.last_fixed and moment.thinning == 1:
            is_next = octave_halves(moment.step) > octave_halves(moment.last)
            return is_next and moment.affords(1, self.unnoticed_s)
        return moment.affords(1, self.unnoticed_s) if moment.epoch_end else moment.affords(2)


def octave_halves(step: int) -> int:
    """How many of 0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, … (2^(k/2), rounded) are at most `step`."""
    if step < 2:
        return step + 1
    half = 2 * log2(step)
    k = round(half)
    return k + 1 if step >= round(2 ** (k / 2)) else k


def parse(every: int | str | Schedule) -> Schedule:
    """The schedule that `every` names.

    Raises:
        ValueError: for anything but a whole number of steps, "epoch", "auto" or a Schedule.
    """
    if isinstance(every, Schedule):
        return every
    if every == "auto":
        return Auto()
    if every == "epoch":
        return EachEpoch()
    if isinstance(every, int) and not isinstance(every, bool):
        return Every(every)
    raise ValueError(
        f"every: {every!r} given; accepted are a number of steps, such as 100, 'epoch', 'auto', or a Schedule"
    )


def stride_within(overhead: float, cost_s: float, step_s: float) -> int:
    """The least steps between two statistics of `cost_s` seconds each that keep them within `overhead` of training."""
    if overhead <= 0 or step_s <= 0:
        return 1 if step_s <= 0 else MAX_STRIDE
    return max(1, ceil(cost_s / (overhead * step_s)))


def beginning_s(overhead: float, step_s: float | None, steps: int | None) -> float:
    """Seconds that the statistics of a fit may take beside their share, so that its beginning is seen.

    Half a second; less in a fit of `steps` steps of `step_s` seconds each that is so short that `overhead` of it is less.
    """
    known = step_s is not None and steps is not None
    return min(BEGINNING_S, overhead * step_s * steps) if known else BEGINNING_S  # type: ignore[operator]


def statistics_stride(
    overhead: float, cost_s: float, step_s: float, *, spent_s: float = 0.0, steps_left: int | None = None
) -> int:
    """The steps between two statistics of `cost_s` seconds each, once a step is known to take `step_s` seconds.

    They may take half of `overhead`. In a short fit they are more, and spread over all of it, as what is left of
    `beginning_s` pays for.

    Args:
        spent_s: what those took that there are already.
        steps_left: until the end of the fit, where that is known.
    """
    stride = stride_within(overhead / 2, cost_s, step_s)
    if steps_left is None or cost_s <= 0 or step_s <= 0:
        return stride
    payable_s = overhead / 2 * steps_left * step_s + beginning_s(overhead, step_s, steps_left) - spent_s
    return stride if payable_s <= 0 else min(stride, max(1, ceil(steps_left * cost_s / payable_s)))


def thinning(used_bytes: int, max_bytes: int) -> int:
    """1 while less than half of a log's bytes are used, 2 until three quarters are, 4 until seven eighths, …

    So the log approaches its limit ever more slowly, and nothing that is in it ever has to go.
    """
    left = max_bytes - used_bytes
    return MAX_STRIDE if left <= 0 else 1 << min(30, int(log2(max_bytes / left)))
