"""What is known of one log file, as bytes and back. Nothing in the bytes is trusted: what does not fit is `Unusable`.

The magic, the CRC32C of what follows, the length of the header, the header as JSON, and for each group of rows its steps,
wall times, offsets and lengths as little-endian columns. The header alone says whether the bytes are still about the log as
it stands; only then is the rest read.
"""

from __future__ import annotations

import json
import struct
from dataclasses import astuple, dataclass
from typing import Any, BinaryIO

import google_crc32c
import numpy as np

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.columns import Places
from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.log_file import FINGERPRINT_BYTES, Fingerprint, Seen
from tb_cnnviz.eventlog.notices import MAX_NOTICES_A_FILE, MAX_REASON_CHARACTERS, ToldReason
from tb_cnnviz.eventlog.record_layout import MAX_LAYER_CHARACTERS, MAX_WALL_TIME
from tb_cnnviz.eventlog.scanning import Damage, Scan
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.record import MAX_STEP

#: Changes with what stands in the files, and with what a scan finds in a log.
_MAGIC = b"CNVIDX\x00\x01"
_PREFIX = struct.Struct("<II")
_COLUMNS = ("<i8", "<f8", "<u8", "<u4")
_ROW_BYTES = sum(np.dtype(code).itemsize for code in _COLUMNS)
#: With the names of a hundred thousand layers.
_MAX_HEADER_BYTES = 16 << 20
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
    def from_file(cls, file: BinaryIO, size: int, log: RandomAccessFile, now: FileIdentity) -> KnownFile:
        """What `to_bytes` made of `log`, which is `now`: from a file of `size` bytes.

        Raises:
            Unusable: for anything else, and where the log is no longer as it was, which the header alone tells.
        """
        start = file.read(len(_MAGIC) + _PREFIX.size)
        if start[: len(_MAGIC)] != _MAGIC or len(start) < len(_MAGIC) + _PREFIX.size:
            raise Unusable("no index of this version")
        crc, length = _PREFIX.unpack_from(start, len(_MAGIC))
        if length > min(size, _MAX_HEADER_BYTES):
            raise Unusable("its header is too long")
        text = file.read(length)
        try:
            header = json.loads(text)
            identity, fingerprint = _identity(header), _fingerprint(header)
            seen = Seen(identity, fingerprint)
            if not seen.goes_on_in(log, now):
                raise Unusable("the log is another one")
            columns = file.read(max(0, size - len(start) - len(text)))
            if google_crc32c.extend(google_crc32c.value(start[len(_MAGIC) + 4 :] + text), columns) != crc:
                raise Unusable("its CRC is another one")
            return _known(header, seen, memoryview(columns), now.size)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Unusable(str(error)[:200]) from error


def _identity(header: Any) -> FileIdentity:
    return FileIdentity(*(_number(value, low=-_MAX_NUMBER - 1, high=1 << 64) for value in header["identity"]))


def _fingerprint(header: Any) -> Fingerprint:
    position = _number(header["position"])
    head, tail = bytes.fromhex(header["head"]), bytes.fromhex(header["tail"])
    _must(len(head) <= FINGERPRINT_BYTES and len(tail) == min(FINGERPRINT_BYTES, position), "a fingerprint's length")
    return Fingerprint(head, tail, position)


def _known(header: Any, seen: Seen, columns: memoryview, size: int) -> KnownFile:
    position = _number(seen.fingerprint.stop, high=min(size, seen.identity.size))
    scan = Scan(position, _damage(header["damage"], seen.identity.size), searched=_number(header["searched"]))
    if header["last"] is not None:
        offset, length = header["last"]
        scan.last = _number(offset), _number(length)
        _must(offset + length + framing.OVERHEAD_BYTES <= position, "the last record reaches over the scan")
    reasons = [_reason(*item) for item in header["reasons"]]
    untold = _number(header["untold"])
    _must(len(reasons) <= MAX_NOTICES_A_FILE and (bool(reasons) or not untold), "the number of notices")
    return KnownFile(seen, scan, reasons, untold, _groups(header["groups"], columns, position))


def _groups(listed: Any, columns: memoryview, position: int) -> list[Group]:
    groups: list[Group] = []
    subjects: set[tuple[str, str | None]] = set()
    place = 0
    for kind, layer, given in listed:
        count = _number(given, low=1, high=len(columns) // _ROW_BYTES)
        _must(isinstance(kind, str) and kind in KINDS and KINDS[kind].has_layer == (layer is not None), "a kind")
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
    is_step = (places.step >= 0) & (places.step <= MAX_STEP)
    _must(bool(is_step.all() and (abs(places.wall_time) <= MAX_WALL_TIME).all()), "a step or a wall time")
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
