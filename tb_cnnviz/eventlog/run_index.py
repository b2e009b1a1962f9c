"""One run's records: every kind, layer and step, and where each lies."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.columns import RecordColumns, Row
from tb_cnnviz.eventlog.encoding import DamagedRecord, Directory, decode
from tb_cnnviz.eventlog.filesystem import FileIdentity, FoundFile, RandomAccessFile, identity
from tb_cnnviz.eventlog.notices import LogNotice, NoticeList
from tb_cnnviz.eventlog.scanning import FoundRecord, Scan
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import KINDS, Record

_FINGERPRINT_BYTES = 64
_BATCH = 1024
_MODELS_KEPT = 16


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


@dataclass
class _LogFile:
    number: int
    found: FoundFile
    notices: NoticeList
    identity: FileIdentity | None = None
    scanned: FileIdentity | None = None
    fingerprint: bytes = b""
    scan: Scan = field(default_factory=Scan)

    @property
    def age(self) -> tuple[int, str]:
        return self.found.start, self.found.name


class RunIndex:
    """The records of one run, in memory as columns of at most 64 bytes a record. Safe to use from several threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._columns: dict[tuple[str, str | None], RecordColumns] = {}
        self._files: dict[str, _LogFile] = {}
        self._by_number: dict[int, _LogFile] = {}
        self._next_number = 0
        self._first_wall_time = float("inf")
        self._last_wall_time = float("-inf")
        self._models: dict[tuple[int, ...], ModelRecord | None] = {}

    # What there is

    @property
    def kinds(self) -> list[str]:
        """The kinds that have records, in the order of `KINDS`."""
        with self._lock:
            present = {kind for (kind, _), columns in self._columns.items() if len(columns)}
        return [kind for kind in KINDS if kind in present]

    def layers(self, kind: str) -> list[str]:
        """The layers with records of this kind, in the order in which they were first met."""
        with self._lock:
            return [layer for (k, layer), rows in self._columns.items() if k == kind and layer is not None]

    def steps(self, kind: str, layer: str | None = None) -> list[int]:
        """Every logged step once, ascending; none where nothing of the kind and layer is logged."""
        with self._lock:
            rows = self._columns.get((kind, layer))
            return rows.steps() if rows is not None else []

    def entries(self, kind: str | None = None, layer: str | None = None) -> list[IndexEntry]:
        """Every record, those of repeated steps too, in the order in which they were logged.

        Args:
            kind: only records of this kind; None for all.
            layer: only records of this layer; None for all.
        """
        with self._lock:
            listed = [
                (self._by_number[row.file].age, row.offset, self._entry(k, owner, row))
                for (k, owner), rows in self._columns.items()
                if kind in (None, k) and layer in (None, owner)
                for row in rows
            ]
        return [entry for _, _, entry in sorted(listed, key=lambda item: item[:2])]

    def locate(self, kind: str, layer: str | None, step: int) -> IndexEntry:
        """The record that holds at a step: where a step was logged again, the later one.

        Raises:
            KeyError: where there is none; its message says what there is.
        """
        with self._lock:
            rows = self._rows(kind, layer)
            at = rows.at(step)
            if not at:
                raise KeyError(f"step {step} is not logged in {kind}; there is {_some(rows.steps())}")
            return self._entry(kind, layer, at[-1])

    @property
    def notices(self) -> list[LogNotice]:
        """What could not be read, and what the writer gave up, by file and offset."""
        with self._lock:
            told: list[LogNotice] = []
            for file in sorted(self._files.values(), key=lambda file: file.age):
                notices = file.notices.told()
                if file.scan.damage:
                    notices.append(LogNotice(file.found.name, file.scan.damage.offset, file.scan.damage.reason))
                told += sorted(notices, key=lambda notice: notice.offset)
            return told

    @property
    def notice_count(self) -> int:
        """How many `notices` there are."""
        return len(self.notices)

    @property
    def first_wall_time(self) -> float:
        """Seconds since the epoch; 0 where there is no record."""
        with self._lock:
            return self._first_wall_time if self.records else 0.0

    @property
    def last_wall_time(self) -> float:
        """Seconds since the epoch; 0 where there is no record."""
        with self._lock:
            return self._last_wall_time if self.records else 0.0

    @property
    def last_step(self) -> int:
        """The largest step of any record; 0 where there is none."""
        with self._lock:
            return max((rows.last_step() for rows in self._columns.values() if len(rows)), default=0)

    @property
    def records(self) -> int:
        with self._lock:
            return sum(map(len, self._columns.values()))

    @property
    def bytes(self) -> int:
        """Size of the run's records files."""
        with self._lock:
            return sum(file.identity.size for file in self._files.values() if file.identity)

    @property
    def index_bytes(self) -> int:
        """Memory that the columns of this index take."""
        with self._lock:
            return sum(rows.nbytes for rows in self._columns.values())

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
            known = self._by_number.get(entry.identity[2])
        if known is None:
            raise DamagedRecord("the file is gone, or another one")
        start = entry.offset + framing.HEADER_BYTES
        try:
            with RandomAccessFile(known.found.path) as file:
                now = file.identity()
                if (now.device, now.inode) != entry.identity[:2]:
                    raise DamagedRecord("the file was replaced by another one")
                payload = file.read(start, entry.length)
                footer = file.read(start + entry.length, framing.FOOTER_BYTES)
        except OSError as error:
            raise DamagedRecord(f"the file cannot be read: {error.strerror}") from error
        return _checked(payload, footer, entry)

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
            model = ModelRecord.from_json(self.read_entry(entry).arrays["json"].tobytes())
        except (DamagedRecord, KeyError, ValueError) as error:
            model = None
            self._note(entry, f"the model record cannot be read: {error}")
        with self._lock:
            while len(self._models) >= _MODELS_KEPT:
                del self._models[next(iter(self._models))]
            self._models[entry.identity] = model
        return model

    def _note(self, entry: IndexEntry, reason: str) -> None:
        with self._lock:
            if file := self._by_number.get(entry.identity[2]):
                file.notices.add(entry.offset, reason)

    # Following the files

    def refresh(self, found: Iterable[FoundFile]) -> None:
        """Follow these files, which are all that the run has now."""
        by_path = {file.path: file for file in found}
        for path in [path for path in self._files if path not in by_path]:
            self._forget(self._files[path])
        for file in sorted(by_path.values(), key=lambda file: (file.start, file.name)):
            self._follow(file)

    def _follow(self, found: FoundFile) -> None:
        known = self._files.get(found.path)
        now = identity(found.path)
        if known is not None and now == known.scanned:
            return
        try:
            with RandomAccessFile(found.path) as file:
                now = file.identity()
                known = self._still_the_same(known, file, now) or self._add(found)
                self._scan(known, file, now)
        except OSError as error:
            known = self._files.get(found.path) or self._add(found)
            known.notices.add(0, f"the file cannot be read: {error.strerror}")
            known.scanned = now

    def _still_the_same(self, known: _LogFile | None, file: RandomAccessFile, now: FileIdentity) -> _LogFile | None:
        """`known`, or None after forgetting what was known of a file that was cut, replaced or overwritten."""
        if known is None:
            return None
        same = known.identity is not None and now.is_same_file(known.identity)
        if same and now.size >= known.scan.position and file.read(0, len(known.fingerprint)) == known.fingerprint:
            return known
        self._forget(known)
        return None

    def _add(self, found: FoundFile) -> _LogFile:
        with self._lock:
            file = _LogFile(self._next_number, found, NoticeList(found.name))
            self._files[found.path] = self._by_number[file.number] = file
            self._next_number += 1
            return file

    def _forget(self, file: _LogFile) -> None:
        with self._lock:
            del self._files[file.found.path], self._by_number[file.number]
            for key, rows in list(self._columns.items()):
                rows.forget(file.number)
                if not len(rows):
                    del self._columns[key]
            walls = [row.wall_time for rows in self._columns.values() for row in rows]
            self._first_wall_time = min(walls, default=float("inf"))
            self._last_wall_time = max(walls, default=float("-inf"))

    def _scan(self, file: _LogFile, handle: RandomAccessFile, now: FileIdentity) -> None:
        if len(file.fingerprint) < _FINGERPRINT_BYTES:
            file.fingerprint = handle.read(0, min(_FINGERPRINT_BYTES, now.size))
        file.identity = now
        batch: list[FoundRecord] = []
        for item in file.scan.advance(handle, now.size):
            if isinstance(item, FoundRecord):
                batch.append(item)
            else:
                with self._lock:
                    file.notices.add(item.offset, item.reason)
            if len(batch) >= _BATCH:
                self._merge(file, batch)
                batch = []
        self._merge(file, batch)
        file.scanned = now

    def _merge(self, file: _LogFile, batch: list[FoundRecord]) -> None:
        with self._lock:
            touched = set()
            for item in batch:
                seen = item.directory
                key = (seen.kind, seen.layer)
                rows = self._columns.setdefault(key, RecordColumns())
                rows.append(Row(seen.step, seen.wall_time, file.number, item.offset, item.length))
                touched.add(key)
                self._first_wall_time = min(self._first_wall_time, seen.wall_time)
                self._last_wall_time = max(self._last_wall_time, seen.wall_time)
                if seen.kind == "notices":
                    file.notices.add(item.offset, _message(seen))
            for key in touched:
                self._columns[key].settle(lambda number: self._by_number[number].age)

    def _entry(self, kind: str, layer: str | None, row: Row) -> IndexEntry:
        file = self._by_number[row.file]
        device, inode = (file.identity.device, file.identity.inode) if file.identity else (0, 0)
        place = (device, inode, file.number, row.offset, row.length, int(row.wall_time * 1e6))
        return IndexEntry(kind, layer, row.step, row.wall_time, file.found.name, row.offset, row.length, place)

    def _rows(self, kind: str, layer: str | None) -> RecordColumns:
        rows = self._columns.get((kind, layer))
        if rows is not None and len(rows):
            return rows
        if kind not in self.kinds:
            raise KeyError(f"no {kind!r} is logged in this run; there is {_some(self.kinds)}")
        if not KINDS[kind]:
            raise KeyError(f"{kind} belong to the whole model: give layer=None")
        raise KeyError(f"layer {layer!r} has no {kind}; there is {_some(self.layers(kind))}")


def _checked(payload: bytes, footer: bytes, entry: IndexEntry) -> Record:
    if not framing.payload_is_intact(payload, footer):
        raise DamagedRecord("the record's content does not match its CRC")
    record = decode(payload)
    if (record.kind, record.layer, record.step, record.wall_time) != entry[:4]:
        raise DamagedRecord("the file is not what it was when it was indexed")
    return record


def _message(seen: Directory) -> str:
    part, message = seen.attributes.get("part"), seen.attributes.get("message")
    return f"{part}: {message}" if part else str(message)


def _some(items: list[Any]) -> str:
    shown = ", ".join(map(str, items[:8])) or "nothing"
    return f"{shown}, … ({len(items)} in all)" if len(items) > 8 else shown
