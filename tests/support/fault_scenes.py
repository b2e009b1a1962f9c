"""The fits that `tests.support.faults` puts faults into: a plain one, and others that reach functions which it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

import tb_cnnviz
from tests.support.fits import RATE, compiled, images, train


@dataclass(frozen=True)
class Scene:
    """`make` gives the same compiled model each time, `callback` what logs it into a folder."""

    make: Callable[[], keras.Model]
    callback: Callable[[Path], Any]
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")


def _network(*, is_built: bool = True, optimizer: Any = None, **options: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    stack = [
        layers.Conv2D(3, 3, strides=2, activation="relu", name="convolution"),
        layers.MaxPooling2D(2, name="pooling"),
        layers.Flatten(name="flat"),
        layers.Dense(5, name="dense"),
    ]
    head = [keras.Input((12, 12, 3))] if is_built else []
    return compiled(keras.Sequential([*head, *stack], name="network"), optimizer, **options)


def _labelled(folder: Path) -> Any:
    x, y = images(2, seed=7)
    return tb_cnnviz.CNNViz(folder, (x, y), every=2)


def _scaled() -> keras.Model:
    inner = keras.optimizers.SGD(RATE, gradient_accumulation_steps=2)
    return _network(optimizer=keras.optimizers.LossScaleOptimizer(inner))


SCENES = {
    "plain": Scene(_network, _labelled),
    # So great an overhead lets no measured time decide what is in the log.
    "no probe, not built": Scene(
        lambda: _network(is_built=False),
        lambda folder: tb_cnnviz.CNNViz(folder, max_bytes_per_step=2000, overhead=1e6),
    ),
    "loss scaling, accumulated": Scene(_scaled, _labelled),
    "XLA": Scene(lambda: _network(jit_compile=True), _labelled, ("tensorflow",)),
}


def fit(model: keras.Model, callbacks: list[Any]) -> None:
    train(model, callbacks, steps=3, epochs=2, validation_data=images(8, seed=4))
