"""The network, which everything else in a log refers to by path or column: `records/model.py`."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="model",
    order=20,
    owner=Owner.MODEL,
    arrays=(
        "`json` uint8: the model record as UTF-8 JSON; its `channel_order`, rgb or bgr, says what the three "
        "channels of an image are to the model (older logs do not have it: rgb); written again at the same "
        "step, with the session, where the first steps show that other optimizers are called than was known"
    ),
    lost_with=("the model record", "the session"),
    is_unlimited=True,
)
