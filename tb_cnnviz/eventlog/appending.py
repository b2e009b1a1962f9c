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


class AppendFile:
    """A new file, open for unbuffered appending: what `append` returned from survives a killed process."""

    def __init__(self, folder: Path, name: Callable[[int], str]) -> None:
        """Create a file named name(start) in `folder`, which is made where it is missing; never opens an old one.

        Raises:
            OSError: when the folder or the file cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        while True:
            self.path = folder / name(unique_start())
            try:
                self._descriptor = os.open(self.path, flags, 0o666)
                break
            except FileExistsError:  # another host or container of the same name
                continue
        self.size = 0
        self.is_damaged = False

    def append(self, pieces: Sequence[bytes]) -> None:
        """Append the pieces as one record.

        Raises:
            OSError: when the disk does not take all of it. What it took is cut off again; where that fails too,
                `is_damaged` says that nothing should follow in this file.
        """
        try:
            self.size += self._write(pieces)
        except OSError:
            try:
                os.ftruncate(self._descriptor, self.size)
            except OSError:
                self.is_damaged = True
            raise

    def close(self) -> None:
        os.close(self._descriptor)

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
