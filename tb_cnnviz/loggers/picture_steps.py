"""When one callback takes its pictures during a fit, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record
from tb_cnnviz.schedule import Schedule, ScheduleState

_SCHEDULE = "the schedule"


class PictureSteps:
    """The steps of one fit at which one callback takes pictures.

    Args:
        wanted: says when they are due.

    Attributes:
        overhead: the share of training time that they may take.
        ran: batches that ran, about.
    """

    def __init__(self, wanted: Schedule) -> None:
        self.overhead = 0.0
        self.ran = 0
        self._schedule = wanted
        self._ran_at_last = 0
        self._last_step: int | None = None
        self._total_s = self._cost_s = self._ends_s = 0.0
        self._cost_bytes = 0
        self._expected_bytes = {False: 0, True: 0}
        self._was_due = 0
        self._between_at_due = 0.0

    @property
    def are_of_now(self) -> bool:
        """Did no batch run since the last ones?"""
        return self.ran == self._ran_at_last

    @property
    def bytes_at_an_end(self) -> int:
        """What those of the last step will take, by the last full ones."""
        return self._expected_bytes[True]

    def are_due(self, fit: FitLog, *, epoch_end: bool) -> bool:
        """Are pictures to be taken now? Without a schedule that works, only at epoch ends."""
        with fit.guard(_SCHEDULE):
            moment = self._moment(fit, epoch_end=epoch_end)
            self._between_at_due = fit.between_pictures_s
            if _SCHEDULE in fit.off:
                return epoch_end
            is_due = self._schedule.is_due(moment)
            if is_due and not self._schedule.is_thinning:
                self._was_due += 1
                return self._was_due % moment.thinning == 0
            return bool(is_due)
        return epoch_end

    def _moment(self, fit: FitLog, *, epoch_end: bool) -> ScheduleState:
        """What the schedule decides by. The step is counted here, since asking the device would make it wait."""
        if fit.budget.thin_out():
            fit.say_that_it_fills_up()
        return ScheduleState(
            step=(self._last_step or 0) + (self.ran - self._ran_at_last) // fit.count.batches_per_step,
            last=self._last_step,
            epoch=fit.logged_epoch,
            epoch_end=epoch_end,
            training_s=fit.clock.training_s,
            pictures_s=self._total_s - self._ends_s + fit.between_pictures_s,
            cost_s=self._cost_s,
            overhead=self.overhead,
            thinning=fit.budget.thinning,
        )

    def take(self, fit: FitLog, parts: Sequence[Recorder], *, is_full: bool) -> None:
        """Write what `parts` have to show of this step, and what that cost; nothing where the log has no room."""
        if not fit.is_at_an_end and self._expected_bytes[is_full] > fit.budget.left:
            fit.say_that_it_fills_up()
            return
        start, step = fit.clock.now(), fit.step()
        set_at = {} if fit.weights_set is None else {"weights_set": fit.weights_set}
        if step != self._last_step:  # else these complete pictures that the step has already
            self._cost_s, self._cost_bytes = 0.0, 0
        given = 0
        for part in parts:
            with fit.guard(part.name):
                for record in part.pictures(fit, step, is_full=is_full):
                    given += fit.write(replace(record, attributes={**record.attributes, **set_at}))
                    self._cost_bytes += sum(array.nbytes for array in record.arrays.values())
        self._last_step, self._ran_at_last = step, self.ran
        if not given and (fit.weights is None or not fit.is_at_an_end):
            return
        spent = fit.clock.now() - start
        self._cost_s += spent + fit.between_pictures_s - self._between_at_due  # a look at the weights, for these
        self._between_at_due = fit.between_pictures_s
        self._total_s += spent
        self._ends_s += spent if fit.is_at_an_end else 0.0
        self._expected_bytes[is_full] = given or self._expected_bytes[is_full]
        fit.write(self._cost(fit, step, is_full))

    def take_at_an_end(self, fit: FitLog, parts: Sequence[Recorder]) -> None:
        """Of the first or the last step, which are written in any case; but not what waits of other steps."""
        for part in parts:
            with fit.guard(part.name):
                part.drain(fit)
        fit.is_at_an_end = True
        try:
            self.take(fit, parts, is_full=True)
        finally:
            fit.is_at_an_end = False

    def _cost(self, fit: FitLog, step: int, is_full: bool) -> Record:
        known = {} if fit.statistics_stride is None else {"statistics_stride": fit.statistics_stride}
        if fit.is_at_an_end and fit.weights is not None:
            known["weights"] = fit.weights
        return Record(
            "cost",
            step,
            attributes=known
            | {
                "pictures_s": self._cost_s,
                "pictures_total_s": self._total_s + fit.between_pictures_s,
                "training_s": fit.clock.training_s,
                "logging_s": fit.clock.logging_s,
                "bytes": self._cost_bytes,
                "overhead": self.overhead,
                "thinning": fit.budget.thinning,
                "log_bytes": fit.budget.used,
                "max_log_bytes": fit.budget.max_bytes,
                "is_full": is_full,
            },
        )
