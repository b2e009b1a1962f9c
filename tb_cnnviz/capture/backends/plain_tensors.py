"""Which leaves of a training batch are dense tensors of numbers: others are ragged, sparse, text, or no tensors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def is_plain(leaf: Any) -> bool:
    """Is it a dense tensor, or array, of real numbers or booleans?"""
    if not isinstance(leaf, np.ndarray) and not _is_dense(leaf):
        return False
    try:
        dtype = keras.backend.standardize_dtype(leaf.dtype)
    except (TypeError, ValueError):
        return False
    return bool(dtype == "bool" or keras.backend.is_float_dtype(dtype) or keras.backend.is_int_dtype(dtype))


def _is_dense(leaf: Any) -> bool:
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return isinstance(leaf, tf.Tensor)
    if backend == "jax":
        import jax

        return isinstance(leaf, jax.Array)
    import torch

    return isinstance(leaf, torch.Tensor) and leaf.layout == torch.strided
