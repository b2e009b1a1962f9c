"""Statistics of a layer's tensor by channel, inside a training step; and what they say together, on the host.

A summary is of one tensor, or of all that share a row. `P` is the number of positions, examples times places in the
map, and `C` that of channels:

- `count` int32: P;
- `moments` float32 [4, C]: mean, sum of squared deviations from it, least and largest finite value (NaN without one);
- `counts` int32 [4, C]: exact zeros, saturated values, NaN, Inf;
- `slope` float32: mean square of the activation's derivative; NaN for a row that has none;
- `sampled` int32: the histograms are of every so many positions, beginning with the first;
- `raw` int32 [RAW_COUNT]: counts by sign and exponent;
- `channel_raw` int32 [C, bins]: counts by channel, with coarser bins in ascending order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends.tf_function_once import shared
from tb_cnnviz.capture.quantities.activation_rows import Row
from tb_cnnviz.capture.quantities.exponent_counts import counted, sign_and_exponent
from tb_cnnviz.records.histogram import RAW_COUNT

Summary = dict[str, Any]

#: Values at or below the first and at or above the second are saturated; None where none is.
Limits = tuple[Any, Any] | None

#: Above so many values a histogram is made from a sample.
MAX_EXACT = 1 << 20

#: Bytes of tensors that are stacked, at most: a copy of them.
_STACK_BYTES = 16 << 20

#: Exponent bits of a float32 that is 1 … 2.
_BIAS = 127

_NAMES = ("count", "moments", "counts", "slope", "sampled", "raw", "channel_raw")


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
        "slope": np.full((), np.nan, "float32"),
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
    values = _by_position(row, tensor)
    limits = None if row.saturation is None else (row.saturation.lo, row.saturation.hi)
    return _completed(row, values, _of_values(values, values[::stride], limits, bins, jit=jit), stride)


def summaries(bins: ChannelBins, *, jit: bool) -> Callable[[Row, Any, int], Summary]:
    """`summary` of many rows, tensors and strides: TensorFlow's graph holds its operations once for all, but under XLA."""
    if jit or keras.config.backend() != "tensorflow":
        return lambda row, tensor, stride: summary(row, tensor, stride=stride, bins=bins, jit=jit)
    array, number = ((None, None), "float32"), ((), "float32")
    plain = shared(lambda all_, some: _of_values(all_, some, None, bins, jit=False), array, array)
    limited = shared(
        lambda all_, some, lo, hi: _of_values(all_, some, (lo, hi), bins, jit=False), array, array, number, number
    )

    def made(row: Row, tensor: Any, stride: int) -> Summary:
        values = _by_position(row, tensor)
        chosen = values if stride == 1 else values[::stride]
        limits = () if row.saturation is None else (row.saturation.lo, row.saturation.hi)
        return _completed(row, values, (limited if limits else plain)(values, chosen, *limits), stride)

    return made


def stacked_summaries(found: Sequence[tuple[Row, Any, int]], bins: ChannelBins) -> list[Summary]:
    """`summary` of rows, tensors and strides, for XLA, which compiles every operation: those of equal shape are stacked."""
    values = [_by_position(row, tensor) for row, tensor, _ in found]
    made: dict[int, Summary] = {}
    for places in _alike(found, values):
        stride, stacked = found[places[0]][2], ops.stack([values[i] for i in places])
        limits = _stacked_limits([found[i][0] for i in places])
        whole = _of_values(stacked, stacked[:, ::stride], limits, bins, jit=True)
        for k, i in enumerate(places):
            own = {name: each[k] if len(each.shape) else each for name, each in whole.items()}
            made[i] = _completed(found[i][0], values[i], own, stride)
    return [made[i] for i in range(len(found))]


def _alike(found: Sequence[tuple[Row, Any, int]], values: Sequence[Any]) -> list[list[int]]:
    """The places of tensors to stack: of one shape, all judged or none, and as many as _STACK_BYTES hold.

    Those whose number of positions is known only when the step runs stand alone.
    """
    alike: dict[Any, list[int]] = {}
    groups = []
    for i, ((row, _, stride), each) in enumerate(zip(found, values, strict=True)):
        if each.shape[0] is None:
            groups.append([i])
        else:
            alike.setdefault((tuple(each.shape), stride, row.saturation is None), []).append(i)
    for (shape, *_), places in alike.items():
        most = max(1, _STACK_BYTES // max(4 * math.prod(shape), 1))
        groups += [places[start : start + most] for start in range(0, len(places), most)]
    return groups


def _stacked_limits(rows: Sequence[Row]) -> Limits:
    judged = [row.saturation for row in rows if row.saturation is not None]
    if not judged:
        return None
    lo, hi = (np.array(each, np.float32)[:, None, None] for each in zip(*[(j.lo, j.hi) for j in judged], strict=True))
    return lo, hi


def _completed(row: Row, values: Any, made: Summary, stride: int) -> Summary:
    """With what is not made of several rows at once."""
    slope = np.float32("nan") if row.slope is None else row.slope.mean_square(values)
    return {
        **made,
        "slope": ops.convert_to_tensor(slope, "float32"),
        "sampled": ops.convert_to_tensor(stride, "int32"),
    }


def _by_position(row: Row, tensor: Any) -> Any:
    """As float32 [P, C]."""
    last = tensor if row.axis == -1 else ops.moveaxis(tensor, row.axis, -1)
    return ops.cast(ops.reshape(last, (-1, row.channels)), "float32")


def _of_values(values: Any, chosen: Any, limits: Limits, bins: ChannelBins, *, jit: bool) -> Summary:
    """Of values [P, C], or of several rows' [k, P, C]; histograms of those that are chosen."""
    mean = _mean(values)
    if jit:
        moments, counts = _of_any(limits, values, mean)
    else:  # a finite mean is one of finite values
        moments, counts = ops.cond(
            ops.all(ops.isfinite(mean)), lambda: _of_finite(limits, values, mean), lambda: _of_any(limits, values, mean)
        )
    bits = sign_and_exponent(chosen, jit=jit)
    return {
        "count": ops.cast(ops.shape(values)[-2], "int32"),
        "moments": moments,
        "counts": counts,
        "raw": _by_row(bits, RAW_COUNT, jit=jit),
        "channel_raw": _by_channel(bits, bins, jit=jit),
    }


def _of_finite(limits: Limits, values: Any, mean: Any) -> tuple[Any, Any]:
    moments = [mean, _deviation(values, mean), ops.min(values, axis=-2), ops.max(values, axis=-2)]
    zeros = _number(ops.equal(values, 0.0))
    none = ops.zeros_like(zeros)
    return ops.stack(moments, axis=-2), ops.stack([zeros, _saturated(limits, values, none), none, none], axis=-2)


def _of_any(limits: Limits, values: Any, mean: Any) -> tuple[Any, Any]:
    finite = ops.isfinite(values)
    missing = ops.where(ops.any(finite, axis=-2), 0.0, float("nan"))
    least = ops.min(ops.where(finite, values, float("inf")), axis=-2) + missing
    largest = ops.max(ops.where(finite, values, float("-inf")), axis=-2) + missing
    zeros = _number(ops.equal(values, 0.0))
    saturated = _saturated(limits, values, ops.zeros_like(zeros))
    counts = [zeros, saturated, _number(ops.isnan(values)), _number(ops.isinf(values))]
    return ops.stack([mean, _deviation(values, mean), least, largest], axis=-2), ops.stack(counts, axis=-2)


def _mean(values: Any) -> Any:
    """Corrected once: the sum of a million equal float32 values may be off by a hundredth."""
    rough = ops.mean(values, axis=-2)
    return ops.where(ops.isfinite(rough), rough + ops.mean(values - _beside(rough), axis=-2), rough)


def _deviation(values: Any, mean: Any) -> Any:
    return ops.sum(ops.square(values - _beside(mean)), axis=-2)


def _beside(by_channel: Any) -> Any:
    """Numbers [..., C] for what is by position too."""
    return ops.expand_dims(by_channel, -2)


def _number(is_one: Any) -> Any:
    return ops.sum(ops.cast(is_one, "int32"), axis=-2)


def _saturated(limits: Limits, values: Any, none: Any) -> Any:
    if limits is None:
        return none
    return _number(ops.logical_or(values <= limits[0], values >= limits[1]))


def _by_row(numbers: Any, size: int, *, jit: bool) -> Any:
    """How often each of 0 … size - 1 occurs among numbers [P, C]: [size]; among those of k rows [k, size]."""
    if len(numbers.shape) == 2:
        return counted(numbers, size, jit=jit)
    rows = int(numbers.shape[0])
    apart = numbers + ops.reshape(ops.arange(rows, dtype="int32") * size, (rows, 1, 1))
    return ops.reshape(counted(apart, rows * size, jit=jit), (rows, size))


def _by_channel(bits: Any, bins: ChannelBins, *, jit: bool) -> Any:
    width = bins.count + 1  # the last one, of NaN and Inf, is cut off
    channels = ops.shape(bits)[-1]
    places = bins.numbers(bits) + ops.arange(channels, dtype="int32") * width
    counts = _by_row(places, channels * width, jit=jit)
    return ops.reshape(counts, (*counts.shape[:-1], channels, width))[..., :-1]


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
    slope = ops.where(n > 0, ops.where(m > 0, a["slope"] + (b["slope"] - a["slope"]) * share, a["slope"]), b["slope"])
    return {**added, "moments": ops.stack(moments), "slope": slope, "sampled": ops.maximum(a["sampled"], b["sampled"])}


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
        "slope": ((n,), "float32"),
        "sampled": ((n,), "int32"),
        "raw": ((n, RAW_COUNT), "int32"),
        "channel_raw": ((channels, bins.count), "int32"),
    }
