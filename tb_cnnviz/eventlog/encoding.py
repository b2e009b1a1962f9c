"""A record as the bytes of an Event proto, and back. docs/log_format.md describes the layout.

The way back trusts nothing: whatever does not fit raises `DamagedRecord`.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tb_cnnviz.eventlog import wire
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.record import DTYPES, SCHEMA_VERSION, Record

DIRECTORY_TAG = b"cnnviz/directory"

#: Bounds on what a reader takes from a file it does not trust.
MAX_DIRECTORY_BYTES = 1 << 20
MAX_LAYER_CHARACTERS = 1 << 16
MAX_DIMENSIONS = 32
#: Lists and objects within each other in a directory.
MAX_DEPTH = 64
#: Bytes that an array would take if its axes of length 0 had length 1: numpy refuses more than fits its own counters.
_MAX_ARRAY_BYTES = 1 << 53
#: Seconds; some 30,000 years.
MAX_WALL_TIME = 1e12

_MAX_STEP = (1 << 63) - 1
_REMEMBERED_BYTES = 2048

# Field numbers of tensorflow's Event, Summary, Summary.Value, TensorProto, TensorShapeProto and its Dim.
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE = 1
_TAG, _TENSOR = 1, 8
_DTYPE, _SHAPE, _CONTENT, _STRINGS = 1, 2, 4, 8
_DIM = 2
_SIZE = 1

_DT_STRING = 7
_LITTLE = {name: np.dtype(name).newbyteorder("<") for name in DTYPES}
_DT = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int8": 6, "int64": 9, "float16": 19, "uint32": 22}


class ForeignRecord(DamagedRecord):
    """A record that is not ours, or of a version that is not known here: nothing is broken."""


@dataclass(frozen=True)
class Payload:
    """One array as bytes, little-endian, C order."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    content: bytes


@dataclass(frozen=True)
class Snapshot:
    """A record that no longer changes when its arrays do, ready to be encoded in another thread."""

    kind: str
    step: int
    layer: str | None
    wall_time: float
    attributes: str
    payloads: tuple[Payload, ...]

    @property
    def nbytes(self) -> int:
        return sum(len(payload.content) for payload in self.payloads) + len(self.attributes)


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


def snapshot(record: Record) -> Snapshot:
    """Copy a record's arrays and attributes.

    Raises:
        ValueError: for attributes that JSON cannot hold (NaN and Inf among them) or that are nested deeper than readers
            take, a step above 2^63 - 1, or a wall time that is not finite.
    """
    step, wall_time = int(record.step), float(record.wall_time)
    if step > _MAX_STEP:
        raise ValueError(f"step: {step} given; the log holds steps up to {_MAX_STEP}")
    if not abs(wall_time) <= MAX_WALL_TIME:
        raise ValueError(f"wall_time: {wall_time} given; accepted are seconds since the epoch up to {MAX_WALL_TIME:g}")
    try:
        attributes = _json(dict(record.attributes))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"attributes of {record.kind!r}: {error}; accepted are finite JSON values") from error
    if _is_deep(record.attributes, MAX_DEPTH - 1):
        raise ValueError(f"attributes of {record.kind!r}: lists and objects may be nested {MAX_DEPTH - 1} deep")
    payloads = tuple(
        Payload(name, array.dtype.name, array.shape, array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        for name, array in record.arrays.items()
    )
    return Snapshot(record.kind, step, record.layer, wall_time, attributes, payloads)


def encode(record: Record | Snapshot) -> list[bytes]:
    """The bytes of the record's Event, in pieces, so that no array is copied once more.

    Raises:
        ValueError: as `snapshot`, or for a directory larger than readers take.
    """
    seen = record if isinstance(record, Snapshot) else snapshot(record)
    pieces: list[bytes] = []
    places: list[dict[str, Any]] = []
    position = 0
    for payload in seen.payloads:
        head = _array_head(seen, payload)
        entry = {"name": payload.name, "dtype": payload.dtype, "shape": payload.shape}
        places.append({**entry, "offset": position + len(head), "length": len(payload.content)})
        pieces += [head, payload.content]
        position += len(head) + len(payload.content)
    directory = _directory_value(seen, places)
    summary_bytes = len(directory) + position
    event = wire.double_field(_WALL_TIME, seen.wall_time) + wire.number_field(_STEP, seen.step)
    return [event + wire.length_prefix(_SUMMARY, summary_bytes) + directory, *pieces]


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _directory_value(seen: Snapshot, places: list[dict[str, Any]]) -> bytes:
    if seen.layer is not None and len(seen.layer) > MAX_LAYER_CHARACTERS:
        raise ValueError(f"layer: a path of {len(seen.layer)} characters given; at most {MAX_LAYER_CHARACTERS}")
    head = _json({"schema": SCHEMA_VERSION, "kind": seen.kind, "layer": seen.layer})
    text = f'{head[:-1]},"attributes":{seen.attributes},"arrays":{_json(places)}}}'
    content = text.encode("utf-8", "replace")  # a lone surrogate, which no UTF-8 holds, becomes a question mark
    if len(content) > MAX_DIRECTORY_BYTES:
        raise ValueError(
            f"{seen.kind!r}: names and attributes take {len(content)} bytes; at most {MAX_DIRECTORY_BYTES}"
        )
    tensor = wire.number_field(_DTYPE, _DT_STRING) + wire.bytes_field(_SHAPE, b"") + wire.bytes_field(_STRINGS, content)
    return wire.bytes_field(_VALUE, wire.bytes_field(_TAG, DIRECTORY_TAG) + wire.bytes_field(_TENSOR, tensor))


def _array_head(seen: Snapshot, payload: Payload) -> bytes:
    """Everything of an array's Value up to the first byte of its content."""
    parts = ("cnnviz", seen.kind, seen.layer, payload.name)
    tag = "/".join(part for part in parts if part is not None).encode("utf-8", "replace")
    dims = b"".join(wire.bytes_field(_DIM, wire.number_field(_SIZE, size)) for size in payload.shape)
    tensor = wire.number_field(_DTYPE, _DT[payload.dtype]) + wire.bytes_field(_SHAPE, dims)
    tensor += wire.length_prefix(_CONTENT, len(payload.content))
    tensor_bytes = len(tensor) + len(payload.content)
    value = wire.bytes_field(_TAG, tag) + wire.length_prefix(_TENSOR, tensor_bytes)
    return wire.length_prefix(_VALUE, len(value) + tensor_bytes) + value + tensor


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
    dtype = _LITTLE[place.dtype]
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
    if step > _MAX_STEP:
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
        if number == _WALL_TIME and kind == wire.FIXED64:
            if b > len(head):
                raise wire.TruncatedProto(b)
            (wall_time,) = struct.unpack_from("<d", head, a)
        elif number == _STEP and kind == wire.VARINT:
            step = a
        elif number == _SUMMARY and kind == wire.BYTES:
            for value_number, value_kind, start, stop in wire.read_fields(head, a, b):
                if value_number == _VALUE and value_kind == wire.BYTES:
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
    raw = _parse_json(_directory_text(value))
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
        if number == _TAG and kind == wire.BYTES:
            tag = value[a:b]
        elif number == _TENSOR and kind == wire.BYTES:
            for inner, inner_kind, start, stop in wire.read_fields(value, a, b):
                if inner == _STRINGS and inner_kind == wire.BYTES:
                    text = value[start:stop]
    if tag != DIRECTORY_TAG or text is None:
        raise ForeignRecord("an event whose first value is no directory")
    return text


def _parse_json(text: bytes) -> dict[str, Any]:
    try:
        raw = _decoder.decode(text.decode())
        if b"\\u" in text:
            _json(raw).encode()
    except (ValueError, RecursionError) as error:  # UnicodeError is a ValueError
        raise DamagedRecord(f"the directory is no JSON: {str(error)[:120]}") from error
    if not isinstance(raw, dict):
        raise DamagedRecord("the directory is no JSON object")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_deep(raw, MAX_DEPTH):
        raise DamagedRecord(f"lists and objects are nested more than {MAX_DEPTH} deep")
    return raw


def _is_deep(value: object, most: int) -> bool:
    """Whether lists and objects are nested more than so many deep. Without recursion, which has a bound of its own."""
    level = [value]
    for _ in range(most):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, Mapping) else item)  # type: ignore[attr-defined]
            if isinstance(child, Mapping | list | tuple)
        ]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


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
    if math.prod(size or 1 for size in sizes) * np.dtype(dtype).itemsize > _MAX_ARRAY_BYTES:
        raise DamagedRecord(f"array {name[:80]!r}: its shape is larger than any array")
    return ArrayPlace(name, dtype, tuple(sizes), offset, offset + length)


def _count(number: Any, name: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise DamagedRecord(f"array {name[:80]!r}: sizes must be whole numbers from 0")
    return number
