"""A file or folder of a log, opened only as what it was looked for: no link, FIFO, socket or device in its place.

A log may be changed by others between two looks. So a path is walked folder by folder, none of them a link, and the file
is looked at in its folder before it is opened, and after that once more: opening a FIFO would wait for ever.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import NamedTuple

#: Whether the system opens names in an open folder. Windows does not: there the real path is compared before and after.
WALKS = {os.open, os.stat} <= os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")

_FILE = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
#: Enough to walk through a folder that may be entered and not listed.
_THROUGH = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Place(NamedTuple):
    """Where a folder really is: below `base`, through `folders`, none of which is a link."""

    base: str
    folders: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return os.path.join(self.base, *self.folders)

    @property
    def above(self) -> Place:
        return Place(self.base, self.folders[:-1])

    def below(self, name: str) -> Place:
        return Place(self.base, (*self.folders, name))

    def open_file(self, name: str) -> int:
        """A descriptor of the regular file of this name, for reading.

        Raises:
            OSError: where there is none, or the way to it leads over a link.
        """
        if not WALKS:
            return _open_compared(self.path, name)
        with Walk() as walk:
            return _open_regular(name, _NO_LINK, walk.to(self))


class Walk:
    """A way through folders, each opened in the one above it. What two places have in common is walked once."""

    def __init__(self) -> None:
        self._at: Place | None = None
        self._held: list[int] = []

    def __enter__(self) -> Walk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._back_to(0)

    def to(self, place: Place) -> int:
        """A descriptor of a folder, in which names can be opened; held until the walk goes elsewhere.

        Raises:
            OSError: where there is no such folder, or the way to it leads over a link.
        """
        if place == self._at and len(self._held) == len(place.folders) + 1:
            return self._held[-1]
        common = 0
        if self._held and self._at is not None and self._at.base == place.base:
            pairs = zip(self._at.folders, place.folders, strict=False)
            common = 1 + next(
                (n for n, (a, b) in enumerate(pairs) if a != b), min(len(self._at.folders), len(place.folders))
            )
        self._back_to(common)
        self._at = place
        if not self._held:
            self._held.append(os.open(place.base, _THROUGH))
        for name in place.folders[len(self._held) - 1 :]:
            self._held.append(os.open(name, _THROUGH | _NO_LINK, dir_fd=self._held[-1]))
        return self._held[-1]

    @contextlib.contextmanager
    def listed(self, place: Place) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What is in a folder; entries may be asked for their type as long as the context lasts.

        Raises:
            OSError: where there is no such folder, or the way to it leads over a link.
        """
        if not WALKS:
            _need_real(place.path)
            with os.scandir(place.path) as entries:
                yield entries
            return
        if place.folders:
            folder = os.open(place.folders[-1], _FOLDER | _NO_LINK, dir_fd=self.to(place.above))
        else:
            folder = os.open(place.base, _FOLDER)
        try:
            with os.scandir(folder) as entries:
                yield entries
        finally:
            os.close(folder)

    def _back_to(self, count: int) -> None:
        while len(self._held) > count:
            os.close(self._held.pop())


def open_regular(path: str, *, follow: bool = True) -> int:
    """A descriptor for reading of the regular file at a path that is trusted, though what lies there may not be one.

    Args:
        follow: whether it may be a link to one.

    Raises:
        OSError: where it is none.
    """
    return _open_regular(path, 0 if follow else _NO_LINK, None)


def _open_regular(name: str, flags: int, folder: int | None) -> int:
    before = os.stat(name, dir_fd=folder, follow_symlinks=not flags & _NO_LINK)
    _need_regular(before)
    return _checked(os.open(name, _FILE | flags, dir_fd=folder), before)


def _open_compared(folder: str, name: str) -> int:
    path = os.path.join(folder, name)
    _need_real(folder)
    before = os.lstat(path)
    _need_regular(before)
    return _checked(os.open(path, _FILE), before, lambda: _need_real(folder))


def _checked(descriptor: int, before: os.stat_result, also: Callable[[], None] = lambda: None) -> int:
    """The descriptor, where it is of the file that was looked at; else it is closed."""
    try:
        now = os.fstat(descriptor)
        _need_regular(now)
        if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
            raise OSError(errno.ESTALE, "another file was put in its place")
        also()
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _need_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def _need_real(folder: str) -> None:
    if os.path.normcase(os.path.realpath(folder, strict=True)) != os.path.normcase(folder):
        raise OSError(errno.ELOOP, "a link was put in its folder's place")


def real_names(path: str, base: str) -> tuple[str, ...] | None:
    """The names below `base` that lead to a real path, or None where it is not below."""
    if path == base:
        return ()
    start = base.rstrip(os.sep) + os.sep
    return tuple(path[len(start) :].split(os.sep)) if path.startswith(start) else None
