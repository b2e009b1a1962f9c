"""One run's records: every kind, layer and step, and where each lies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.checked_read import read_intact_payload, read_payload
from tb_cnnviz.eventlog.columns import RecordColumns, Row
from tb_cnnviz.eventlog.encoding import decode
from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.finding import FoundFile
from tb_cnnviz.eventlog.following import RunFiles
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.log_file import LogFile
from tb_cnnviz.eventlog.notices import LogNotice
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import Record

#: A model record takes some ten times its bytes once it is read.
_MODEL_BYTES_KEPT = 4 << 20
MAX_MODEL_BYTES = 16 << 20
#: A run whose newest model records cannot be read is not searched for ever.
_MODELS_TRIED = 16
#: From here on a CRC takes long enough that comparing it once is worth remembering.
_LARGE_BYTES = 1 << 18
#: What is read for nothing between two records costs less than a read of its own.
_MOST_GAP_BYTES = 1 << 14
_MOST_SPAN_BYTES = 1 << 18


_generations = itertools.count()

#: The four bytes that stand behind a record, or none.
Crc = bytes


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


class LoggedRecords(Sequence[IndexEntry]):
    """The records of a kind and layer as they stood when it was made, in the order in which they were logged.

    Entries are made when they are asked for: a million of them take seconds and hundreds of megabytes.
    """

    def __init__(self, run: RunIndex, kind: str, layer: str | None, rows: np.ndarray) -> None:
        self._run = run
        self._kind = kind
        self._layer = layer
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        chosen = self._rows[place]
        if isinstance(place, slice):
            return self._run.entries_of(self._kind, self._layer, map(Row._make, chosen.tolist()))
        return self._run.entries_of(self._kind, self._layer, [Row._make(chosen.item())])[0]

    @property
    def steps(self) -> np.ndarray:
        """The step of each: int64."""
        return self._rows["step"]

    @property
    def files(self) -> tuple[tuple[int, int], ...]:
        """By file, in the order of their age, how many of its records these are: a file only ever has more."""
        numbers = self._rows["file"]
        starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])) if len(numbers) else numbers
        ends = np.append(starts[1:], len(numbers))
        return tuple(zip(numbers[starts].tolist(), (ends - starts).tolist(), strict=True)) if len(numbers) else ()


def neighbours(entries: Sequence[IndexEntry]) -> Iterator[Sequence[IndexEntry]]:
    """Entries that follow each other in a file closely enough to be read at once; all of them, in their order."""
    first = 0
    for number in range(1, len(entries) + 1):
        if number < len(entries):
            before, entry = entries[number - 1], entries[number]
            gap = entry.offset - before.offset - before.length
            span = entry.offset + entry.length - entries[first].offset
            if entry.identity[:3] == before.identity[:3] and 0 < gap <= _MOST_GAP_BYTES and span <= _MOST_SPAN_BYTES:
                continue
        yield entries[first:number]
        first = number


class RunIndex:
    """The records of one run, in memory as columns of at most 64 bytes a record. Safe to use from several threads.

    Args:
        cache: where the index of earlier processes lies, or None to scan every file here.
    """

    def __init__(self, name: str, cache: IndexCache | None = None) -> None:
        self.name = name
        #: No two indexes of this process have one number, those of one name neither.
        self.generation = next(_generations)
        #: Rises with everything that is found or noted.
        self.revision = 0
        self._files = RunFiles(cache)
        self._lock = self._files.lock
        self._models: dict[tuple[int, ...], ModelRecord | None] = {}
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
                self._state, self.revision = state, self.revision + 1
        return is_complete

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
        return LoggedRecords(self, kind, layer, rows)

    def entries_of(self, kind: str, layer: str | None, rows: Iterable[Row]) -> list[IndexEntry]:
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

    @property
    def index_bytes(self) -> int:
        """Memory that the columns of this index take."""
        with self._lock:
            return sum(rows.nbytes for rows in self._files.rows.values())

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
        with self._lock:
            known = self._files.by_number.get(entry.identity[2])
        if known is None:
            raise DamagedRecord("the file is gone, or another one")
        try:
            with known.found.open() as file:
                now = file.identity()
                if (now.device, now.inode) != entry.identity[:2]:
                    raise DamagedRecord("the file was replaced by another one")
                try:
                    return self._read_checked(file, now, known, entry)
                except DamagedRecord as damage:
                    self.note(entry, damage.reason)
                    raise
        except OSError as error:
            raise DamagedRecord(f"the file cannot be read: {error.strerror}") from error

    def stored_crcs(self, entries: Sequence[IndexEntry]) -> Iterator[Crc]:
        """The CRC that stands behind each record's content, empty where it cannot be read: it tells contents apart."""
        for number, group in itertools.groupby(entries, key=lambda entry: entry.identity[2]):
            yield from self._crcs_of_file(number, list(group))

    def _crcs_of_file(self, number: int, entries: Sequence[IndexEntry]) -> list[Crc]:
        with self._lock:
            known = self._files.by_number.get(number)
        try:
            if known is None:
                return [b""] * len(entries)
            with RandomAccessFile(known.found.path) as file:
                ends = [entry.offset + framing.HEADER_BYTES + entry.length for entry in entries]
                return [file.read(end, framing.FOOTER_BYTES) for end in ends]
        except OSError:
            return [b""] * len(entries)

    def read_many(self, entries: Sequence[IndexEntry]) -> Iterator[Record | DamagedRecord]:
        """As `read_entry` of each in turn, with what it would raise: small neighbours are read together."""
        for group in neighbours(entries):
            together = self._read_together(group) if len(group) > 1 else [None]
            for entry, record in zip(group, together, strict=True):
                if record is not None:
                    yield record
                    continue
                try:
                    yield self.read_entry(entry)
                except DamagedRecord as damage:
                    yield damage

    def _read_together(self, group: Sequence[IndexEntry]) -> list[Record | None]:
        """Records out of one read, and None for those of which something is not as it should be."""
        with self._lock:
            known = self._files.by_number.get(group[0].identity[2])
        start, stop = group[0].offset, group[-1].offset + group[-1].length + framing.OVERHEAD_BYTES
        try:
            if known is None:
                return [None] * len(group)
            with known.found.open() as file:
                now = file.identity()
                if (now.device, now.inode) != group[0].identity[:2]:
                    return [None] * len(group)
                content = file.read(start, stop - start)
        except OSError:
            return [None] * len(group)
        return [_intact(content, entry, entry.offset - start + framing.HEADER_BYTES) for entry in group]

    def _read_checked(self, file: RandomAccessFile, now: FileIdentity, known: LogFile, entry: IndexEntry) -> Record:
        start = entry.offset + framing.HEADER_BYTES
        with self._lock:
            is_verified = known.is_verified(entry.offset, now)
        is_there = start + entry.length <= now.size
        read = read_payload if is_verified else read_intact_payload
        payload = read(file, start, entry.length) if is_there else None
        if payload is None:
            known.is_doubtful |= framing.payload_length(file.read(entry.offset, framing.HEADER_BYTES)) != entry.length
            raise DamagedRecord("the record's content does not match its CRC")
        record = decode(payload)
        if not _is_of(record, entry):
            known.is_doubtful = True
            raise DamagedRecord("the file is not what it was when it was indexed")
        if entry.length >= _LARGE_BYTES:
            with self._lock:
                known.remember_verified(entry.offset, now)
        return record

    def model(self, step: int | None = None) -> ModelRecord | None:
        """The model record in force at a step (None: the latest), or None where none can be read.

        Where the first one was logged after `step`, that one.
        """
        return next((model for entry in self.model_entries(step) if (model := self._parsed_model(entry))), None)

    def model_entries(self, step: int | None = None) -> Iterator[IndexEntry]:
        """The model records that may be in force at a step (None: the latest), the likeliest first, some at most."""
        logged = self.logged("model")
        steps = logged.steps
        until = np.arange(len(steps)) if step is None else np.flatnonzero(steps <= step)
        behind = np.flatnonzero(steps > step) if step is not None else steps[:0]
        for place in [*until[: -_MODELS_TRIED - 1 : -1].tolist(), *behind[:_MODELS_TRIED].tolist()]:
            yield logged[place]

    def _parsed_model(self, entry: IndexEntry) -> ModelRecord | None:
        with self._lock:
            if entry.identity in self._models:
                return self._models[entry.identity]
        model = self.read_model(entry)
        with self._lock:
            self._models[entry.identity] = model
            while len(self._models) > 1 and sum(key[4] for key in self._models) > _MODEL_BYTES_KEPT:
                del self._models[next(iter(self._models))]
        return model

    def read_model(self, entry: IndexEntry) -> ModelRecord | None:
        """The model of a record, or None where that cannot be read, which a notice says then."""
        try:
            if entry.length > MAX_MODEL_BYTES:
                raise ValueError(f"it has {entry.length} bytes; at most {MAX_MODEL_BYTES} are read")
            return ModelRecord.from_json(self.read_entry(entry).arrays["json"].tobytes())
        except (DamagedRecord, KeyError, ValueError) as error:
            self.note(entry, f"the model record cannot be read: {error}")
            return None

    def note(self, entry: IndexEntry, reason: str) -> None:
        """Tell of a record that turned out not to be what it should be; of each at most once."""
        with self._lock:
            file = self._files.by_number.get(entry.identity[2])
            if file is not None and not file.notices.tells_of(entry.offset):
                file.read_notices.add_once(entry.offset, reason)
                self.revision += 1

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


def _is_of(record: Record, entry: IndexEntry) -> bool:
    return (record.kind, record.layer, record.step, record.wall_time) == entry[:4]


def _intact(content: bytes, entry: IndexEntry, begin: int) -> Record | None:
    stop = begin + entry.length
    payload = content[begin:stop]
    if not framing.payload_is_intact(payload, content[stop : stop + framing.FOOTER_BYTES]):
        return None
    try:
        record = decode(payload)
    except DamagedRecord:
        return None
    return record if _is_of(record, entry) else None


def _some(items: list[Any]) -> str:
    shown = ", ".join(map(str, items[:8])) or "nothing"
    return f"{shown}, … ({len(items)} in all)" if len(items) > 8 else shown
