"""What a metric's column is called: a metric may be named like a column of our own, and must not take its place."""

from __future__ import annotations

from collections.abc import Collection

#: Columns beside the metrics of an epoch, and what the page calls the losses of the batches.
OWN_COLUMNS = frozenset({"step", "epoch", "updates", "wall_time", "batch loss"})
LEARNING_RATE = "learning_rate"

_PREFIX = "metric:"


def column_of(name: str, taken: Collection[str] = OWN_COLUMNS) -> str:
    """The metric's own name, or `metric:<name>` where that is taken; no two names have one column.

    Args:
        taken: columns of our own.
    """
    return _PREFIX + name if name in taken or name.startswith(_PREFIX) else name


def taken_beside(arrays: Collection[str]) -> frozenset[str]:
    """The columns of our own beside the metrics of an epochs record, which holds these arrays."""
    return OWN_COLUMNS | {LEARNING_RATE} if LEARNING_RATE in arrays else OWN_COLUMNS
