"""State that rides along the compiled training step and is read by the host when it likes.

Reading a device each step would make it wait for the host. So the step writes rows into a ring of cells, and the
host drains the ring now and then. None of these cells belongs to the model or to its optimizer: what saves,
copies or counts their variables never sees ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.backends.step_variable import StepVariable, cell, waiting_for

#: Name to (shape of one row's value, dtype).
Columns = Mapping[str, tuple[tuple[int, ...], str]]

#: A ring never has fewer slots than this.
MIN_SLOTS = 32


class RingBuffer:
    """Rows of named columns, of which the last `slots` are kept.

    Args:
        slots: rows that are kept until the host drains them.
        puts: name to (shape of one row's value, dtype), of the columns that each `put` of a row fills.
    """

    def __init__(self, slots: int, *puts: Columns) -> None:
        self.slots = max(slots, MIN_SLOTS)
        self.lost = 0
        self._drained = 0
        self._count = cell(np.zeros((), "int32"))
        self._puts = {frozenset(columns): _packed(self.slots, columns) for columns in puts}

    @property
    def cells(self) -> list[StepVariable]:
        """All that the step writes to."""
        return [self._count, *(packed.cell for packed in self._all())]

    def slot(self) -> Any:
        """Inside the step: where the next row goes."""
        return ops.mod(self._count.read(), self.slots)

    def put(self, slot: Any, values: Mapping[str, Any]) -> None:
        """Inside the step: fill the columns of one of `puts` in the row at `slot`; the row counts once `advance` is called."""
        for packed in self._puts[frozenset(values)]:
            packed.put(slot, values)

    def advance(self, after: Any) -> None:
        """Inside the step: the row is complete once `after` is computed."""
        with waiting_for(after):
            self._count.write(self._count.read() + 1)

    def drain(self) -> dict[str, np.ndarray]:
        """On the host: the rows that came since the last call, oldest first: name to [rows, ...].

        Rows that were overwritten before anybody drained them are counted in `lost`.
        """
        return self.rows(self.drain_order())

    def drain_order(self) -> np.ndarray:
        """The same as places of the rows, for `rows`."""
        count = int(self._count.host())
        fresh = min(count - self._drained, self.slots)
        self.lost += count - self._drained - fresh
        self._drained = count
        return np.arange(count - fresh, count) % self.slots

    def rows(self, order: np.ndarray) -> dict[str, np.ndarray]:
        """On the host: the rows at these places."""
        return {name: rows for packed in self._all() for name, rows in packed.rows(order).items()}

    def _all(self) -> list[_Packed]:
        return [packed for parts in self._puts.values() for packed in parts]


class InRing:
    """What records into a ring of its own."""

    _ring: RingBuffer

    @property
    def slots(self) -> int:
        """Rows that are kept between two drains."""
        return self._ring.slots

    @property
    def lost(self) -> int:
        """Rows that were overwritten before they were drained."""
        return self._ring.lost


class _Packed:
    """Columns of one dtype beside each other in one cell: to reach a cell costs more than what is in it."""

    def __init__(self, slots: int, shapes: Mapping[str, tuple[int, ...]], dtype: str) -> None:
        self.shapes = shapes
        self._sizes = [int(np.prod(shape)) for shape in shapes.values()]
        self.cell = cell(np.zeros((slots, sum(self._sizes)), dtype))

    def put(self, slot: Any, values: Mapping[str, Any]) -> None:
        parts = [
            ops.reshape(ops.cast(values[name], self.cell.dtype), (size,))
            for name, size in zip(self.shapes, self._sizes, strict=True)
        ]
        self.cell.write_row(slot, ops.concatenate(parts))

    def rows(self, order: np.ndarray) -> dict[str, np.ndarray]:
        table = self.cell.host()[order] if len(order) else np.zeros((0, self.cell.shape[1]), self.cell.dtype)
        parts = np.split(table, np.cumsum(self._sizes)[:-1], axis=1)
        return {
            name: part.reshape(len(order), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


def _packed(slots: int, columns: Columns) -> list[_Packed]:
    """By dtype."""
    dtypes = dict.fromkeys(dtype for _, dtype in columns.values())
    return [
        _Packed(slots, {name: shape for name, (shape, dtype) in columns.items() if dtype == own}, own) for own in dtypes
    ]


class RecordingSteps:
    """Which steps to record: those at `first`, `first + stride`, …; set by the host, asked inside the step."""

    def __init__(self, first: int, stride: int) -> None:
        self.first, self.stride = first, stride
        self._first, self._stride = cell(np.array(first, "int32")), cell(np.array(stride, "int32"))

    @property
    def cells(self) -> list[StepVariable]:
        """All that the step reads."""
        return [self._first, self._stride]

    def set(self, first: int, stride: int) -> None:
        """On the host: another rhythm from now on. Writes to the device only what differs."""
        if first != self.first:
            self._first.write(first)
        if stride != self.stride:
            self._stride.write(stride)
        self.first, self.stride = first, stride

    def at(self, counter: Any) -> Any:
        """Inside the step: is this one due? A count that the host knows is answered without the device."""
        if isinstance(counter, int):
            return counter >= self.first and (counter - self.first) % self.stride == 0
        past = ops.cast(counter, "int32") - self._first.read()
        return ops.logical_and(past >= 0, ops.equal(ops.mod(past, self._stride.read()), 0))


def shadow(variable: Any) -> StepVariable:
    """A float32 cell [n] of as many elements, to keep a value from before an update until after it."""
    return cell(np.zeros(int(np.prod(variable.shape)), "float32"))
