"""Received gradients and applied updates, at a stride of steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps
from tb_cnnviz.capture.network.layer_tree import listed, variable_paths
from tb_cnnviz.capture.quantities.gradients import GradientCapture, statistics_seconds
from tb_cnnviz.capture.quantities.gradients_by_optimizer import GradientsByOptimizer
from tb_cnnviz.capture.quantities.received_gradients import micro_batches_of
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.statistics_recorder import StatisticsRecorder
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import edges, histogram, untrim


class GradientRecorder(StatisticsRecorder):
    """Logs the gradient of every trainable variable, and the weights' change.

    Args:
        rhythm: says at which steps.
        exact: histograms are of all elements of every variable.
        samples: gradient, value and update of single weights are logged too.
    """

    name = "gradients"

    def __init__(self, rhythm: StatisticsStride, *, exact: bool, samples: bool) -> None:
        super().__init__(rhythm)
        self._exact, self._samples = exact, samples
        self._capture: GradientCapture | GradientsByOptimizer | None = None
        self._is_told = False
        self._variables: list[Any] = []
        self._paths: list[str] = []
        self._latest: Record | None = None

    def begin(self, context: FitContext) -> None:
        fit, step = context.fit, context.step
        self._variables = list(fit.model.trainable_variables)
        self._paths = variable_paths(fit.model, fit.placed)
        if not self._variables:
            fit.notice(self.name, "the model has no trainable variables before its first batch: no gradient is logged")
            return
        if fit.count.optimizer is None and fit.model.jit_compile and keras.config.backend() == "tensorflow":
            fit.notice(
                self.name,
                "not recorded under XLA, where reading what several optimizers receive changes how training rounds; "
                "without jit_compile=True they are",
            )
            return
        due = self._rhythm.join(fit, self.name, statistics_seconds(self._variables, exact=self._exact))
        self._capture = self._capture_of(fit, due)

        guard = partial(fit.guard, self.name)
        step.add(self._capture.hooks(guard), self._capture.cells, guard)
        self._record_at(due, self._capture.slots)

    def _capture_of(self, fit: FitLog, due: RecordingSteps) -> GradientCapture | GradientsByOptimizer:
        model, executed = fit.model, int(fit.model.steps_per_execution)
        options: dict[str, Any] = {
            "jit": bool(model.jit_compile),
            "due": due,
            "exact": self._exact,
            "samples": self._samples,
        }
        if fit.count.optimizer is None and fit.calls is not None:
            return GradientsByOptimizer(
                model, fit.calls, fit.count, self._variables, paths=self._paths, slots=2 * executed, **options
            )
        optimizer = fit.count.optimizers[0].optimizer
        slots = 2 * executed + 2 * micro_batches_of(optimizer)
        return GradientCapture(optimizer, self._variables, paths=self._paths, slots=slots, calls=fit.calls, **options)

    def _rows(self, batches: int, stride: int) -> int:
        return ring_rows(batches, self._capture.micro_batches if self._capture else 1, stride)

    def _drained(self, fit: FitLog) -> list[Record]:
        records = self._capture.drain(fit.offsets.iterations, is_last=fit.is_at_an_end) if self._capture else []
        for record in records:
            if record.kind == self.name:
                self._latest = record
        return records

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None or fit.training.is_waiting:
            return
        if not self._capture.was_called:
            fit.turn_off(self.name, "the model's train_step never called optimizer.apply or apply_gradients")
            return
        missed = self._capture.missed if isinstance(self._capture, GradientsByOptimizer) else []
        if missed and not self._is_told:
            self._is_told = True
            fit.notice(
                self.name,
                f"{listed(missed)}: not recorded, since it is called in a loop, a branch or a function that is "
                "compiled by itself, or for other variables than it was built for",
            )
        self._stock_histograms(fit, self._capture)

    def _stock_histograms(self, fit: FitLog, capture: GradientCapture | GradientsByOptimizer) -> None:
        """For TensorBoard's own tab, gradients and weights; of the same elements as in the log."""
        stock, epoch = fit.writer.stock, fit.logged_epoch
        said = ["" if k == 1 else f"counts one of every {k} elements" for k in capture.strides]
        if self._latest is not None:
            counts = untrim(self._latest.attributes["bin_start"], self._latest.arrays["histogram"])
            for path, row, text in zip(self._paths, counts, said, strict=True):
                stock.histogram(f"gradients/{path}", row, edges(), epoch, text)
        for path, values, text in zip(self._paths, capture.sampled_weights(), said, strict=True):
            stock.histogram(f"weights/{path}", histogram(to_numpy(values)), edges(), epoch, text)


def ring_rows(batches: int, micro_batches: int, stride: int) -> int:
    """The most rows that so many batches leave: those of every stride-th update, each one with its micro-batches."""
    updates = -(-batches // micro_batches) + 1 if micro_batches > 1 else batches
    return min(batches, -(-updates // stride) * micro_batches)
