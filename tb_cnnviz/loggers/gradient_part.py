"""Received gradients and applied updates, at a stride of steps."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from tb_cnnviz.capture.gradients import GradientCapture, micro_batches_of, statistics_seconds
from tb_cnnviz.capture.host import to_numpy
from tb_cnnviz.capture.layer_tree import variable_paths
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.loggers.fit import Fit, why_not_supported
from tb_cnnviz.loggers.statistics_part import StatisticsPart
from tb_cnnviz.loggers.statistics_rhythm import StatisticsRhythm
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import edges, histogram, untrim


class GradientPart(StatisticsPart):
    """Logs the gradient of every trainable variable, and the weights' change.

    Args:
        rhythm: says at which steps.
        exact: histograms are of all elements of every variable.
        samples: gradient, value and update of single weights are logged too.
    """

    name = "gradients"

    def __init__(self, rhythm: StatisticsRhythm, *, exact: bool, samples: bool) -> None:
        super().__init__(rhythm)
        self._exact, self._samples = exact, samples
        self._capture: GradientCapture | None = None
        self._variables: list[Any] = []
        self._paths: list[str] = []
        self._latest: Record | None = None

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        reason = why_not_supported(fit.model)
        if reason is not None:
            fit.turn_off(self.name, reason)
            return
        model = fit.model
        self._variables, self._paths = list(model.trainable_variables), variable_paths(model, fit.placed)
        due = self._rhythm.join(fit, self.name, statistics_seconds(self._variables, exact=self._exact))
        executed = int(model.steps_per_execution)
        self._capture = GradientCapture(
            model.optimizer,
            self._variables,
            jit=bool(model.jit_compile),
            due=due,
            slots=2 * executed + 2 * micro_batches_of(model.optimizer),
            exact=self._exact,
            samples=self._samples,
            paths=self._paths,
        )

        def guard() -> AbstractContextManager[None]:
            return fit.guard(self.name)

        step.add(self._capture.hooks(guard), self._capture.cells, guard)
        self._record_at(due, self._capture.slots)

    def _rows(self, batches: int, stride: int) -> int:
        return rows_of(batches, self._capture.micro_batches if self._capture else 1, stride)

    def _drained(self, fit: Fit) -> list[Record]:
        records = self._capture.drain(fit.offsets.iterations, is_last=fit.is_at_an_end) if self._capture else []
        for record in records:
            if record.kind == self.name:
                self._latest = record
        return records

    def epoch_ended(self, fit: Fit, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None:
            return
        if not self._capture.was_called:
            fit.turn_off(self.name, "the model's train_step never called optimizer.apply or apply_gradients")
            return
        self._stock_histograms(fit, self._capture)

    def _stock_histograms(self, fit: Fit, capture: GradientCapture) -> None:
        """For TensorBoard's own tab, gradients and weights; of the same elements as in the log."""
        stock, epoch = fit.writer.stock, fit.logged_epoch
        said = ["" if k == 1 else f"counts one of every {k} elements" for k in capture.strides]
        if self._latest is not None:
            counts = untrim(self._latest.attributes["bin_start"], self._latest.arrays["histogram"])
            for path, row, text in zip(self._paths, counts, said, strict=True):
                stock.histogram(f"gradients/{path}", row, edges(), epoch, text)
        for path, values, text in zip(self._paths, capture.sampled_weights(), said, strict=True):
            stock.histogram(f"weights/{path}", histogram(to_numpy(values)), edges(), epoch, text)


def rows_of(batches: int, micro_batches: int, stride: int) -> int:
    """The most rows that so many batches leave: those of every stride-th update, each one with its micro-batches."""
    updates = -(-batches // micro_batches) + 1 if micro_batches > 1 else batches
    return min(batches, -(-updates // stride) * micro_batches)
