"""The norm of the received gradient of every trainable variable, at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds.kind import Asked, Column, Content, Form, Kind, Owner, Series, fitting


def _joined(records: Sequence[Content], asked: Asked) -> dict[str, Any]:
    """Rows by step, and of equal steps by `batch`; of a step that was logged again the later ones.

    Rows of a model with another number of variables than the last record's are left out.
    """
    blocks = [_block(record) for record in records]
    width = blocks[-1][2].shape[1] if blocks else 0
    blocks = [block for block in blocks if block[2].shape[1] == width]
    if asked.variables and len(asked.variables) != width:
        raise DamagedRecord(f"norms of {width} variables, {len(asked.variables)} are in the model record")
    step, batch, norm = (np.concatenate([block[i] for block in blocks]) for i in range(3))
    order = _latest(step, batch)
    out: dict[str, Any] = {"step": step[order], "batch": batch[order]}
    if asked.column is None:
        return {**out, "norm": norm[order], "variables": list(asked.variables)}
    return {**out, "norm": norm[order, asked.column]}


def _block(record: Content) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with fitting(record.kind):
        step, batch, norm = (record.arrays[name] for name in ("step", "batch", "norm"))
        if step.ndim != 1 or batch.shape != step.shape or norm.ndim != 2 or len(norm) != len(step):
            raise ValueError(f"step {step.shape}, batch {batch.shape}, norm {norm.shape}")
        if step.dtype.kind not in "iu" or batch.dtype.kind not in "iu":
            raise ValueError("steps or batches are not whole numbers")
    return step, batch, norm


def _latest(steps: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Places of the rows that hold: of each step and batch the last one, ascending."""
    order = np.lexsort((np.arange(len(steps)), batch, steps))
    is_last = np.ones(len(order), bool)
    is_last[:-1] = (np.diff(steps[order]) != 0) | (np.diff(batch[order]) != 0)
    return np.asarray(order[is_last])


KIND = Kind(
    name="gradient_norms",
    order=190,
    owner=Owner.VARIABLES,
    arrays=(
        'with `every="auto"`, one row a training batch, many rows a record: `step` int64 [m], `batch` int32 [m] (which of '
        "the micro-batches of one update, from 0), {columns} [m, n]. Batches whose update was skipped for an overflow have "
        "no row; nor has a step that can use several optimizers"
    ),
    attributes="`source`: training batch",
    lost_with=("gradient norms",),
    series=Series(
        Form.STEPS,
        (
            Column(
                "norm",
                "float32",
                "norm of the received gradient, before clipping; the root of a sum of squares in float32: 0 below about "
                "1e-19, infinite above 1.8e19; NaN and infinite where the gradient is",
            ),
        ),
    ),
    join=_joined,
)
