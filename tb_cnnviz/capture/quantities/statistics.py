"""Statistics of a tensor inside a compiled step: histogram, norm, mean, extremes, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from tb_cnnviz.capture.backends.tf_function_once import shared
from tb_cnnviz.capture.quantities import row_table
from tb_cnnviz.capture.quantities.exponent_counts import raw_histogram
from tb_cnnviz.capture.quantities.row_table import SMALLEST_NORMAL

#: A sum of squares above this, for each value, lost less than a millionth to squares that are too small for float32.
_SMALLEST_MEAN_SQUARE = 1e-31

#: What `received` gives of each tensor.
FLOATS = ("norm", "mean", "min", "max")
COUNTS = ("zeros", "nan", "inf")

_FLAT = ((None,), "float32")

#: Elements of a difference that are made at a time: 256 KB, which a processor keeps beside it.
_PIECE = 1 << 16


def raw_histograms(flats: Sequence[Any], *, jit: bool) -> Any:
    """`raw_histogram` of each of the tensors: int32 [tensors, RAW_COUNT]."""
    if jit:
        return row_table.raw_histograms(flats)
    count = shared(lambda flat: raw_histogram(flat, jit=False), _FLAT)
    return ops.stack([count(flat) for flat in flats])


def norm(flat: Any, largest: Any) -> Any:
    """Euclidean norm of values [n] whose largest magnitude is `largest`; NaN and Inf as in the values.

    Scaled, since the square of a vanishing gradient is 0 in float32, and that of an exploding one infinite.
    """
    scale = ops.maximum(largest, SMALLEST_NORMAL)
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
    if jit:
        return row_table.norms(make())
    if keras.config.backend() == "tensorflow":
        norm_of = shared(_quick_norm, _FLAT)
        return ops.stack([norm_of(flat) for flat in make()])
    flats = make()
    squares = ops.stack([_sum_of_squares(flat) for flat in flats])

    def scaled() -> Any:
        return ops.stack([plain_norm(flat) for flat in make()])

    return ops.cond(ops.all(_is_exact(squares, [flat.shape[0] for flat in flats])), lambda: ops.sqrt(squares), scaled)


def distances(after: Sequence[Any], before: Sequence[Any], *, jit: bool) -> Any:
    """Euclidean distance of each pair of tensors [n]: float32 [tensors].

    On TensorFlow without XLA the difference is made piece by piece: whole, it would be as much memory again, and to be
    handed that, and to read it when it is no longer at hand, costs more than the arithmetic.
    """
    if jit or keras.config.backend() != "tensorflow":
        return norms(lambda: [a - b for a, b in zip(after, before, strict=True)], jit=jit)
    norm_of = shared(_quick_norm, _FLAT)
    long_of = shared(_long_distance, _FLAT, _FLAT)
    pairs = zip(after, before, strict=True)
    return ops.stack([norm_of(a - b) if a.shape[0] <= _PIECE else long_of(a, b) for a, b in pairs])


def _long_distance(after: Any, before: Any) -> Any:
    return _root(_square_distance(after, before), ops.size(after), lambda: after - before)


def _square_distance(after: Any, before: Any) -> Any:
    """In a loop, since a large network has thousands of pieces, and the graph would hold operations for each."""
    import tensorflow as tf

    size = tf.size(after)

    def add(start: Any, total: Any) -> tuple[Any, Any]:
        end = tf.minimum(start + _PIECE, size)
        return end, total + _sum_of_squares(after[start:end] - before[start:end])

    return tf.while_loop(lambda start, _: start < size, add, (0, 0.0), parallel_iterations=1)[1]


def received(flats: Sequence[Any], *, jit: bool) -> dict[str, Any]:
    """`FLOATS` and `COUNTS` of each tensor [n]: name to [tensors]."""
    names = (*FLOATS, *COUNTS)
    if jit:
        return row_table.received(flats)
    if keras.config.backend() == "tensorflow":
        received_of = shared(_quick_received, _FLAT)
        floats, counts = (ops.stack(each, axis=1) for each in zip(*map(received_of, flats), strict=True))
        return dict(zip(names, [*ops.unstack(floats, len(FLOATS)), *ops.unstack(counts, len(COUNTS))], strict=True))

    def general() -> list[Any]:
        rows = [statistics_of_any(flat) for flat in flats]
        return [ops.stack([row[name] for row in rows]) for name in names]

    squares = ops.stack([_sum_of_squares(flat) for flat in flats])
    rows = [statistics_of_finite(flat) for flat in flats]
    quick = {name: ops.stack([row[name] for row in rows]) for name in names if name != "norm"}
    is_zero = ops.logical_and(ops.equal(quick["min"], 0.0), ops.equal(quick["max"], 0.0))
    is_exact = ops.all(ops.logical_or(_is_exact(squares, [flat.shape[0] for flat in flats]), is_zero))
    quick["norm"] = ops.sqrt(squares)
    return dict(zip(names, ops.cond(is_exact, lambda: [quick[name] for name in names], general), strict=True))


def plain_norms(flats: Sequence[Any]) -> Any:
    """Euclidean norm of each tensor [n] by one look at its values: float32 [tensors].

    The root of a sum of squares in float32: below about 1e-19 it is 0, above 1.8e19 it is infinite.
    """
    if keras.config.backend() == "torch":
        import torch

        return torch.stack([torch.linalg.vector_norm(flat) for flat in flats])
    return ops.sqrt(ops.stack([_sum_of_squares(flat) for flat in flats]))


def _quick_norm(flat: Any) -> Any:
    """`plain_norm`, by one look at the values where that is exact enough."""
    return _root(_sum_of_squares(flat), ops.size(flat), lambda: flat)


def _root(square: Any, size: Any, make: Callable[[], Any]) -> Any:
    """The norm of a tensor [size], from the sum of its squares where that is exact enough; else it is made."""
    return ops.cond(_is_exact(square, size), lambda: ops.sqrt(square), lambda: plain_norm(make()))


def _quick_received(flat: Any) -> tuple[Any, Any]:
    """`FLOATS` and `COUNTS` of one tensor, as two vectors; the general form only where it is needed."""
    square = _sum_of_squares(flat)
    quick = {**statistics_of_finite(flat), "norm": ops.sqrt(square)}
    is_zero = ops.logical_and(ops.equal(quick["min"], 0.0), ops.equal(quick["max"], 0.0))

    def vectors(found: dict[str, Any]) -> tuple[Any, Any]:
        return ops.stack([found[name] for name in FLOATS]), ops.stack([found[name] for name in COUNTS])

    is_exact = ops.logical_or(_is_exact(square, ops.size(flat)), is_zero)
    return ops.cond(is_exact, lambda: vectors(quick), lambda: vectors(statistics_of_any(flat)))  # type: ignore[no-any-return]


def _sum_of_squares(flat: Any) -> Any:
    """In one look at the values; not finite where one of them is not."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        return 2 * tf.nn.l2_loss(flat)
    return ops.sum(ops.square(flat))


def _is_exact(squares: Any, sizes: Any) -> Any:
    """Whether each sum of squares is that of finite values, and neither too large nor too small for float32."""
    least = ops.cast(sizes, "float32") * _SMALLEST_MEAN_SQUARE
    return ops.logical_and(ops.isfinite(squares), squares >= least)


def _zeros(flat: Any) -> Any:
    """How many values are zero: int32. On TensorFlow they are only counted where there is one, which is half as much work."""
    is_zero = ops.equal(flat, 0.0)
    if keras.config.backend() != "tensorflow":
        return ops.sum(ops.cast(is_zero, "int32"))
    return ops.cond(ops.any(is_zero), lambda: ops.sum(ops.cast(is_zero, "int32")), lambda: ops.zeros((), "int32"))


def statistics_of_finite(flat: Any) -> dict[str, Any]:
    """mean, min, max, zeros, nan, inf of values [n] that are known to be finite."""
    zeros = _zeros(flat)
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
