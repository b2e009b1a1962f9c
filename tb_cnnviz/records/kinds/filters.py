"""The kernels of a layer, at picture steps."""

from __future__ import annotations

from typing import Any

from tb_cnnviz.records.kinds.kind import Asked, Content, Kind, Owner, as_logged, fitting
from tb_cnnviz.records.quantisation import restore_kernel


def _restored(record: Content, asked: Asked) -> dict[str, Any]:
    out = as_logged(record, asked)
    with fitting(record.kind):
        out["kernel"] = restore_kernel(out["kernel"], out.pop("scale", None))
    return out


KIND = Kind(
    name="filters",
    order=40,
    owner=Owner.LAYER,
    arrays=(
        "`kernel` float32 or int8 [kept, in/groups, *spatial], `scale` float32 [kept] beside int8, `bias` "
        "float32 [out] where there is one, `norm` float32 [out] from the float32 weights. A separable layer "
        "has its depthwise kernel as `kernel` and `pointwise` [kept, in, 1, …] beside it. A convolutional "
        "recurrent layer has its input kernel as `kernel` [4 · units, in, *spatial] and `recurrent` [4 · "
        "units, units, *spatial] beside it, float32, the filters by gate, those of a Bidirectional forward "
        "and then backward. Where `max_bytes_per_step` leaves no room for all filters: `filters` int32 "
        "[kept], which ones (`pointwise_filters`, `recurrent_filters` for the second kernel); without it kept "
        "= out"
    ),
    attributes=(
        "`of`, `pointwise_of`, `recurrent_of`: how many filters there are, beside `filters`, "
        "`pointwise_filters` and `recurrent_filters`; `gates`: names of the equal parts into which a "
        "recurrent layer's filters fall, `input`, `forget`, `cell`, `output`, or `forward input` … `backward "
        "output`"
    ),
    lost_with=("filters",),
    is_picture=True,
    restore=_restored,
)
