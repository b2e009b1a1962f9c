"""Which layers are looked into, and what each is: role, geometry, kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

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
    ("dropout", DROPOUT),
    ("reshape", RESHAPE),
)


def role(layer: Any) -> str:
    """One of the roles of `LayerRecord`; `other` for a class of the user's own that extends none of Keras'."""
    return next((name for name, classes in _ROLES if isinstance(layer, classes)), "other")


def is_global_pooling(layer: Any) -> bool:
    return isinstance(layer, GLOBAL_MAX + GLOBAL_AVERAGE)


def has_maps(layer: Any) -> bool:
    """Are this layer's outputs logged as feature maps?"""
    return role(layer) in ("convolution", "pooling", "dense")


def is_channels_first(layer: Any) -> bool:
    return getattr(layer, "data_format", None) == "channels_first"


def pool_kind(layer: Any) -> str | None:
    """max, average, or None for a layer that does not pool."""
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
    return not str(type(layer).call.__module__).startswith("keras.")
