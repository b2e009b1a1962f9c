"""The gradient that the optimizer receives and the update that it applies, recorded inside the training step.

Received means before clipping, after loss scaling is undone. Applied is the weights' change by the whole of the
optimizer's `apply`: clipping, momentum, weight decay, constraints and all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording, when
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import Skips
from tb_cnnviz.capture.in_step.optimizers import Application, OptimizerCalls
from tb_cnnviz.capture.in_step.replicas import on_one_replica
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RecordingSteps, RingBuffer, shadow
from tb_cnnviz.capture.in_step.sampling import histogram_stride
from tb_cnnviz.capture.quantities.gradient_records import NUMBERS, GradientRecords
from tb_cnnviz.capture.quantities.received_gradients import ReceivedGradients, scope_at
from tb_cnnviz.capture.quantities.statistics import distances, norms, raw_histograms, received
from tb_cnnviz.records import Record

#: Whether the step is due, its place in the ring, whether it ends an update, and the weights before it, where nothing
#: else keeps them.
Row = tuple[Any, Any, Any, list[Any]]


class GradientCapture(InRing):
    """Records gradients and updates of `variables` at the steps that `due` names.

    Args:
        optimizer: as compiled; the innermost one is watched.
        variables: trainable variables, in the order of the model record.
        jit: whether XLA compiles the step.
        due: which values of `optimizer.iterations` to record.
        slots: rows to keep between two drains.
        exact: make histograms of all elements of every variable; else of a sample of those above a million elements.
        samples: record gradient, value and update of single weights too.
        paths: names of the variables; None for Keras' own.
        micro_batches: batches whose gradients make one update; by default as the optimizer says.
        numbers: of a row; `_numbers` gives them.
        calls: JAX: of the optimizer, in a train_step of the model's own, which may call its `apply` in a StatelessScope.

    Attributes:
        was_called: whether a training step was traced that applies gradients by this optimizer.
        received: what the optimizer gets.
        micro_batches: batches whose gradients make one update.
    """

    def __init__(
        self,
        optimizer: Any,
        variables: Sequence[Any],
        *,
        jit: bool,
        due: RecordingSteps,
        slots: int,
        exact: bool = False,
        samples: bool = True,
        paths: Sequence[str] | None = None,
        micro_batches: int | None = None,
        numbers: Sequence[str] = NUMBERS,
        calls: OptimizerCalls | None = None,
    ) -> None:
        self.received = ReceivedGradients(optimizer, variables, paths, micro_batches)
        self.variables = self.received.variables
        self.micro_batches = self.received.micro_batches
        self.due = due
        self.was_called = False
        self._outermost = optimizer
        self._calls = calls
        self._is_functional = keras.config.backend() == "jax"
        self._jit = self._is_functional or (jit and keras.config.backend() == "tensorflow")
        sizes = [int(np.prod(v.shape)) for v in self.variables]
        self._records = GradientRecords(
            sizes, micro_batches=self.micro_batches, exact=exact, samples=samples, numbers=numbers
        )
        self._ring = RingBuffer(slots, self._records.received, self._records.applied)
        self._before = [] if self._is_functional else [shadow(v) for v in self.variables]
        self._skips = Skips(optimizer)

    @property
    def strides(self) -> list[int]:
        """k, of each variable: its histogram counts every k-th element."""
        return self._records.strides

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step."""
        return [*self.own_cells, *self.due.cells]

    @property
    def own_cells(self) -> list[StepVariable]:
        """The same without those of `due`."""
        return [*self._ring.cells, *self._skips.cells]

    def hooks(self, guard: Callable[[], AbstractContextManager[Any]]) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""

        def wrap_apply(original: Callable[..., Any]) -> Callable[..., Any]:
            def apply(grads: Any, trainable_variables: Any = None) -> Any:
                self.was_called = True
                grads = list(grads)
                row: Row | None = None
                with guard(), recording():
                    row = on_one_replica(lambda g: self._record_received(g, trainable_variables), grads)
                result = original(grads, trainable_variables)
                if row is not None:
                    with guard(), recording():
                        on_one_replica(lambda _: self._record_applied(row), [])
                return result

            return apply

        if self._is_functional:
            return self.received.functional_hooks(self._calls, guard, self._record_functional)
        return [*self._skips.hooks(guard), Hook(self.received.innermost, "apply", wrap_apply)]

    def _record_functional(self, application: Application) -> None:
        """JAX: after it, by the values before and after."""
        self.was_called = True
        assert application.before is not None
        assert application.after is not None
        is_applied = self._skips.applied(application.before[0], application.after[0])
        with scope_at(self._outermost, application.variables, application.before):
            row = self._record_received(application.gradients, application.variables, is_applied)
        with scope_at(self._outermost, application.variables, application.after):
            self._record_applied(row)

    def _record_received(self, grads: list[Any], trainable_variables: Any, is_applied: Any = True) -> Row:
        """Before the optimizer works: write what it got."""
        step, micro_batch = self._counted()
        due = ops.logical_and(self.due.at(step), is_applied) if is_applied is not True else self.due.at(step)
        slot = self._slot()
        ordered = self.received.in_order(grads, trainable_variables)
        if self._is_functional:
            # What a branch of XLA reads as it is gets its memory layout from that branch, and with it another order
            # of summation in the user's own step. So the branch reads something that was computed from it.
            ordered = [None if g is None else ops.where(due, g, ops.zeros_like(g)) for g in ordered]
        weights_now = self._reading()
        scale = self.received.scale()

        def record() -> None:
            flat, now = self.received.flat(ordered, scale), weights_now()
            columns = received(flat, jit=self._jit)
            columns["raw"] = raw_histograms(self._sampled(flat), jit=self._jit)
            columns["weight_norm"] = norms(lambda: now, jit=self._jit)
            columns |= {"gradient": self._followed(flat), "value": self._followed(now)}
            columns |= self._numbers(step, micro_batch)
            self._ring.put(slot, columns)
            for kept, weight in zip(self._before, now, strict=False):
                kept.write(weight)

        when(due, record, self._ring.cells)
        return due, slot, micro_batch == self.micro_batches - 1, weights_now() if self._is_functional else []

    def _record_applied(self, row: Row) -> None:
        """After it: write what that changed."""
        due, slot, is_update, weights = row
        weights_now = self._reading()

        def update() -> list[Any]:
            now, before = weights_now(), weights or [kept.read() for kept in self._before]
            return [distances(now, before, jit=self._jit), self._followed(now) - self._followed(before)]

        def nothing() -> list[Any]:
            return [ops.zeros((len(self.variables),), "float32"), ops.zeros((self._records.weights,), "float32")]

        def record() -> None:
            # Between updates nothing is applied.
            norm, update_of_some = update() if self.micro_batches == 1 else ops.cond(is_update, update, nothing)
            self._ring.put(slot, {"update_norm": norm, "update": update_of_some})
            self._complete(after=norm)

        when(due, record, self._ring.cells)

    def _numbers(self, step: Any, micro_batch: Any) -> dict[str, Any]:
        """What a row says of itself."""
        return {"step": step, "micro_batch": micro_batch, "skipped": self._skips.read()}

    def _slot(self) -> Any:
        """Where the next row goes."""
        return self._ring.slot()

    def _complete(self, after: Any) -> None:
        """The row is complete once `after` is computed."""
        self._ring.advance(after)

    def _counted(self) -> tuple[Any, Any]:
        """Updates so far, and which micro-batch of the next one this is."""
        return self.received.counted()

    def _weights(self) -> list[Any]:
        """As they are now, as float32 [n]."""
        return [weight_of(v) for v in self.variables]

    def _reading(self) -> Callable[[], list[Any]]:
        """The same, for a branch that may need them.

        A graph of TensorFlow reads them before it, since a branch that reads variables makes the update of each wait
        for the gradients of all; but not those of sparse gradients, which are copied to be read.
        """
        backend = keras.config.backend()
        if backend == "torch" or (backend == "tensorflow" and private.graph_on_tensorflow() is None):
            return self._weights
        early = {i: weight_of(v) for i, v in enumerate(self.variables) if i not in self.received.sparse}
        return lambda: [early[i] if i in early else weight_of(v) for i, v in enumerate(self.variables)]

    def sampled_weights(self) -> list[Any]:
        """On the host: the elements of each variable that its histogram would count, as float32 tensors [n]."""
        return self._sampled(self._weights())

    def _sampled(self, flats: Sequence[Any]) -> list[Any]:
        """The elements that histograms are made of, by variable."""
        return sampled(flats, self.strides)

    def _followed(self, flats: Sequence[Any]) -> Any:
        """The elements that are followed, of all variables one after the other."""
        parts = [_picked(flat, places) for flat, places in zip(flats, self._records.followed, strict=True)]
        return ops.concatenate([*parts, ops.zeros((0,), "float32")])

    def drain(self, offset: int, *, is_last: bool = False) -> list[Record]:
        """What was recorded since the last call; step = optimizer.iterations + offset.

        An update of whose micro-batches not all have come yet waits for the next call, unless `is_last`.
        """
        self.received.forget_count()
        return self._records.of(self._ring.drain(), offset, self.received.unconnected, is_last=is_last)


def sampled(flats: Sequence[Any], strides: Sequence[int]) -> list[Any]:
    """Of each tensor [n] every k-th element."""
    return [flat if k == 1 else flat[::k] for flat, k in zip(flats, strides, strict=True)]


def weight_of(variable: Any) -> Any:
    """A variable as it is now, as float32 [n]."""
    return ops.reshape(ops.cast(variable, "float32"), (-1,))


def _picked(flat: Any, places: np.ndarray) -> Any:
    """The elements of a tensor [n] at ascending places."""
    if len(places) == flat.shape[0]:
        return flat
    if keras.config.backend() != "tensorflow":
        return ops.take(flat, places)
    import tensorflow as tf

    return tf.gather(flat, places)  # Keras' own looks for negative places first, in operations of its own


def statistics_seconds(variables: Sequence[Any], *, exact: bool = False) -> float:
    """A rough cost of recording one step on one core, as TensorFlow took without XLA.

    3.3 ns for each weight (five looks at its gradient, the copy of it, two looks at it and at its change), 2.4 ns for
    each one that is in a histogram, 60 µs for each variable.
    """
    sizes = [int(np.prod(v.shape)) for v in variables]
    counted = [size if exact else size / histogram_stride(size) for size in sizes]
    return 3.3e-9 * sum(sizes) + 2.4e-9 * sum(counted) + 6e-5 * len(sizes)
