"""What a step's pictures and a run's log may take."""

from __future__ import annotations

import json

from tb_cnnviz.records import Record

#: Of what a log has left when a fit begins, the part that the pictures of one step, and the operations, may take.
STEPS_TO_LEAVE = 8

#: What the first and the last step may take however full the log is.
MIN_STEP_BYTES = 1 << 16

#: A batch's row in the records of losses, and its share of what is around the rows.
LOSS_BYTES = 56


def step_bytes(max_bytes_per_step: int, left: int) -> int:
    """What the pictures of one step may take, where `left` bytes of the log's limit are left when the fit begins."""
    return min(max_bytes_per_step, max(MIN_STEP_BYTES, left // STEPS_TO_LEAVE))


def bytes_in_log(record: Record) -> int:
    """At least as many bytes as a record takes in a file, and at most a few dozen more for each array."""
    layer = len(json.dumps(record.layer or ""))
    arrays = sum(95 + layer + 2 * len(name) + 16 * array.ndim + array.nbytes for name, array in record.arrays.items())
    return 150 + layer + len(json.dumps(dict(record.attributes), default=str)) + arrays
