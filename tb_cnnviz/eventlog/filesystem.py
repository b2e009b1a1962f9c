"""Files of a log: what tells one from another, and reads at a position. Local disks only, so far."""

from __future__ import annotations

import errno
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tb_cnnviz.eventlog.opening import open_regular

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class FileIdentity:
    """What tells a file from another one under the same name, and its growth.

    `changed_ns` is the system's own time of the last change, which no program can set back.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    def is_same_file(self, other: FileIdentity) -> bool:
        return (self.device, self.inode) == (other.device, other.inode)


def local_path(folder: str | Path) -> Path:
    """The folder as a path.

    Raises:
        ValueError: for a remote address such as gs:// or s3://.
    """
    if _REMOTE.match(str(folder)):
        raise ValueError(
            f"log_dir: {str(folder)!r} given; remote folders are not supported yet. Give a local folder, and copy the "
            "run to its bucket afterwards."
        )
    return Path(folder)


def identity(path: str) -> FileIdentity | None:
    """The file's identity, or None where it is gone."""
    try:
        return _identity(os.stat(path))
    except OSError:
        return None


def _identity(status: os.stat_result) -> FileIdentity:
    return FileIdentity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class RandomAccessFile:
    """A file open for reads at a position; one object may be used from several threads.

    Args:
        file: the path of a regular file, or an open descriptor, which is closed at the end.

    Raises:
        OSError: when the file cannot be opened, or is no regular file.
    """

    def __init__(self, file: str | int) -> None:
        self._descriptor = file if isinstance(file, int) else open_regular(file)
        self._lock = threading.Lock()

    def __enter__(self) -> RandomAccessFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def identity(self) -> FileIdentity:
        return _identity(os.fstat(self._descriptor))

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer where the file ends."""
        first = self._read_once(offset, length)
        if len(first) == length or not first:
            return first
        pieces = [first]
        taken = len(first)
        while taken < length and (piece := self._read_once(offset + taken, length - taken)):
            pieces.append(piece)
            taken += len(piece)
        return b"".join(pieces)

    def next_data(self, offset: int, end: int) -> int:
        """Where the file next holds more than a hole, at most `end`; `offset` itself where the system does not say."""
        if not hasattr(os, "SEEK_DATA"):
            return offset
        try:
            return min(end, os.lseek(self._descriptor, offset, os.SEEK_DATA))
        except OSError as error:
            return end if error.errno == errno.ENXIO else offset

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill a buffer of bytes from `offset`; returns how many there were, fewer than asked for where the file ends."""
        taken = 0
        while taken < len(buffer) and (more := self._read_into_once(offset + taken, buffer[taken:])):
            taken += more
        return taken

    def _read_into_once(self, offset: int, buffer: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [buffer], offset)
        piece = self._read_once(offset, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _read_once(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, length, offset)
        with self._lock:  # Windows: the position is the descriptor's own
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, length)
