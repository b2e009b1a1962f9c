"""The images that feature maps and errors are of."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="probe",
    order=30,
    owner=Owner.MODEL,
    arrays=(
        "`x` as given to the model (`x`, `x_1`, … for several inputs; one that holds no numbers is missing), "
        "`y` where given, `display` uint8 [images, height, width, 1 or 3]: pictures, red first whatever "
        "`channel_order` is"
    ),
    attributes="`display_range` [lo, hi]: the values that became 0 and 255; `labelled`",
    lost_with=("the probe",),
)
