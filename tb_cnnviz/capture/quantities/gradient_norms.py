"""The norm of each variable's gradient at every step: a number each, so that no step goes unseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends.step_variable import StepVariable, recording, when
from tb_cnnviz.capture.hook import Guard, Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import Skips
from tb_cnnviz.capture.in_step.optimizers import Application, OptimizerCalls
from tb_cnnviz.capture.in_step.replicas import on_one_replica
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RingBuffer
from tb_cnnviz.capture.quantities.received_gradients import ReceivedGradients, scope_at
from tb_cnnviz.capture.quantities.statistics import plain_norms


class GradientNorms(InRing):
    """Records the norm of the gradient that the optimizer receives for each variable, of every batch.

    Received means before clipping, after loss scaling is undone. A batch whose update a LossScaleOptimizer skips is
    not recorded, as it never reaches the optimizer.

    Args:
        optimizer: as compiled.
        variables: trainable variables, in the order of the model record.
        slots: rows to keep between two drains.
        calls: JAX: of the optimizer, in a train_step of the model's own.
    """

    def __init__(
        self, optimizer: Any, variables: Sequence[Any], *, slots: int, calls: OptimizerCalls | None = None
    ) -> None:
        self._received = ReceivedGradients(optimizer, variables)
        self._outermost = optimizer
        self._calls = calls
        self._skips = Skips(optimizer)
        norms = {"norm": ((len(self._received.variables),), "float32")}
        self._ring = RingBuffer(slots, {**dict.fromkeys(("step", "batch"), ((), "int32")), **norms})

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step."""
        return [*self._ring.cells, *self._skips.cells]

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""

        def wrap_apply(original: Callable[..., Any]) -> Callable[..., Any]:
            def apply(grads: Any, trainable_variables: Any = None) -> Any:
                grads = list(grads)
                with guard(), recording():
                    on_one_replica(lambda g: self._record(g, trainable_variables), grads)
                return original(grads, trainable_variables)

            return apply

        if keras.config.backend() == "jax":
            return self._received.functional_hooks(self._calls, guard, self._record_functional)
        return [Hook(self._received.innermost, "apply", wrap_apply)]

    def _record_functional(self, application: Application) -> None:
        """JAX: after the optimizer has worked, by the values before and after."""
        assert application.before is not None
        assert application.after is not None
        is_applied = self._skips.applied(application.before[0], application.after[0])
        with scope_at(self._outermost, application.variables, application.before):
            self._record(application.gradients, application.variables, is_applied)

    def _record(self, gradients: list[Any], owners: Any, is_applied: Any = True) -> None:
        received = self._received
        step, batch = received.counted()
        ordered = received.in_order(gradients, owners)
        if keras.config.backend() == "jax":
            # Read as it is, a gradient would get its memory layout from here too. The condition holds always, which
            # XLA does not know.
            ordered = [None if g is None else ops.where(step >= 0, g, ops.zeros_like(g)) for g in ordered]
        known = [(i, flat) for i, flat in enumerate(received.flat(ordered, received.scale())) if ordered[i] is not None]
        norms = self._in_place([i for i, _ in known], plain_norms([flat for _, flat in known])) if known else None

        def put() -> None:
            values = ops.zeros((len(ordered),), "float32") if norms is None else norms
            self._ring.put(self._ring.slot(), {"step": step, "batch": batch, "norm": values})
            self._ring.advance(after=values)

        if is_applied is True:
            put()
        else:
            when(is_applied, put, self._ring.cells)

    def _in_place(self, places: list[int], norms: Any) -> Any:
        """Norms of all variables; 0 of those on which the loss does not depend."""
        count = len(self._received.variables)
        if len(places) == count:
            return norms
        row = np.full(count, len(places), np.int32)
        row[places] = np.arange(len(places))
        return ops.take(ops.concatenate([norms, ops.zeros((1,), "float32")]), row)

    def drain(self) -> dict[str, np.ndarray]:
        """The rows since the last call: step (optimizer.iterations) and batch (of the update) [m], norm [m, variables]."""
        self._received.forget_count()
        return self._ring.drain()
