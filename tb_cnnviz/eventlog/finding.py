"""The records files below a root, found without leaving it."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tb_cnnviz.eventlog.filesystem import RandomAccessFile, local_path
from tb_cnnviz.eventlog.opening import Place, Walk, real_names

RECORDS_FILE = re.compile(r"cnnviz\.([0-9]{1,20})\..*\.records")

FOLLOW_LINKS_VARIABLE = "TB_CNNVIZ_FOLLOW_LINKS"

#: Each folder is walked to from the root.
MAX_DEPTH = 128

#: Of Windows, and of newer Pythons.
_is_junction = getattr(os.DirEntry, "is_junction", lambda entry: False)

_ESCAPE = re.compile(r"\\(?=x[0-9a-f]{2})")


class FoundFile(NamedTuple):
    """A records file.

    Attributes:
        folder: relative to the root, with '/', and '.' for the root itself, spelled as `spelled` does.
        name: spelled likewise.
        path: by which it was found, which may lead over links.
        start: the number in its name.
        place, real_name: where it really is.
    """

    folder: str
    name: str
    path: str
    start: int
    place: Place
    real_name: str

    @property
    def age(self) -> tuple[int, str]:
        """Its place in time among the files of its run."""
        return self.start, self.name

    def open(self) -> RandomAccessFile:
        """The file, if it still is one and lies where it was found.

        Raises:
            OSError: when it cannot be opened.
        """
        return RandomAccessFile(self.place.open_file(self.real_name))


class _Folder(NamedTuple):
    """A folder to look into: `is_linked` where a link was followed on the way to it."""

    path: str
    name: str
    place: Place
    is_linked: bool

    def called(self, name: str) -> str:
        return name if self.name == "." else f"{self.name}/{name}"


class _Found(NamedTuple):
    """What an entry of a folder is: `place` is where it really is, a file's the folder that holds it."""

    name: str
    is_folder: bool
    place: Place
    real_name: str
    is_link: bool


def find_records(root: str | Path) -> Iterator[FoundFile]:
    """Every records file below a root, folder by folder; nothing where the root does not exist.

    A symlink is followed where it leads to a place inside the root and is not itself met inside another symlink;
    one that leads out is passed over, unless TB_CNNVIZ_FOLLOW_LINKS is 1.

    Raises:
        ValueError: for a remote root.
    """
    pending = [_root(root)]
    may_lead_out = os.environ.get(FOLLOW_LINKS_VARIABLE, "").strip() == "1"
    with Walk() as walk:
        while pending:
            folder = pending.pop()
            for found in _entries(walk, folder, may_lead_out):
                if not found.is_folder:
                    yield from _files(folder, found)
                elif len(found.place.folders) <= MAX_DEPTH:
                    path, name = os.path.join(folder.path, found.name), folder.called(spelled(found.name))
                    pending.append(_Folder(path, name, found.place, folder.is_linked or found.is_link))


def own_records(folder: str | Path) -> list[FoundFile]:
    """The records files in a folder itself, the oldest first.

    Raises:
        ValueError: for a remote folder.
    """
    root = _root(folder)
    may_lead_out = os.environ.get(FOLLOW_LINKS_VARIABLE, "").strip() == "1"
    with Walk() as walk:
        entries = _entries(walk, root, may_lead_out)
    files = [file for found in entries if not found.is_folder for file in _files(root, found)]
    return sorted(files, key=lambda file: file.age)


def size_of_own_records(folder: str | Path, but: Path | None = None) -> int:
    """Bytes that the records files in a folder itself take, without one of them; one that is gone takes none.

    Raises:
        ValueError: for a remote folder.
    """
    total = 0
    for found in own_records(folder):
        if but is None or found.name != spelled(but.name):
            with contextlib.suppress(OSError):
                total += os.stat(found.path).st_size
    return total


def spelled(name: str) -> str:
    """A file's name as text that can be shown, and that no other name has.

    Bytes that are no UTF-8 become `\\xff` each, and so that they cannot be taken for these, the backslash of a name that
    holds such letters itself becomes `\\x5c`.
    """
    if name.isascii() and "\\" not in name:
        return name
    return os.fsencode(_ESCAPE.sub(r"\\x5c", name)).decode("utf-8", "backslashreplace")


def _root(root: str | Path) -> _Folder:
    top = os.fspath(local_path(root))
    return _Folder(top, ".", Place(os.path.realpath(top)), False)


def _files(folder: _Folder, found: _Found) -> Iterator[FoundFile]:
    """The file, if it is named as records files are."""
    name = spelled(found.name)
    match = RECORDS_FILE.fullmatch(name)
    if match is not None:
        path = os.path.join(folder.path, found.name)
        yield FoundFile(folder.name, name, path, int(match[1]), found.place, found.real_name)


def _entries(walk: Walk, folder: _Folder, may_lead_out: bool) -> list[_Found]:
    """Folders in a folder, and files whose names end as records files' do, by name; nothing where it cannot be read."""
    kept = []
    try:
        with walk.listed(folder.place) as entries:
            for entry in entries:
                if _is_link(entry):
                    found = None if folder.is_linked else _behind(folder.place, entry.name, may_lead_out)
                else:
                    found = _plain(folder.place, entry)
                if found is not None and (found.is_folder or found.name.endswith(".records")):
                    kept.append(found)
    except OSError:
        return []
    return sorted(kept, key=lambda found: found.name)


def _plain(place: Place, entry: os.DirEntry[str]) -> _Found | None:
    try:
        if entry.is_dir(follow_symlinks=False):
            return _Found(entry.name, True, place.below(entry.name), entry.name, False)
        if entry.is_file(follow_symlinks=False):
            return _Found(entry.name, False, place, entry.name, False)
    except OSError:
        pass
    return None


def _behind(place: Place, name: str, may_lead_out: bool) -> _Found | None:
    """What a link leads to, or None where that is not to be looked at."""
    try:
        real = os.path.realpath(os.path.join(place.path, name), strict=True)
        mode = os.lstat(real).st_mode
    except OSError:  # dangling, or a loop
        return None
    base, names = place.base, real_names(real, place.base)
    if names is None:
        if not may_lead_out:
            return None
        base = os.path.dirname(real)
        names = real_names(real, base) or ()
    if stat.S_ISDIR(mode):
        return _Found(name, True, Place(base, names), "", True)
    return _Found(name, False, Place(base, names[:-1]), names[-1], True) if stat.S_ISREG(mode) else None


def _is_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() or bool(_is_junction(entry))
