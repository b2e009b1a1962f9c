"""Statistics of a tensor inside a compiled step: histogram, norm, mean, extremes, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from tb_cnnviz.records.histogram import RAW_COUNT

#: Below this a float32 is subnormal; a scale made from it would overflow.
_SMALLEST_NORMAL = 1.1754944e-38

#: A sum of squares above this, for each value, lost less than a millionth to squares that are too small for float32.
_SMALLEST_MEAN_SQUARE = 1e-31

#: What `received` gives of each tensor.
FLOATS = ("norm", "mean", "min", "max")
COUNTS = ("zeros", "nan", "inf")


def raw_histogram(flat: Any, *, jit: bool) -> Any:
    """Counts by sign and exponent bits of float32 values [n]: int32 [RAW_COUNT].

    Under XLA by segment_sum, which is slow without it; else by bincount, which XLA does not have.
    """
    if jit or keras.config.backend() != "tensorflow":
        bits = ops.bitwise_and(ops.right_shift(ops.view(flat, "int32"), 23), RAW_COUNT - 1)
        if jit:
            return ops.segment_sum(ops.ones_like(bits), bits, num_segments=RAW_COUNT)
        return ops.reshape(ops.bincount(bits, minlength=RAW_COUNT), (RAW_COUNT,))
    import tensorflow as tf

    # Unsigned, a shift brings in zeros; and tf.math.bincount would look for the largest value first.
    bits = tf.bitcast(tf.bitwise.right_shift(tf.bitcast(flat, tf.uint32), tf.constant(23, tf.uint32)), tf.int32)
    return tf.raw_ops.DenseBincount(input=bits, size=RAW_COUNT, weights=tf.zeros((0,), tf.int32))


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


def norms(make: Callable[[], Sequence[Any]], *, jit: bool) -> Any:
    """`plain_norm` of each of the tensors [n] that `make` gives: float32 [tensors].

    Where no tensor has values so large or so small that it matters, by one look at each. Otherwise `make` is called
    again, since tensors that a branch might need would all have to be kept.
    """

    def scaled() -> Any:
        return ops.stack([plain_norm(flat) for flat in make()])

    if jit:  # XLA fuses the general form; a branch would only make it compile both
        return scaled()
    flats = make()
    squares = ops.stack([_sum_of_squares(flat) for flat in flats])
    return ops.cond(ops.all(_is_exact(squares, flats)), lambda: ops.sqrt(squares), scaled)


def received(flats: Sequence[Any], *, jit: bool) -> dict[str, Any]:
    """`FLOATS` and `COUNTS` of each tensor [n]: name to [tensors]."""
    names = (*FLOATS, *COUNTS)

    def general() -> list[Any]:
        rows = [statistics_of_any(flat) for flat in flats]
        return [ops.stack([row[name] for row in rows]) for name in names]

    if jit:
        return dict(zip(names, general(), strict=True))
    squares = ops.stack([_sum_of_squares(flat) for flat in flats])
    rows = [statistics_of_finite(flat) for flat in flats]
    quick = {name: ops.stack([row[name] for row in rows]) for name in names if name != "norm"}
    is_zero = ops.logical_and(ops.equal(quick["min"], 0.0), ops.equal(quick["max"], 0.0))
    is_exact = ops.all(ops.logical_or(_is_exact(squares, flats), is_zero))
    quick["norm"] = ops.sqrt(squares)
    return dict(zip(names, ops.cond(is_exact, lambda: [quick[name] for name in names], general), strict=True))


def _sum_of_squares(flat: Any) -> Any:
    """In one look at the values; not finite where one of them is not."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return 2 * tf.nn.l2_loss(flat)
    return ops.sum(ops.square(flat))


def _is_exact(squares: Any, flats: Sequence[Any]) -> Any:
    """Whether each sum of squares is that of finite values, and neither too large nor too small for float32."""
    least = ops.convert_to_tensor([_SMALLEST_MEAN_SQUARE * flat.shape[0] for flat in flats], "float32")
    return ops.logical_and(ops.isfinite(squares), squares >= least)


def statistics_of_finite(flat: Any) -> dict[str, Any]:
    """mean, min, max, zeros, nan, inf of values [n] that are known to be finite."""
    zeros = ops.sum(ops.cast(ops.equal(flat, 0.0), "int32"))
    none = ops.zeros_like(zeros)
    return {
        "mean": ops.mean(flat),
        "min": ops.min(flat),
        "max": ops.max(flat),
        "zeros": zeros,
        "nan": none,
        "inf": none,
    }


def statistics_of_any(flat: Any) -> dict[str, Any]:
    """The same of any values, and their norm; min and max are of the finite ones, NaN where there are none."""
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
