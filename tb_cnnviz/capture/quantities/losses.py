"""Each training batch's own loss, with the learning rate it was trained at, recorded inside the training step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.in_step.replicas import on_one_replica
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RingBuffer
from tb_cnnviz.capture.in_step.step_count import StepCount

Guard = Callable[[], AbstractContextManager[Any]]


class LossCapture(InRing):
    """Records each batch's loss in training steps, regularisation included, before it is scaled.

    It is what the model's `compute_loss` returns. On JAX that is called under differentiation, from which nothing can
    be taken; there it is what the step gives to the metric `loss`, which Keras' own step gets from `compute_loss`.

    Args:
        model: compiled; a train_step that never computes its loss so leaves the ring empty.
        count: of its steps.
        slots: rows to keep between two drains.

    Attributes:
        was_called: whether a training step was traced that computes its loss so.
    """

    def __init__(self, model: Any, count: StepCount, *, slots: int) -> None:
        self.was_called = False
        self._model = model
        self._count = count
        self._is_functional = keras.config.backend() == "jax"
        self._ring = RingBuffer(
            slots,
            {
                "step": ((), "int32"),
                "loss": ((), "float32"),
                "learning_rate": ((), "float32"),
                "examples": ((), "int32"),
            },
        )

    @property
    def source(self) -> str:
        """What a train_step has to do for its loss to be recorded."""
        return "gave its loss to the metric `loss`" if self._is_functional else "called compute_loss"

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks write to."""
        return self._ring.cells

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""
        return self._hooks_of_state(guard) if self._is_functional else [self._hook_of_loss(guard)]

    def _hook_of_loss(self, guard: Guard) -> Hook:
        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def compute_loss(*args: Any, **kwargs: Any) -> Any:
                self.was_called = True
                loss = original(*args, **kwargs)
                with guard(), recording():
                    share = [loss, ops.convert_to_tensor(examples_of((args[:3], kwargs)))]
                    on_one_replica(lambda whole: self._record(*whole), share)
                return loss

            return compute_loss

        return Hook(self._model, "compute_loss", wrap)

    def _hooks_of_state(self, guard: Guard) -> list[Hook]:
        seen: list[Any] = []

        def wrap_tracker(original: Callable[..., Any]) -> Callable[..., Any]:
            def update_state(loss: Any, *args: Any, **kwargs: Any) -> Any:
                self.was_called = True
                seen.append(loss)
                return original(loss, *args, **kwargs)

            return update_state

        def wrap_step(original: Callable[..., Any]) -> Callable[..., Any]:
            def train_step(state: Any, data: Any) -> Any:
                seen.clear()
                before: list[Any] = []
                with guard(), state_scope(self._model, (state, data)):
                    before = [self._count.read(), self._rate()]
                try:
                    result = original(state, data)
                    with guard():
                        for loss in seen:
                            self._record(loss, examples_of(data), *before)
                    return result
                finally:
                    seen.clear()

            return train_step

        tracker = private.loss_tracker(self._model)
        return [Hook(tracker, "update_state", wrap_tracker), Hook(self._model, "train_step", wrap_step)]

    def _record(self, loss: Any, examples: Any, step: Any = None, rate: Any = None) -> None:
        slot = self._ring.slot()
        self._ring.put(
            slot,
            {
                "step": self._count.read() if step is None else step,
                "loss": loss,
                "learning_rate": self._rate() if rate is None else rate,
                "examples": examples,
            },
        )
        self._ring.advance(after=loss)

    def _rate(self) -> Any:
        """NaN where several optimizers have one each."""
        optimizer = self._count.optimizer
        return np.float32("nan") if optimizer is None else ops.convert_to_tensor(optimizer.learning_rate)

    def drain(self) -> dict[str, np.ndarray]:
        """The rows since the last call: step (optimizer.iterations), loss, learning_rate, examples (of the batch)."""
        return self._ring.drain()


def state_scope(model: Any, arguments: tuple[Any, ...]) -> AbstractContextManager[Any]:
    """At the beginning of a train_step: on JAX, where it gets (state, data), the optimizer's variables as they are then."""
    if keras.config.backend() != "jax":
        return nullcontext()
    pairs = list(zip(model.optimizer.variables, arguments[0][2], strict=True))
    scope: AbstractContextManager[Any] = keras.StatelessScope(state_mapping=pairs)
    return scope


def examples_of(nest: Any) -> Any:
    """The length of the first tensor's first axis; 0 where there is none."""
    tensors = [t for t in tree.flatten(nest) if getattr(t, "shape", None)]
    return ops.shape(tensors[0])[0] if tensors else 0
