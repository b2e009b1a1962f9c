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

from tb_cnnviz.capture.cell import Cell, recording, when
from tb_cnnviz.capture.graph_tail import remade
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.mailbox import Due, Ring, shadow
from tb_cnnviz.capture.replicas import on_one_replica
from tb_cnnviz.capture.skips import Skips, innermost
from tb_cnnviz.capture.statistics import (
    non_finite,
    plain_norm,
    raw_histogram,
    statistics_of_any,
    statistics_of_finite,
)
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import RAW_COUNT, from_raw, trim

_FLOATS = ("norm", "mean", "min", "max", "weight_norm", "update_norm")
_COUNTS = ("zeros", "nan", "inf")

#: Whether the step is due, its place in the ring, and the weights before it, where nothing else keeps them.
Row = tuple[Any, Any, list[Any]]


class GradientCapture:
    """Records gradients and updates of `variables` at the steps that `due` names.

    Args:
        optimizer: as compiled; the innermost one is watched.
        variables: trainable variables, in the order of the model record.
        jit: whether XLA compiles the step.
        due: which values of `optimizer.iterations` to record.
        slots: rows to keep between two drains.

    Attributes:
        was_called: whether a training step was traced that applies gradients by this optimizer.
        unconnected: variables on which the loss of the traced step does not depend.
    """

    def __init__(self, optimizer: Any, variables: Sequence[Any], *, jit: bool, due: Due, slots: int) -> None:
        self.optimizer = innermost(optimizer)
        self.variables = list(variables)
        self.due = due
        self.unconnected: list[str] = []
        self.was_called = False
        self._outermost = optimizer
        self._is_functional = keras.config.backend() == "jax"
        self._jit = self._is_functional or (jit and keras.config.backend() == "tensorflow")
        self._index = {id(v): i for i, v in enumerate(self.variables)}
        n = len(self.variables)
        columns: dict[str, tuple[tuple[int, ...], str]] = {"step": ((), "int32"), "skipped": ((), "int32")}
        columns |= {"raw": ((n, RAW_COUNT), "int32")}
        columns |= dict.fromkeys(_FLOATS, ((n,), "float32")) | dict.fromkeys(_COUNTS, ((n,), "int32"))
        self._ring = Ring(slots, columns)
        self._before = [] if self._is_functional else [shadow(v) for v in self.variables]
        self._skips = Skips(optimizer)
        self._skips_told = 0

    @property
    def cells(self) -> list[Cell]:
        """All that the hooks read or write inside the step."""
        return [*self._ring.cells, *self.due.cells, *self._skips.cells]

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

        def wrap_stateless(original: Callable[..., Any]) -> Callable[..., Any]:
            def stateless_apply(optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
                self.was_called = True
                weights, state = original(optimizer_variables, grads, trainable_variables)
                with guard():
                    is_applied = self._skips.applied(optimizer_variables, state)
                    with self._scope(trainable_variables, optimizer_variables):
                        row = self._record_received(list(grads), None, is_applied)
                    with self._scope(weights, state):
                        self._record_applied(row)
                return weights, state

            return stateless_apply

        if self._is_functional:
            return [Hook(self._outermost, "stateless_apply", wrap_stateless)]
        return [*self._skips.hooks(guard), Hook(self.optimizer, "apply", wrap_apply)]

    def _scope(self, weights: Sequence[Any], state: Sequence[Any]) -> Any:
        """JAX: in which the variables have these values."""
        pairs = [*zip(self.variables, weights, strict=True), *zip(self._outermost.variables, state, strict=True)]
        return keras.StatelessScope(state_mapping=pairs)

    def _record_received(self, grads: list[Any], trainable_variables: Any, is_applied: Any = True) -> Row:
        step = ops.cast(self.optimizer.iterations, "int32")
        due = ops.logical_and(self.due.at(step), is_applied) if is_applied is not True else self.due.at(step)
        slot = self._ring.slot()
        ordered = self._in_order(grads, trainable_variables)
        if self._is_functional:
            # What a branch of XLA reads as it is gets its memory layout from that branch, and with it another order
            # of summation in the user's own step. So the branch reads something that was computed from it.
            ordered = [None if g is None else ops.where(due, g, ops.zeros_like(g)) for g in ordered]
        weights = [ops.cast(v, "float32") for v in self.variables] if self._is_functional else []
        scale = self._scale()

        def record() -> None:
            flat = self._flat(ordered, scale)
            raws = [raw_histogram(g, jit=self._jit) for g in flat]
            columns = self._statistics(flat, raws)
            now = weights or [ops.cast(v, "float32") for v in self.variables]
            columns["weight_norm"] = ops.stack([plain_norm(ops.reshape(w, (-1,))) for w in now])
            self._ring.put(slot, {"step": step, "skipped": self._skips.read(), "raw": ops.stack(raws), **columns})
            for kept, weight in zip(self._before, now, strict=False):
                kept.write(weight)

        when(due, record, self._ring.cells)
        return due, slot, weights

    def _record_applied(self, row: Row) -> None:
        due, slot, weights = row

        def record() -> None:
            before = weights or [kept.read() for kept in self._before]
            changes = [
                ops.reshape(ops.cast(v, "float32") - kept, (-1,))
                for v, kept in zip(self.variables, before, strict=True)
            ]
            norms = ops.stack([plain_norm(c) for c in changes])
            self._ring.put(slot, {"update_norm": norms})
            self._ring.advance(after=norms)

        when(due, record, self._ring.cells)

    def _in_order(self, grads: list[Any], trainable_variables: Any) -> list[Any]:
        """Gradients in the order of `variables`; None where the loss does not depend on one."""
        owners = self.variables if trainable_variables is None else list(trainable_variables)
        ordered: list[Any] = [None] * len(self.variables)
        for gradient, owner in zip(grads, owners, strict=True):
            index = self._index.get(id(owner))
            if index is not None:
                ordered[index] = gradient
        self.unconnected = [v.path for v, g in zip(self.variables, ordered, strict=True) if g is None]
        return ordered

    def _scale(self) -> Any:
        """What the gradients that the hooked method gets are scaled by; None where they are not."""
        if self._is_functional and self._outermost is not self.optimizer:
            return ops.convert_to_tensor(self._outermost.dynamic_scale)
        return getattr(self.optimizer, "loss_scale_factor", None)

    def _flat(self, ordered: list[Any], scale: Any) -> list[Any]:
        """The same as float32 [n], loss scaling undone; zeros for None."""
        flat = []
        for variable, gradient in zip(self.variables, ordered, strict=True):
            size = int(np.prod(variable.shape))
            if gradient is None:
                flat.append(ops.zeros((size,), "float32"))
                continue
            dense = ops.reshape(ops.cast(ops.convert_to_tensor(remade(gradient)), "float32"), (size,))
            flat.append(dense if scale is None else dense / scale)
        return flat

    def _statistics(self, flat: list[Any], raws: list[Any]) -> dict[str, Any]:
        if self._jit:  # XLA fuses the general form; a branch would only make it compile both
            return _stack([statistics_of_any(g) for g in flat])
        names = list(_FLOATS[:4] + _COUNTS)
        bad = sum(non_finite(raw) for raw in raws)

        def pick(each: Callable[[Any], dict[str, Any]]) -> list[Any]:
            columns = _stack([each(g) for g in flat])
            return [columns[name] for name in names]

        values = ops.cond(ops.equal(bad, 0), lambda: pick(statistics_of_finite), lambda: pick(statistics_of_any))
        return dict(zip(names, values, strict=True))

    @property
    def slots(self) -> int:
        """Rows that are kept between two drains."""
        return self._ring.slots

    @property
    def lost(self) -> int:
        """Rows that were overwritten before they were drained."""
        return self._ring.lost

    def drain(self, offset: int) -> list[Record]:
        """The rows since the last call as records; step = optimizer.iterations + offset.

        Under gradient accumulation the micro-batches of one update share a step; the last one, whose `apply` changes
        the weights, is kept.
        """
        rows = self._ring.drain()
        last = {int(step): i for i, step in enumerate(rows["step"])}
        return [self._as_record(rows, i, step + offset) for step, i in last.items()]

    def _as_record(self, rows: dict[str, np.ndarray], i: int, step: int) -> Record:
        start, counts = trim(from_raw(rows["raw"][i].astype(np.int64)))
        arrays = {name: rows[name][i] for name in _FLOATS}
        arrays |= {name: rows[name][i].astype(np.int64) for name in _COUNTS}
        attributes: dict[str, Any] = {"bin_start": start, "source": "training batch", "exact": True}
        micro_batches = getattr(self.optimizer, "gradient_accumulation_steps", None)
        if micro_batches:
            attributes["micro_batches"] = micro_batches
        skipped = int(rows["skipped"][i]) - self._skips_told
        if skipped:
            self._skips_told += skipped
            attributes["skipped"] = skipped
        if self.unconnected:
            attributes["unconnected"] = self.unconnected
        return Record("gradients", step, arrays={**arrays, "histogram": counts}, attributes=attributes)


def _stack(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: ops.stack([row[name] for row in rows]) for name in rows[0]}


def statistics_seconds(variables: Sequence[Any]) -> float:
    """A rough cost of recording one step: 5 ns a weight and 60 µs a variable on one core."""
    return sum(5e-9 * float(np.prod(v.shape)) + 6e-5 for v in variables)
