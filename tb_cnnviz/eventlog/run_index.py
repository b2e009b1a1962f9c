"""One run's records: every kind, layer and step, and where each lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.checked_read import read_intact_payload, read_payload
from tb_cnnviz.eventlog.columns import RecordColumns, Row
from tb_cnnviz.eventlog.encoding import DamagedRecord, decode
from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.finding import FoundFile
from tb_cnnviz.eventlog.following import RunFiles
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.log_file import LogFile
from tb_cnnviz.eventlog.notices import LogNotice
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import KINDS, Record

_MODELS_KEPT = 16
_MAX_MODEL_BYTES = 64 << 20
#: From here on a CRC takes long enough that comparing it once is worth remembering.
_LARGE_BYTES = 1 << 18
#: What is read for nothing between two records costs less than a read of its own.
_MOST_GAP_BYTES = 1 << 14
_MOST_SPAN_BYTES = 1 << 18


class IndexEntry(NamedTuple):
    """One record. `identity` is equal for equal bytes at an equal place, and changes when the file is replaced."""

    kind: str
    layer: str | None
    step: int
    wall_time: float
    file: str
    offset: int
    length: int
    identity: tuple[int, ...]


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
        self._files = RunFiles(cache)
        self._lock = self._files.lock
        self._models: dict[tuple[int, ...], ModelRecord | None] = {}

    def refresh(self, found: Iterable[FoundFile]) -> None:
        """Follow these files, which are all that the run has now."""
        self._files.refresh(found)

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

    def locate(self, kind: str, layer: str | None, step: int) -> IndexEntry:
        """The record that holds at a step: where a step was logged again, the later one.

        Raises:
            KeyError: where there is none; its message says what there is.
        """
        return self.repeats(kind, layer, step)[-1]

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
        entries = self.entries("model")
        until = [entry for entry in entries if step is None or entry.step <= step]
        behind = [entry for entry in entries if step is not None and entry.step > step]
        for entry in [*reversed(until), *behind]:
            model = self._parsed_model(entry)
            if model is not None:
                return model
        return None

    def _parsed_model(self, entry: IndexEntry) -> ModelRecord | None:
        with self._lock:
            if entry.identity in self._models:
                return self._models[entry.identity]
        try:
            if entry.length > _MAX_MODEL_BYTES:
                raise ValueError(f"it has {entry.length} bytes; at most {_MAX_MODEL_BYTES} are read")
            model = ModelRecord.from_json(self.read_entry(entry).arrays["json"].tobytes())
        except (DamagedRecord, KeyError, ValueError) as error:
            model = None
            self.note(entry, f"the model record cannot be read: {error}")
        with self._lock:
            while len(self._models) >= _MODELS_KEPT:
                del self._models[next(iter(self._models))]
            self._models[entry.identity] = model
        return model

    def note(self, entry: IndexEntry, reason: str) -> None:
        """Tell of a record that turned out not to be what it should be; of each at most once."""
        with self._lock:
            file = self._files.by_number.get(entry.identity[2])
            if file is not None and not file.notices.tells_of(entry.offset):
                file.read_notices.add_once(entry.offset, reason)

    def _entry(self, kind: str, layer: str | None, row: Row) -> IndexEntry:
        file = self._files.by_number[row.file]
        device, inode = (file.seen.identity.device, file.seen.identity.inode) if file.seen else (0, 0)
        place = (device, inode, file.number, row.offset, row.length, int(row.wall_time * 1e6))
        return IndexEntry(kind, layer, row.step, row.wall_time, file.found.name, row.offset, row.length, place)

    def _rows(self, kind: str, layer: str | None) -> RecordColumns:
        rows = self._files.rows.get((kind, layer))
        if rows is not None and len(rows):
            return rows
        if kind not in self.kinds:
            raise KeyError(f"no {kind!r} is logged in this run; there is {_some(self.kinds)}")
        if not KINDS[kind]:
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
