"""Read the records of a series into tables, within bounds of time and memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.columns import (
    COLUMN_BYTES,
    LargeSeries,
    MalformedSeries,
    Table,
    join,
    joined_bytes,
    table_of_record,
)
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.series_layout import Layout, bytes_of, layout_of
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord

#: A larger record is not read for a series.
MAX_RECORD_BYTES = 256 << 20

#: About so many bytes of rows are read before they are joined: rows one by one take several times their numbers' room.
_BATCH_BYTES = 16 << 20
#: So much is read in any case.
_LOOK_BYTES = 1 << 20
#: About what a table takes that has but a row.
_LEAST_TABLE_BYTES = 3000


class Reading:
    """Rows that are read, behind those that are known.

    Args:
        tables: what is known, by what the columns belong to.
        layout: of the newest record known.
        counts: how many records went into each table.
        held: as `table_of_record` takes it.
        most_bytes: that all tables may take; while they are made, their parts take as much again.

    Attributes:
        unreadable: records that are damaged or have not the arrays that their kind needs.
        too_large: bytes that the tables would take, where these are more than they may; else 0.
    """

    def __init__(
        self,
        tables: Mapping[Layout, Table],
        layout: Layout,
        counts: Mapping[Layout, int],
        held: Collection[str] | None,
        most_bytes: int,
    ) -> None:
        self._parts = {key: [table] for key, table in tables.items()}
        self._sizes = {key: joined_bytes(parts) + bytes_of(key) for key, parts in self._parts.items()}
        self._size = sum(self._sizes.values())
        self._held = held
        self._most_bytes = most_bytes
        self._metrics: set[str] | None = None
        self.layout = layout
        self.counts = Counter(counts)
        self.unreadable = 0
        self.too_large = 0

    def read(self, run: RunIndex, entries: Sequence[IndexEntry], first: int, time: ReadingTime) -> int:
        """Read some of these records, at least one; returns how many. `first` is the number of the first one."""
        batch: dict[Layout, list[Table]] = {}
        size = content = done = 0
        for done, record in enumerate(_records(run, entries), 1):
            content += entries[done - 1].length
            try:
                table, layout = self._rows(record, first + done - 1)
            except (DamagedRecord, MalformedSeries):
                self.unreadable += 1
                continue
            except LargeSeries as large:
                self.too_large = large.size
                break
            self.layout = layout
            self.counts[layout] += 1
            batch.setdefault(layout, []).append(table)
            size += table.nbytes + len(table.columns) * COLUMN_BYTES
            if size >= _BATCH_BYTES or (content >= _LOOK_BYTES and time.is_up):
                break
        for layout, tables in batch.items():
            self._add(layout, tables)
        return done

    def tables(self) -> dict[Layout, Table]:
        """All rows; a part of a table is let go of as soon as it is joined."""
        return {key: _joined(self._parts.pop(key)) for key in list(self._parts)}

    def _rows(self, record: Record | DamagedRecord, number: int) -> tuple[Table, Layout]:
        if isinstance(record, DamagedRecord):
            raise record
        if record.kind != "epochs":
            return table_of_record(record, number, self._held, most_bytes=self._most_bytes), layout_of(record)
        if self._metrics is None:
            self._metrics = {name for parts in self._parts.values() for part in parts for name in part.columns}
        table = table_of_record(record, number, metrics=self._metrics)
        self._metrics.update(table.columns)
        return table, layout_of(record)

    def _add(self, layout: Layout, tables: list[Table]) -> None:
        parts = self._parts.get(layout, [])
        size = joined_bytes([*parts, *tables]) + bytes_of(layout)
        self._size += size - self._sizes.get(layout, 0)
        self._sizes[layout] = size
        taken = max(self._size, (len(self._sizes) - 1) * _LEAST_TABLE_BYTES)
        if taken > self._most_bytes:
            self.too_large = taken
        if self.too_large:
            self._parts.clear()
            return
        self._parts[layout] = parts
        parts.append(join(tables))
        # Only rows of like number are joined, so that a row is copied a few times and not once for every batch.
        while len(parts) > 1 and len(parts[-2].steps) <= len(parts[-1].steps):
            parts[-2:] = [join(parts[-2:])]


def _records(run: RunIndex, entries: Sequence[IndexEntry]) -> Iterator[Record | DamagedRecord]:
    records = run.read_many([entry for entry in entries if entry.length <= MAX_RECORD_BYTES])
    for entry in entries:
        if entry.length <= MAX_RECORD_BYTES:
            yield next(records)
        else:
            yield DamagedRecord(f"it has {entry.length} bytes; at most {MAX_RECORD_BYTES} are read for a series")


def _joined(tables: Sequence[Table]) -> Table:
    return tables[0] if len(tables) == 1 else join(tables)
