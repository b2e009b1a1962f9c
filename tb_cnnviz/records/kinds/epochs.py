"""Keras' metrics at the end of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds.kind import Asked, Content, Form, Kind, Owner, Series
from tb_cnnviz.records.metric_names import LEARNING_RATE, column_of, taken_beside

#: Above it a number is not exact in every reader.
_MAX_EPOCH = 1 << 53


def _joined(records: Sequence[Content], asked: Asked) -> dict[str, Any]:
    """A column for each metric, NaN where a record has it not, with `step` and `epoch`; of equal steps the last.

    A metric that is named like one of our own columns is `metric:<name>`.
    """
    rows: dict[int, dict[str, float]] = {}
    epochs: dict[int, int] = {}
    for record in records:
        names, values = record.attributes.get("names"), record.arrays.get("values")
        epoch = record.attributes.get("epoch")
        if not isinstance(names, list) or values is None or values.shape != (len(names),):
            raise DamagedRecord("names and values of epochs do not fit each other")
        if not isinstance(epoch, int) or abs(epoch) > _MAX_EPOCH:
            raise DamagedRecord("the epoch is no number")
        taken = taken_beside(record.arrays)
        rows[record.step] = {
            column_of(str(name), taken): value for name, value in zip(names, values.tolist(), strict=True)
        }
        rate = record.arrays.get(LEARNING_RATE)
        if rate is not None and rate.shape == (1,):
            rows[record.step][LEARNING_RATE] = float(rate[0])
        epochs[record.step] = epoch
    steps = sorted(rows)
    metrics = list(dict.fromkeys(name for step in steps for name in rows[step]))
    return {
        **{name: np.array([rows[step].get(name, np.nan) for step in steps], np.float32) for name in metrics},
        "step": np.array(steps, np.int64),
        "epoch": np.array([epochs[step] for step in steps], np.int64),
    }


KIND = Kind(
    name="epochs",
    order=100,
    owner=Owner.MODEL,
    arrays=("`values` float32 [m]; `learning_rate` float32 [1], only where a metric has this name: the optimizer's"),
    attributes="`names` [m] as in Keras' logs (`loss`, `val_loss`, …, `learning_rate`), `epoch`",
    lost_with=("metrics",),
    is_unlimited=True,
    series=Series(Form.METRICS),
    join=_joined,
)
