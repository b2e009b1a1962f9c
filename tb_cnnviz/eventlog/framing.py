"""TFRecord framing: length, CRC of the length, payload, CRC of the payload.

The format is TensorFlow's, https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details. The CRCs
come from google_crc32c: TensorBoard's own are pure Python and hold writing to a few MB/s.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import google_crc32c

HEADER_BYTES = 12
FOOTER_BYTES = 4
OVERHEAD_BYTES = HEADER_BYTES + FOOTER_BYTES

#: A proto may not be larger, so no reader takes more.
MAX_PAYLOAD_BYTES = (1 << 31) - 1

_PIECE_BYTES = 1 << 20
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEADER = struct.Struct("<QI")


def masked_crc(*chunks: bytes) -> int:
    """The masked CRC32C of the chunks, one after the other."""
    crc = 0
    for chunk in chunks:
        crc = google_crc32c.extend(crc, chunk)
    return _masked(crc)


def _masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(chunks: Sequence[bytes]) -> list[bytes]:
    """A payload, given in pieces, as the pieces of its framed record.

    Raises:
        ValueError: when the payload is larger than a proto may be.
    """
    length = sum(map(len, chunks))
    if length > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a record of {length} bytes is larger than the {MAX_PAYLOAD_BYTES} that readers take")
    size = _LENGTH.pack(length)
    return [size + _CRC.pack(masked_crc(size)), *chunks, _CRC.pack(masked_crc(*chunks))]


def payload_length(header: bytes) -> int | None:
    """The length that a header's 12 bytes declare, or None where they are not there, or their CRC or size cannot be right."""
    if len(header) < HEADER_BYTES:
        return None
    length, crc = _HEADER.unpack_from(header)
    if crc != masked_crc(header[: _LENGTH.size]) or length > MAX_PAYLOAD_BYTES:
        return None
    return int(length)


def payload_is_intact(payload: bytes, footer: bytes) -> bool:
    """Whether the CRC that follows a payload is its own."""
    return is_crc(google_crc32c.value(payload), footer)


def is_crc(crc: int, footer: bytes) -> bool:
    """Whether a footer holds this CRC, given as CRC32C has it, unmasked."""
    return footer == _CRC.pack(_masked(crc))


def content_is_intact(read: Callable[[int, int], bytes], start: int, length: int) -> bool:
    """As `payload_is_intact`, of a payload at a place in a file, a piece at a time: read(offset, length)."""
    crc, position, stop = 0, start, start + length
    while position < stop:
        piece = read(position, min(_PIECE_BYTES, stop - position))
        if not piece:
            return False
        crc = google_crc32c.extend(crc, piece)
        position += len(piece)
    return is_crc(crc, read(stop, FOOTER_BYTES))
