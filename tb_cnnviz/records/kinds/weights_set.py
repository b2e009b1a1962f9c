"""Weights that were set without an update."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="weights_set",
    order=170,
    owner=Owner.MODEL,
    attributes=(
        "a callback set weights after the step's update, or before the first one of a fit, without an update "
        "(below). `event`: where; `weights`: paths of the first eight of those that changed, `changed`: how "
        "many, of `of` in the model. After `between two fits` these three are not known"
    ),
    lost_with=("weights set without an update",),
    is_unlimited=True,
)
