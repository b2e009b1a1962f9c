"""Where log files lie: found below a root without leaving it, and read at a position. Local disks only, so far."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

RECORDS_FILE = re.compile(r"cnnviz\.([0-9]{1,20})\..*\.records")

FOLLOW_LINKS_VARIABLE = "TB_CNNVIZ_FOLLOW_LINKS"

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class FoundFile:
    """A records file: `folder` is relative to the root, with '/' and '.' for the root itself."""

    folder: str
    name: str
    path: str
    start: int


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


def find_records(root: str | Path) -> Iterator[FoundFile]:
    """Every records file below a root, folder by folder; nothing where the root does not exist.

    A symlink is followed where it leads to a place inside the root and is not itself met inside another symlink;
    one that leads out is passed over, unless TB_CNNVIZ_FOLLOW_LINKS is 1.

    Raises:
        ValueError: for a remote root.
    """
    top = os.fspath(local_path(root))
    real_top = os.path.realpath(top)
    may_lead_out = os.environ.get(FOLLOW_LINKS_VARIABLE, "").strip() == "1"
    pending = [(top, ".", False)]
    while pending:
        path, folder, linked = pending.pop()
        for entry in _entries(path):
            name = os.fsencode(entry.name).decode("utf-8", "replace")
            is_link = _is_link(entry)
            if is_link and (linked or not (may_lead_out or _is_inside(entry.path, real_top))):
                continue
            match = RECORDS_FILE.fullmatch(name)
            if _is_folder(entry):
                pending.append((entry.path, name if folder == "." else f"{folder}/{name}", linked or is_link))
            elif match and _is_regular(entry):
                yield FoundFile(folder, name, entry.path, int(match[1]))


def _entries(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() or entry.is_junction() if hasattr(entry, "is_junction") else entry.is_symlink()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_regular(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_inside(path: str, real_top: str) -> bool:
    try:
        real = os.path.realpath(path, strict=True)
    except OSError:  # dangling, or a loop
        return False
    return real == real_top or real.startswith(real_top.rstrip(os.sep) + os.sep)


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

    Raises:
        OSError: when the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
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
