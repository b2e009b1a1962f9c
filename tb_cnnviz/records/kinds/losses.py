"""Each training batch's own loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds.kind import Asked, Column, Content, Form, Kind, Owner, Series


def _joined(records: Sequence[Content], asked: Asked) -> dict[str, Any]:
    """Rows by step, and of equal steps by `batch`, which counts the batches that share one from 0.

    Of a train_step that returns its losses also `sources`, what each of them is, and `loss_name`, as the last record says.
    Where a step was logged again, beginning with its first batch, the later rows take the place of the earlier ones.
    Records of older logs have no `batch`, and one row a step.
    """
    blocks: list[dict[str, np.ndarray]] = []
    for record in records:
        arrays = dict(record.arrays)
        steps = arrays.get("step")
        if steps is None or steps.ndim != 1 or steps.dtype.kind not in "iu":
            raise DamagedRecord("losses without a column of steps")
        if any(array.shape != steps.shape for array in arrays.values()):
            raise DamagedRecord("the columns of losses differ in length")
        blocks.append({"batch": np.zeros(len(steps), np.int32), **arrays})
    names = list(dict.fromkeys(name for block in blocks for name in block))
    order = _latest(*(np.concatenate([block[name] for block in blocks]) for name in ("step", "batch")))
    columns: dict[str, Any] = {
        name: np.concatenate([_filled(block, name) for block in blocks])[order] for name in names
    }
    said = next((record.attributes for record in reversed(records) if "sources" in record.attributes), {})
    return columns | {name: said[name] for name in ("loss_name", "sources") if name in said}


def _latest(steps: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Places of the rows that hold, by step: of each, those from the last one on that is its first batch."""
    order = np.argsort(steps, kind="stable")
    begun = np.cumsum(batch[order] == 0)
    ordered = steps[order]
    last = np.searchsorted(ordered, ordered, side="right") - 1
    return np.asarray(order[begun == begun[last]])


def _filled(block: dict[str, np.ndarray], name: str) -> np.ndarray:
    return block[name] if name in block else np.full(len(block["step"]), np.nan, np.float32)


KIND = Kind(
    name="losses",
    order=90,
    owner=Owner.MODEL,
    arrays=(
        "one row a training step: `step` int64 [m], `batch` int32 [m] (0, 1, …: which of the batches that "
        "share the step: micro-batches of one update, or batches whose update was skipped for an overflow; "
        "the last one's was applied), {columns}, [m] each. Older logs have neither `wall_time` nor `batch`. Of a `train_step` that "
        "returns its losses also float32 [m] under the name of each other loss, and "
        "`learning_rate/<optimizer>` where several are called (below)"
    ),
    attributes=(
        "`loss_name`: the name under which the step returned what stands in `loss`; `sources`: what each loss "
        "is; `optimizers`: names of those that are called"
    ),
    lost_with=("losses",),
    is_unlimited=True,
    series=Series(
        Form.BATCHES,
        (
            Column("loss", "float32", "the batch's own loss, regularisation included"),
            Column("learning_rate", "float32", "the optimizer's"),
            Column("epoch", "int32", "the epoch that the batch is of, from 0", "epochs"),
            Column("examples", "int64", "examples seen since the run began", "examples"),
            Column(
                "wall_time",
                "float64",
                "when the host saw the step end, since the epoch; steps of one execution end together",
                "s",
            ),
        ),
    ),
    join=_joined,
)
