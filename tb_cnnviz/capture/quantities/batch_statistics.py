"""Statistics of the tensors of a training batch, inside a training step.

A summary is of one tensor, or of all replicas' shares of it: `numbers` float32 [4], which are mean, sum of squared
deviations from it, least and largest finite value (NaN without one); `counts` int32 [3], which are values, NaN, Inf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.network.architecture import loss_name
from tb_cnnviz.capture.quantities.exponent_counts import counted

Summary = dict[str, Any]

#: Classes that are counted at most.
MOST_CLASSES = 1000

NOTHING: dict[str, np.ndarray] = {
    "numbers": np.array([0, 0, np.nan, np.nan], np.float32),
    "counts": np.zeros(3, np.int32),
}


def summary(tensor: Any) -> Summary:
    """Of a tensor of any shape and dtype, as float32."""
    values = ops.cast(ops.reshape(ops.convert_to_tensor(tensor), (-1,)), "float32")
    size = ops.cast(ops.shape(values)[0], "int32")
    number = ops.maximum(ops.cast(size, "float32"), 1.0)
    finite = ops.isfinite(values)
    rough = ops.sum(values) / number
    # Corrected once, as the sum of many equal float32 values is off. Not where it is not finite: Inf - Inf would be NaN.
    mean = ops.where(ops.isfinite(rough), rough + ops.sum(values - rough) / number, rough)
    low, high = float("-inf"), float("inf")
    some = ops.where(ops.any(finite), 0.0, float("nan"))
    # What is empty has no least value: an infinite one beside it makes none the least of all.
    least = ops.min(ops.concatenate([ops.where(finite, values, high), ops.full((1,), high, "float32")])) + some
    largest = ops.max(ops.concatenate([ops.where(finite, values, low), ops.full((1,), low, "float32")])) + some
    return {
        "numbers": ops.stack([mean, ops.sum(ops.square(values - mean)), least, largest]),
        "counts": ops.stack([size, _number(ops.isnan(values)), _number(ops.isinf(values))]),
    }


def merged(parts: Sequence[Summary]) -> Summary:
    """The summary of all tensors that the parts are of. Each may be of several tensors: [k, …]."""
    whole = parts[0]
    for part in parts[1:]:
        n, m = (ops.cast(each["counts"][..., 0], "float32") for each in (whole, part))
        share = m / ops.maximum(n + m, 1.0)
        a, b = whole["numbers"], part["numbers"]
        apart = b[..., 0] - a[..., 0]
        numbers = [
            a[..., 0] + apart * share,
            a[..., 1] + b[..., 1] + ops.square(apart) * n * share,
            _known(ops.minimum, a[..., 2], b[..., 2]),
            _known(ops.maximum, a[..., 3], b[..., 3]),
        ]
        whole = {"numbers": ops.stack(numbers, axis=-1), "counts": whole["counts"] + part["counts"]}
    return whole


@dataclass(frozen=True)
class Classes:
    """How a loss reads labels: as one of so many classes, by their numbers, or as the largest of as many values."""

    count: int
    is_sparse: bool

    def counts(self, labels: Any, *, jit: bool) -> Any:
        """How many of them are of each class: int32 [count]. One that is no class, NaN too, is of none."""
        labels = ops.cast(ops.convert_to_tensor(labels), "float32")
        if self.is_sparse:
            flat = ops.reshape(labels, (-1,))
            is_class = ops.logical_and(flat >= 0, flat < self.count)
        else:
            rows = ops.reshape(labels, (-1, self.count))
            is_class = ops.all(ops.isfinite(rows), axis=-1)
            flat = ops.argmax(rows, axis=-1)
        places = ops.where(is_class, ops.cast(ops.where(is_class, flat, ops.zeros_like(flat)), "int32"), self.count)
        return ops.cast(counted(places, self.count + 1, jit=jit)[: self.count], "int32")

    def fits(self, labels: Any) -> bool:
        """Have they the form that the loss takes?"""
        return self.is_sparse or (len(labels.shape) > 1 and labels.shape[-1] == self.count)


def classes_of(model: Any, outputs: Sequence[Any]) -> Classes | None:
    """The classes that its only loss tells apart; None where it has none, or they are too many.

    Args:
        outputs: the model's, of any pass.
    """
    loss = (loss_name(getattr(model, "loss", None)) or "").lower()
    if loss not in ("sparse_categorical_crossentropy", "categorical_crossentropy") or len(outputs) != 1:
        return None
    count = outputs[0].shape[-1] if len(outputs[0].shape) > 1 else None
    if not count or not 1 < int(count) <= MOST_CLASSES:
        return None
    return Classes(int(count), loss.startswith("sparse"))


def _number(is_one: Any) -> Any:
    return ops.sum(ops.cast(is_one, "int32"))


def _known(which: Any, a: Any, b: Any) -> Any:
    return ops.where(ops.isnan(a), b, ops.where(ops.isnan(b), a, which(a, b)))
