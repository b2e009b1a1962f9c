"""What is remembered of each record of one file: 45 bytes, in columns, and where its neighbours of one kind stand."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from tb_cnnviz.eventlog.scanning import FoundRecord


@dataclass(frozen=True)
class Place:
    """One record's place in a file."""

    step: int
    wall_time: float
    offset: int
    length: int


class RecordColumns:
    """Records of one file in the order of the file, grouped by kind and layer."""

    def __init__(self) -> None:
        self._step = array("q")
        self._wall_time = array("d")
        self._offset = array("q")
        self._length = array("q")
        self._groups: dict[tuple[str, str | None], array[int]] = {}

    def __len__(self) -> int:
        return len(self._step)

    @property
    def nbytes(self) -> int:
        """Bytes held for records, without what each group of them costs once."""
        columns: list[array[int] | array[float]] = [self._step, self._wall_time, self._offset, self._length]
        return sum(len(column) * column.itemsize for column in [*columns, *self._groups.values()])

    def append(self, found: FoundRecord) -> None:
        directory = found.directory
        self._groups.setdefault((directory.kind, directory.layer), array("L")).append(len(self._step))
        self._step.append(directory.step)
        self._wall_time.append(directory.wall_time)
        self._offset.append(found.offset)
        self._length.append(found.length)

    def groups(self) -> list[tuple[str, str | None]]:
        """Every (kind, layer), in the order in which they first came."""
        return list(self._groups)

    def steps(self, kind: str, layer: str | None) -> list[int]:
        """Steps of a group in the order of the file; a repeated one stands twice."""
        return [self._step[row] for row in self._groups.get((kind, layer), ())]

    def places(self, kind: str, layer: str | None) -> Iterator[Place]:
        for row in self._groups.get((kind, layer), ()):
            yield self._place(row)

    def last_at(self, kind: str, layer: str | None, step: int) -> Place | None:
        """The last record of a group at a step."""
        for row in reversed(self._groups.get((kind, layer), array("L"))):
            if self._step[row] == step:
                return self._place(row)
        return None

    def wall_times(self) -> tuple[float, float] | None:
        """The earliest and the latest, or None where there is no record."""
        return (min(self._wall_time), max(self._wall_time)) if self._wall_time else None

    def last_step(self) -> int:
        return max(self._step, default=0)

    def _place(self, row: int) -> Place:
        return Place(self._step[row], self._wall_time[row], self._offset[row], self._length[row])
