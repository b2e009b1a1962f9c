"""Which steps the statistics inside the training step are recorded at: one rhythm for all parts of a callback."""

from __future__ import annotations

from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.schedule import MAX_STRIDE, Schedule, beginning_s, statistics_stride, stride_within

#: Steps, or seconds of them, after which the time that one takes is known well enough.
_WARM_STEPS = 32
_WARM_S = 3.0

#: Executions that are no measure: the first compiles the step, and under JAX the second does so again.
_COMPILING = 2


class StatisticsStride:
    """The stride between two recorded steps, chosen for all the parts that record together.

    Args:
        schedule: gives the stride, or leaves it to `overhead`: then every step is recorded until the first 32, or
            those of three seconds, have shown what a step takes, or until they have used up what a fit may begin
            with. From there on as many are as the overhead allows, at picture steps in any case.
        overhead: half of it is what all these statistics together may take of training time.
    """

    def __init__(self, schedule: Schedule, overhead: float) -> None:
        self._overhead = overhead
        self._given = schedule.statistics_stride
        self._wanted = self._given or 1
        self._costs: dict[str, float] = {}
        self._due: RecordingSteps | None = None
        self._is_chosen = self._given is not None
        self._ran: dict[str, int] = {}
        self._recorded: dict[str, float] = {}
        self._warm_at: tuple[int, float] | None = None
        self._is_told = False

    def join(self, fit: FitLog, part: str, seconds: float) -> RecordingSteps:
        """At the beginning of a fit: the steps to record, for a part whose record takes about so many seconds."""
        self._costs[part] = seconds
        if self._due is None:
            offset, now = fit.offsets.iterations, fit.step()
            stride = self._wanted
            self._due = RecordingSteps((-(-now // stride) * stride if self._given else now) - offset, stride)
            fit.training.is_at_once |= self._given is not None
        return self._due

    def steps_ran(self, fit: FitLog, part: str, count: int) -> None:
        """After an execution of about `count` batches, told by each part that joined: choose the stride anew."""
        if self._due is None or self._is_waiting(fit):
            return
        self._ran[part] = self._ran.get(part, 0) + count
        self._recorded[part] = self._recorded.get(part, 0.0) + count / self._due.stride
        executed = int(fit.model.steps_per_execution)
        if self._ran[part] <= _COMPILING * executed or self._warm_at is None:
            self._warm_at = self._ran[part], fit.clock.training_s
        ran, seconds = self._ran[part] - self._warm_at[0], fit.clock.training_s - self._warm_at[1]
        if not self._is_chosen:
            is_known = ran >= _WARM_STEPS or (ran > 0 and seconds >= _WARM_S)
            self._choose(fit, part, step_s=seconds / ran if ran else None, is_known=is_known)
        stride = min(self._wanted * fit.budget.thinning, MAX_STRIDE)
        if stride != self._due.stride:
            self._due.set(self._due.first, stride)

    def _choose(self, fit: FitLog, part: str, *, step_s: float | None, is_known: bool) -> None:
        """The stride by what a record costs and a step takes; before that is known, only where the first ones cost much."""
        cost = sum(cost for name, cost in self._costs.items() if name not in fit.off)
        spent = cost * self._recorded[part]
        batches = fit.training.batches
        left = None if batches is None else max(batches - self._ran[part], 0)
        if is_known and step_s is not None:
            self._is_chosen = True
            self._wanted = fit.statistics_stride = statistics_stride(
                self._overhead, cost, step_s, spent_s=spent, steps_left=left
            )
        elif spent + cost > beginning_s(self._overhead, step_s, batches):
            self._wanted = MAX_STRIDE if step_s is None else stride_within(self._overhead / 2, cost, step_s)

    def _is_waiting(self, fit: FitLog) -> bool:
        """Is nothing recorded yet, and no step's time to be relied on, since another one is compiled beside it?"""
        is_waiting = fit.training.is_waiting
        if is_waiting and not self._is_told:
            self._is_told = True
            fit.notice(
                " and ".join(name for name, cost in self._costs.items() if cost),
                "recorded as soon as XLA has compiled that, which it does beside training, and not in a fit that is over "
                "before: with so many layers the first step would wait long for it. With a number of steps for `every` it does",
            )
        return is_waiting

    def pictures_at(self, fit: FitLog, step: int) -> None:
        """At a picture step: it is recorded too, unless the schedule gave the stride."""
        if self._due is not None and self._given is None:
            self._due.set(step - fit.offsets.iterations, self._due.stride)
            self._recorded = {part: count + 1 for part, count in self._recorded.items()}
