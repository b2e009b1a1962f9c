"""Statistics of what layers make of the training batch."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Column, Form, Kind, Owner, Series
from tb_cnnviz.records.layer_rows import restore_rows

KIND = Kind(
    name="activations",
    order=110,
    owner=Owner.ROWS,
    arrays=(
        "of the training batch, see below. `rows` uint8: JSON, a list with an object for each of the R rows; "
        "by row [R]: {columns}, `histogram` uint32 [R, bins], `sampled` int32 (1: every value is counted, k: those of every k-th "
        "position); by channel, the channels of all rows one after the other [C]: `channel_mean`, "
        "`channel_std`, `channel_min`, `channel_max` float32, `channel_zeros`, `channel_saturated`, "
        "`channel_nan`, `channel_inf` int64, `channel_histogram` uint32 [C, m] with `channel_edges` float32 "
        "[m + 1]"
    ),
    attributes=(
        "`bin_start`; `source`: training batch; `exact`: whether all of `sampled` are 1; `micro_batches` "
        "under gradient accumulation"
    ),
    lost_with=("activations",),
    series=Series(
        Form.STATISTICS,
        (
            Column("mean", "float32", "mean; NaN where a value is NaN"),
            Column("std", "float32", "standard deviation; NaN where a value is NaN"),
            Column("min", "float32", "smallest finite value"),
            Column("max", "float32", "largest finite value"),
            Column("count", "int64", "all values", "values"),
            Column("zeros", "int64", "exact zeros", "values"),
            Column(
                "saturated",
                "int64",
                "values where the activation is saturated, as the row's `saturation` says",
                "values",
            ),
            Column(
                "slope_rms",
                "float32",
                "root mean square of the activation's derivative, by which a gradient shrinks on its way back; in the row of the "
                "pre-activation where the layer fuses its activation, else of the output. NaN without an activation whose "
                "derivative is known by element, and where a value is NaN",
            ),
            Column("nan", "int64", "values that are NaN", "values"),
            Column("inf", "int64", "infinite values", "values"),
        ),
        has_histogram=True,
    ),
    restore=restore_rows,
)
