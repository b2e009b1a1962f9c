"""One record as an index knows it, and the records of a kind and layer in the order in which they were logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tb_cnnviz.eventlog.columns import Row


class IndexEntry(NamedTuple):
    """One record. `identity` is that of its place in this process: it changes when the file is replaced."""

    kind: str
    layer: str | None
    step: int
    wall_time: float
    file: str
    offset: int
    length: int
    identity: tuple[int, ...]


#: Entries of rows of an index.
EntriesOf = Callable[[Iterable[Row]], list[IndexEntry]]


class LoggedRecords(Sequence[IndexEntry]):
    """The records of a kind and layer as they stood when it was made, in the order in which they were logged.

    Entries are made when they are asked for: a million of them take seconds and hundreds of megabytes.

    Args:
        entries_of: makes them.
        rows: as `RecordColumns.copied` gives them.
    """

    def __init__(self, entries_of: EntriesOf, rows: np.ndarray) -> None:
        self._entries_of = entries_of
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        chosen = self._rows[place]
        if isinstance(place, slice):
            return self._entries_of(map(Row._make, chosen.tolist()))
        return self._entries_of([Row._make(chosen.item())])[0]

    @property
    def steps(self) -> np.ndarray:
        """The step of each: int64."""
        return self._rows["step"]

    @property
    def lengths(self) -> np.ndarray:
        """The bytes of each: int64."""
        return self._rows["length"].astype(np.int64)

    @property
    def files(self) -> tuple[tuple[int, int], ...]:
        """By file, in the order of their age, how many of its records these are: a file only ever has more."""
        numbers = self._rows["file"]
        starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])) if len(numbers) else numbers
        ends = np.append(starts[1:], len(numbers))
        return tuple(zip(numbers[starts].tolist(), (ends - starts).tolist(), strict=True)) if len(numbers) else ()
