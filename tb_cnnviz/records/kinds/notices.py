"""What was given up or dropped, and why."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="notices",
    order=160,
    owner=Owner.MODEL,
    attributes=(
        "`part`, `message`: what was given up or dropped, and why; from the writer also `dropped`: number of "
        "records by kind"
    ),
    is_unlimited=True,
)
