"""Small fits with a known network, and an oracle that reads each step's gradient and update back from the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run

SHAPE = (12, 12, 3)
CLASSES = 5
#: A power of two, so that dividing the weights' change by it is exact.
RATE = 2.0**-4


def images(count: int, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((count, *shape), dtype=np.float32), rng.integers(0, CLASSES, count).astype(np.int32)


def network(seed: int = 0, *, noisy: bool = False) -> keras.Model:
    """A drawn convolutional network; `noisy` adds augmentation, dropout and batch normalization."""
    rng = np.random.default_rng(seed)
    activation = str(rng.choice(["relu", "tanh", "elu"]))
    stack: list[Any] = [layers.Input(SHAPE)]
    if noisy:
        stack += [layers.RandomFlip(), layers.RandomTranslation(0.1, 0.1)]
    stack.append(layers.Conv2D(int(rng.integers(3, 7)), int(rng.integers(2, 5)), activation=activation))
    if noisy:
        stack.append(layers.BatchNormalization())
    pool = layers.MaxPooling2D if rng.integers(2) else layers.AveragePooling2D
    stack += [pool(2), layers.Conv2D(int(rng.integers(3, 7)), 3, padding="same", strides=int(rng.integers(1, 3)))]
    if noisy:
        stack += [layers.ReLU(), layers.Dropout(0.3)]
    stack += [layers.Flatten(), layers.Dense(CLASSES)]
    return keras.Sequential(stack)


def compiled(model: keras.Model, optimizer: Any = None, **options: Any) -> keras.Model:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.SGD(RATE), loss, **options)
    return model


def make(seed: int = 0, optimizer: Any = None, *, noisy: bool = False, **options: Any) -> keras.Model:
    """The same network with the same weights for the same seed."""
    keras.utils.set_random_seed(seed)
    return compiled(network(seed, noisy=noisy), optimizer, **options)


def train(model: keras.Model, callbacks: Sequence[Any] = (), steps: int = 6, epochs: int = 1, **options: Any) -> Any:
    """Fit without shuffling, in batches of eight."""
    x, y = images(8 * steps)
    return model.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks), **options)


def weights(model: keras.Model) -> list[np.ndarray]:
    return [to_numpy(v) for v in model.trainable_variables]


class WeightsByStep(keras.callbacks.Callback):
    """Keeps the trainable weights before the first step and after each."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[np.ndarray]] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append(weights(self.model))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(weights(self.model))

    def changes(self) -> list[list[np.ndarray]]:
        """For each step and variable the weights' change, in float64."""
        return [
            [after.astype(np.float64) - before for before, after in zip(old, new, strict=True)]
            for old, new in zip(self.seen, self.seen[1:], strict=False)
        ]


def norms(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([np.linalg.norm(a.astype(np.float64)) for a in arrays])


def run_of(folder: Path) -> Run:
    return tb_cnnviz.open_log(folder)["."]


def gradients_of(run: Run, name: str) -> dict[int, np.ndarray]:
    """A column of the gradient records: step to one value for each variable."""
    return {step: run.read("gradients", None, step)[name] for step in run.steps("gradients")}


def identical(one: keras.Model, other: keras.Model) -> bool:
    """Are all variables, the optimizer's too, the same bit for bit?"""
    mine = [*one.variables, *one.optimizer.variables]
    theirs = [*other.variables, *other.optimizer.variables]
    return len(mine) == len(theirs) and all(
        np.array_equal(to_numpy(a), to_numpy(b), equal_nan=True) for a, b in zip(mine, theirs, strict=True)
    )


def leftovers(model: keras.Model, before: dict[str, Any]) -> list[str]:
    """What stands on the model, its layers and its optimizer that `inventory` did not find before."""
    after = inventory(model)
    return sorted(f"{key}: {after[key]} (was {before.get(key)})" for key in after if after[key] != before.get(key))


def inventory(model: keras.Model) -> dict[str, Any]:
    """Attributes of the model, its layers and its optimizers, and their numbers of variables."""
    found: dict[str, Any] = {}
    optimizers = [model.optimizer]
    while hasattr(optimizers[-1], "inner_optimizer"):
        optimizers.append(optimizers[-1].inner_optimizer)
    for thing in [model, *model._flatten_layers(include_self=False), *optimizers]:
        mine = {name for name, value in vars(thing).items() if callable(value) and "cnnviz" in _module(value)}
        found[f"{thing.name} own methods"] = {
            n for n in ("apply", "call", "compute_loss", "train_step") if n in vars(thing)
        }
        found[f"{thing.name} ours"] = mine
        found[f"{thing.name} variables"] = len(thing.variables)
    return found


def _module(value: Any) -> str:
    return str(getattr(value, "__module__", "")) + str(getattr(type(value), "__module__", ""))


Maker = Callable[[], keras.Model]
