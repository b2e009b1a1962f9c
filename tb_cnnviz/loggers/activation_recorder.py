"""Statistics of the layers' activations on the training batch, at the steps of the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras

from tb_cnnviz.capture.backends.jax.recompute import ModelCalls
from tb_cnnviz.capture.backends.tensorflow.recompute import GraphCalls
from tb_cnnviz.capture.backends.tensorflow.tf_graph_copy import fused_kernels_hide_nan
from tb_cnnviz.capture.hook import Guard
from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.network.layer_tree import listed
from tb_cnnviz.capture.quantities.activation_rows import placed_rows
from tb_cnnviz.capture.quantities.activations import ActivationCapture, statistics_seconds
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.statistics_recorder import StatisticsRecorder
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.records import Record

#: Under which the callbacks of a fit share the calls of the model.
_CALLS = "model calls"


class ActivationRecorder(StatisticsRecorder):
    """Logs what the layers that are asked for make of the training batch.

    Args:
        rhythm: says at which steps.
    """

    name = "activations"

    def __init__(self, rhythm: StatisticsStride) -> None:
        super().__init__(rhythm)
        self._capture: ActivationCapture | None = None
        self._is_told = False

    def begin(self, context: FitContext) -> None:
        fit, step = context.fit, context.step
        found = placed_rows(context.layers, context.trace)
        if found.unknown:
            fit.notice(self.name, f"{listed(found.unknown)}: not recorded, since their output's shape is not known")
        if found.unseen:
            fit.notice(self.name, f"{listed(found.unseen)}: not recorded, since {_why_unseen(fit)}")
        if not found.rows:
            return

        guard = partial(fit.guard, self.name)
        calls = _calls_of(fit.model, step, guard)
        is_again = calls is not None or _computes_before_relu_again(fit.model)
        seconds = statistics_seconds(found.rows, fit.shapes, step.batch_size, is_again=is_again)
        due = self._rhythm.join(fit, self.name, seconds)
        self._capture = ActivationCapture(
            fit.model,
            found.rows,
            jit=bool(fit.model.jit_compile),
            count=fit.count,
            due=due,
            slots=2 * int(fit.model.steps_per_execution),
            calls=calls,
            batch_size=step.batch_size,
        )
        new = [cell for cell in self._capture.cells if cell not in step.cells]  # the rhythm's are there already
        step.add(self._capture.hooks(guard), new, guard)
        self._record_at(due, self._capture.slots)

    def _drained(self, fit: FitLog) -> list[Record]:
        return self._capture.drain(fit.offsets.iterations) if self._capture else []

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None or self._is_told or fit.training.is_waiting:
            return
        self._is_told = True
        if self._capture.missed:
            fit.notice(
                self.name,
                f"{listed(self._capture.missed)}: not recorded, since they are called in a loop, a branch, a "
                "rematerialised layer or a function that is compiled by itself, out of which nothing can be taken",
            )
        if self._capture.apart:
            fit.notice(
                self.name,
                f"{listed(self._capture.apart)}: not recorded, since XLA compiles the step, where activations are taken from "
                "calls of the whole model alone, and the train_step calls these apart from it",
            )
        elif not self._capture.was_called and not self._capture.missed:
            fit.turn_off(self.name, "the model's train_step never called one of its layers where it can be seen")


def _why_unseen(fit: FitLog) -> str:
    """Why layers were not met whose output's shape only a pass through the model can tell."""
    if fit.seen is None:
        return "the model could not be run before the first batch, which would show the shape of their output; give a probe"
    return "they are not called when the model is run on the probe, with training=False"


def _computes_before_relu_again(model: Any) -> bool:
    """Are convolutions made again to read what enters a ReLU?"""
    return keras.config.backend() == "tensorflow" and not model.run_eagerly and fused_kernels_hide_nan()


def _calls_of(model: Any, step: InstrumentedStep, guard: Guard) -> ModelCalls | GraphCalls | None:
    """The calls of the model in a step that XLA compiles, for all callbacks of the fit; else None."""
    if _CALLS not in step.shared:
        calls: ModelCalls | GraphCalls | None = None
        if keras.config.backend() == "jax":
            calls = ModelCalls(model)
        elif keras.config.backend() == "tensorflow" and model.jit_compile and not model.run_eagerly:
            calls = GraphCalls(model) if model.distribute_strategy.num_replicas_in_sync == 1 else None
        if calls is not None:
            step.add_common(calls.hooks(guard), guard)
        step.shared[_CALLS] = calls
    found: ModelCalls | GraphCalls | None = step.shared[_CALLS]
    return found
