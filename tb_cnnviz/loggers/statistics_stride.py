"""Which steps the statistics inside the training step are recorded at: one rhythm for all parts of a callback."""

from __future__ import annotations

from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.schedule import MAX_STRIDE, Schedule, stride_within

#: Steps, or seconds of them, after which the time that one takes is known well enough.
_WARM_STEPS = 32
_WARM_S = 3.0

#: Executions that are no measure: the first compiles the step, and under JAX the second does so again.
_COMPILING = 2


class StatisticsStride:
    """The stride between two recorded steps, chosen for all the parts that record together.

    Args:
        schedule: gives the stride, or leaves it to `overhead`: then every step is recorded until the first 32, or
            those of three seconds, have shown what a step takes, and from there as many as the overhead allows, at
            picture steps in any case.
        overhead: half of it is what all these statistics together may take of training time.
    """

    def __init__(self, schedule: Schedule, overhead: float) -> None:
        self._overhead = overhead
        self._given = schedule.statistics_stride
        self._wanted = self._given or 1
        self._costs: dict[str, float] = {}
        self._due: RecordingSteps | None = None
        self._ran: dict[str, int] = {}
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
        executed = int(fit.model.steps_per_execution)
        if self._ran[part] <= _COMPILING * executed or self._warm_at is None:
            self._warm_at = self._ran[part], fit.clock.training_s
        ran, seconds = self._ran[part] - self._warm_at[0], fit.clock.training_s - self._warm_at[1]
        is_known = ran >= _WARM_STEPS or (ran > 0 and seconds >= _WARM_S)
        if self._given is None and self._wanted == 1 and is_known:
            costs = sum(cost for name, cost in self._costs.items() if name not in fit.off)
            self._wanted = stride_within(self._overhead / 2, costs, seconds / ran)
            fit.statistics_stride = self._wanted
        stride = min(self._wanted * fit.budget.thinning, MAX_STRIDE)
        if stride != self._due.stride:
            self._due.set(self._due.first, stride)

    def _is_waiting(self, fit: FitLog) -> bool:
        """Is nothing recorded yet, and no step's time to be relied on, since another one is compiled beside it?"""
        is_waiting = fit.training.is_waiting
        if is_waiting and not self._is_told:
            self._is_told = True
            fit.notice(
                " and ".join(name for name, cost in self._costs.items() if cost),
                "recorded as soon as XLA has compiled that, which it does beside training: with so many layers the first "
                "steps would wait long for it. With a number of steps for `every` they wait",
            )
        return is_waiting

    def pictures_at(self, fit: FitLog, step: int) -> None:
        """At a picture step: it is recorded too, unless the schedule gave the stride."""
        if self._due is not None and self._given is None:
            self._due.set(step - fit.offsets.iterations, self._due.stride)
