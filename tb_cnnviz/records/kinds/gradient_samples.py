"""Gradient, value and update of single weights of every variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.records.kinds.kind import Asked, Content, Kind, Owner, fitting
from tb_cnnviz.records.micro_batches import MICRO_BATCH, of_micro_batches


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    """The weights that a record follows, of all variables or of one; all arrays are the caller's own."""
    variables, column = asked.variables, asked.column
    out: dict[str, Any] = dict(record.attributes)
    with fitting(record.kind):
        arrays = dict(record.arrays)
        counts = arrays.pop("counts").astype(np.int64)
        micro = of_micro_batches(arrays)
        if (variables and len(counts) != len(variables)) or (counts < 0).any():
            raise ValueError(f"{len(variables)} variables in the model record")
        lengths = {len(array) for array in arrays.values()} | {array.shape[1] for array in micro.values()}
        if lengths != {int(counts.sum())}:
            raise ValueError(f"{counts.sum()} weights said, {sorted(lengths)} there")
        ends = np.cumsum(counts)
        here = slice(None) if column is None else slice(int(ends[column] - counts[column]), int(ends[column]))
        out |= {name: array[here].copy() for name, array in arrays.items()}
        out |= {name: array[:, here].copy() for name, array in micro.items()}
    if column is None:
        out |= {"variables": list(variables), "counts": counts}
    if MICRO_BATCH in record.arrays:
        out[MICRO_BATCH] = record.arrays[MICRO_BATCH].copy()
    return out


KIND = Kind(
    name="gradient_samples",
    order=140,
    owner=Owner.VARIABLES,
    arrays=(
        "up to 256 fixed weights of every variable, at the steps of `gradients`: `counts` int32 [n]: how many "
        "of each; one after the other [S]: `indices` int64 (flat, in the variable's own layout), `gradient` "
        "float32 (received, before clipping), `value` float32 (before the update), `update` float32 "
        "(applied). Under gradient accumulation also `micro_batch` int32 [k] and `micro_gradient` [k, S]"
    ),
    attributes="`source`; `micro_batches`",
    lost_with=("gradients",),
    restore=_restored,
)
