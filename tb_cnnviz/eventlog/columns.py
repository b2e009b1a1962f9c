"""The records of one kind and layer as columns of numbers: 32 bytes a record."""

from __future__ import annotations

import sys
from array import array
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


_STEP, _WALL_TIME, _FILE, _OFFSET, _LENGTH = range(5)


class RecordColumns:
    """Rows by step; of equal steps, in the order in which they were logged. Not thread-safe."""

    def __init__(self) -> None:
        self._columns: tuple[array[Any], ...] = tuple(array(code) for code in "qdIQI")
        self._is_sorted = True

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[Row]:
        return map(Row._make, zip(*self._columns, strict=True))

    @property
    def nbytes(self) -> int:
        """Memory that the columns take, with what they hold in reserve."""
        return sum(sys.getsizeof(column) for column in self._columns)

    def append(self, row: Row) -> None:
        if self._is_sorted and len(self) and row.step <= self._columns[_STEP][-1]:
            last = self._row(-1)
            self._is_sorted = row.step == last.step and row.file == last.file and row.offset > last.offset
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def extend(self, file: int, places: Places) -> None:
        """Append many rows of a file at once."""
        self._is_sorted = False
        numbers = np.full(len(places.step), file)
        added = (places.step, places.wall_time, numbers, places.offset, places.length)
        for column, values in zip(self._columns, added, strict=True):
            column.frombytes(values.astype(column.typecode).tobytes())

    def settle(self, age: Callable[[int], Any]) -> None:
        """Put rows in order; `age` gives each file's place in time. Needed after `append`, before the look-ups."""
        if self._is_sorted:
            return
        columns = self._arrays()
        files, number = np.unique(columns[_FILE], return_inverse=True)
        rank = np.empty(len(files), np.int64)
        rank[sorted(range(len(files)), key=lambda place: age(int(files[place])))] = np.arange(len(files))
        self._keep(np.lexsort((columns[_OFFSET], rank[number], columns[_STEP])))
        self._is_sorted = True

    def forget(self, file: int) -> None:
        """Take out the rows of a file."""
        is_other = self._arrays()[_FILE] != file
        if not is_other.all():
            self._keep(is_other)

    def of_file(self, file: int) -> Places:
        """A file's rows, in the order in which they stand here."""
        step, wall_time, number, offset, length = self._arrays()
        return Places(*(column[number == file] for column in (step, wall_time, offset, length)))

    def steps(self) -> list[int]:
        """Every step once, ascending."""
        return list(dict.fromkeys(self._columns[_STEP]))

    def last_step(self) -> int:
        """The largest step; there must be a row."""
        return int(self._columns[_STEP][-1])

    def wall_times(self) -> tuple[float, float]:
        """The earliest and the latest; there must be a row."""
        times = self._arrays()[_WALL_TIME]
        return float(times.min()), float(times.max())

    def at(self, step: int) -> list[Row]:
        """The rows at a step, the last one being the one that holds."""
        steps = self._columns[_STEP]
        return [self._row(place) for place in range(bisect_left(steps, step), bisect_right(steps, step))]

    def _row(self, place: int) -> Row:
        return Row._make(column[place] for column in self._columns)

    def _arrays(self) -> list[np.ndarray]:
        """The columns seen by numpy: not to be kept, since an array that is being seen cannot grow."""
        return [np.frombuffer(column, column.typecode) for column in self._columns]

    def _keep(self, chosen: np.ndarray) -> None:
        """The rows chosen by a mask or by their places, in that order."""
        self._columns = tuple(
            array(column.typecode, np.frombuffer(column, column.typecode)[chosen].tobytes()) for column in self._columns
        )
