"""A payload read and compared with its CRC in one pass over memory, where it is large with the help of a second thread."""

from __future__ import annotations

import _thread
import contextlib
import os
import threading
from pathlib import Path

import google_crc32c
import numpy as np

from tb_cnnviz.eventlog.crc_joining import joined_crc
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.framing import FOOTER_BYTES, is_crc, payload_is_intact

_PAGE_BYTES = 4096
#: Small enough that what was read is still in the processor's cache when its CRC is taken.
_PIECE_BYTES = 1 << 19
#: What a thread takes upon itself at a time.
_BLOCK_BYTES = 1 << 20


def read_payload(file: RandomAccessFile, start: int, length: int) -> memoryview | None:
    """`length` bytes from `start`, read-only, or None where the file ends before them.

    Raises:
        OSError: when the file cannot be read.
    """
    buffer = _buffer(start, length)
    return buffer.data.toreadonly() if file.read_into(start, buffer.data) == length else None


def read_intact_payload(file: RandomAccessFile, start: int, length: int) -> memoryview | None:
    """As `read_payload`, and None too where the CRC that follows the payload is not its own.

    Raises:
        OSError: when the file cannot be read.
    """
    if length < _BLOCK_BYTES:
        content = file.read(start, length + FOOTER_BYTES)
        is_intact = len(content) == length + FOOTER_BYTES and payload_is_intact(content[:length], content[length:])
        return memoryview(content)[:length] if is_intact else None
    buffer = _buffer(start, length)
    crc = _Blocks(file, start, buffer).read()
    is_intact = crc is not None and is_crc(crc, file.read(start + length, FOOTER_BYTES))
    return buffer.data.toreadonly() if is_intact else None


def _buffer(start: int, length: int) -> np.ndarray:
    """Memory for `length` bytes that lies within its pages as they do in the file's.

    Copying out of the system's cache takes up to four times as long where it lies a few bytes further on.
    """
    room = np.empty(length + _PAGE_BYTES, np.uint8)
    begin = (start - room.ctypes.data) % _PAGE_BYTES
    return room[begin : begin + length]


def has_free_processor() -> bool:
    """Whether fewer threads run now than there are processors; taken to be so where the system does not say.

    A thread that helps and does not get to run in the middle of a block is waited for.
    """
    try:
        running = int(Path("/proc/loadavg").read_text().split()[3].split("/")[0])
    except (OSError, ValueError, IndexError):
        return True
    return running < (os.cpu_count() or 2)


class _Blocks:
    """The blocks of a payload. Who needs it reads from the front; a thread that helps, where a processor is free for it,
    reads from the back; until they meet."""

    def __init__(self, file: RandomAccessFile, start: int, buffer: np.ndarray) -> None:
        self._file = file
        self._start = start
        self._buffer = buffer
        self._left = range(-(-len(buffer) // _BLOCK_BYTES))
        self._taking = threading.Lock()
        self._helping = threading.Lock()
        self._helped: list[tuple[int, int]] = []
        self._is_short = False
        self._error: OSError | None = None

    def read(self) -> int | None:
        """Fill the buffer; returns the CRC32C of all of it, or None where the file ends before.

        Raises:
            OSError: when the file cannot be read.
        """
        if len(self._left) > 1 and has_free_processor():
            with contextlib.suppress(RuntimeError):  # no more threads: then without help
                _thread.start_new_thread(self._help, ())  # threading.Thread would wait until it runs
        crc = 0
        while (block := self._take(0)) is not None:
            crc = self._read(block, crc)
        with self._helping:  # until its last block is there
            if self._error:
                raise self._error
        for length, tail in reversed(self._helped):
            crc = joined_crc(crc, tail, length)
        return None if self._is_short else crc

    def _help(self) -> None:
        while (block := self._take(-1)) is not None:
            try:
                self._helped.append((len(block), self._read(block, 0)))
            except OSError as error:
                self._error = error
            finally:
                self._helping.release()

    def _take(self, end: int) -> range | None:
        """The bytes of the first block that is left (0), or of the last (-1), for which `_helping` is held until it is read."""
        with self._taking:
            if not self._left:
                return None
            number = self._left[end]
            self._left = self._left[1:] if end == 0 else self._left[:-1]
            if end == -1:
                self._helping.acquire()
        begin = number * _BLOCK_BYTES
        return range(begin, min(begin + _BLOCK_BYTES, len(self._buffer)))

    def _read(self, block: range, crc: int) -> int:
        for begin in block[::_PIECE_BYTES]:
            piece = self._buffer[begin : min(begin + _PIECE_BYTES, block.stop)]
            self._is_short |= self._file.read_into(self._start + begin, piece.data) < len(piece)
            crc = google_crc32c.extend(crc, piece)  # which takes an array and no memoryview
        return crc
