"""The records of one kind and layer as columns of numbers: 32 bytes a record."""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """One record: `file` is a number that its run gives out, `offset` that of its frame, `length` that of its payload."""

    step: int
    wall_time: float
    file: int
    offset: int
    length: int


class Places(NamedTuple):
    """Rows of one file as arrays of one length: int64, float64, uint64 and uint32."""

    step: np.ndarray
    wall_time: np.ndarray
    offset: np.ndarray
    length: np.ndarray


_PACKED = struct.Struct("<qdIQI")
_ROWS = np.dtype(
    {
        "names": ["step", "wall_time", "file", "offset", "length"],
        "formats": ["<i8", "<f8", "<u4", "<u8", "<u4"],
        "offsets": [0, 8, 16, 20, 28],
        "itemsize": _PACKED.size,
    }
)


class RecordColumns:
    """Rows by step; of equal steps, in the order in which they were logged. Not thread-safe.

    All in one piece of memory: most layers of most runs have few records, and five pieces took more than these.
    """

    __slots__ = ("_is_sorted", "_packed")

    def __init__(self) -> None:
        self._packed = bytearray()
        self._is_sorted = True

    def __len__(self) -> int:
        return len(self._packed) // _PACKED.size

    def __iter__(self) -> Iterator[Row]:
        return map(Row._make, _PACKED.iter_unpack(self._packed))

    def append(self, row: Row) -> None:
        if self._is_sorted and self._packed:
            last = self.row(len(self) - 1)
            follows = row.step == last.step and row.file == last.file and row.offset > last.offset
            self._is_sorted = row.step > last.step or follows
        self._packed += _PACKED.pack(*row)

    def extend(self, file: int, places: Places) -> None:
        """Append many rows of a file at once."""
        self._is_sorted = False
        added = np.empty(len(places.step), _ROWS)
        added["file"] = file
        for name, values in zip(Places._fields, places, strict=True):
            added[name] = values
        self._packed += added.tobytes()

    def settle(self, age: Callable[[int], Any]) -> None:
        """Put rows in order; `age` gives each file's place in time. Needed after `append`, before the look-ups."""
        if self._is_sorted:
            return
        rows = self._rows()
        files, number = np.unique(rows["file"], return_inverse=True)
        rank = np.empty(len(files), np.int64)
        rank[sorted(range(len(files)), key=lambda place: age(int(files[place])))] = np.arange(len(files))
        self._packed = bytearray(rows[np.lexsort((rows["offset"], rank[number], rows["step"]))].tobytes())
        self._is_sorted = True

    def forget(self, file: int) -> None:
        """Take out the rows of a file."""
        rows = self._rows()
        is_other = rows["file"] != file
        if not is_other.all():
            self._packed = bytearray(rows[is_other].tobytes())

    def of_file(self, file: int) -> Places:
        """A file's rows, in the order in which they stand here."""
        rows = self._rows()
        chosen = rows[rows["file"] == file]
        return Places(*(np.ascontiguousarray(chosen[name]) for name in Places._fields))

    def copied(self) -> np.ndarray:
        """All rows, with a field for each of `Row`, as they are now."""
        return self._rows().copy()

    def steps(self) -> list[int]:
        """Every step once, ascending."""
        steps = self._rows()["step"]
        is_first = np.ones(len(steps), bool)
        is_first[1:] = steps[1:] != steps[:-1]
        steps_once: list[int] = steps[is_first].tolist()
        return steps_once

    def last_step(self) -> int:
        """The largest step; there must be a row."""
        return self.row(len(self) - 1).step

    def wall_times(self) -> tuple[float, float]:
        """The earliest and the latest; there must be a row."""
        times = self._rows()["wall_time"]
        return float(times.min()), float(times.max())

    def at(self, step: int) -> list[Row]:
        """The rows at a step, the last one being the one that holds."""
        return [self.row(place) for place in self.places(step)]

    def places(self, step: int) -> range:
        """Where the rows at a step are, the last one being the one that holds: a log may have any number of them."""
        everywhere, step_of = range(len(self)), lambda place: self.row(place).step
        return range(bisect_left(everywhere, step, key=step_of), bisect_right(everywhere, step, key=step_of))

    def row(self, place: int) -> Row:
        return Row._make(_PACKED.unpack_from(self._packed, place * _PACKED.size))

    def _rows(self) -> np.ndarray:
        """The rows as numpy sees them: not to be kept, since what is being seen cannot grow."""
        return np.frombuffer(self._packed, _ROWS) if self._packed else np.empty(0, _ROWS)
