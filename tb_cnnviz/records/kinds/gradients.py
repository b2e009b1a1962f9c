"""Statistics of received gradients and applied updates, of every trainable variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.records.histogram import edges, untrim
from tb_cnnviz.records.kinds.kind import Asked, Column, Content, Form, Kind, Owner, Series, fitting
from tb_cnnviz.records.micro_batches import MICRO_BATCH, of_micro_batches


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    """The columns of all variables, or one variable's values, histograms with all their bins."""
    variables, column = asked.variables, asked.column
    out: dict[str, Any] = {key: value for key, value in record.attributes.items() if key != "bin_start"}
    out |= {"edges": edges(), "skipped": _count(out.get("skipped", 0))}
    with fitting(record.kind):
        columns = dict(record.arrays)
        for name in ("histogram", "micro_histogram"):
            if name in columns or name == "histogram":
                columns[name] = untrim(record.attributes["bin_start"], columns[name])
        micro = of_micro_batches(columns)
        columns.setdefault("sampled", np.ones(len(columns["histogram"]), np.int32))
        lengths = {len(array) for array in columns.values()} | {array.shape[1] for array in micro.values()}
        if variables and lengths != {len(variables)}:
            raise ValueError(f"{len(variables)} variables in the model record")
        rows = {name: array.copy() if column is None else array[column] for name, array in columns.items()}
        rows |= {name: (array if column is None else array[:, column]).copy() for name, array in micro.items()}
    if column is None:
        out["variables"] = list(variables)
    if MICRO_BATCH in record.arrays:
        rows[MICRO_BATCH] = record.arrays[MICRO_BATCH].copy()
    return {**out, **rows}


def _count(value: Any) -> int:
    """A log that says nonsense says none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


KIND = Kind(
    name="gradients",
    order=80,
    owner=Owner.VARIABLES,
    arrays=(
        "{columns}, [n] each; `histogram` uint32 [n, bins]; int32 "
        "[n] `sampled`: 1 where the histogram is of all elements, k where it is of every k-th (below). Under "
        "gradient accumulation also `micro_batch` int32 [k], the numbers of what is received as `micro_norm`, "
        "`micro_mean` … [k, n], and `micro_histogram` [k, n, bins] (below). "
        "Older logs have no `sampled`: all is exact. Where steps are train steps also int32 [n] `optimizer` "
        "(index into `optimizers`, −1: none) and `calls` (below)"
    ),
    attributes=(
        "`bin_start`; `optimizers`: names of those that were called; `source`: training batch; `exact`: "
        "whether all of `sampled` are 1; `micro_batches` under gradient accumulation; `skipped`: batches "
        "since the last record whose update a LossScaleOptimizer skipped, where there were any"
    ),
    lost_with=("gradients",),
    series=Series(
        Form.STATISTICS,
        (
            Column("norm", "float32", "norm of the received gradient, before clipping"),
            Column("mean", "float32", "mean of the received gradient; NaN where a value is NaN"),
            Column("min", "float32", "smallest finite value of the received gradient"),
            Column("max", "float32", "largest finite value of the received gradient"),
            Column("weight_norm", "float32", "norm of the weights before the update"),
            Column("update_norm", "float32", "norm of the update that was applied"),
            Column("zeros", "int64", "exact zeros in the received gradient", "values"),
            Column("nan", "int64", "values of the received gradient that are NaN", "values"),
            Column("inf", "int64", "infinite values of the received gradient", "values"),
        ),
        has_histogram=True,
    ),
    restore=_restored,
)
