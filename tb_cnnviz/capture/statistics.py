"""Statistics of a tensor inside a compiled step: histogram, norm, mean, extremes, counts."""

from __future__ import annotations

from typing import Any

from keras import ops

from tb_cnnviz.records.histogram import RAW_COUNT

#: Below this a float32 is subnormal; a scale made from it would overflow.
_SMALLEST_NORMAL = 1.1754944e-38

_NON_FINITE_BINS = (255, 511)


def raw_histogram(flat: Any, *, jit: bool) -> Any:
    """Counts by sign and exponent bits of float32 values [n]: int32 [RAW_COUNT].

    Under XLA by segment_sum, which is slow without it; else by bincount, which XLA does not have.
    """
    bits = ops.bitwise_and(ops.right_shift(ops.view(flat, "int32"), 23), RAW_COUNT - 1)
    if jit:
        return ops.segment_sum(ops.ones_like(bits), bits, num_segments=RAW_COUNT)
    return ops.reshape(ops.bincount(bits, minlength=RAW_COUNT), (RAW_COUNT,))


def non_finite(raw: Any) -> Any:
    """How many values of a raw histogram are NaN or infinite."""
    return raw[_NON_FINITE_BINS[0]] + raw[_NON_FINITE_BINS[1]]


def norm(flat: Any, largest: Any) -> Any:
    """Euclidean norm of values [n] whose largest magnitude is `largest`; NaN and Inf as in the values.

    Scaled, since the square of a vanishing gradient is 0 in float32, and that of an exploding one infinite.
    """
    scale = ops.maximum(largest, _SMALLEST_NORMAL)
    scaled = scale * ops.sqrt(ops.sum(ops.square(flat / scale)))
    return ops.where(ops.isfinite(largest), scaled, largest)


def plain_norm(flat: Any) -> Any:
    """`norm` for where the largest magnitude is not known yet."""
    return norm(flat, ops.max(ops.abs(flat)) if 0 not in flat.shape else ops.sum(flat))


def statistics_of_finite(flat: Any) -> dict[str, Any]:
    """norm, mean, min, max, zeros, nan, inf of values [n] that are known to be finite."""
    lo, hi = ops.min(flat), ops.max(flat)
    zeros = ops.sum(ops.cast(ops.equal(flat, 0.0), "int32"))
    none = ops.zeros_like(zeros)
    largest = ops.maximum(ops.abs(lo), ops.abs(hi))
    return {
        "norm": norm(flat, largest),
        "mean": ops.mean(flat),
        "min": lo,
        "max": hi,
        "zeros": zeros,
        "nan": none,
        "inf": none,
    }


def statistics_of_any(flat: Any) -> dict[str, Any]:
    """The same of any values; min and max of the finite ones, NaN where there are none."""
    finite = ops.isfinite(flat)
    nan = ops.sum(ops.cast(ops.isnan(flat), "int32"))
    infinite = ops.sum(ops.cast(ops.isinf(flat), "int32"))
    some = ops.any(finite)
    missing = ops.convert_to_tensor(float("nan"), "float32")
    lo = ops.where(some, ops.min(ops.where(finite, flat, float("inf"))), missing)
    hi = ops.where(some, ops.max(ops.where(finite, flat, float("-inf"))), missing)
    largest = ops.where(some, ops.maximum(ops.abs(lo), ops.abs(hi)), ops.zeros_like(missing))
    largest = ops.where(infinite > 0, ops.convert_to_tensor(float("inf"), "float32"), largest)
    largest = ops.where(nan > 0, missing, largest)
    return {
        "norm": norm(flat, largest),
        "mean": ops.mean(flat),
        "min": lo,
        "max": hi,
        "zeros": ops.sum(ops.cast(ops.equal(flat, 0.0), "int32")),
        "nan": nan,
        "inf": infinite,
    }
