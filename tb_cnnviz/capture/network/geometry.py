"""A layer's geometry as the model record has it: axes, windows, multiply-adds. Keras layers in, plain numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from keras import layers

from tb_cnnviz.capture.backends.torch_modules import TorchModule
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.receptive_field import IDENTITY, Window, sliding, spreading

Shape = Sequence[int | None]


def spatial(shape: Shape, channels_first: bool) -> list[int | None]:
    """The spatial axes of a shape without batch axis; none where it has a single axis."""
    return list(shape[1:] if channels_first else shape[:-1]) if len(shape) > 1 else []


def channels(shape: Shape, channels_first: bool) -> int | None:
    return shape[0] if channels_first else shape[-1]


def per_axis(value: Any, axes: int) -> list[int]:
    """A Keras size argument (an int, or one for each axis) as a list of `axes` ints."""
    return [int(value)] * axes if isinstance(value, int) else [int(v) for v in value]


def windows(layer: Any, input_shape: Shape) -> list[Window] | None:
    """How each spatial axis of the output reads the input's; None where that is not a window or not known."""
    axes = spatial(input_shape, layer_kinds.is_channels_first(layer))
    if not axes or layer_kinds.is_global_pooling(layer):
        return None
    if layer_kinds.is_transposed(layer):
        return _spreading(layer, axes)
    if isinstance(layer, layer_kinds.UPSAMPLING):
        return _upsampling(layer, axes)
    if isinstance(layer, layer_kinds.PADDING + layer_kinds.CROPPING):
        return _shifted(layer, axes)
    if layer_kinds.is_adaptive(layer):
        even = even_pool(layer, axes)
        return None if even is None else [Window(n, n) for n in even]
    if layer_kinds.role(layer) in ("convolution", "pooling"):
        return _sliding(layer, axes)
    return [IDENTITY] * len(axes) if _is_pointwise(layer) else None


def even_pool(layer: Any, lengths: Sequence[int | None] | None) -> list[int] | None:
    """Size and stride of an adaptive pooling's windows by axis; None where they are not all of one size."""
    if None in ((layer.output_size,) if not isinstance(layer.output_size, tuple | list) else layer.output_size):
        return None  # PyTorch's word for an axis that stays as it is
    pairs = list(zip(lengths or (), per_axis(layer.output_size, len(lengths or ())), strict=True))
    return (
        [n // parts for n, parts in pairs if n] if pairs and all(n and n % parts == 0 for n, parts in pairs) else None
    )


def _is_pointwise(layer: Any) -> bool:
    """Does a cell of the output depend on the same cell of the input alone?"""
    role = layer_kinds.role(layer)
    if isinstance(layer, TorchModule):
        is_batch = layer.type_name.startswith("BatchNorm") or role != "normalization"
        return is_batch and role in ("dense", "normalization", "activation", "dropout")
    if isinstance(layer, layers.Dense):
        return True
    if role == "normalization":
        over_channels = isinstance(layer, layers.LayerNormalization | layers.UnitNormalization) and _is_last(layer.axis)
        return over_channels or isinstance(layer, layers.BatchNormalization | layers.Normalization)
    if isinstance(layer, layers.Softmax):
        return _is_last(layer.axis)
    return role in ("activation", "dropout", "merge") or isinstance(
        layer, layers.Identity | layers.Rescaling | layers.ActivityRegularization
    )


def _is_last(axis: Any) -> bool:
    return axis == -1 or (isinstance(axis, list | tuple) and list(axis) == [-1])


def _sliding(layer: Any, axes: Sequence[int | None]) -> list[Window] | None:
    sizes, strides, dilation = sizes_of(layer, len(axes))
    if isinstance(layer, TorchModule):
        each = zip(layer.kernel_size, strides, dilation, layer.padded, strict=True)
        return [Window((k - 1) * d + 1, s, -p) for k, s, d, p in each]
    if sizes is None or (layer.padding == "same" and None in axes):
        return None
    return [sliding(n or 0, k, s, d, layer.padding) for n, k, s, d in zip(axes, sizes, strides, dilation, strict=True)]


def _spreading(layer: Any, axes: Sequence[int | None]) -> list[Window]:
    sizes, strides, dilation = sizes_of(layer, len(axes))
    if isinstance(layer, TorchModule):
        each = zip(layer.kernel_size, strides, dilation, layer.padded, strict=True)
        return [spreading(k, s, d, p) for k, s, d, p in each]
    extra = getattr(layer, "output_padding", None)
    given = [None] * len(axes) if extra is None else per_axis(extra, len(axes))
    return [
        spreading(k, s, d, _cropped(layer.padding, (k - 1) * d + 1, s, e))
        for k, s, d, e in zip(sizes or [], strides, dilation, given, strict=True)
    ]


def _cropped(padding: str, reach: int, stride: int, output_padding: int | None) -> int:
    """Cells that TensorFlow's SAME cuts off in front: half of what the full result has beyond the layer's output."""
    if padding == "valid":
        return 0
    beyond = reach - stride if output_padding is None else reach // 2 * 2 - output_padding
    return max(beyond, 0) // 2


def _upsampling(layer: Any, axes: Sequence[int | None]) -> list[Window] | None:
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return None
    return [spreading(s, s, 1, 0) for s in per_axis(layer.size, len(axes))]


def _shifted(layer: Any, axes: Sequence[int | None]) -> list[Window]:
    is_cropping = isinstance(layer, layer_kinds.CROPPING)
    amount = layer.cropping if is_cropping else layer.padding
    pairs = [amount] if len(axes) == 1 else amount
    first = [pair if isinstance(pair, int) else pair[0] for pair in pairs]
    return [Window(1, 1, n if is_cropping else -n) for n in first]


def sizes_of(layer: Any, axes: int) -> tuple[list[int] | None, list[int], list[int]]:
    """Kernel (or pool) size, strides and dilation by axis; the size is None where the layer has none."""
    size = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    strides = getattr(layer, "strides", None) or 1
    dilation = getattr(layer, "dilation_rate", 1)
    return (None if size is None else per_axis(size, axes)), per_axis(strides, axes), per_axis(dilation, axes)


def multiply_adds(layer: Any, input_shape: Shape, output_shape: Shape) -> int | None:
    """Multiplications with weights for one image; None where a size is not known or the layer is of another kind."""
    first = layer_kinds.is_channels_first(layer)
    if None in input_shape or None in output_shape or layer_kinds.has_own_call(layer):
        return None
    cells_in = prod(n or 0 for n in spatial(input_shape, first))
    cells_out = prod(n or 0 for n in spatial(output_shape, first))
    if isinstance(layer, layer_kinds.SEPARABLE):
        # The depthwise part runs at the layer's stride, the pointwise part on its result.
        return int(cells_out * (prod(layer.depthwise_kernel.shape) + prod(layer.pointwise_kernel.shape)))
    if layer_kinds.role(layer) == "convolution":
        cells = cells_in if layer_kinds.is_transposed(layer) else cells_out
        kernel = layer.module.weight if isinstance(layer, TorchModule) else layer.kernel
        return int(cells * prod(kernel.shape))
    if layer_kinds.role(layer) == "dense":
        return _dense(layer, input_shape, output_shape)
    if layer_kinds.role(layer) == "normalization":
        return prod(n or 0 for n in output_shape)
    if layer.count_params() == 0 and layer_kinds.role(layer) != "other":
        return 0
    return None


def _dense(layer: Any, input_shape: Shape, output_shape: Shape) -> int | None:
    if not hasattr(layer, "units"):  # EinsumDense: what is summed over depends on its equation
        return None
    return prod(n or 0 for n in output_shape) * (input_shape[-1] or 0)
