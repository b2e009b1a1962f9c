"""Received gradients and applied updates, at a stride of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tb_cnnviz.capture.gradients import GradientCapture, statistics_seconds
from tb_cnnviz.capture.host import to_numpy
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.loggers.fit import Fit, why_not_supported
from tb_cnnviz.loggers.part import Part
from tb_cnnviz.loggers.statistics_rhythm import StatisticsRhythm
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import edges, histogram, untrim


class GradientPart(Part):
    """Logs the gradient of every trainable variable, and the weights' change.

    Args:
        rhythm: says at which steps.
    """

    name = "gradients"
    is_in_step = True
    is_statistics = True

    def __init__(self, rhythm: StatisticsRhythm) -> None:
        self._rhythm = rhythm
        self._capture: GradientCapture | None = None
        self._variables: list[Any] = []
        self._latest: Record | None = None
        self._since_drain = 0

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        reason = why_not_supported(fit.model)
        if reason is not None:
            fit.turn_off(self.name, reason)
            return
        model = fit.model
        self._variables = list(model.trainable_variables)
        self._due = self._rhythm.join(fit, self.name, statistics_seconds(self._variables))
        self._capture = GradientCapture(
            model.optimizer,
            self._variables,
            jit=bool(model.jit_compile),
            due=self._due,
            slots=2 * int(model.steps_per_execution),
        )
        step.add(self._capture.hooks(lambda: fit.guard(self.name)), self._capture.cells)

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        if self._capture is not None:
            self._rhythm.pictures_at(fit, step)
        self.drain(fit)
        return []

    def steps_ran(self, fit: Fit, count: int) -> None:
        if self._capture is None:
            return
        self._since_drain += count
        self._rhythm.steps_ran(fit, self.name, count)
        execution = int(fit.model.steps_per_execution)
        rows_by_next = -(-(self._since_drain + execution) // self._due.stride)
        if rows_by_next >= self._capture.slots:
            self.drain(fit)

    def drain(self, fit: Fit) -> None:
        if self._capture is None:
            return
        self._since_drain = 0
        for record in self._capture.drain(fit.offsets.iterations):
            fit.write(record)
            self._latest = record

    def epoch_ended(self, fit: Fit, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None:
            return
        if not self._capture.was_called:
            fit.turn_off(self.name, "the model's train_step never called optimizer.apply or apply_gradients")
            return
        stock, epoch = fit.writer.stock, fit.logged_epoch
        if self._latest is not None:
            counts = untrim(self._latest.attributes["bin_start"], self._latest.arrays["histogram"])
            for variable, row in zip(self._variables, counts, strict=True):
                stock.histogram(f"gradients/{variable.path}", row, edges(), epoch)
        for variable in self._variables:
            values = to_numpy(variable).astype(np.float32)
            stock.histogram(f"weights/{variable.path}", histogram(values), edges(), epoch)
