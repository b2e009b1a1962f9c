"""Whole inputs and outputs of convolutions and pooling layers, for the Lab."""

from __future__ import annotations

from typing import Any

from tb_cnnviz.records.kinds.kind import Asked, Content, Kind, Owner, as_logged, fitting


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    out = as_logged(record, asked)
    with fitting(record.kind):
        if asked.source is not None:
            out["input"] = asked.source.arrays["output"].copy()
    return out


KIND = Kind(
    name="operations",
    order=60,
    owner=Owner.LAYER,
    arrays=(
        "of convolutions and pooling layers (global ones too), for the first probe image, at the layer's "
        "first call: `input` and `output` [channels, *spatial], all channels; `output` is what the layer "
        "returns, after its fused activation. Float32; see below for float16. No `input` where `input_layer` "
        "stands"
    ),
    attributes="`input_layer`: path of the layer whose `output` at the same step is this one's input",
    lost_with=("feature maps",),
    is_picture=True,
    input_in="input",
    restore=_restored,
)
