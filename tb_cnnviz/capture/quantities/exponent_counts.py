"""Counts of float32 values by their sign and exponent bits, inside a compiled step: what histograms are made from."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tb_cnnviz.records.histogram import RAW_COUNT


def raw_histogram(flat: Any, *, jit: bool) -> Any:
    """Counts by sign and exponent bits of float32 values [n]: int32 [RAW_COUNT]."""
    return counted(sign_and_exponent(flat, jit=jit), RAW_COUNT, jit=jit)


def sign_and_exponent(values: Any, *, jit: bool) -> Any:
    """These bits of float32 values, as int32 0 … RAW_COUNT - 1."""
    if jit or keras.config.backend() != "tensorflow":
        return ops.bitwise_and(ops.right_shift(ops.view(values, "int32"), 23), RAW_COUNT - 1)
    import tensorflow as tf

    # Unsigned, a shift brings in zeros.
    return tf.bitcast(tf.bitwise.right_shift(tf.bitcast(values, tf.uint32), tf.constant(23, tf.uint32)), tf.int32)


def counted(numbers: Any, size: Any, *, jit: bool) -> Any:
    """How often each of 0 … size - 1 occurs in a tensor of int32: int32 [size].

    Under XLA by segment_sum, which is slow without it; else by bincount, which XLA does not have.
    """
    flat = ops.reshape(numbers, (-1,))
    if jit:
        return ops.segment_sum(ops.ones_like(flat), flat, num_segments=size)
    if keras.config.backend() != "tensorflow":
        return ops.cast(ops.reshape(ops.bincount(flat, minlength=size), (size,)), "int32")
    import tensorflow as tf

    # tf.math.bincount would look for the largest value first.
    return tf.raw_ops.DenseBincount(input=flat, size=size, weights=tf.zeros((0,), tf.int32))
