"""Statistics of the layers' activations on the training batch, at the steps of the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras

from tb_cnnviz.capture.activation_rows import rows_of
from tb_cnnviz.capture.activations import ActivationCapture, statistics_seconds
from tb_cnnviz.capture.graph_calls import GraphCalls
from tb_cnnviz.capture.hook import Guard
from tb_cnnviz.capture.model_calls import ModelCalls
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.loggers.fit import Fit, why_not_supported
from tb_cnnviz.loggers.part import Part
from tb_cnnviz.loggers.statistics_rhythm import StatisticsRhythm
from tb_cnnviz.records import Record

#: Under which the callbacks of a fit share the calls of the model.
_CALLS = "model calls"


class ActivationPart(Part):
    """Logs what the layers that are asked for make of the training batch.

    Args:
        rhythm: says at which steps.
    """

    name = "activations"
    is_in_step = True
    is_statistics = True

    def __init__(self, rhythm: StatisticsRhythm) -> None:
        self._rhythm = rhythm
        self._capture: ActivationCapture | None = None
        self._since_drain = 0
        self._is_told = False

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        reason = why_not_supported(fit.model)
        if reason is not None:
            fit.turn_off(self.name, reason)
            return
        found = rows_of([item for item in fit.placed if fit.is_asked(item.path)], fit.seen)
        if found.unknown:
            fit.notice(self.name, f"{_listed(found.unknown)}: not recorded, since their output's shape is not known")
        if not found.rows:
            return

        def guard() -> AbstractContextManager[None]:
            return fit.guard(self.name)

        calls = _calls_of(fit.model, step, guard)
        seconds = statistics_seconds(found.rows, fit.seen, step.batch_size, is_again=calls is not None)
        self._due = self._rhythm.join(fit, self.name, seconds)
        self._capture = ActivationCapture(
            fit.model,
            found.rows,
            jit=bool(fit.model.jit_compile),
            due=self._due,
            slots=2 * int(fit.model.steps_per_execution),
            calls=calls,
            batch_size=step.batch_size,
        )
        new = [cell for cell in self._capture.cells if cell not in step.cells]  # the rhythm's are there already
        step.add(self._capture.hooks(guard), new, guard)

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
        rows_by_next = -(-(self._since_drain + int(fit.model.steps_per_execution)) // self._due.stride)
        if rows_by_next >= self._capture.slots:
            self.drain(fit)

    def drain(self, fit: Fit) -> None:
        if self._capture is None:
            return
        self._since_drain = 0
        for record in self._capture.drain(fit.offsets.iterations):
            fit.write(record)

    def epoch_ended(self, fit: Fit, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None or self._is_told:
            return
        self._is_told = True
        if self._capture.missed:
            fit.notice(
                self.name,
                f"{_listed(self._capture.missed)}: not recorded, since they are called in a loop, a branch, a "
                "rematerialised layer or a function that is compiled by itself, out of which nothing can be taken",
            )
        elif not self._capture.was_called:
            fit.turn_off(self.name, "the model's train_step never called one of its layers where it can be seen")


def _calls_of(model: Any, step: InstrumentedStep, guard: Guard) -> ModelCalls | GraphCalls | None:
    """The calls of the model in a step that XLA compiles, for all callbacks of the fit; else None."""
    if _CALLS not in step.shared:
        calls: ModelCalls | GraphCalls | None = None
        if keras.config.backend() == "jax":
            calls = ModelCalls(model)
        elif keras.config.backend() == "tensorflow" and model.jit_compile and not model.run_eagerly:
            calls = GraphCalls(model) if model.distribute_strategy.num_replicas_in_sync == 1 else None
        if calls is not None:
            step.add(calls.hooks(guard), [], guard)
        step.shared[_CALLS] = calls
    found: ModelCalls | GraphCalls | None = step.shared[_CALLS]
    return found


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")
