"""Statistics of what the model was trained on: inputs and labels of the training batch."""

from __future__ import annotations

from tb_cnnviz.records.kinds.kind import Kind, Owner

KIND = Kind(
    name="batches",
    order=180,
    owner=Owner.MODEL,
    arrays=(
        "of the training batch, as the training step gets it, before the model's own preprocessing; a place for each of its k "
        "tensors of numbers: float32 [k] `mean` and `std` (NaN where a value is NaN or infinite), `min` and `max` (of the finite "
        "values, NaN without one); int64 [k] `count` (all values), `nan`, `inf`. `class_counts` int64 [classes]: labels of each "
        "class, where a single tensor of labels goes into a cross-entropy over at most 1,000 classes; a label that is no class is "
        "not counted"
    ),
    attributes=(
        "`names` [k]: of inputs as the model or a dict of the data calls them, else `x`, `x_0` …, of labels `y` likewise; `parts` "
        "[k]: input or label; `of`: how many tensors the batch has, of which at most 16 are recorded; `left_out`: names "
        "of up to 16 that are no dense tensors of numbers (text, ragged, sparse), where there are any; `source`: training "
        "batch; `micro_batches` under gradient accumulation: of the last one of each update"
    ),
    lost_with=("batches",),
)
