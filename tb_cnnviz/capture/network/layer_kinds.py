"""Which layers are looked into, and what each is: role, geometry, kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from tb_cnnviz.capture.backends.torch_modules import TorchModule
from tb_cnnviz.capture.hook import Hook

CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
MAX_POOLING = (layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D)
AVERAGE_POOLING = (layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D)
GLOBAL_MAX = (layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D)
GLOBAL_AVERAGE = (layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D)
ADAPTIVE_MAX = (layers.AdaptiveMaxPooling1D, layers.AdaptiveMaxPooling2D, layers.AdaptiveMaxPooling3D)
ADAPTIVE_AVERAGE = (layers.AdaptiveAveragePooling1D, layers.AdaptiveAveragePooling2D, layers.AdaptiveAveragePooling3D)
ADAPTIVE = ADAPTIVE_MAX + ADAPTIVE_AVERAGE
POOLING = MAX_POOLING + AVERAGE_POOLING + GLOBAL_MAX + GLOBAL_AVERAGE + ADAPTIVE
DENSE = (layers.Dense, layers.EinsumDense)
NORMALIZATION = (
    layers.BatchNormalization,
    layers.LayerNormalization,
    layers.GroupNormalization,
    layers.UnitNormalization,
    layers.Normalization,
)
ACTIVATION = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Softmax)
MERGE = (
    layers.Add,
    layers.Subtract,
    layers.Multiply,
    layers.Average,
    layers.Maximum,
    layers.Minimum,
    layers.Concatenate,
    layers.Dot,
)
DROPOUT = (
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.AlphaDropout,
)
PADDING = (layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D)
CROPPING = (layers.Cropping1D, layers.Cropping2D, layers.Cropping3D)
#: Convolutional ones, whose kernels are filters.
CONVOLUTIONAL_RECURRENT = (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)
#: Both directions of a Bidirectional are one layer: some devices compute them together.
RECURRENT = (layers.RNN, layers.Bidirectional)
CELLS = (layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell)
UPSAMPLING = (layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D)
RESHAPE = (
    layers.Flatten,
    layers.Reshape,
    layers.Permute,
    layers.RepeatVector,
    *PADDING,
    *CROPPING,
    *UPSAMPLING,
)

_ROLES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("input", (layers.InputLayer,)),
    ("convolution", CONVOLUTIONS),
    ("pooling", POOLING),
    ("dense", DENSE),
    ("normalization", NORMALIZATION),
    ("activation", ACTIVATION),
    ("merge", MERGE),
    ("recurrent", RECURRENT + CELLS),
    ("dropout", DROPOUT),
    ("reshape", RESHAPE),
)


def role(layer: Any) -> str:
    """One of the roles of `LayerRecord`; `other` for a class of the user's own that extends none of Keras'."""
    if isinstance(layer, TorchModule):
        return layer.role
    return next((name for name, classes in _ROLES if isinstance(layer, classes)), "other")


def type_name(layer: Any) -> str:
    """The name of the layer's class."""
    return layer.type_name if isinstance(layer, TorchModule) else type(layer).__name__


def on_call(layer: Any, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Hook:
    """A hook on the method in which the layer computes."""
    if not isinstance(layer, TorchModule):
        return Hook(layer, "call", wrap)
    return Hook(layer.module, "forward", wrap, is_copied=True)


def is_transposed(layer: Any) -> bool:
    return layer.is_transposed if isinstance(layer, TorchModule) else isinstance(layer, TRANSPOSED)


def is_adaptive(layer: Any) -> bool:
    return layer.is_adaptive if isinstance(layer, TorchModule) else isinstance(layer, ADAPTIVE)


def is_global_pooling(layer: Any) -> bool:
    return isinstance(layer, GLOBAL_MAX + GLOBAL_AVERAGE)


def convolutional_recurrent(layer: Any) -> list[Any]:
    """The layers of Keras that a convolutional recurrent layer is made of: itself, or its directions.

    None of other layers, and of one whose directions differ in kernel size, filters or axes.
    """
    parts = directions(layer)
    are_alike = all(
        isinstance(part, CONVOLUTIONAL_RECURRENT)
        and (part.kernel_size, part.filters, part.data_format)
        == (parts[0].kernel_size, parts[0].filters, parts[0].data_format)
        for part in parts
    )
    return parts if are_alike else []


def directions(layer: Any) -> list[Any]:
    """A recurrent layer itself, or of a Bidirectional the forward and the backward one."""
    return [layer.forward_layer, layer.backward_layer] if isinstance(layer, layers.Bidirectional) else [layer]


def has_kernels(layer: Any) -> bool:
    """Are this layer's kernels logged as filters?"""
    return role(layer) == "convolution" or bool(convolutional_recurrent(layer))


def has_maps(layer: Any, axes: int) -> bool:
    """Is this layer's output, of so many axes with that of the batch, logged as feature maps?

    A map has three spatial axes at most; the sequence that a ConvLSTM3D gives back has four.
    """
    is_asked = role(layer) in ("convolution", "pooling", "dense") or bool(convolutional_recurrent(layer))
    return is_asked and axes <= 5


def is_channels_first(layer: Any) -> bool:
    return getattr(directions(layer)[0], "data_format", None) == "channels_first"


def channels_at(layer: Any, axes: int) -> int:
    """The axis of the channels in a tensor of so many axes that goes into a layer or comes out of it."""
    if not is_channels_first(layer):
        return -1
    recurrent = convolutional_recurrent(layer)
    return 2 if recurrent and axes == len(recurrent[0].kernel_size) + 3 else 1


def pool_kind(layer: Any) -> str | None:
    """max, average, or None for a layer that does not pool."""
    if isinstance(layer, TorchModule):
        return layer.pool
    if isinstance(layer, MAX_POOLING + GLOBAL_MAX + ADAPTIVE_MAX):
        return "max"
    return "average" if isinstance(layer, AVERAGE_POOLING + GLOBAL_AVERAGE + ADAPTIVE_AVERAGE) else None


def channel_axis(found: Sequence[Any]) -> int | None:
    """The axis on which all of these layers have their channels, batch axis counted; None where they differ."""
    formats = {layer.data_format for layer in found if isinstance(getattr(layer, "data_format", None), str)}
    formats = formats or {keras.config.image_data_format()}
    return {"channels_first": 1, "channels_last": -1}.get(formats.pop()) if len(formats) == 1 else None


def has_own_call(layer: Any) -> bool:
    """Does a class of the user's own say what this layer computes, where it extends a layer of Keras?"""
    if isinstance(layer, TorchModule):
        return layer.has_own_forward
    return not str(type(layer).call.__module__).startswith("keras.")
