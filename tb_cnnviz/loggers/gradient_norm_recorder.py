"""The norm of each variable's gradient at every step."""

from __future__ import annotations

from functools import partial

import numpy as np

from tb_cnnviz.capture.quantities.gradient_norms import GradientNorms
from tb_cnnviz.capture.quantities.received_gradients import micro_batches_of
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record

_SLOTS = 128


class GradientNormRecorder(Recorder):
    """Logs the norm of every variable's gradient, many steps a record: between two records of `gradients` a spike is seen.

    Not where a step uses several optimizers, each of which is called as often as it likes.
    """

    name = "gradient norms"
    is_in_step = True

    def __init__(self) -> None:
        self._capture: GradientNorms | None = None
        self._since_drain = 0

    def begin(self, context: FitContext) -> None:
        fit, step = context.fit, context.step
        variables = list(fit.model.trainable_variables)
        if not variables or fit.count.optimizer is None:
            return
        optimizer = fit.count.optimizers[0].optimizer
        slots = max(_SLOTS, 2 * int(fit.model.steps_per_execution) + 2 * micro_batches_of(optimizer))
        self._capture = GradientNorms(optimizer, variables, slots=slots, calls=fit.calls)
        guard = partial(fit.guard, self.name)
        step.add(self._capture.hooks(guard), self._capture.cells, guard)

    def steps_ran(self, fit: FitLog, count: int) -> None:
        if self._capture is None:
            return
        self._since_drain += count
        if self._since_drain + int(fit.model.steps_per_execution) >= self._capture.slots:
            self.drain(fit)

    def drain(self, fit: FitLog) -> None:
        if self._capture is None or not self._since_drain:
            return
        self._since_drain = 0
        rows = self._capture.drain()
        if len(rows["step"]):
            rows["step"] = rows["step"].astype(np.int64) + fit.offsets.iterations
            said = {"source": "training batch"}
            fit.write(Record("gradient_norms", int(rows["step"][-1]), arrays=rows, attributes=said))
