"""The record that begins a session: how its counting leads to the log's, where that ended, and what wrote it."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="session",
    order=10,
    owner=Owner.MODEL,
    attributes=(
        "`steps`: what a step counts, `optimizer updates` or `train steps` (older logs: the first), "
        "`iterations_offset` (step − optimizer.iterations; of train steps the count that fit began with), "
        "`epoch_offset` (logged epoch − epoch of this fit), `before`: how far the log had come: `last_step` "
        "of any record, `last_epoch` or null, `examples`; `tb_cnnviz`, `backend`. Older logs have no `before`"
    ),
    lost_with=("the session",),
    is_unlimited=True,
)
