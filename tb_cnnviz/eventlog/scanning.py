"""The records of one file, found by their first bytes: forward, from where the last scan stopped, past what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tb_cnnviz.eventlog import framing, wire
from tb_cnnviz.eventlog.encoding import DIRECTORY_TAG, MAX_DIRECTORY_BYTES, DamagedRecord, Directory, decode_directory
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.records.record import MAX_STEP

HEAD_BYTES = 4096

#: What every record of ours has near its start: the directory's tag and the key and length before it.
_MARKER = wire.bytes_field(1, DIRECTORY_TAG)
#: From a record's first byte to the marker: framing, wall time, step, and keys and lengths of summary and value.
_LEAST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 2 + 2 + 2
_MOST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 11 + 6 + 6
_SEARCH_BYTES = 1 << 20
#: More than the largest directory and what stands before it.
_MOST_HEAD_BYTES = MAX_DIRECTORY_BYTES + 2 * HEAD_BYTES


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
    #: The last record passed over, whose length only its content's CRC can vouch for.
    last: tuple[int, int] | None = None
    #: No record that starts before this, behind `position`, is in the file as a whole.
    searched: int = 0

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
                self.last = self.position, length
                self.position += length + framing.OVERHEAD_BYTES
                continue
            start = self.position if length is not None else self._start_of_damage(file)
            is_cut = length is not None or start < self.position
            reason = "the record is cut off" if is_cut else "the record's length is damaged"
            found = self._search(reader, start, size)
            if found is None:
                if length is None:
                    self.damage = Damage(start, f"{reason}, and no good record follows")
                return
            yield Damage(start, f"{reason}: {found - start} bytes are passed over")
            self.position, self.last = found, None

    def _start_of_damage(self, file: RandomAccessFile) -> int:
        """`position`, or where the last record starts, when that one is broken: its length may have led us astray."""
        if self.last is None:
            return self.position
        offset, length = self.last
        if framing.content_is_intact(file.read, offset + framing.HEADER_BYTES, length):
            self.last = None
            return self.position
        return offset

    def _search(self, reader: _Head, behind: int, size: int) -> int | None:
        """The start of the first good record that starts behind a place."""
        start = max(behind + 1, self.searched)
        searched = max(start, size - _MOST_BEFORE_MARKER - len(_MARKER))
        for chunk_start in range(start, size, _SEARCH_BYTES):
            chunk = reader.file.read(chunk_start, min(_SEARCH_BYTES + len(_MARKER), size - chunk_start))
            at = chunk.find(_MARKER)
            while at >= 0:
                for place in _places_before(chunk_start + at, behind):
                    length = _length_at(reader, place)
                    if length is None:
                        continue
                    if place + length + framing.OVERHEAD_BYTES > size:
                        searched = min(searched, place)  # it may still be on its way
                    elif isinstance(_read(reader, place, length), FoundRecord):
                        return place
                at = chunk.find(_MARKER, at + 1)
        self.searched = searched
        return None


def _places_before(marker: int, behind: int) -> range:
    """Where a record may start whose marker is at a place."""
    return range(max(behind + 1, marker - _MOST_BEFORE_MARKER), marker - _LEAST_BEFORE_MARKER + 1)


def _length_at(reader: _Head, place: int) -> int | None:
    header = reader.at(place, framing.HEADER_BYTES)
    return framing.payload_length(header) if header[4:8] == b"\0\0\0\0" else None


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
            directory = decode_directory(head, length, arrays=False)
            if directory.step > MAX_STEP:
                return Damage(offset, f"the step is above {MAX_STEP}, the last that can be asked for")
            return FoundRecord(offset, length, directory)
        except DamagedRecord as error:
            return Damage(offset, error.reason)
        except wire.TruncatedProto as more:
            had = len(head)
            if more.needed > _MOST_HEAD_BYTES:
                return Damage(offset, f"no directory ends in the record's first {_MOST_HEAD_BYTES} bytes")
            # By doubling: a record of many small fields must not be read anew for each of them.
            head = reader.file.read(payload, min(length, _MOST_HEAD_BYTES, max(more.needed, 2 * had)))
            if len(head) <= had:
                return Damage(offset, "the directory reaches over the end of the file")
