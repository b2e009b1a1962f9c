"""Values from the device to the host."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


def to_numpy(value: Any) -> np.ndarray:
    """A tensor, variable, array or number as a numpy array. Waits for the device."""
    tensor = ops.convert_to_tensor(value)
    if keras.config.backend() == "tensorflow":  # convert_to_numpy goes by a protocol that numpy has deprecated
        return np.asarray(tensor.numpy())
    return np.array(ops.convert_to_numpy(tensor))  # a copy: PyTorch's shares the memory of what is trained on


def channels_second(array: np.ndarray, channels_first: bool) -> np.ndarray:
    """A layer's input or output as float32 [images, channels, *spatial]."""
    return axis_second(array, 1 if channels_first else -1)


def axis_second(array: np.ndarray, axis: int) -> np.ndarray:
    """The same, by the axis of the channels."""
    array = array.astype(np.float32, copy=False)
    return array if array.ndim < 3 else np.moveaxis(array, axis, 1)
