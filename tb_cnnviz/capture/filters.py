"""Kernels of convolutions in one layout, [out, in/groups, *spatial], whatever the layer's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.capture import layer_kinds
from tb_cnnviz.capture.host import to_numpy
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import KERNEL_EXACT_BYTES, quantise_kernel


def kernels(layer: Any) -> dict[str, np.ndarray]:
    """A convolution's weights as float32: `kernel`, `bias` where there is one, `pointwise` of a separable layer.

    A depthwise kernel has the filter of input channel i and multiplier m at i * multipliers + m, as Keras orders the
    layer's output.
    """
    if isinstance(layer, layer_kinds.SEPARABLE):
        found = {
            "kernel": _depthwise(_array(layer.depthwise_kernel)),
            "pointwise": _plain(_array(layer.pointwise_kernel)),
        }
    elif isinstance(layer, layer_kinds.DEPTHWISE):
        found = {"kernel": _depthwise(_array(layer.kernel))}
    elif isinstance(layer, layer_kinds.TRANSPOSED):
        found = {"kernel": np.moveaxis(_array(layer.kernel), (-2, -1), (0, 1))}
    else:
        found = {"kernel": _plain(_array(layer.kernel))}
    if getattr(layer, "bias", None) is not None:
        found["bias"] = _array(layer.bias)
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


def record(layer: Any, path: str, step: int) -> Record:
    """The kernels of one convolution as a `filters` record; norms are of the float32 weights, a row of `kernel` each."""
    arrays = kernels(layer)
    rows = arrays["kernel"].reshape(arrays["kernel"].shape[0], -1).astype(np.float64)
    norm = np.sqrt(np.square(rows).sum(axis=1)).astype(np.float32)
    kept = {name: array for name, array in arrays.items() if name != "kernel"}
    return Record("filters", step, path, {**quantise_kernel(arrays["kernel"]), **kept, "norm": norm})


def record_bytes(layer: Any) -> int:
    """About how many bytes `record` takes."""
    weights = sum(int(np.prod(v.shape)) for v in layer.weights)
    return weights * (4 if weights * 4 <= KERNEL_EXACT_BYTES else 1)


def _plain(kernel: np.ndarray) -> np.ndarray:
    """[*spatial, in/groups, out] → [out, in/groups, *spatial]."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _depthwise(kernel: np.ndarray) -> np.ndarray:
    """[*spatial, in, multipliers] → [in * multipliers, 1, *spatial]."""
    space = kernel.shape[:-2]
    return np.moveaxis(kernel, (-2, -1), (0, 1)).reshape(-1, 1, *space)


def _array(value: Any) -> np.ndarray:
    return to_numpy(value).astype(np.float32)
