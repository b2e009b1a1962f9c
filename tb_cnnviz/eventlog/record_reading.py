"""Records read from the files of a run, and checked: none is given whose bytes are not those that were written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.checked_read import read_intact_payload, read_payload
from tb_cnnviz.eventlog.decoding import decode
from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.following import RunFiles
from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.log_file import LogFile
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.record import Record

#: From here on a CRC takes long enough that comparing it once is worth remembering.
_LARGE_BYTES = 1 << 18
#: What is read for nothing between two records costs less than a read of its own.
_MOST_GAP_BYTES = 1 << 14
_MOST_SPAN_BYTES = 1 << 18

#: The four bytes that stand behind a record, or none.
Crc = bytes


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


class RecordReader:
    """Reads records by the entries of an index. Safe to use from several threads.

    Args:
        files: of the run; told of a record that turned out not to be what it should be.
    """

    def __init__(self, files: RunFiles) -> None:
        self._files = files
        self._lock = files.lock

    def note(self, entry: IndexEntry, reason: str) -> None:
        """Tell of a record that turned out not to be what it should be; of each at most once."""
        self._files.note(entry.identity[2], entry.offset, reason)

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
