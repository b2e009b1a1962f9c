"""What the model makes of the probe, at picture steps."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="predictions",
    order=70,
    owner=Owner.MODEL,
    arrays="`y_pred` float32 [images, …]",
    lost_with=("feature maps",),
    is_picture=True,
)
