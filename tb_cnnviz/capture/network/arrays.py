"""Arrays of any library as fit takes them: numpy where they hold numbers, else as the backend has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.host import to_numpy


def rank(value: Any) -> int:
    """Number of axes; 0 for what is no array."""
    try:
        return len(value.shape)
    except (AttributeError, TypeError, ValueError):  # TensorFlow raises ValueError where it does not know the rank
        return 0


def is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def kind(value: Any) -> str:
    """What an array is, in words."""
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return f"a {type(value).__name__}"
    what = "a ragged tensor" if hasattr(value, "row_splits") else "an array"
    return f"{what} of dtype {getattr(dtype, 'name', str(dtype).removeprefix('torch.'))}"


def dense(value: Any, count: int | None = None) -> np.ndarray:
    """The first `count` entries of an array or tensor that Keras trains on, pandas' and sparse ones too, in numpy.

    Wider and narrower floats that numpy does not know become float32.

    Raises:
        Exception: of any kind, for what is no array.
    """
    if isinstance(value, int | float | str | bytes):
        return np.asarray(value)
    if isinstance(value, np.ndarray):
        array = value[:count] if value.ndim else value
    elif _is_dense_tensor(value):
        array = to_numpy(value[:count] if rank(value) else value)
    else:
        array = private.numpy_as_fit_takes(value, count)
    return array.astype(np.float32) if array.dtype.name in ("float64", "bfloat16") else array


def as_backend_has_it(array: np.ndarray) -> Any:
    """The backend's own tensor of what numpy holds no numbers of; the array where the backend has none."""
    if is_numbers(array):
        return array
    try:
        return ops.convert_to_tensor(array)
    except Exception:
        return array


def first_of_batch(value: Any, count: int) -> Any:
    """The first entries of a part of a training batch: numpy where it holds numbers, else as it is."""
    if not rank(value):
        return value
    if hasattr(value, "row_splits"):  # padding a ragged tensor could change what the model makes of it
        return value[:count]
    array = dense(value, count)
    return array if is_numbers(array) else value[:count]


def _is_dense_tensor(value: Any) -> bool:
    is_sparse = hasattr(value, "dense_shape") or hasattr(value, "todense") or getattr(value, "is_sparse", False)
    return bool(ops.is_tensor(value)) and not is_sparse and not hasattr(value, "row_splits")
