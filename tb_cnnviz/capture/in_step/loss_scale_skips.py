"""Batches whose update a LossScaleOptimizer skipped, since their scaled gradients were not finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable, cell, recording
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.in_step.replicas import on_one_replica


def innermost(optimizer: Any) -> Any:
    """The optimizer that sees unscaled gradients: inside a LossScaleOptimizer the inner one."""
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    return optimizer


class Skips:
    """Counts them inside the step: a skipped batch leaves the inner optimizer's own count as it was.

    Args:
        optimizer: as compiled. One that is no LossScaleOptimizer skips nothing.
    """

    def __init__(self, optimizer: Any) -> None:
        self._outermost = optimizer
        self._counter = private.raw_iterations(innermost(optimizer))
        self._can_skip = hasattr(optimizer, "inner_optimizer")
        self._count = cell(np.zeros((), "int32"))

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks write to."""
        return [self._count]

    def read(self) -> Any:
        """Inside the step: batches skipped so far."""
        return self._count.read()

    def hooks(self, guard: Callable[[], AbstractContextManager[Any]]) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""
        if not self._can_skip or keras.config.backend() == "jax":
            return []

        def wrap_apply(original: Callable[..., Any]) -> Callable[..., Any]:
            def apply(*args: Any, **kwargs: Any) -> Any:
                before = None
                with guard(), recording():
                    before = ops.copy(ops.convert_to_tensor(self._counter))
                result = original(*args, **kwargs)
                if before is not None:
                    with guard(), recording():
                        on_one_replica(lambda _: self._compare(before), [])
                return result

            return apply

        return [Hook(self._outermost, "apply", wrap_apply)]

    def applied(self, before: Sequence[Any], after: Sequence[Any]) -> Any:
        """Inside a step on JAX: whether the batch was not skipped, which is counted too.

        Args:
            before, after: values of the outermost optimizer's variables.
        """
        if not self._can_skip:
            return True
        place = next(i for i, v in enumerate(self._outermost.variables) if v is self._counter)
        is_applied = ops.not_equal(before[place], after[place])
        self._add(ops.logical_not(is_applied))
        return is_applied

    def _compare(self, before: Any) -> None:
        self._add(ops.equal(before, ops.convert_to_tensor(self._counter)))

    def _add(self, is_skipped: Any) -> None:
        self._count.write(self._count.read() + ops.cast(is_skipped, "int32"))
