"""Statistics of a layer's tensor by channel, inside a training step; and what they say together, on the host.

A summary is of one tensor, or of all that share a row. `P` is the number of positions, examples times places in the
map, and `C` that of channels:

- `count` int32: P;
- `moments` float32 [4, C]: mean, sum of squared deviations from it, least and largest finite value (NaN without one);
- `counts` int32 [4, C]: exact zeros, saturated values, NaN, Inf;
- `sampled` int32: the histograms are of every so many positions, beginning with the first;
- `raw` int32 [RAW_COUNT]: counts by sign and exponent;
- `channel_raw` int32 [C, bins]: counts by channel, with coarser bins in ascending order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.activation_rows import Row
from tb_cnnviz.records.histogram import RAW_COUNT

Summary = dict[str, Any]

#: Above so many values a histogram is made from a sample.
MAX_EXACT = 1 << 20

#: Exponent bits of a float32 that is 1 … 2.
_BIAS = 127

_NAMES = ("count", "moments", "counts", "sampled", "raw", "channel_raw")


@dataclass(frozen=True)
class ChannelBins:
    """Bins by channel: `octaves` of each sign up to 2^`top`, what is larger in the last one, and one for what is smaller."""

    octaves: int

    @property
    def top(self) -> int:
        return max(1, self.octaves // 4)

    @property
    def count(self) -> int:
        return 2 * self.octaves + 1

    def edges(self) -> np.ndarray:
        """float32 [count + 1], ascending, from -Inf to Inf; the bin in the middle holds zeros."""
        octaves = np.exp2(np.arange(self.top - self.octaves, self.top, dtype=np.float32))
        return np.concatenate([[-np.inf], -octaves[::-1], octaves, [np.inf]]).astype(np.float32)

    def numbers(self, bits: Any) -> Any:
        """The bin of each value by its sign and exponent bits, 0 … RAW_COUNT - 1; `count` for NaN and Inf."""
        exponent = ops.bitwise_and(bits, 255)
        place = ops.clip(exponent - (_BIAS + self.top - self.octaves - 1), 0, self.octaves)
        signed = ops.where(bits > 255, self.octaves - place, self.octaves + place)
        return ops.where(ops.equal(exponent, 255), self.count, signed)


def empty(row: Row, bins: ChannelBins) -> Summary:
    """Of no tensor."""
    none = np.array([0, 0, np.nan, np.nan], np.float32)[:, None]
    made = {
        "count": np.zeros((), "int32"),
        "moments": np.repeat(none, row.channels, axis=1),
        "counts": np.zeros((4, row.channels), "int32"),
        "sampled": np.ones((), "int32"),
        "raw": np.zeros(RAW_COUNT, "int32"),
        "channel_raw": np.zeros((row.channels, bins.count), "int32"),
    }
    return {name: ops.convert_to_tensor(value) for name, value in made.items()}


def sample_stride(values: int) -> int:
    """Every so many positions are counted in histograms of so many values; odd, so that no column of a map is left out."""
    stride = -(-values // MAX_EXACT)
    return stride + 1 - stride % 2


def summary(row: Row, tensor: Any, *, stride: int, bins: ChannelBins, jit: bool) -> Summary:
    """Of one tensor [N, …]; `stride` as by `sample_stride`, `jit` says whether XLA compiles it."""
    last = tensor if row.axis == -1 else ops.moveaxis(tensor, row.axis, -1)
    values = ops.cast(ops.reshape(last, (-1, row.channels)), "float32")
    mean = _mean(values)
    if jit:
        moments, counts = _of_any(row, values, mean)
    else:  # a finite mean is one of finite values
        moments, counts = ops.cond(
            ops.all(ops.isfinite(mean)), lambda: _of_finite(row, values, mean), lambda: _of_any(row, values, mean)
        )
    chosen = values[::stride]
    bits = ops.bitwise_and(ops.right_shift(ops.view(chosen, "int32"), 23), RAW_COUNT - 1)
    return {
        "count": ops.cast(ops.shape(values)[0], "int32"),
        "moments": moments,
        "counts": counts,
        "sampled": ops.convert_to_tensor(stride, "int32"),
        "raw": _counted(bits, RAW_COUNT, jit=jit),
        "channel_raw": _by_channel(row, bits, bins, jit=jit),
    }


def _of_finite(row: Row, values: Any, mean: Any) -> tuple[Any, Any]:
    moments = [mean, _deviation(values, mean), ops.min(values, axis=0), ops.max(values, axis=0)]
    zeros = _number(ops.equal(values, 0.0))
    none = ops.zeros_like(zeros)
    return ops.stack(moments), ops.stack([zeros, _saturated(row, values, none), none, none])


def _of_any(row: Row, values: Any, mean: Any) -> tuple[Any, Any]:
    finite = ops.isfinite(values)
    missing = ops.where(ops.any(finite, axis=0), 0.0, float("nan"))
    least = ops.min(ops.where(finite, values, float("inf")), axis=0) + missing
    largest = ops.max(ops.where(finite, values, float("-inf")), axis=0) + missing
    zeros = _number(ops.equal(values, 0.0))
    saturated = _saturated(row, values, ops.zeros_like(zeros))
    counts = [zeros, saturated, _number(ops.isnan(values)), _number(ops.isinf(values))]
    return ops.stack([mean, _deviation(values, mean), least, largest]), ops.stack(counts)


def _mean(values: Any) -> Any:
    """Corrected once: the sum of a million equal float32 values may be off by a hundredth."""
    rough = ops.mean(values, axis=0)
    return ops.where(ops.isfinite(rough), rough + ops.mean(values - rough, axis=0), rough)


def _deviation(values: Any, mean: Any) -> Any:
    return ops.sum(ops.square(values - mean), axis=0)


def _number(is_one: Any) -> Any:
    return ops.sum(ops.cast(is_one, "int32"), axis=0)


def _saturated(row: Row, values: Any, none: Any) -> Any:
    if row.saturation is None:
        return none
    return _number(ops.logical_or(values <= row.saturation.lo, values >= row.saturation.hi))


def _by_channel(row: Row, bits: Any, bins: ChannelBins, *, jit: bool) -> Any:
    width = bins.count + 1  # the last one, of NaN and Inf, is cut off
    places = bins.numbers(bits) + ops.arange(row.channels, dtype="int32") * width
    counted = _counted(places, row.channels * width, jit=jit)
    return ops.reshape(counted, (row.channels, width))[:, :-1]


def _counted(numbers: Any, size: int, *, jit: bool) -> Any:
    """How often each of 0 … size - 1 occurs: int32 [size]. XLA has no bincount, and without it segment_sum is slow."""
    flat = ops.reshape(numbers, (-1,))
    if jit:
        return ops.segment_sum(ops.ones_like(flat), flat, num_segments=size)
    return ops.cast(ops.reshape(ops.bincount(flat, minlength=size), (size,)), "int32")


def merged(parts: Sequence[Summary]) -> Summary:
    """The summary of all tensors that the parts are of."""
    whole = parts[0]
    for part in parts[1:]:
        whole = _merged(whole, part)
    return whole


def _merged(a: Summary, b: Summary) -> Summary:
    n, m = ops.cast(a["count"], "float32"), ops.cast(b["count"], "float32")
    share = m / ops.maximum(n + m, 1.0)
    apart = b["moments"][0] - a["moments"][0]
    moments = [
        a["moments"][0] + apart * share,
        a["moments"][1] + b["moments"][1] + ops.square(apart) * n * share,
        _known(ops.minimum, a["moments"][2], b["moments"][2]),
        _known(ops.maximum, a["moments"][3], b["moments"][3]),
    ]
    added = {name: a[name] + b[name] for name in ("count", "counts", "raw", "channel_raw")}
    return {**added, "moments": ops.stack(moments), "sampled": ops.maximum(a["sampled"], b["sampled"])}


def _known(which: Any, a: Any, b: Any) -> Any:
    return ops.where(ops.isnan(a), b, ops.where(ops.isnan(b), a, which(a, b)))


def together(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Summaries of all rows as columns of a ring: by row stacked, by channel one after the other on the last axis."""
    return {
        name: (
            ops.concatenate([s[name] for s in summaries], axis=0 if name == "channel_raw" else 1)
            if name in ("moments", "counts", "channel_raw")
            else ops.stack([s[name] for s in summaries])
        )
        for name in _NAMES
    }


def columns(rows: Sequence[Row], bins: ChannelBins) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and dtype of what `together` gives."""
    n, channels = len(rows), sum(row.channels for row in rows)
    return {
        "count": ((n,), "int32"),
        "moments": ((4, channels), "float32"),
        "counts": ((4, channels), "int32"),
        "sampled": ((n,), "int32"),
        "raw": ((n, RAW_COUNT), "int32"),
        "channel_raw": ((channels, bins.count), "int32"),
    }
