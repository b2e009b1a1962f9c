"""A record from the bytes of an Event proto, which are not trusted: whatever does not fit raises `DamagedRecord`."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tb_cnnviz.eventlog import wire
from tb_cnnviz.eventlog.directory_json import parsed
from tb_cnnviz.eventlog.record_layout import (
    DIRECTORY_TAG,
    LITTLE,
    MAX_ARRAY_BYTES,
    MAX_DIMENSIONS,
    MAX_DIRECTORY_BYTES,
    MAX_LAYER_CHARACTERS,
    MAX_STEP_VALUE,
    MAX_WALL_TIME,
    STEP,
    STRINGS,
    SUMMARY,
    TAG,
    TENSOR,
    VALUE,
    WALL_TIME,
)
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.record import DTYPES, SCHEMA_VERSION, Record

_REMEMBERED_BYTES = 2048


class ForeignRecord(DamagedRecord):
    """A record that is not ours, or of a version that is not known here: nothing is broken."""


class ArrayPlace(NamedTuple):
    """Where in a record's payload an array's content stands, in bytes from the payload's start."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Directory:
    """What a record holds, read from its first bytes alone."""

    kind: str
    step: int
    layer: str | None
    wall_time: float
    attributes: dict[str, Any]
    arrays: tuple[ArrayPlace, ...]


def decode(payload: bytes | memoryview) -> Record:
    """The record whose Event these bytes are. Its arrays are read-only views of `payload`, which is read-only.

    Raises:
        DamagedRecord: for whatever does not fit.
    """
    directory = decode_directory(payload, len(payload))
    arrays = {place.name: _array(payload, place) for place in directory.arrays}
    try:
        return Record(
            directory.kind, directory.step, directory.layer, arrays, directory.attributes, directory.wall_time
        )
    except ValueError as error:
        raise DamagedRecord(str(error)) from error


def _array(payload: bytes | memoryview, place: ArrayPlace) -> np.ndarray:
    dtype = LITTLE[place.dtype]
    try:
        count = math.prod(place.shape)
        if not count:
            return np.zeros(place.shape, dtype)
        return np.frombuffer(payload, dtype, count, place.start).reshape(place.shape)
    except (ValueError, MemoryError) as error:
        raise DamagedRecord(f"array {place.name[:80]!r}: {error}") from error


def decode_directory(head: bytes | memoryview, length: int, *, arrays: bool = True) -> Directory:
    """What the record holds, from the first bytes of its payload of `length` bytes.

    Args:
        arrays: whether to look at the arrays' places too. Without, `attributes` may be shared and must stay as it is.

    Raises:
        DamagedRecord: for whatever does not fit.
        wire.TruncatedProto: when the directory reaches over the end of `head`; its `needed` says how far.
    """
    try:
        wall_time, step, first, values_end = _event(head, length)
        value = _first_value(head, first)
        is_short = len(value) <= _REMEMBERED_BYTES
        said = _parsed_cached(value) if is_short else _parsed(value)
        if not arrays:
            places: tuple[ArrayPlace, ...] = ()
        elif is_short:
            places = _places_before(value)
            said = said._replace(attributes=said.attributes and _parsed(value).attributes)  # the caller's own
        else:
            places = _places(said.arrays)
    except wire.MalformedProto as error:
        raise DamagedRecord(str(error)) from error
    if step > MAX_STEP_VALUE:
        raise DamagedRecord("the step is negative")
    if not abs(wall_time) <= MAX_WALL_TIME:
        raise DamagedRecord("the wall time is no date")
    base = first[1]
    if places and places[-1].stop > values_end - base:
        raise DamagedRecord(f"array {places[-1].name[:80]!r} is not where the directory says")
    at = tuple(ArrayPlace(*place[:3], base + place.start, base + place.stop) for place in places)
    return Directory(said.kind, step, said.layer, wall_time, said.attributes, at)


def _event(head: bytes | memoryview, length: int) -> tuple[float, int, tuple[int, int], int]:
    """Wall time, step, where the first Value's content starts and stops, and where the summary stops."""
    wall_time, step = 0.0, 0
    for number, kind, a, b in wire.read_fields(head, 0, length):
        if number == WALL_TIME and kind == wire.FIXED64:
            if b > len(head):
                raise wire.TruncatedProto(b)
            (wall_time,) = struct.unpack_from("<d", head, a)
        elif number == STEP and kind == wire.VARINT:
            step = a
        elif number == SUMMARY and kind == wire.BYTES:
            for value_number, value_kind, start, stop in wire.read_fields(head, a, b):
                if value_number == VALUE and value_kind == wire.BYTES:
                    return wall_time, step, (start, stop), b
                break
            break
    raise ForeignRecord("an event without a directory of arrays")


class _ParsedDirectory(NamedTuple):
    """What a directory says, its arrays not yet looked at."""

    kind: str
    layer: str | None
    attributes: dict[str, Any]
    arrays: Any


def _first_value(head: bytes | memoryview, place: tuple[int, int]) -> bytes:
    if place[1] - place[0] > MAX_DIRECTORY_BYTES + 4096:
        raise ForeignRecord("an event whose first value is no directory")
    if place[1] > len(head):
        raise wire.TruncatedProto(place[1])
    return bytes(head[slice(*place)])


def _parsed(value: bytes) -> _ParsedDirectory:
    raw = parsed(_directory_text(value))
    kind, layer = _subject(raw)
    attributes = raw.get("attributes", {})
    if not isinstance(attributes, dict):
        raise DamagedRecord("the attributes are no JSON object")
    return _ParsedDirectory(kind, layer, attributes, raw.get("arrays"))


#: A layer's records have, but for their step, one and the same directory.
_parsed_cached = lru_cache(maxsize=1024)(_parsed)


def _directory_text(value: bytes) -> bytes:
    tag = text = None
    for number, kind, a, b in wire.read_fields(value, 0, len(value)):
        if number == TAG and kind == wire.BYTES:
            tag = value[a:b]
        elif number == TENSOR and kind == wire.BYTES:
            for inner, inner_kind, start, stop in wire.read_fields(value, a, b):
                if inner == STRINGS and inner_kind == wire.BYTES:
                    text = value[start:stop]
    if tag != DIRECTORY_TAG or text is None:
        raise ForeignRecord("an event whose first value is no directory")
    return text


def _subject(raw: dict[str, Any]) -> tuple[str, str | None]:
    schema, kind, layer = raw.get("schema"), raw.get("kind"), raw.get("layer")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise DamagedRecord("the directory has no schema version")
    if schema > SCHEMA_VERSION:
        raise ForeignRecord(f"schema {schema} is newer than {SCHEMA_VERSION}, which this version of tb_cnnviz reads")
    if not isinstance(kind, str):
        raise DamagedRecord("the directory names no kind")
    if kind not in KINDS:
        raise ForeignRecord(f"records of kind {kind[:80]!r} are not known to this version of tb_cnnviz")
    if layer is not None and (not isinstance(layer, str) or len(layer) > MAX_LAYER_CHARACTERS):
        raise DamagedRecord("the layer is no path")
    if KINDS[kind].has_layer != (layer is not None):
        raise DamagedRecord(f"a record of kind {kind!r} {'without a' if layer is None else 'with a'} layer")
    return kind, layer


def _places(raw: Any) -> tuple[ArrayPlace, ...]:
    """The arrays of a directory, by ascending place, counted from where its Value stops."""
    if not isinstance(raw, list):
        raise DamagedRecord("the directory lists no arrays")
    places: list[ArrayPlace] = []
    names: set[str] = set()
    behind = 0
    for item in raw:
        place = _place(item)
        if place.name in names:
            raise DamagedRecord(f"two arrays are named {place.name[:80]!r}")
        if place.start < behind:
            raise DamagedRecord(f"array {place.name[:80]!r} is not where the directory says")
        names.add(place.name)
        behind = place.stop
        places.append(place)
    return tuple(places)


@lru_cache(maxsize=1024)
def _places_before(value: bytes) -> tuple[ArrayPlace, ...]:
    return _places(_parsed_cached(value).arrays)


def _place(item: Any) -> ArrayPlace:
    if not isinstance(item, dict):
        raise DamagedRecord("an array in the directory is no JSON object")
    name, dtype, shape = item.get("name"), item.get("dtype"), item.get("shape")
    if not isinstance(name, str) or dtype not in DTYPES or not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise DamagedRecord(f"an array has no usable name, dtype or shape: {str(item)[:120]}")
    offset, length, *sizes = (_count(number, name) for number in (item.get("offset"), item.get("length"), *shape))
    if math.prod(sizes) * np.dtype(dtype).itemsize != length:
        raise DamagedRecord(f"array {name[:80]!r}: its shape and dtype do not make the bytes that it names")
    if math.prod(size or 1 for size in sizes) * np.dtype(dtype).itemsize > MAX_ARRAY_BYTES:
        raise DamagedRecord(f"array {name[:80]!r}: its shape is larger than any array")
    return ArrayPlace(name, dtype, tuple(sizes), offset, offset + length)


def _count(number: Any, name: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise DamagedRecord(f"array {name[:80]!r}: sizes must be whole numbers from 0")
    return number
