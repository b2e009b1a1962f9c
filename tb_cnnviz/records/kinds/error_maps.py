"""Maps of the backpropagated error, at picture steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.records.kinds.kind import Asked, Content, Kind, Owner, as_logged, fitting
from tb_cnnviz.records.quantisation import restore_errors


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    out = as_logged(record, asked)
    with fitting(record.kind):
        out["maps"] = restore_errors(out["maps"], out.pop("scale", None))
        out["channels"] = out["channels"].astype(np.int64)
    return out


KIND = Kind(
    name="error_maps",
    order=130,
    owner=Owner.LAYER,
    arrays=(
        "`maps` int8 or float32 [images, channels, *spatial], `scale` float32 [images, channels] beside int8, "
        "`channels` int32: which ones"
    ),
    attributes="`of`, `place`, `source`, `loss`",
    lost_with=("errors",),
    is_picture=True,
    restore=_restored,
)
