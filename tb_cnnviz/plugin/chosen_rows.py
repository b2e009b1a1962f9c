"""The columns and rows of a table that a request asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.plugin.columns import Table, as_float
from tb_cnnviz.plugin.decimation import thin
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import MAX_ANSWER_BYTES


def chosen_rows(
    table: Table, chosen: Sequence[str], points: int | None
) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, Any]]:
    """Places of the rows kept, arrays (`step` float64 first) and the attributes that say what is here, as docs/http_api.md has them.

    Args:
        chosen: columns; those that the table has not are passed over. The first one that it has decides which rows
            are kept.
        points: at most so many rows, or None for all.

    Raises:
        HttpError: 400 for an answer above MAX_ANSWER_BYTES.
    """
    rows = np.arange(len(table.steps))
    if points is not None:
        rows = thin(_guide(table, chosen), points)
    arrays: dict[str, np.ndarray] = {"step": table.steps[rows].astype(np.float64)}
    refuse_large(sum(as_float(table.columns[name][:1]).nbytes for name in chosen if name in table.columns) * len(rows))
    arrays |= {name: as_float(table.columns[name][rows]) for name in chosen if name in table.columns}
    attributes: dict[str, Any] = {"points": len(rows), "of": len(table.steps)}
    missing = {name: np.flatnonzero(table.absent[name][rows]).tolist() for name in chosen if name in table.absent}
    if any(missing.values()):
        attributes["missing"] = {name: places for name, places in missing.items() if places}
    return rows, arrays, attributes


def refuse_large(size: int) -> None:
    """Refuse to make an answer of so many bytes where they are more than MAX_ANSWER_BYTES."""
    if size > MAX_ANSWER_BYTES:
        raise HttpError(
            400, f"the answer would hold {size} bytes; at most {MAX_ANSWER_BYTES}: ask for fewer columns or points"
        )


def _guide(table: Table, chosen: Sequence[str]) -> np.ndarray:
    """The column whose extremes decide which rows are kept."""
    return next((table.columns[name] for name in chosen if name in table.columns), table.steps)
