"""What is known of log files, kept in the user's cache directory, so that a second start need not scan them again.

Nothing in the cache is trusted: what does not fit is passed over, and the file is scanned as if nothing were there. It
holds positions, steps, times, names of layers and notices, and no content of records.

One file for each records file, as `known_file` makes it.

The folder may be one that others use too. A file is ours by its full name and its owner; no other one is read, replaced or
removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.known_file import KnownFile, Unusable
from tb_cnnviz.eventlog.own_files import is_free, is_own, open_own, user

CACHE_DIR_VARIABLE = "TB_CNNVIZ_CACHE_DIR"

#: Above it what was not used for longest is removed.
MAX_CACHE_BYTES = 512 << 20
#: What a log file's index may take, nearly five million records; a larger one is not kept.
MAX_FILE_BYTES = 128 << 20

_OURS = re.compile(r"cnnviz-([0-9a-f]{40}\.index|[a-z0-9_]+\.new)")

#: Of what is kept, the part that does not grow with the log: identity, fingerprint and notices, as JSON escapes them.
_OWN_BYTES = 1 << 20


class IndexCache:
    """The cache files in a folder, which may be shared by several processes. No fault of the disk reaches the caller.

    Args:
        folder: made, for this user alone, when the first file is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saves = 0

    def load(self, path: str, log: RandomAccessFile, now: FileIdentity) -> KnownFile | None:
        """What is known of the log file at a path, which is open as `log` and is `now`; None where nothing usable is."""
        place = self._place(path)
        try:
            with open(open_own(place), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > min(now.size + _OWN_BYTES, MAX_FILE_BYTES):
                    return None
                known = KnownFile.from_file(file, size, log, now)
                os.utime(file.fileno() if os.utime in os.supports_fd else place)
            return known
        except (OSError, Unusable):
            return None

    def save(self, path: str, content: bytes) -> None:
        """Keep `KnownFile.to_bytes` of the log file at a path, whole or not at all."""
        place = self._place(path)
        if len(content) > MAX_FILE_BYTES or not is_free(place):
            return
        temporary = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix="cnnviz-", suffix=".new")
            with open(descriptor, "wb") as file:
                if not is_own(os.fstat(descriptor)):
                    raise OSError("a disk that does not keep whose a file is")
                file.write(content)
            os.replace(temporary, place)
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
            return
        self._saves += 1
        if self._saves % 64 == 1:
            self._prune()

    def forget(self, path: str) -> None:
        """What is known of a log file holds no longer."""
        place = self._place(path)
        if is_free(place):
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        """Each user's own, so that users who share a folder do not get into each other's way."""
        subject = f"{user()}:".encode() + os.fsencode(os.path.realpath(path))
        return self._folder / f"cnnviz-{hashlib.sha256(subject).hexdigest()[:40]}.index"

    def _prune(self) -> None:
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            listed = [
                (entry.stat(follow_symlinks=False), entry.path) for entry in entries if _OURS.fullmatch(entry.name)
            ]
            files = [(status, path) for status, path in listed if is_own(status)]
            total = sum(status.st_size for status, _ in files)
            for status, path in sorted(files, key=lambda item: item[0].st_mtime):
                if total <= MAX_CACHE_BYTES:
                    return
                os.unlink(path)
                total -= status.st_size


def user_cache() -> IndexCache | None:
    """The cache in TB_CNNVIZ_CACHE_DIR, else in the user's cache directory; None where that variable is empty."""
    given = os.environ.get(CACHE_DIR_VARIABLE)
    if given == "":
        return None
    if given is not None:
        return IndexCache(Path(given))
    try:
        return IndexCache(_user_folder() / "tb_cnnviz" / "index")
    except RuntimeError:  # a user without a home
        return None


def _user_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return base if base.is_absolute() else Path.home() / ".cache"  # as the XDG specification asks
