"""Statistics of many tensors at once, by a number of operations that does not grow with the number of tensors.

XLA compiles every operation that it is given, so statistics of each variable by itself cost more to compile than the
network. Here all tensors lie one after the other in rows of equal length, each from a row of its own on. What is reduced
by row is then reduced by tensor, over vectors a thousand times shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.quantities.exponent_counts import counted, sign_and_exponent
from tb_cnnviz.records.histogram import RAW_COUNT

_ROW = 1024

#: Below this a float32 is subnormal; a scale made from it would overflow.
SMALLEST_NORMAL = 1.1754944e-38


class RowTable:
    """Tensors [n] as rows of one table, float32 [rows, _ROW]; the last row of each is filled up with zeros."""

    def __init__(self, flats: Sequence[Any]) -> None:
        sizes = [int(flat.shape[0]) for flat in flats]
        rows = [max(1, -(-size // _ROW)) for size in sizes]
        padding = [count * _ROW - size for count, size in zip(rows, sizes, strict=True)]
        filled = [part for flat, n in zip(flats, padding, strict=True) for part in (flat, ops.zeros((n,), "float32"))]
        self.values = ops.reshape(ops.concatenate(filled), (-1, _ROW))
        self.sizes = np.array(sizes, np.float32)
        self.padding = np.array(padding, np.int32)
        self.owners = np.repeat(np.arange(len(sizes), dtype=np.int32), rows)
        self._lengths = np.full(len(self.owners), _ROW, np.int32)
        self._lengths[np.cumsum(rows) - 1] -= self.padding

    @property
    def is_value(self) -> Any:
        """False where a row is filled up: bool [rows, _ROW]."""
        return ops.arange(_ROW, dtype="int32") < self._lengths[:, None]

    def total(self, cells: Any) -> Any:
        """The sum by tensor of cells [rows, _ROW]."""
        return ops.segment_sum(ops.sum(cells, axis=1), self.owners, num_segments=len(self.sizes))

    def largest(self, cells: Any) -> Any:
        """The largest by tensor of cells without NaN."""
        return ops.segment_max(ops.max(cells, axis=1), self.owners, num_segments=len(self.sizes))

    def norm(self) -> Any:
        """Euclidean norm by tensor; infinite with an Inf in it, NaN with a NaN.

        Scaled by the largest magnitude: the square of a vanishing gradient is 0 in float32, of an exploding one infinite.
        """
        magnitude, is_finite = ops.abs(self.values), ops.isfinite(self.values)
        scale = ops.maximum(self.largest(ops.where(is_finite, magnitude, 0.0)), SMALLEST_NORMAL)
        broken = self.total(ops.where(is_finite, 0.0, magnitude))
        scaled = self.values / ops.take(scale, self.owners)[:, None]
        finite_norm = scale * ops.sqrt(self.total(ops.where(is_finite, ops.square(scaled), 0.0)))
        return ops.where(ops.equal(broken, 0.0), finite_norm, broken)


def received(flats: Sequence[Any]) -> dict[str, Any]:
    """norm, mean, min, max, zeros, nan and inf of each tensor [n]: name to [tensors].

    Minimum and maximum are of the finite values, NaN where there are none.
    """
    table = RowTable(flats)
    values, is_value = table.values, table.is_value
    is_finite = ops.logical_and(ops.isfinite(values), is_value)
    top = table.largest(ops.where(is_finite, values, float("-inf")))
    bottom = -table.largest(ops.where(is_finite, -values, float("-inf")))
    missing = ops.where(bottom <= top, 0.0, float("nan"))

    def number(cells: Any) -> Any:
        return table.total(ops.cast(cells, "int32"))

    return {
        "norm": table.norm(),
        "mean": table.total(values) / table.sizes,
        "min": bottom + missing,
        "max": top + missing,
        "zeros": number(ops.equal(values, 0.0)) - table.padding,
        "nan": number(ops.isnan(values)),
        "inf": number(ops.isinf(values)),
    }


def norms(flats: Sequence[Any]) -> Any:
    """Euclidean norm of each tensor [n]: float32 [tensors]."""
    return RowTable(flats).norm()


def raw_histograms(flats: Sequence[Any]) -> Any:
    """Counts by sign and exponent bits of each tensor [n]: int32 [tensors, RAW_COUNT]."""
    table = RowTable(flats)
    # Made where it is needed: as a constant it would be as large as the table.
    places = sign_and_exponent(table.values, jit=True) + table.owners[:, None] * RAW_COUNT
    counts = ops.reshape(counted(places, len(flats) * RAW_COUNT, jit=True), (len(flats), RAW_COUNT))
    return ops.concatenate([counts[:, :1] - table.padding[:, None], counts[:, 1:]], axis=1)
