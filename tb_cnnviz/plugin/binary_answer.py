"""The binary answer: a JSON header, then arrays as they lie in memory, so that the page needs no parser for them.

docs/http_api.md has the layout.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.http_schema import SCHEMA_VERSION, ArrayEntry, BinaryHeader, RecordEntry
from tb_cnnviz.records import Record

MAGIC = b"CNV1"
ALIGNMENT = 8


def frame(records: Sequence[Record]) -> tuple[list[bytes | memoryview], int]:
    """The answer that holds these records, as chunks and as their length in bytes. Arrays are not copied."""
    entries: list[RecordEntry] = []
    body: list[bytes | memoryview] = []
    offset = 0
    for record in records:
        arrays: list[ArrayEntry] = []
        for name, array in record.arrays.items():
            data = _bytes(array)
            padding = -len(data) % ALIGNMENT
            arrays.append(ArrayEntry(name, array.dtype.name, list(array.shape), offset, len(data)))  # type: ignore[arg-type]
            body += [data, b"\0" * padding]
            offset += len(data) + padding
        attributes = dict(record.attributes)
        entries.append(RecordEntry(record.kind, record.layer, record.step, record.wall_time, attributes, arrays))
    header = _padded(to_json(BinaryHeader(SCHEMA_VERSION, entries)))
    prefix = MAGIC + len(header).to_bytes(4, "little") + header
    return [prefix, *body], len(prefix) + offset


def _padded(header: bytes) -> bytes:
    return header + b" " * (-(len(MAGIC) + 4 + len(header)) % ALIGNMENT)


def _bytes(array: np.ndarray) -> memoryview:
    # The order may be "<", ">", "=" or "|"; only what is big-endian here has to be turned.
    big = array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and sys.byteorder == "big")
    little = array.astype(array.dtype.newbyteorder("<")) if big else array
    return np.ascontiguousarray(little).reshape(-1).view(np.uint8).data
