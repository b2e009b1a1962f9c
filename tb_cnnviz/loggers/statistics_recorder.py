"""What the parts share whose statistics are recorded inside the training step, at a stride of steps."""

from __future__ import annotations

from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.records import Record


class StatisticsRecorder(Recorder):
    """A part that has a ring of rows on the device, and drains it before it is full.

    Args:
        rhythm: says at which steps.
    """

    is_in_step = True
    is_statistics = True

    def __init__(self, rhythm: StatisticsStride) -> None:
        self._rhythm = rhythm
        self._due: RecordingSteps | None = None
        self._slots = self._since_drain = 0

    def _record_at(self, due: RecordingSteps, slots: int) -> None:
        """From `begin`: rows come at the steps of `due`, into a ring of so many. Never called: nothing is recorded."""
        self._due, self._slots = due, slots

    def _rows(self, batches: int, stride: int) -> int:
        """The most rows that so many batches leave, where every stride-th step is recorded."""
        return -(-batches // stride)

    def _drained(self, fit: FitLog) -> list[Record]:
        """What waits in the ring."""
        raise NotImplementedError

    def pictures(self, fit: FitLog, step: int, *, is_full: bool) -> list[Record]:
        if self._due is not None:
            self._rhythm.pictures_at(fit, step)
        self.drain(fit)
        return []

    def steps_ran(self, fit: FitLog, count: int) -> None:
        if self._due is None:
            return
        self._since_drain += count
        self._rhythm.steps_ran(fit, self.name, count)
        by_next = self._rows(self._since_drain + int(fit.model.steps_per_execution), self._due.stride)
        if by_next >= self._slots:
            self.drain(fit)

    def drain(self, fit: FitLog) -> None:
        if self._due is None:
            return
        self._since_drain = 0
        for record in self._drained(fit):
            fit.write(record)
