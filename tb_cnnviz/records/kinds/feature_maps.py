"""What a layer makes of the probe, at picture steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.records.kinds.kind import Asked, Content, Kind, Owner, as_logged, fitting
from tb_cnnviz.records.quantisation import restore_maps


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    out = as_logged(record, asked)
    with fitting(record.kind):
        _restore(out, "", "maps")
        if "input_maps" in out:
            _restore(out, "input_", "input")
        elif asked.source is not None:
            there = _restored(asked.source, Asked())
            out |= {"input": there["maps"], "input_channels": there["channels"], "input_of": there["of"]}
    return out


def _restore(out: dict[str, Any], prefix: str, name: str) -> None:
    maps, lo, hi = out.pop(f"{prefix}maps"), out.pop(f"{prefix}lo", None), out.pop(f"{prefix}hi", None)
    channels = f"{prefix}channels"
    out[name] = restore_maps(maps, lo, hi)
    out[channels] = out[channels].astype(np.int64)


KIND = Kind(
    name="feature_maps",
    order=50,
    owner=Owner.LAYER,
    arrays=(
        "`maps` uint8 or float32 [images, channels, *spatial], `lo` and `hi` float32 [images, channels] "
        "beside uint8, `channels` int32: which ones; of all channels, from float32: `mean`, `min`, `max` "
        "float32 and `zeros` (share of exact zeros) float32 [images, of]. For a pooling layer whose input is "
        "no logged layer's output: `input_maps`, `input_lo`, `input_hi`, `input_channels`"
    ),
    attributes="`of`, `input_of`; `input_layer`: path of the layer whose maps a pooling layer reads",
    lost_with=("feature maps",),
    is_picture=True,
    input_in="input_maps",
    restore=_restored,
)
