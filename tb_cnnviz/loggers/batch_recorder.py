"""Statistics of the training batch's inputs and labels, at the steps of the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.network.layer_tree import listed
from tb_cnnviz.capture.quantities.batch_statistics import classes_of
from tb_cnnviz.capture.quantities.batches import MOST, BatchCapture, statistics_seconds
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.statistics_recorder import StatisticsRecorder
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.records import Record


class BatchRecorder(StatisticsRecorder):
    """Logs what the model is trained on.

    Args:
        rhythm: says at which steps.
    """

    name = "batches"

    def __init__(self, rhythm: StatisticsStride) -> None:
        super().__init__(rhythm)
        self._capture: BatchCapture | None = None
        self._is_told = False

    def begin(self, context: FitContext) -> None:
        fit, step = context.fit, context.step
        due = self._rhythm.join(fit, self.name, statistics_seconds(fit.model, step.batch_size))
        output = private.only_output(fit.model)
        outputs = [output] if output is not None else context.trace.outputs if context.trace is not None else []
        self._capture = BatchCapture(
            fit.model,
            jit=bool(fit.model.jit_compile),
            count=fit.count,
            due=due,
            slots=2 * int(fit.model.steps_per_execution),
            classes=classes_of(fit.model, outputs),
        )
        guard = partial(fit.guard, self.name)
        new = [cell for cell in [*self._capture.cells, *due.cells] if cell not in step.cells]
        step.add(self._capture.hooks(guard), new, guard)
        self._record_at(due, self._capture.slots)

    def _drained(self, fit: FitLog) -> list[Record]:
        return self._capture.drain(fit.offsets.iterations) if self._capture else []

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        capture = self._capture
        if capture is None or self._is_told or fit.training.is_waiting:
            return
        self._is_told = True
        if not capture.is_known:
            fit.notice(self.name, "not recorded, since a batch is not made of x, y and sample_weight")
        elif capture.beyond:
            fit.notice(self.name, f"{listed(capture.beyond)}: not recorded, the first {MOST} tensors of numbers are")
