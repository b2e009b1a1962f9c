"""What a step's pictures and a run's log may take."""

from __future__ import annotations

from tb_cnnviz.records import Record

#: Kinds that are always written: without them a log cannot be read, or would not say what it lacks.
UNLIMITED = frozenset({"session", "model", "losses", "epochs", "cost", "notices"})

#: Of what a log has left when a fit begins, the part that the pictures of one step, and the operations, may take.
STEPS_TO_LEAVE = 8


def step_bytes(max_bytes_per_step: int, left: int) -> int:
    """What the pictures of one step may take, where `left` bytes of the log's limit are left when the fit begins."""
    return max(1, min(max_bytes_per_step, left // STEPS_TO_LEAVE))


def bytes_in_log(record: Record) -> int:
    """At least as many bytes as a record takes in a file, and at most some hundred more for each array."""
    layer = len((record.layer or "").encode()) * 2
    names = sum(2 * len(name) + 24 * array.ndim + array.nbytes for name, array in record.arrays.items())
    return 512 + 7 * len(repr(dict(record.attributes))) + layer + (256 + layer) * len(record.arrays) + names
