"""The gradient that the optimizer receives and the update that it applies, recorded inside the training step.

Received means before clipping, after loss scaling is undone. Applied is the weights' change by the whole of the
optimizer's `apply`: clipping, momentum, weight decay, constraints and all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.graph_tail import remade
from tb_cnnviz.capture.mailbox import Due, Ring, shadow
from tb_cnnviz.capture.statistics import (
    non_finite,
    plain_norm,
    raw_histogram,
    statistics_of_any,
    statistics_of_finite,
)
from tb_cnnviz.capture.step import Hook
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import RAW_COUNT, from_raw, trim

_FLOATS = ("norm", "mean", "min", "max", "weight_norm", "update_norm")
_COUNTS = ("zeros", "nan", "inf")


def innermost(optimizer: Any) -> Any:
    """The optimizer that sees unscaled gradients: inside a LossScaleOptimizer the inner one."""
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    return optimizer


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
        self._jit = jit
        self._index = {id(v): i for i, v in enumerate(self.variables)}
        n = len(self.variables)
        columns: dict[str, tuple[tuple[int, ...], str]] = {"step": ((), "int32"), "raw": ((n, RAW_COUNT), "int32")}
        columns |= dict.fromkeys(_FLOATS, ((n,), "float32")) | dict.fromkeys(_COUNTS, ((n,), "int32"))
        self._ring = Ring(slots, columns)
        self._before = [shadow(v) for v in self.variables]

    def hook(self, guard: Callable[[], Any]) -> Hook:
        """What to put in the place of the optimizer's `apply` while a step runs; `guard` catches faults of ours."""

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def apply(grads: Any, trainable_variables: Any = None) -> Any:
                self.was_called = True
                grads = list(grads)
                row: tuple[Any, Any] | None = None
                with guard():
                    row = self._record_received(grads, trainable_variables)
                result = original(grads, trainable_variables)
                if row is not None:
                    with guard():
                        self._record_applied(*row)
                return result

            return apply

        return Hook(self.optimizer, "apply", wrap)

    def _record_received(self, grads: list[Any], trainable_variables: Any) -> tuple[Any, Any]:
        step = ops.cast(self.optimizer.iterations, "int32")
        due, slot = self.due.at(step), self._ring.slot()
        ordered = self._in_order(grads, trainable_variables)

        def record() -> Any:
            flat = self._flat(ordered)
            raws = [raw_histogram(g, jit=self._jit) for g in flat]
            columns = self._statistics(flat, raws)
            weights = [ops.cast(v, "float32") for v in self.variables]
            columns["weight_norm"] = ops.stack([plain_norm(ops.reshape(w, (-1,))) for w in weights])
            self._ring.put(slot, {"step": step, "raw": ops.stack(raws), **columns})
            for kept, weight in zip(self._before, weights, strict=True):
                kept.assign(weight)
            return ops.zeros((), "int32")

        ops.cond(due, record, lambda: ops.zeros((), "int32"))
        return due, slot

    def _record_applied(self, due: Any, slot: Any) -> None:
        def record() -> Any:
            changes = [
                ops.reshape(ops.cast(v, "float32") - kept, (-1,))
                for v, kept in zip(self.variables, self._before, strict=True)
            ]
            norms = ops.stack([plain_norm(c) for c in changes])
            self._ring.put(slot, {"update_norm": norms})
            self._ring.advance(after=norms)
            return ops.zeros((), "int32")

        ops.cond(due, record, lambda: ops.zeros((), "int32"))

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

    def _flat(self, ordered: list[Any]) -> list[Any]:
        """The same as float32 [n], loss scaling undone; zeros for None."""
        scale = getattr(self.optimizer, "loss_scale_factor", None)
        flat = []
        for variable, gradient in zip(self.variables, ordered, strict=True):
            size = int(np.prod(variable.shape))
            if gradient is None:
                flat.append(ops.zeros((size,), "float32"))
                continue
            dense = ops.reshape(ops.cast(ops.convert_to_tensor(remade(gradient)), "float32"), (size,))
            flat.append(dense / scale if scale else dense)
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
        if self.unconnected:
            attributes["unconnected"] = self.unconnected
        return Record("gradients", step, arrays={**arrays, "histogram": counts}, attributes=attributes)


def _stack(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: ops.stack([row[name] for row in rows]) for name in rows[0]}


def statistics_seconds(variables: Sequence[Any]) -> float:
    """A rough cost of recording one step: 5 ns a weight and 60 µs a variable on one core."""
    return sum(5e-9 * float(np.prod(v.shape)) + 6e-5 for v in variables)
