"""The part of protobuf's wire format that a record needs, so that arrays are written and found without being copied.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_MAX_VARINT_BYTES = 10


class MalformedProto(ValueError):
    """Bytes that are no protobuf message, or that reach outside the message they stand in."""


class TruncatedProto(Exception):
    """The bytes at hand end before the message does; `needed` of them, from the first, would go further."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def varint(value: int) -> bytes:
    """A number in [0, 2^64) as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value)


def double_field(number: int, value: float) -> bytes:
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def length_prefix(number: int, length: int) -> bytes:
    """What stands before the content of a string, bytes or message field."""
    return varint(number << 3 | BYTES) + varint(length)


def bytes_field(number: int, content: bytes) -> bytes:
    return length_prefix(number, len(content)) + content


def read_varint(buffer: bytes | memoryview, position: int, end: int) -> tuple[int, int]:
    """A varint and the position after it."""
    value = shift = 0
    for taken in range(_MAX_VARINT_BYTES):
        at = position + taken
        if at >= end:
            raise MalformedProto("a number is cut off")
        if at >= len(buffer):
            raise TruncatedProto(at + _MAX_VARINT_BYTES)
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + 1
        shift += 7
    raise MalformedProto("a number is longer than ten bytes")


def read_fields(buffer: bytes | memoryview, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message in buffer[start:end], in order: number, wire type, and two numbers more.

    These are value and 0 for a varint, and where the content starts and stops for everything else. The content may lie
    behind the end of `buffer`, never behind `end`.

    Raises:
        MalformedProto: as soon as something does not fit.
        TruncatedProto: where the next field stands behind the end of `buffer`.
    """
    position = start
    while position < end:
        if position < len(buffer) and buffer[position] < 0x80:
            key, position = buffer[position], position + 1
        else:
            key, position = read_varint(buffer, position, end)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise MalformedProto("a field has the number 0")
        if wire == VARINT:
            value, position = read_varint(buffer, position, end)
            yield number, wire, value, 0
            continue
        if wire == BYTES:
            size, position = read_varint(buffer, position, end)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise MalformedProto(f"wire type {wire} is not used in records")
        if size > end - position:
            raise MalformedProto("a field reaches over the end of its message")
        yield number, wire, position, position + size
        position += size
