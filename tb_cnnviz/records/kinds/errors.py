"""Statistics of the backpropagated error of layers, on the labelled probe."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Column, Form, Kind, Owner, Series
from tb_cnnviz.records.layer_rows import restore_rows

KIND = Kind(
    name="errors",
    order=120,
    owner=Owner.ROWS,
    arrays=(
        "of the labelled probe, see below. `rows` uint8: JSON, a list with an object for each of the R "
        "layers; by row [R]: {columns}, `histogram` uint32 [R, bins], `sampled` int32 "
        "(1: every value is counted); `channel_norm` float32, the channels of all rows one after the other, "
        "over all images"
    ),
    attributes=(
        "`bin_start`; `source`: probe; `loss`: name, or null; `loss_value`: a number, or `nan`, `inf`, `-inf` "
        "as text; `images`; `loss_scale` where layers compute in float16"
    ),
    lost_with=("errors",),
    series=Series(
        Form.STATISTICS,
        (
            Column("norm", "float32", "root of the sum of squares"),
            Column("mean", "float32", "mean; NaN where a value is NaN"),
            Column("min", "float32", "smallest finite value"),
            Column("max", "float32", "largest finite value"),
            Column("count", "int64", "all values", "values"),
            Column("zeros", "int64", "exact zeros", "values"),
            Column("nan", "int64", "values that are NaN", "values"),
            Column("inf", "int64", "infinite values", "values"),
        ),
        has_histogram=True,
    ),
    restore=restore_rows,
)
