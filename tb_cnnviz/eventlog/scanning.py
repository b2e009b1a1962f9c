"""The records of one file, found by their first bytes: forward, from where the last scan stopped, past what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tb_cnnviz.eventlog import framing, wire
from tb_cnnviz.eventlog.encoding import DIRECTORY_TAG, DamagedRecord, Directory, decode_directory
from tb_cnnviz.eventlog.filesystem import RandomAccessFile

HEAD_BYTES = 4096

#: What every record of ours has near its start: the directory's tag and the key and length before it.
_MARKER = wire.bytes_field(1, DIRECTORY_TAG)
#: From a record's first byte to the marker: framing, wall time, step, and keys and lengths of summary and value.
_LEAST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 2 + 2 + 2
_MOST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 11 + 6 + 6
_SEARCH_BYTES = 1 << 20


@dataclass(frozen=True)
class FoundRecord:
    """A framed record: `length` counts its payload, which starts HEADER_BYTES after `offset`."""

    offset: int
    length: int
    directory: Directory


@dataclass(frozen=True)
class Damage:
    """Bytes that are no record."""

    offset: int
    reason: str


@dataclass
class Scan:
    """Where the scan of a file stands. `damage` is broken ground on which no good record was found so far."""

    position: int = 0
    damage: Damage | None = None
    _searched: int = field(default=0, repr=False)

    def advance(self, file: RandomAccessFile, size: int) -> Iterator[FoundRecord | Damage]:
        """Every whole record from `position` to `size`, and every damage that lies behind us.

        A record that the file holds only in part is left for the next call, and so is damage up to the end: what a
        network disk shows as zeros may yet become a record.

        Raises:
            OSError: when the file cannot be read.
        """
        reader = _Head(file)
        self.damage = None
        while self.position + framing.OVERHEAD_BYTES <= size:
            header = reader.at(self.position, framing.HEADER_BYTES)
            length = framing.payload_length(header) if len(header) == framing.HEADER_BYTES else None
            if length is not None and self.position + length + framing.OVERHEAD_BYTES <= size:
                yield _read(reader, self.position, length)
                self.position += length + framing.OVERHEAD_BYTES
                continue
            reason = "the record's length is damaged" if length is None else "the record is cut off"
            found = self._search(reader, size)
            if found is None:
                if length is None:
                    self.damage = Damage(self.position, f"{reason}, and no good record follows")
                return
            yield Damage(self.position, f"{reason}: {found - self.position} bytes are passed over")
            self.position = found

    def _search(self, reader: _Head, size: int) -> int | None:
        """The start of the next good record behind `position`."""
        start = max(self.position + 1, self._searched)
        self._searched = max(start, size - _MOST_BEFORE_MARKER - len(_MARKER))
        while start < size:
            chunk = reader.file.read(start, min(_SEARCH_BYTES + len(_MARKER), size - start))
            at = chunk.find(_MARKER)
            while at >= 0:
                found = self._record_before(reader, start + at, size)
                if found is not None:
                    return found
                at = chunk.find(_MARKER, at + 1)
            start += _SEARCH_BYTES
        return None

    def _record_before(self, reader: _Head, marker: int, size: int) -> int | None:
        for start in range(max(self.position + 1, marker - _MOST_BEFORE_MARKER), marker - _LEAST_BEFORE_MARKER + 1):
            header = reader.at(start, framing.HEADER_BYTES)
            if header[4:8] != b"\0\0\0\0" or (length := framing.payload_length(header)) is None:
                continue
            if start + length + framing.OVERHEAD_BYTES > size:
                self._searched = min(self._searched, start)  # it may still be on its way
            elif isinstance(_read(reader, start, length), FoundRecord):
                return start
        return None


class _Head:
    """Short reads through one buffer of `HEAD_BYTES`."""

    def __init__(self, file: RandomAccessFile) -> None:
        self.file = file
        self._start = 0
        self._buffer = b""

    def at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, at most HEAD_BYTES; fewer where the file ends."""
        begin = offset - self._start
        if begin < 0 or begin + length > len(self._buffer):
            self._start, begin = offset, 0
            self._buffer = self.file.read(offset, HEAD_BYTES)
        return self._buffer[begin : begin + length]


def _read(reader: _Head, offset: int, length: int) -> FoundRecord | Damage:
    payload = offset + framing.HEADER_BYTES
    head = reader.at(payload, min(length, HEAD_BYTES - framing.HEADER_BYTES))
    if len(head) == length and not framing.payload_is_intact(head, reader.at(payload + length, framing.FOOTER_BYTES)):
        return Damage(offset, "the record's content does not match its CRC")
    while True:
        try:
            return FoundRecord(offset, length, decode_directory(head, length, arrays=False))
        except DamagedRecord as error:
            return Damage(offset, error.reason)
        except wire.TruncatedProto as more:
            had = len(head)
            head = reader.file.read(payload, min(length, more.needed))
            if len(head) <= had:
                return Damage(offset, "the directory reaches over the end of the file")
