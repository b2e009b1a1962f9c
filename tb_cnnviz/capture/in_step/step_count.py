"""What the log's steps count: updates of the model's one optimizer, or training steps where no single one counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.backends.step_variable import StepVariable, cell, recording, waiting_for
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import has_keras_step, optimizers_of
from tb_cnnviz.capture.in_step.replicas import on_one_replica

UPDATES = "optimizer updates"
TRAIN_STEPS = "train steps"


class StepCount:
    """Counts the steps of one fit.

    A model with one optimizer is counted by `optimizer.iterations`. One whose own train_step can use several, or none,
    is counted by its training steps; so is one whose own train_step turns out not to call its one optimizer, from then on.
    Who wraps `train_step` reads the count before the step is called: it goes up before the step returns.

    Attributes:
        optimizers: those that a step can use.
        of: what is counted, `UPDATES` or `TRAIN_STEPS`.
    """

    def __init__(self, model: Any) -> None:
        self.optimizers = optimizers_of(model)
        self.of = UPDATES if len(self.optimizers) == 1 else TRAIN_STEPS
        self._model = model
        self._is_own = not has_keras_step(model) or self.of == TRAIN_STEPS
        self._is_on_torch = keras.config.backend() == "torch"
        self._steps = _steps_before([each.optimizer for each in self.optimizers])
        self._cell = None if self._is_on_torch or not self._is_own else cell(np.array(self._steps, "int32"))

    @property
    def is_own_step(self) -> bool:
        """May a training step do something else than call the optimizer of `compile` once?"""
        return self._is_own

    @property
    def optimizer(self) -> Any:
        """The one that counts; None where training steps do."""
        return innermost(self.optimizers[0].optimizer) if self.of == UPDATES else None

    @property
    def batches_per_step(self) -> int:
        """Batches whose gradients make one update, where updates are counted."""
        return int(getattr(self.optimizer, "gradient_accumulation_steps", None) or 1)

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step."""
        return [self._cell] if self._cell is not None else []

    def host(self) -> int:
        """Steps so far. Waits for the device."""
        if self.of == UPDATES:
            return int(to_numpy(self.optimizer.iterations))
        return self._steps if self._cell is None else int(self._cell.host())

    def read(self) -> Any:
        """Inside the step: steps before this one, int32; on PyTorch a number where training steps are counted."""
        if self.of == UPDATES:
            return ops.copy(ops.cast(self.optimizer.iterations, "int32"))  # PyTorch's own is counted up in place
        return self._steps if self._cell is None else ops.copy(self._cell.read())

    def count_train_steps(self) -> None:
        """From here on. The training step has to be built again."""
        self.of = TRAIN_STEPS

    def hooks(self) -> list[Hook]:
        """What to put in place while a step runs, inside of all other hooks of `train_step`."""
        return [Hook(self._model, "train_step", self._wrap_step)] if self._is_own else []

    def _wrap_step(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def train_step(*args: Any) -> Any:
            result = method(*args)
            self._steps += 1  # of a traced step it says nothing
            if self._cell is not None:
                with recording():
                    on_one_replica(lambda _: self._up(self._cell, result), [])
            return result

        return train_step

    def _up(self, counter: Any, result: Any) -> None:
        with waiting_for(result_of(result)):
            counter.write(counter.read() + 1)


def result_of(result: Any) -> Any:
    """Inside the step: a tensor that is there once the step has run on its data."""
    tensors = [each for each in tree.flatten(result) if ops.is_tensor(each)]
    return tensors[0] if tensors else ops.zeros((), "int32")


def _steps_before(optimizers: list[Any]) -> int:
    """Training steps that were made before, as far as optimizers say: each is called at least once in a step."""
    counts = []
    for optimizer in optimizers:
        try:
            counts.append(int(to_numpy(innermost(optimizer).iterations)))
        except Exception:  # JAX: its value is with the step of the fit that runs
            continue
    return min((count for count in counts if count > 0), default=0)
