"""The records of one kind and layer as columns of numbers: 32 bytes a record."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One record: `file` is a number that its run gives out, `offset` that of its frame, `length` that of its payload."""

    step: int
    wall_time: float
    file: int
    offset: int
    length: int


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
        if self._is_sorted and len(self) and row.step <= self._columns[0][-1]:
            last = self._row(-1)
            self._is_sorted = row.step == last.step and row.file == last.file and row.offset > last.offset
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def settle(self, age: Callable[[int], Any]) -> None:
        """Put rows in order; `age` gives each file's place in time. Needed after `append`, before the look-ups."""
        if not self._is_sorted:
            self._replace(sorted(self, key=lambda row: (row.step, age(row.file), row.offset)))
            self._is_sorted = True

    def forget(self, file: int) -> None:
        """Take out the rows of a file."""
        if file in self._columns[2]:
            self._replace(row for row in self if row.file != file)

    def steps(self) -> list[int]:
        """Every step once, ascending."""
        return list(dict.fromkeys(self._columns[0]))

    def last_step(self) -> int:
        """The largest step; there must be a row."""
        return int(self._columns[0][-1])

    def at(self, step: int) -> list[Row]:
        """The rows at a step, the last one being the one that holds."""
        steps = self._columns[0]
        return [self._row(place) for place in range(bisect_left(steps, step), bisect_right(steps, step))]

    def _row(self, place: int) -> Row:
        return Row._make(column[place] for column in self._columns)

    def _replace(self, rows: Iterable[Row]) -> None:
        fresh: tuple[array[Any], ...] = tuple(array(column.typecode) for column in self._columns)
        for row in rows:
            for column, value in zip(fresh, row, strict=True):
                column.append(value)
        self._columns = fresh
