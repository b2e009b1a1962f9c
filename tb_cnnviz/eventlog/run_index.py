"""One run's records: every kind, layer and step, and where each lies."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tb_cnnviz.eventlog.columns import RecordColumns, Row
from tb_cnnviz.eventlog.finding import FoundFile
from tb_cnnviz.eventlog.following import RunFiles
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.index_entry import IndexEntry, LoggedRecords
from tb_cnnviz.eventlog.model_records import ModelRecords
from tb_cnnviz.eventlog.notices import LogNotice
from tb_cnnviz.eventlog.record_reading import Crc, RecordReader
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import Record

_generations = itertools.count()


class RunIndex:
    """The records of one run, in memory as columns of at most 64 bytes a record. Safe to use from several threads.

    Args:
        cache: where the index of earlier processes lies, or None to scan every file here.
    """

    def __init__(self, name: str, cache: IndexCache | None = None) -> None:
        self.name = name
        #: No two indexes of this process have one number, those of one name neither.
        self.generation = next(_generations)
        self._found = 0
        self._files = RunFiles(cache)
        self._lock = self._files.lock
        self._reader = RecordReader(self._files)
        self._models = ModelRecords(self._reader)
        self._state: object = None

    def refresh(self, found: Iterable[FoundFile], until: float = math.inf) -> bool:
        """Follow these files, which are all that the run has now.

        Args:
            until: when to leave what is not yet scanned to the next call, by `time.monotonic`.

        Returns:
            Whether all of them were scanned.
        """
        is_complete = self._files.refresh(found, until)
        with self._lock:
            files = self._files.by_number.values()
            state = [(file.number, file.seen, file.looked_at, file.records) for file in files]
            if state != self._state:
                self._state, self._found = state, self._found + 1
        return is_complete

    @property
    def revision(self) -> int:
        """Rises with everything that is found or noted."""
        with self._lock:
            return self._found + self._files.noted

    # What there is

    @property
    def kinds(self) -> list[str]:
        """The kinds that have records, in the order of `KINDS`."""
        with self._lock:
            present = {kind for (kind, _), columns in self._files.rows.items() if len(columns)}
        return [kind for kind in KINDS if kind in present]

    def layers(self, kind: str) -> list[str]:
        """The layers with records of this kind, in the order in which they were first met."""
        with self._lock:
            return [layer for (k, layer), rows in self._files.rows.items() if k == kind and layer is not None]

    def steps(self, kind: str, layer: str | None = None) -> list[int]:
        """Every logged step once, ascending; none where nothing of the kind and layer is logged."""
        with self._lock:
            rows = self._files.rows.get((kind, layer))
            return rows.steps() if rows is not None else []

    def entries(self, kind: str | None = None, layer: str | None = None) -> list[IndexEntry]:
        """Every record, those of repeated steps too, in the order in which they were logged.

        Args:
            kind: only records of this kind; None for all.
            layer: only records of this layer; None for all.
        """
        with self._lock:
            listed = [
                (self._files.by_number[row.file].age, row.offset, self._entry(k, owner, row))
                for (k, owner), rows in self._files.rows.items()
                if kind in (None, k) and layer in (None, owner)
                for row in rows
            ]
        return [entry for _, _, entry in sorted(listed, key=lambda item: item[:2])]

    def logged(self, kind: str, layer: str | None = None) -> LoggedRecords:
        """The records of a kind and layer, those of repeated steps too, in the order in which they were logged."""
        with self._lock:
            columns = self._files.rows.get((kind, layer))
            rows = (RecordColumns() if columns is None else columns).copied()
            ages = sorted(self._files.by_number, key=lambda number: self._files.by_number[number].age)
        rank = np.zeros(max(ages, default=0) + 1, np.int64)
        rank[ages] = np.arange(len(ages))
        file_rank, offset = rank[rows["file"]], rows["offset"]
        is_ordered = (file_rank[1:] > file_rank[:-1]) | ((file_rank[1:] == file_rank[:-1]) & (offset[1:] > offset[:-1]))
        if not is_ordered.all():
            rows = rows[np.lexsort((offset, file_rank))]
        return LoggedRecords(functools.partial(self._entries_of, kind, layer), rows)

    def _entries_of(self, kind: str, layer: str | None, rows: Iterable[Row]) -> list[IndexEntry]:
        """The entries of rows that this index had; one whose file is gone cannot be read."""
        with self._lock:
            return [self._entry(kind, layer, row) for row in rows]

    def repeat(self, kind: str, layer: str | None, step: int, number: int | None = None) -> IndexEntry:
        """The record at a step that holds, or where it was logged again, that of this number, from 0.

        Raises:
            KeyError: where there is none; its message says what there is.
        """
        with self._lock:
            columns = self._rows(kind, layer)
            places = columns.places(step)
            if not places:
                raise KeyError(f"step {step} is not logged in {kind}; there is {_some(columns.steps())}")
            if number is not None and not 0 <= number < len(places):
                raise KeyError(
                    f"repeat {number} of {kind} at step {step} is not logged; there are 0 to {len(places) - 1}"
                )
            return self._entry(kind, layer, columns.row(places[-1 if number is None else number]))

    def repeat_count(self, kind: str, layer: str | None, step: int) -> int:
        """How many records there are at a step."""
        with self._lock:
            columns = self._files.rows.get((kind, layer))
            return len(columns.places(step)) if columns is not None else 0

    def locate(self, kind: str, layer: str | None, step: int) -> IndexEntry:
        """The record that holds at a step: where a step was logged again, the later one.

        Raises:
            KeyError: where there is none; its message says what there is.
        """
        return self.repeat(kind, layer, step)

    def repeats(self, kind: str, layer: str | None, step: int) -> list[IndexEntry]:
        """Every record at a step, in the order in which they were logged; the last one holds.

        Raises:
            KeyError: where there is none; its message says what there is.
        """
        with self._lock:
            rows = self._rows(kind, layer)
            at = rows.at(step)
            if not at:
                raise KeyError(f"step {step} is not logged in {kind}; there is {_some(rows.steps())}")
            return [self._entry(kind, layer, row) for row in at]

    @property
    def notices(self) -> list[LogNotice]:
        """What could not be read, and what the writer gave up, by file and offset."""
        return self._files.notices

    @property
    def notice_count(self) -> int:
        """How many `notices` there are."""
        return len(self.notices)

    @property
    def first_wall_time(self) -> float:
        """Seconds since the epoch; 0 where there is no record."""
        with self._lock:
            return min((rows.wall_times()[0] for rows in self._files.rows.values()), default=0.0)

    @property
    def last_wall_time(self) -> float:
        """Seconds since the epoch; 0 where there is no record."""
        with self._lock:
            return max((rows.wall_times()[1] for rows in self._files.rows.values()), default=0.0)

    @property
    def last_step(self) -> int:
        """The largest step of any record; 0 where there is none."""
        with self._lock:
            return max((rows.last_step() for rows in self._files.rows.values() if len(rows)), default=0)

    @property
    def records(self) -> int:
        with self._lock:
            return sum(map(len, self._files.rows.values()))

    @property
    def bytes(self) -> int:
        """Size of the run's records files."""
        return self._files.bytes

    # Reading

    def read(self, kind: str, layer: str | None, step: int) -> Record:
        """The record that holds at a step, its arrays as they were logged (read-only).

        Raises:
            KeyError: where there is none; its message says what there is.
            DamagedRecord: when its bytes are not those that were written.
        """
        return self.read_entry(self.locate(kind, layer, step))

    def read_entry(self, entry: IndexEntry) -> Record:
        """The record of an entry, its arrays as they were logged (read-only).

        Raises:
            DamagedRecord: when its bytes are not those that were written, or its file is gone or another one.
        """
        return self._reader.read_entry(entry)

    def read_many(self, entries: Sequence[IndexEntry]) -> Iterator[Record | DamagedRecord]:
        """As `read_entry` of each in turn, with what it would raise: small neighbours are read together."""
        return self._reader.read_many(entries)

    def stored_crcs(self, entries: Sequence[IndexEntry]) -> Iterator[Crc]:
        """The CRC that stands behind each record's content, empty where it cannot be read: it tells contents apart."""
        return self._reader.stored_crcs(entries)

    def model(self, step: int | None = None) -> ModelRecord | None:
        """The model record in force at a step (None: the latest), or None where none can be read.

        Where the first one was logged after `step`, that one.
        """
        return self._models.at(self.logged("model"), step)

    def model_entries(self, step: int | None = None) -> Iterator[IndexEntry]:
        """The model records that may be in force at a step (None: the latest), the likeliest first, some at most."""
        return self._models.entries(self.logged("model"), step)

    def read_model(self, entry: IndexEntry) -> ModelRecord | None:
        """The model of a record, or None where that cannot be read, which a notice says then."""
        return self._models.read(entry)

    def note(self, entry: IndexEntry, reason: str) -> None:
        """Tell of a record that turned out not to be what it should be; of each at most once."""
        self._files.note(entry.identity[2], entry.offset, reason)

    def _entry(self, kind: str, layer: str | None, row: Row) -> IndexEntry:
        file = self._files.by_number.get(row.file)
        identity = file.seen.identity if file and file.seen else None
        device, inode = (identity.device, identity.inode) if identity else (0, 0)
        place = (device, inode, row.file, row.offset, row.length, int(row.wall_time * 1e6), self.generation)
        name = file.found.name if file else ""
        return IndexEntry(kind, layer, row.step, row.wall_time, name, row.offset, row.length, place)

    def _rows(self, kind: str, layer: str | None) -> RecordColumns:
        rows = self._files.rows.get((kind, layer))
        if rows is not None and len(rows):
            return rows
        if kind not in self.kinds:
            raise KeyError(f"no {kind!r} is logged in this run; there is {_some(self.kinds)}")
        if not KINDS[kind].has_layer:
            raise KeyError(f"{kind} belong to the whole model: give layer=None")
        raise KeyError(f"layer {layer!r} has no {kind}; there is {_some(self.layers(kind))}")


def _some(items: list[Any]) -> str:
    shown = ", ".join(map(str, items[:8])) or "nothing"
    return f"{shown}, … ({len(items)} in all)" if len(items) > 8 else shown
