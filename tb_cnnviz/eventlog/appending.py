"""One file to which records are appended whole or not at all."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

#: writev takes at most so many pieces on every system that has it.
_MAX_PIECES = 1024

_start_lock = threading.Lock()
_last_start = 0


def unique_start() -> int:
    """The time in ns, never the same twice in a process, so that no two of its files share a name."""
    global _last_start
    with _start_lock:
        _last_start = max(time.time_ns(), _last_start + 1)
        return _last_start


def host_name() -> str:
    """This machine's name as a part of a file name: no colon, no separator, and never what TensorBoard looks for."""
    try:
        name = socket.gethostname()
    except OSError:
        name = ""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:63].strip("-") or "host"
    return re.sub("tfevents", "tf-events", name, flags=re.IGNORECASE)


class FileName:
    """Names of new files: a pattern in which `{start}` stands for when the file was begun, and that finds it again.

    Args:
        pattern: matches names; its first group is the start.
        make: the name for a start, in ns.
        unit: ns that the number in a name counts.
    """

    def __init__(self, pattern: re.Pattern[str], make: Callable[[int], str], unit: int = 1) -> None:
        self._pattern = pattern
        self._make = make
        self._unit = unit

    def next(self, folder: Path, taken: int = 0) -> tuple[str, int]:
        """A name, and its start, behind all that are in the folder and behind `taken`.

        Files are read in the order of their starts. That is time as long as clocks run forward; where one was set back,
        or another machine's is ahead, the names that are there say what came before.
        """
        start = max(unique_start(), taken + 1)
        latest = self._latest(folder) * self._unit
        if latest >= start:
            name = self._make(latest + self._unit)
            if self._pattern.fullmatch(name):
                return name, latest + self._unit
        return self._make(start), start

    def _latest(self, folder: Path) -> int:
        try:
            with os.scandir(folder) as entries:
                matches = [self._pattern.fullmatch(entry.name) for entry in entries]
        except OSError:
            return 0
        return max((int(match[1]) for match in matches if match), default=0)


class AppendFile:
    """A new file, open for unbuffered appending: what `append` returned from survives a killed process."""

    def __init__(self, folder: Path, name: FileName) -> None:
        """Create a file in `folder`, which is made where it is missing; never opens an old one.

        Raises:
            OSError: when the folder or the file cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        start = 0
        while True:
            text, start = name.next(folder, start)
            self.path = folder / text
            try:
                self._descriptor = os.open(self.path, flags, 0o666)
                break
            except FileExistsError:  # another host or container of the same name
                continue
        self._folder, self._name = folder, name
        self._lasting: dict[str, tuple[int, int]] = {}
        self.size = 0
        self.is_damaged = False

    def append(self, pieces: Sequence[bytes], lasting: str | None = None) -> None:
        """Append the pieces as one record.

        Args:
            lasting: what the record says of all that follow; the last of each goes into the file that takes this one's
                place, should it be deleted.

        Raises:
            OSError: when the disk does not take all of it. What it took is cut off again; where that fails too,
                `is_damaged` says that nothing should follow in this file.
        """
        start = self.size
        try:
            self.size += self._write(pieces)
        except OSError:
            try:
                os.ftruncate(self._descriptor, self.size)
            except OSError:
                self.is_damaged = True
            raise
        if lasting is not None:
            self._lasting.pop(lasting, None)
            self._lasting[lasting] = start, self.size - start

    def is_deleted(self) -> bool:
        """Whether the file has no name any more, so that nobody will ever read what is appended.

        One that was renamed, or whose folder was, has a name, and goes on there.
        """
        now = os.fstat(self._descriptor)
        if now.st_nlink:
            return False
        try:  # some disks count no names
            return not os.path.samestat(now, os.stat(self.path))
        except OSError:
            return True

    def renewed(self) -> AppendFile:
        """A new file in the place of this one, which was deleted, with what lasts of it. This one is closed.

        Raises:
            OSError: when the new one cannot be made; this one stays as it is.
        """
        new = AppendFile(self._folder, self._name)
        try:
            for what, (start, length) in self._lasting.items():
                new.append([self._read(start, length)], what)
        except OSError:
            new.close()
            new.path.unlink(missing_ok=True)
            raise
        self.close()
        return new

    def close(self) -> None:
        os.close(self._descriptor)

    def _read(self, start: int, length: int) -> bytes:
        os.lseek(self._descriptor, start, os.SEEK_SET)  # appending does not look at the position
        pieces, missing = [], length
        while missing and (piece := os.read(self._descriptor, missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _write(self, pieces: Sequence[bytes]) -> int:
        total = sum(map(len, pieces))
        if len(pieces) > _MAX_PIECES or not hasattr(os, "writev"):
            pieces = [b"".join(pieces)]
        written = os.writev(self._descriptor, pieces) if len(pieces) > 1 else os.write(self._descriptor, pieces[0])
        if written < total:
            rest = memoryview(b"".join(pieces))[written:]
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        return total
