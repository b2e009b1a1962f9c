"""State that rides along the compiled training step and is read by the host when it likes.

Reading a device each step would make it wait for the host. So the step writes rows into a ring of variables, and the
host drains the ring now and then. None of these variables belongs to the model or to its optimizer: what saves,
copies or counts their variables never sees ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.host import to_numpy

#: A ring never has fewer slots than this.
MIN_SLOTS = 32


class Ring:
    """Rows of named columns, of which the last `slots` are kept.

    Args:
        slots: rows that are kept until the host drains them.
        columns: name to (shape of one row's value, dtype).
    """

    def __init__(self, slots: int, columns: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
        self.slots = max(slots, MIN_SLOTS)
        self.lost = 0
        self._drained = 0
        self._count = _variable((), "int32", "count")
        self._columns = {name: _variable((self.slots, *shape), dtype, name) for name, (shape, dtype) in columns.items()}

    def slot(self) -> Any:
        """Inside the step: where the next row goes."""
        return ops.mod(ops.convert_to_tensor(self._count), self.slots)

    def put(self, slot: Any, values: Mapping[str, Any]) -> None:
        """Inside the step: fill columns of the row at `slot`; the row counts once `advance` is called."""
        for name, value in values.items():
            variable = self._columns[name]
            row = ops.cast(value, variable.dtype)
            _write_row(variable, slot, ops.reshape(row, (1, *variable.shape[1:])))

    def advance(self, after: Any) -> None:
        """Inside the step: the row is complete once `after` is computed.

        TensorFlow runs whatever does not wait for data even when the data have run out.
        """
        with _waiting_for(after):
            self._count.assign(self._count + 1)

    def drain(self) -> dict[str, np.ndarray]:
        """On the host: the rows that came since the last call, oldest first: name to [rows, ...].

        Rows that were overwritten before anybody drained them are counted in `lost`.
        """
        count = int(to_numpy(self._count))
        fresh = min(count - self._drained, self.slots)
        self.lost += count - self._drained - fresh
        self._drained = count
        order = np.arange(count - fresh, count) % self.slots
        if not fresh:
            return {name: np.zeros((0, *v.shape[1:]), v.dtype) for name, v in self._columns.items()}
        return {name: to_numpy(v)[order] for name, v in self._columns.items()}


class Due:
    """Which steps to record: those at `first`, `first + stride`, …; set by the host, asked inside the step."""

    def __init__(self, first: int, stride: int) -> None:
        self.first, self.stride = first, stride
        self._first = _variable((), "int32", "first", first)
        self._stride = _variable((), "int32", "stride", stride)

    def set(self, first: int, stride: int) -> None:
        """On the host: another rhythm from now on. Writes to the device only what differs."""
        if first != self.first:
            self._first.assign(first)
        if stride != self.stride:
            self._stride.assign(stride)
        self.first, self.stride = first, stride

    def at(self, counter: Any) -> Any:
        """Inside the step: is this one due?"""
        past = ops.cast(counter, "int32") - ops.convert_to_tensor(self._first)
        return ops.logical_and(past >= 0, ops.equal(ops.mod(past, ops.convert_to_tensor(self._stride)), 0))


def shadow(variable: Any) -> Any:
    """A float32 variable of the same shape, to keep a value from before an update until after it."""
    return _variable(tuple(variable.shape), "float32", "shadow")


def _variable(shape: tuple[int, ...], dtype: str, name: str, value: int = 0) -> Any:
    return keras.Variable(
        np.full(shape, value, dtype), dtype=dtype, trainable=False, autocast=False, name=f"cnnviz_{name}"
    )


def _waiting_for(tensor: Any) -> AbstractContextManager[Any]:
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        waiting: AbstractContextManager[Any] = tf.control_dependencies([tensor])
        return waiting
    return nullcontext()


def _write_row(variable: Any, slot: Any, row: Any) -> None:
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        # In place: slice_update would copy the whole ring.
        variable.value.scatter_update(tf.IndexedSlices(row, ops.reshape(slot, (1,))))
        return
    variable.assign(ops.slice_update(ops.convert_to_tensor(variable), [slot] + [0] * (row.ndim - 1), row))
