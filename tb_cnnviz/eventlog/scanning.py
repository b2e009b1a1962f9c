"""The records of one file, found by their first bytes: forward, from where the last scan stopped, past what is broken."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tb_cnnviz.eventlog import framing, wire
from tb_cnnviz.eventlog.decoding import Directory, decode_directory
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.record_layout import DIRECTORY_TAG, MAX_DIRECTORY_BYTES
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.record import MAX_STEP

HEAD_BYTES = 4096

#: What every record of ours has near its start: the directory's tag and the key and length before it.
_MARKER = wire.bytes_field(1, DIRECTORY_TAG)
#: From a record's first byte to the marker: framing, wall time, step, and keys and lengths of summary and value.
_LEAST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 2 + 2 + 2
_MOST_BEFORE_MARKER = framing.HEADER_BYTES + 9 + 11 + 6 + 6
#: A search reads little at first: where good and broken ground take turns, the next good record is near.
_FIRST_SEARCH_BYTES, _SEARCH_BYTES = 1 << 13, 1 << 20
#: Of places that may be a record's start, heads are read beyond HEAD_BYTES as long as all of a search are not above this
#: share of the bytes that it has passed: in a file made for it, each head reaches over thousands of others.
_LONG_HEADS_SHARE, _LONG_HEADS_BYTES = 4, 64 << 20
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
    #: The time was up before `size` was reached: the next call goes on.
    is_interrupted: bool = False
    #: Bytes of long heads that were read in searches.
    _long_heads: int = field(default=0, compare=False, repr=False)
    #: Where the first record may start that the search met and the file, being so large, held only in part.
    _unfinished: tuple[int, int] | None = field(default=None, compare=False, repr=False)
    #: `last`, where its content was found to be broken.
    _broken: tuple[int, int] | None = field(default=None, compare=False, repr=False)

    def advance(self, file: RandomAccessFile, size: int, until: float = math.inf) -> Iterator[FoundRecord | Damage]:
        """Every whole record from `position` to `size`, and every damage that lies behind us.

        A record that the file holds only in part is left for the next call, and so is damage up to the end: what a
        network disk shows as zeros may yet become a record.

        Args:
            until: when to leave the rest to the next call, by `time.monotonic`; a little is done in any case.

        Raises:
            OSError: when the file cannot be read.
        """
        reader = _Head(file)
        self.damage, self.is_interrupted, is_begun = None, False, False
        while self.position + framing.OVERHEAD_BYTES <= size:
            if is_begun and time.monotonic() >= until:
                self.is_interrupted = True
                return
            is_begun = True
            header = reader.at(self.position, framing.HEADER_BYTES)
            length = framing.payload_length(header) if len(header) == framing.HEADER_BYTES else None
            if length is not None and self.position + length + framing.OVERHEAD_BYTES <= size:
                yield _read(reader, self.position, length)[0]
                self.last = self.position, length
                self.position += length + framing.OVERHEAD_BYTES
                continue
            start = self.position if length is not None else self._start_of_damage(file)
            is_cut = length is not None or start < self.position
            reason = "the record is cut off" if is_cut else "the record's length is damaged"
            found = self._search(reader, start, size, until)
            if found is None:
                if length is None and not self.is_interrupted:
                    self.damage = Damage(start, f"{reason}, and no good record follows")
                return
            yield Damage(start, f"{reason}: {found - start} bytes are passed over")
            self.position, self.last = found, None

    def _start_of_damage(self, file: RandomAccessFile) -> int:
        """`position`, or where the last record starts, when that one is broken: its length may have led us astray."""
        if self.last is None:
            return self.position
        offset, length = self.last
        if self._broken != self.last and framing.content_is_intact(file.read, offset + framing.HEADER_BYTES, length):
            self.last = None
            return self.position
        self._broken = self.last
        return offset

    def _search(self, reader: _Head, behind: int, size: int, until: float) -> int | None:
        """The start of the first good record that starts behind a place; None too where the time is up before."""
        if self._unfinished is not None and size > self._unfinished[1]:
            self.searched, self._unfinished = min(self.searched, self._unfinished[0]), None
        at = start = max(behind + 1, self.searched)
        chunk_bytes = _FIRST_SEARCH_BYTES
        while at < size:
            chunk = reader.file.read(at, min(chunk_bytes + len(_MARKER), size - at))
            found, seen = self._good_record(reader, chunk, at, behind, size, until)
            if found is not None:
                self._unfinished = None
                return found
            at = seen if self.is_interrupted else at + chunk_bytes
            if not self.is_interrupted and not chunk.strip(b"\0"):
                at = reader.file.next_data(at, size)
            chunk_bytes = min(2 * chunk_bytes, _SEARCH_BYTES)
            self.is_interrupted |= at < size and time.monotonic() >= until
            if self.is_interrupted:
                self.searched = at
                return None
        last = size - _MOST_BEFORE_MARKER - len(_MARKER)
        self.searched = max(start, last if self._unfinished is None else min(last, self._unfinished[0]))
        return None

    def _good_record(
        self, reader: _Head, chunk: bytes, at: int, behind: int, size: int, until: float
    ) -> tuple[int | None, int]:
        """The first good record whose marker stands in a chunk, and behind which marker the search goes on."""
        marker = chunk.find(_MARKER)
        while marker >= 0:
            for place in _places_before(at + marker, behind):
                length = _length_at(reader, place)
                if length is None:
                    continue
                if place + length + framing.OVERHEAD_BYTES > size:
                    self._unfinished = self._unfinished or (place, size)  # it may still be on its way
                elif isinstance(self._read_candidate(reader, place, length), FoundRecord):
                    return place, at
            if time.monotonic() >= until:
                self.is_interrupted = True
                return None, at + marker + 1
            marker = chunk.find(_MARKER, marker + 1)
        return None, at

    def _read_candidate(self, reader: _Head, place: int, length: int) -> FoundRecord | Damage:
        allowed = _LONG_HEADS_BYTES + _LONG_HEADS_SHARE * place
        found, read = _read(reader, place, length, _MOST_HEAD_BYTES if self._long_heads <= allowed else HEAD_BYTES)
        self._long_heads += read
        return found


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


def _read(reader: _Head, offset: int, length: int, most: int = _MOST_HEAD_BYTES) -> tuple[FoundRecord | Damage, int]:
    """The record at a place, and how many bytes beyond HEAD_BYTES were read for it, at most about `most`."""
    payload, extra = offset + framing.HEADER_BYTES, 0
    head = reader.at(payload, min(length, HEAD_BYTES - framing.HEADER_BYTES))
    if len(head) == length and not framing.payload_is_intact(head, reader.at(payload + length, framing.FOOTER_BYTES)):
        return Damage(offset, "the record's content does not match its CRC"), extra
    while True:
        try:
            directory = decode_directory(head, length, arrays=False)
            if directory.step > MAX_STEP:
                return Damage(offset, f"the step is above {MAX_STEP}, the last that can be asked for"), extra
            return FoundRecord(offset, length, directory), extra
        except DamagedRecord as error:
            return Damage(offset, error.reason), extra
        except wire.TruncatedProto as more:
            had = len(head)
            if more.needed > most:
                return Damage(offset, f"no directory ends in the record's first {most} bytes"), extra
            # By doubling: a record of many small fields must not be read anew for each of them.
            head = reader.file.read(payload, min(length, most, max(more.needed, 2 * had)))
            extra += len(head)
            if len(head) <= had:
                return Damage(offset, "the directory reaches over the end of the file"), extra
