"""Networks with every kind of layer, for capture on any backend. Each maker gives a model and inputs for it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

Made = tuple[keras.Model, Any]


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).random((4, *shape), dtype=np.float32)


class Plain(layers.Conv2D):  # type: ignore[misc]
    """Extends a layer of Keras without a call of its own."""


class Twice(layers.Conv2D):  # type: ignore[misc]
    """A call of its own, with which the kernel reaches further than its size says."""

    def call(self, x: Any) -> Any:
        return super().call(super().call(x))


class Scale(layers.Layer):  # type: ignore[misc]
    """Works cell by cell, which only its graph tells."""

    def build(self, shape: Any) -> None:
        self.gain = self.add_weight(shape=(shape[-1],), initializer="ones", name="gain")

    def call(self, x: Any) -> Any:
        return ops.maximum(x * self.gain + 0.5, 0.25 * x)


class Centre(layers.Layer):  # type: ignore[misc]
    """Every output cell depends on the whole map."""

    def call(self, x: Any) -> Any:
        return x + ops.mean(x, axis=(1, 2), keepdims=True)


def ended(inputs: Any, branches: list[Any], pooling: Any) -> keras.Model:
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Concatenate()([pooling()(b) for b in branches])))


def line() -> Made:
    inputs = layers.Input((24, 4))
    h = layers.Conv1D(4, 3, strides=2, padding="same", name="stem")(inputs)
    branches = [
        layers.Conv1D(3, 3, padding="causal", dilation_rate=2, name="causal", activation="relu")(h),
        layers.Conv1D(4, 2, groups=2, name="grouped")(h),
        layers.Conv1DTranspose(3, 3, strides=2, padding="same", name="transposed")(h),
        layers.DepthwiseConv1D(3, depth_multiplier=2, name="depthwise")(h),
        layers.SeparableConv1D(3, 3, depth_multiplier=2, padding="same", name="separable")(h),
        layers.MaxPooling1D(3, strides=2, padding="same", name="max")(h),
        layers.AveragePooling1D(2, name="average")(h),
        layers.AdaptiveMaxPooling1D(4, name="even")(h),
        layers.AdaptiveAveragePooling1D(5, name="uneven")(h),
        layers.UpSampling1D(2, name="up")(h),
        layers.ZeroPadding1D(2, name="pad")(layers.Cropping1D((1, 2), name="crop")(h)),
    ]
    ends = [layers.GlobalMaxPooling1D(name="top")(h)]
    ends += [layers.GlobalAveragePooling1D(name=f"mean_{i}")(b) for i, b in enumerate(branches)]
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Concatenate()(ends))), images(24, 4)


def image() -> Made:
    inputs = layers.Input((18, 17, 4))
    h = layers.Conv2D(4, (3, 2), strides=2, name="stem", use_bias=False)(inputs)
    h = layers.BatchNormalization(name="norm")(h)
    flat = layers.Activation("relu", name="relu")(layers.LayerNormalization(name="over_channels")(h))
    branches = [
        layers.Conv2D(3, (1, 4), padding="same", activation="relu", name="asymmetric")(h),
        layers.Conv2D(3, 3, strides=(2, 1), padding="same", name="strided")(layers.LeakyReLU(name="leaky")(h)),
        layers.Conv2D(3, 3, dilation_rate=(1, 2), name="dilated")(h),
        layers.Conv2D(4, 3, groups=2, padding="same", name="grouped")(flat),
        layers.Conv2DTranspose(3, 3, strides=2, name="transposed")(h),
        layers.Conv2DTranspose(3, (2, 3), strides=2, padding="same", output_padding=1, name="transposed_same")(h),
        layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", name="depthwise")(h),
        layers.SeparableConv2D(3, 3, depth_multiplier=2, name="separable")(h),
        Plain(3, 3, name="extended")(h),
        Twice(4, 3, name="twice")(h),
        Scale(name="scale")(h),
        Centre(name="centre")(h),
        layers.SpectralNormalization(layers.Conv2D(3, 2, name="normed"), name="spectral")(h),
        layers.MaxPooling2D((2, 3), name="max")(h),
        layers.AveragePooling2D(3, strides=1, padding="same", name="average")(h),
        layers.AdaptiveAveragePooling2D((2, 4), name="even")(h),
        layers.AdaptiveMaxPooling2D((3, 5), name="uneven")(h),
        layers.UpSampling2D((2, 1), name="up")(layers.Dropout(0.5, name="dropout")(h)),
    ]
    ends = [layers.GlobalMaxPooling2D(name="top")(h)]
    ends += [layers.GlobalAveragePooling2D(name=f"mean_{i}")(b) for i, b in enumerate(branches)]
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Concatenate()(ends))), images(18, 17, 4)


def cube() -> Made:
    inputs = layers.Input((9, 10, 8, 2))
    h = layers.Conv3D(4, (2, 3, 1), strides=(1, 2, 1), name="stem")(inputs)
    branches = [
        layers.Conv3D(3, 2, padding="same", dilation_rate=2, name="dilated")(h),
        layers.Conv3D(4, 2, groups=2, name="grouped")(h),
        layers.Conv3DTranspose(3, (2, 3, 2), strides=(1, 2, 1), padding="same", name="transposed")(h),
        layers.MaxPooling3D(2, name="max")(h),
        layers.AveragePooling3D((3, 2, 2), strides=1, padding="same", name="average")(h),
        layers.AdaptiveMaxPooling3D((4, 2, 2), name="even")(h),
        layers.UpSampling3D((1, 2, 1), name="up")(h),
    ]
    ends = [layers.GlobalMaxPooling3D(name="top")(h)]
    ends += [layers.GlobalAveragePooling3D(name=f"mean_{i}")(b) for i, b in enumerate(branches)]
    return keras.Model(inputs, layers.Dense(3, name="head")(layers.Concatenate()(ends))), images(9, 10, 8, 2)


def channels_first() -> Made:
    form = {"data_format": "channels_first"}
    inputs = layers.Input((4, 14, 13))
    h = layers.Conv2D(4, 3, strides=2, padding="same", name="stem", **form)(inputs)
    h = layers.BatchNormalization(axis=1, name="norm")(h)
    left = layers.Conv2D(3, (2, 3), padding="same", dilation_rate=2, name="left", **form)(h)
    right = layers.SeparableConv2D(3, 3, padding="same", name="right", **form)(h)
    h = layers.Concatenate(axis=1, name="join")([left, layers.DepthwiseConv2D(3, padding="same", name="depthwise", **form)(h), right])  # fmt: skip
    h = layers.MaxPooling2D(2, name="max", **form)(h)
    h = layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="transposed", **form)(h)
    h = layers.AveragePooling2D(2, name="average", **form)(h)
    h = layers.GlobalAveragePooling2D(name="mean", **form)(h)
    return keras.Model(inputs, layers.Dense(3, name="head")(h)), images(4, 14, 13)


def u_shaped(*shape: int) -> Made:
    """Two levels down, two up by transposed convolutions, and skips."""
    inputs = layers.Input(shape or (20, 16, 3))

    def twice(h: Any, filters: int, name: str) -> Any:
        for i in (1, 2):
            h = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_{i}")(h)
        return h

    top = twice(inputs, 3, "top")
    middle = twice(layers.MaxPooling2D(name="down_1")(top), 4, "middle")
    h = twice(layers.MaxPooling2D(name="down_2")(middle), 5, "bottom")
    h = layers.Conv2DTranspose(4, 2, strides=2, name="up_1")(h)
    h = twice(layers.Concatenate(name="skip_1")([h, middle]), 4, "right")
    h = layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="up_2")(h)
    h = twice(layers.Concatenate(name="skip_2")([h, top]), 3, "last")
    return keras.Model(inputs, layers.Conv2D(1, 1, name="mask")(h)), images(*inputs.shape[1:])


class Gate(layers.Layer):  # type: ignore[misc]
    """A layer of layers, one of which is called twice."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = layers.Conv2D(4, 3, padding="same", name="conv")
        self.gate = layers.Conv2D(4, 1, name="gate")

    def call(self, x: Any) -> Any:
        return self.conv(self.conv(x)) * ops.sigmoid(self.gate(x))


def nested() -> Made:
    """Functional in Sequential in Functional, equal names, a shared and a frozen layer, two inputs and two outputs."""
    deep = layers.Input((10, 10, 4))
    inner = keras.Model(deep, layers.Conv2D(4, 3, name="conv", padding="same")(deep), name="inner")
    middle = keras.Sequential([layers.Input((10, 10, 4)), inner, layers.ReLU(name="relu")], name="middle")
    a, b = layers.Input((12, 12, 3), name="a"), layers.Input((10, 10, 4), name="b")
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    h = middle(layers.Conv2D(4, 3, name="conv", trainable=False)(a))
    h = shared(h) + shared(b)
    h = Gate(name="block")(h)
    map_ = layers.Conv2D(1, 1, name="map")(h)
    classes = layers.Dense(3, name="classes")(layers.GlobalAveragePooling2D(name="mean")(h))
    model = keras.Model({"a": a, "b": b}, {"map": map_, "classes": classes}, name="outer")
    return model, {"a": images(12, 12, 3), "b": images(10, 10, 4)}


class Subclassed(keras.Model):  # type: ignore[misc]
    """Skips, slices, joins and reshapes by plain arithmetic; no layer says what it reads."""

    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.stem = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")
        self.left = layers.Conv2D(2, 3, padding="same", name="left")
        self.right = layers.Conv2D(2, 1, name="right")
        self.joined = layers.Conv2D(4, 3, name="joined")
        self.centred = layers.Conv2D(4, 1, name="centred")
        self.turned = layers.Conv2D(4, 1, name="turned")
        self.head = layers.Dense(3, name="head")

    def call(self, x: Any, training: bool = False) -> Any:
        h = ops.relu(self.stem(x / 2 - 0.1))
        both = ops.concatenate([self.left(h[..., :2]), ops.tanh(self.right(h)) + 1], axis=-1)
        joined = self.joined(both * 0.5 + h)
        centred = self.centred(joined - ops.mean(joined, axis=(1, 2), keepdims=True))
        turned = self.turned(ops.flip(joined, axis=1))
        return self.head(ops.reshape(ops.concatenate([centred, turned], axis=-1), (-1, 6 * 5 * 8)))


#: What each layer of `Subclassed` reads, and those whose receptive field cannot be a window.
READS = {
    "stem": {"input"},
    "left": {"stem"},
    "right": {"stem"},
    "joined": {"left", "right", "stem"},
    "centred": {"joined"},
    "turned": {"joined"},
    "head": {"centred", "turned"},
}
WITHOUT_FIELD = {"centred", "turned", "head"}


def subclassed() -> Made:
    return Subclassed(), images(16, 14, 3)
