"""Networks of many kinds for the capture's tests, drawn by seed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers


def drawn_branches(seed: int) -> keras.Model:
    """Convolutions and poolings with drawn sizes, strides, dilations and paddings, and two branches that join.

    Activations are smooth and pooling is by average, so that every output cell depends on all of its field.
    """
    rng = np.random.default_rng(seed)

    def draw(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    def convolution(stride: int) -> Any:
        size = (draw(1, 2, 3, 5), draw(1, 2, 3, 4))
        dilation = draw(1, 2) if stride == 1 else 1
        return layers.Conv2D(
            3, size, strides=stride, padding="same" if stride > 1 else draw("valid", "same"), dilation_rate=dilation
        )

    inputs = layers.Input((31, 29, 2))
    h = convolution(1)(inputs)
    h = layers.Activation("tanh")(layers.BatchNormalization()(h))
    if rng.integers(2):
        h = layers.ZeroPadding2D(((1, 0), (2, 1)))(h)
    stride = draw(1, 2)
    left = convolution(stride)(h)
    right = layers.AveragePooling2D(draw(2, 3), strides=stride, padding="same")(h)
    if stride == 1:  # bring both to one shape
        left = layers.Conv2D(3, 3, padding="same", dilation_rate=2)(h)
    h = draw(
        lambda: layers.Add()([left, right]), lambda: layers.Concatenate()([left, right]), lambda: left * 0.5 + right
    )()
    if rng.integers(2):
        h = layers.Cropping2D(((1, 0), (0, 1)))(h)
    h = layers.DepthwiseConv2D(draw(2, 3), strides=draw(1, 2), padding="same")(h)
    return keras.Model(inputs, layers.SeparableConv2D(2, draw(1, 3), padding="valid")(h))


def every_convolution() -> dict[str, tuple[keras.layers.Layer, tuple[int, ...]]]:
    """One layer of each kind, and an input shape for it without the batch axis."""
    image, line, cube = (9, 10, 4), (12, 4), (6, 7, 5, 4)
    return {
        "plain": (layers.Conv2D(6, (3, 2), activation="relu"), image),
        "strided": (layers.Conv2D(6, 3, strides=2, padding="same"), image),
        "dilated": (layers.Conv2D(6, 3, dilation_rate=2), image),
        "grouped": (layers.Conv2D(6, 3, groups=2), image),
        "without bias": (layers.Conv2D(6, 3, use_bias=False), image),
        "line": (layers.Conv1D(5, 3, padding="causal"), line),
        "cube": (layers.Conv3D(3, 2), cube),
        "transposed": (layers.Conv2DTranspose(5, 3, strides=2, padding="same"), image),
        "transposed line": (layers.Conv1DTranspose(5, 4, strides=2), line),
        "depthwise": (layers.DepthwiseConv2D(3, depth_multiplier=2), image),
        "depthwise line": (layers.DepthwiseConv1D(3, depth_multiplier=2), line),
        "separable": (layers.SeparableConv2D(5, 3, depth_multiplier=2), image),
        "separable line": (layers.SeparableConv1D(5, 3), line),
    }


class Block(keras.layers.Layer):  # type: ignore[misc]
    """A residual block that is a layer of layers, with plain arithmetic between them."""

    def __init__(self, filters: int, **options: Any) -> None:
        super().__init__(**options)
        self.first = layers.Conv2D(filters, 3, padding="same", name="first")
        self.second = layers.Conv2D(filters, 3, padding="same", name="second")

    def build(self, shape: Any) -> None:
        self.first.build(shape)
        self.second.build(shape)

    def call(self, x: Any) -> Any:
        return keras.ops.relu(x + self.second(keras.ops.tanh(self.first(x))))


class Subclassed(keras.Model):  # type: ignore[misc]
    """A model that knows neither its inputs nor its graph."""

    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.stem = layers.Conv2D(4, 5, strides=2, name="stem")
        self.block = Block(4, name="block")
        self.pool = layers.AveragePooling2D(2, name="pool")
        self.head = layers.Dense(3, name="head")

    def call(self, x: Any, training: bool = False) -> Any:
        h = self.pool(self.block(self.stem(x)))
        return self.head(keras.ops.mean(h, axis=(1, 2)))


def nested() -> keras.Model:
    """A Functional model in a Sequential in a Functional one, with equal names in different places, and two inputs."""
    inner_input = layers.Input((8, 8, 4))
    inner = keras.Model(inner_input, layers.Conv2D(4, 3, name="conv", padding="same")(inner_input), name="inner")
    middle = keras.Sequential([layers.Input((8, 8, 4)), inner, layers.MaxPooling2D(name="pool")], name="middle")
    a, b = layers.Input((10, 10, 3), name="a"), layers.Input((4, 4, 4), name="b")
    h = middle(layers.Conv2D(4, 3, name="conv")(a))
    h = layers.Concatenate(name="join")([h, b])
    return keras.Model([a, b], layers.GlobalAveragePooling2D(name="mean")(h), name="outer")
