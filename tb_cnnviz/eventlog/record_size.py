"""How many bytes a record takes in a file, before it is written."""

from __future__ import annotations

import json

from tb_cnnviz.records import Record


def bytes_in_log(record: Record) -> int:
    """At least as many bytes as a record takes in a file, and at most a few dozen more for each array."""
    layer = len(json.dumps(record.layer or ""))
    arrays = sum(95 + layer + 2 * len(name) + 16 * array.ndim + array.nbytes for name, array in record.arrays.items())
    return 150 + layer + len(json.dumps(dict(record.attributes), default=str)) + arrays
