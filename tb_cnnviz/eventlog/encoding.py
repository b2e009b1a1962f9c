"""A record as the bytes of an Event proto. docs/log_format.md describes the layout; `decoding` is the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tb_cnnviz.eventlog import wire
from tb_cnnviz.eventlog.directory_json import is_deep, to_json
from tb_cnnviz.eventlog.record_layout import (
    CONTENT,
    DIM,
    DIRECTORY_TAG,
    DT,
    DT_STRING,
    DTYPE,
    MAX_DEPTH,
    MAX_DIRECTORY_BYTES,
    MAX_LAYER_CHARACTERS,
    MAX_STEP_VALUE,
    MAX_WALL_TIME,
    SHAPE,
    SIZE,
    STEP,
    STRINGS,
    SUMMARY,
    TAG,
    TENSOR,
    VALUE,
    WALL_TIME,
)
from tb_cnnviz.records.record import SCHEMA_VERSION, Record


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


def snapshot(record: Record) -> Snapshot:
    """Copy a record's arrays and attributes.

    Raises:
        ValueError: for attributes that JSON cannot hold (NaN and Inf among them) or that are nested deeper than readers
            take, a step above 2^63 - 1, or a wall time that is not finite.
    """
    step, wall_time = int(record.step), float(record.wall_time)
    if step > MAX_STEP_VALUE:
        raise ValueError(f"step: {step} given; the log holds steps up to {MAX_STEP_VALUE}")
    if not abs(wall_time) <= MAX_WALL_TIME:
        raise ValueError(f"wall_time: {wall_time} given; accepted are seconds since the epoch up to {MAX_WALL_TIME:g}")
    try:
        attributes = to_json(dict(record.attributes))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"attributes of {record.kind!r}: {error}; accepted are finite JSON values") from error
    if is_deep(record.attributes, MAX_DEPTH - 1):
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
    event = wire.double_field(WALL_TIME, seen.wall_time) + wire.number_field(STEP, seen.step)
    return [event + wire.length_prefix(SUMMARY, summary_bytes) + directory, *pieces]


def _directory_value(seen: Snapshot, places: list[dict[str, Any]]) -> bytes:
    if seen.layer is not None and len(seen.layer) > MAX_LAYER_CHARACTERS:
        raise ValueError(f"layer: a path of {len(seen.layer)} characters given; at most {MAX_LAYER_CHARACTERS}")
    head = to_json({"schema": SCHEMA_VERSION, "kind": seen.kind, "layer": seen.layer})
    text = f'{head[:-1]},"attributes":{seen.attributes},"arrays":{to_json(places)}}}'
    content = text.encode("utf-8", "replace")  # a lone surrogate, which no UTF-8 holds, becomes a question mark
    if len(content) > MAX_DIRECTORY_BYTES:
        raise ValueError(
            f"{seen.kind!r}: names and attributes take {len(content)} bytes; at most {MAX_DIRECTORY_BYTES}"
        )
    tensor = wire.number_field(DTYPE, DT_STRING) + wire.bytes_field(SHAPE, b"") + wire.bytes_field(STRINGS, content)
    return wire.bytes_field(VALUE, wire.bytes_field(TAG, DIRECTORY_TAG) + wire.bytes_field(TENSOR, tensor))


def _array_head(seen: Snapshot, payload: Payload) -> bytes:
    """Everything of an array's Value up to the first byte of its content."""
    parts = ("cnnviz", seen.kind, seen.layer, payload.name)
    tag = "/".join(part for part in parts if part is not None).encode("utf-8", "replace")
    dims = b"".join(wire.bytes_field(DIM, wire.number_field(SIZE, size)) for size in payload.shape)
    tensor = wire.number_field(DTYPE, DT[payload.dtype]) + wire.bytes_field(SHAPE, dims)
    tensor += wire.length_prefix(CONTENT, len(payload.content))
    tensor_bytes = len(tensor) + len(payload.content)
    value = wire.bytes_field(TAG, tag) + wire.length_prefix(TENSOR, tensor_bytes)
    return wire.length_prefix(VALUE, len(value) + tensor_bytes) + value + tensor
