"""What is known of log files, kept in the user's cache directory, so that a second start need not scan them again.

Nothing in the cache is trusted: what does not fit is passed over, and the file is scanned as if nothing were there. It
holds positions, steps, times, names of layers and notices, and no content of records.

One file for each records file: the magic, the CRC32C of what follows, the length of the header, the header as JSON, and
for each group of rows its steps, wall times, offsets and lengths as little-endian columns.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import struct
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.columns import Places
from tb_cnnviz.eventlog.encoding import MAX_LAYER_CHARACTERS, MAX_WALL_TIME
from tb_cnnviz.eventlog.filesystem import FileIdentity
from tb_cnnviz.eventlog.log_file import FINGERPRINT_BYTES, Fingerprint, Seen
from tb_cnnviz.eventlog.notices import MAX_NOTICES_A_FILE, MAX_REASON_CHARACTERS, ToldReason
from tb_cnnviz.eventlog.scanning import Damage, Scan
from tb_cnnviz.records.record import KINDS

CACHE_DIR_VARIABLE = "TB_CNNVIZ_CACHE_DIR"

#: Above it what was not used for longest is removed.
MAX_CACHE_BYTES = 512 << 20

#: Changes with what stands in the files, and with what a scan finds in a log.
_MAGIC = b"CNVIDX\x00\x01"
_PREFIX = struct.Struct("<II")
_COLUMNS = ("<i8", "<f8", "<u8", "<u4")
_ROW_BYTES = sum(np.dtype(code).itemsize for code in _COLUMNS)
#: The header's own part: identity, fingerprint and at most MAX_NOTICES_A_FILE notices, as JSON escapes them.
_OWN_BYTES = 1 << 20
_MAX_NUMBER = (1 << 63) - 1


class Unusable(ValueError):
    """A cache file that cannot be what we wrote for this log file."""


@dataclass(frozen=True)
class Group:
    """The rows of one kind and layer in one file."""

    kind: str
    layer: str | None
    places: Places


@dataclass(frozen=True)
class KnownFile:
    """All that a scan of a file has found, and where it stands."""

    seen: Seen
    scan: Scan
    reasons: list[ToldReason]
    untold: int
    groups: list[Group]

    @property
    def records(self) -> int:
        return sum(len(group.places.step) for group in self.groups)

    def to_bytes(self) -> bytes:
        fingerprint, damage = self.seen.fingerprint, self.scan.damage
        header = {
            "identity": astuple(self.seen.identity),
            "head": fingerprint.head.hex(),
            "tail": fingerprint.tail.hex(),
            "position": self.scan.position,
            "damage": [damage.offset, damage.reason] if damage else None,
            "last": self.scan.last,
            "searched": self.scan.searched,
            "reasons": self.reasons,
            "untold": self.untold,
            "groups": [[group.kind, group.layer, len(group.places.step)] for group in self.groups],
        }
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        columns = [
            column.astype(code).tobytes()
            for group in self.groups
            for column, code in zip(group.places, _COLUMNS, strict=True)
        ]
        rest = b"".join([struct.pack("<I", len(text)), text, *columns])
        return _MAGIC + struct.pack("<I", google_crc32c.value(rest)) + rest

    @classmethod
    def from_bytes(cls, content: bytes, size: int) -> KnownFile:
        """What `to_bytes` made, of a log file of `size` bytes.

        Raises:
            Unusable: for anything else.
        """
        start = len(_MAGIC)
        if content[:start] != _MAGIC or len(content) < start + _PREFIX.size:
            raise Unusable("no index of this version")
        crc, length = _PREFIX.unpack_from(content, start)
        if google_crc32c.value(content[start + 4 :]) != crc:
            raise Unusable("its CRC is another one")
        body = start + _PREFIX.size
        try:
            header = json.loads(content[body : body + length])
            return _known(header, memoryview(content)[body + length :], size)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unusable(str(error)[:200]) from error


class IndexCache:
    """The cache files in a folder, which may be shared by several processes. No fault of the disk reaches the caller.

    Args:
        folder: made, for this user alone, when the first file is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saves = 0

    def load(self, path: str, now: FileIdentity) -> KnownFile | None:
        """What is known of the log file at a path whose identity is `now`; None where that is nothing usable."""
        place = self._place(path)
        try:
            descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > now.size + _OWN_BYTES:
                    return None
                known = KnownFile.from_bytes(file.read(now.size + _OWN_BYTES), now.size)
            os.utime(place)
            return known
        except (OSError, Unusable):
            return None

    def save(self, path: str, content: bytes) -> None:
        """Keep `KnownFile.to_bytes` of the log file at a path, whole or not at all."""
        place = self._place(path)
        temporary = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, suffix=".new")
            with open(descriptor, "wb") as file:
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
        with contextlib.suppress(OSError):
            self._place(path).unlink(missing_ok=True)

    def _place(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:40]}.index"

    def _prune(self) -> None:
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            files = [(entry.stat(), entry.path) for entry in entries if entry.name.endswith((".index", ".new"))]
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


def _known(header: Any, columns: memoryview, size: int) -> KnownFile:
    identity = FileIdentity(*(_number(value, low=-_MAX_NUMBER - 1, high=1 << 64) for value in header["identity"]))
    position = _number(header["position"], high=min(size, identity.size))
    head, tail = bytes.fromhex(header["head"]), bytes.fromhex(header["tail"])
    _must(len(head) <= FINGERPRINT_BYTES and len(tail) == min(FINGERPRINT_BYTES, position), "a fingerprint's length")
    scan = Scan(position, _damage(header["damage"], identity.size), searched=_number(header["searched"]))
    if header["last"] is not None:
        offset, length = header["last"]
        scan.last = _number(offset), _number(length)
        _must(offset + length + framing.OVERHEAD_BYTES <= position, "the last record reaches over the scan")
    reasons = [_reason(*item) for item in header["reasons"]]
    untold = _number(header["untold"])
    _must(len(reasons) <= MAX_NOTICES_A_FILE and (bool(reasons) or not untold), "the number of notices")
    groups = _groups(header["groups"], columns, position)
    return KnownFile(Seen(identity, Fingerprint(head, tail, position)), scan, reasons, untold, groups)


def _groups(listed: Any, columns: memoryview, position: int) -> list[Group]:
    groups: list[Group] = []
    subjects: set[tuple[str, str | None]] = set()
    place = 0
    for kind, layer, given in listed:
        count = _number(given, low=1, high=len(columns) // _ROW_BYTES)
        _must(isinstance(kind, str) and kind in KINDS and KINDS[kind] == (layer is not None), "a kind")
        _must(layer is None or (isinstance(layer, str) and len(layer) <= MAX_LAYER_CHARACTERS), "a layer")
        _must((kind, layer) not in subjects, "a group is there twice")
        subjects.add((kind, layer))
        taken = []
        for code in _COLUMNS:
            taken.append(np.frombuffer(columns, code, count, place))
            place += taken[-1].nbytes
        groups.append(Group(kind, layer, _checked(Places(*taken), position)))
    _must(place == len(columns), "the columns' length")
    return groups


def _checked(places: Places, position: int) -> Places:
    """Places that all lie in what was scanned."""
    most = np.uint64(max(0, position - framing.OVERHEAD_BYTES))
    is_inside = (places.offset <= most) & (places.length <= most - np.minimum(places.offset, most))
    _must(bool(is_inside.all()), "a record outside of what was scanned")
    _must(bool((places.step >= 0).all() and (abs(places.wall_time) <= MAX_WALL_TIME).all()), "a step or a wall time")
    return places


def _reason(offset: Any, reason: Any, count: Any) -> ToldReason:
    _must(isinstance(reason, str) and len(reason) <= MAX_REASON_CHARACTERS, "a notice")
    return ToldReason(_number(offset), reason, _number(count, low=1))


def _damage(given: Any, size: int) -> Damage | None:
    if given is None:
        return None
    offset, reason = given
    _must(isinstance(reason, str) and len(reason) <= MAX_REASON_CHARACTERS, "a damage")
    return Damage(_number(offset, high=size), reason)


def _number(value: Any, *, low: int = 0, high: int = _MAX_NUMBER) -> int:
    _must(isinstance(value, int) and not isinstance(value, bool) and low <= value <= high, "a number")
    return int(value)


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise Unusable(f"{what} does not fit")
