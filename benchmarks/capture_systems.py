"""The networks that `bench_capture.py` trains, and what it trains them with: ours, and what people write without it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from keras import layers

import tb_cnnviz

matplotlib.use("Agg")
from matplotlib import pyplot as plt

BATCH = 64
#: Tiles of a figure, of each convolution's filters or maps.
TILES = 16

Data = tuple[np.ndarray, np.ndarray]
Callbacks = list[keras.callbacks.Callback]


@dataclass(frozen=True)
class Network:
    """Numbers of filters, "pool" between them, and how many batches an epoch has."""

    title: str
    filters: tuple[int | str, ...]
    batches: int

    def build(self, kind: type[keras.Sequential] = keras.Sequential) -> keras.Model:
        """Compiled, with the same weights each time."""
        keras.utils.set_random_seed(0)
        model = kind([keras.Input((32, 32, 3))])
        for filters in self.filters:
            pool = filters == "pool"
            model.add(layers.MaxPooling2D() if pool else layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.Flatten())
        model.add(layers.Dense(10))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-4), loss, jit_compile=False)
        return model

    def data(self) -> Data:
        rng = np.random.default_rng(0)
        count = BATCH * self.batches
        return rng.random((count, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, count)


SMALL = Network("small CNN", (32, "pool", 64, "pool", 64, "pool"), 32)
VGG = Network(
    "VGG-like net",
    (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"),
    4,
)


@dataclass(frozen=True)
class System:
    """`callbacks(folder, data)` makes those of one fit; `model` is what kind of Sequential it needs.

    `steps_before`: training steps that have to pass before it runs as it will go on.
    """

    callbacks: Callable[[str, Data], Callbacks]
    model: type[keras.Sequential] = keras.Sequential
    steps_before: int = 5


# What people write without it.


class SecondBackward(keras.callbacks.Callback):
    """At each epoch's end the gradients of one batch, by a second pass forward and back."""

    def __init__(self, folder: str, data: Data) -> None:
        super().__init__()
        self.writer = tf.summary.create_file_writer(folder)
        self.x, self.y = (tf.constant(part[:BATCH]) for part in data)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        with tf.GradientTape() as tape:
            loss = self.model.loss(self.y, self.model(self.x, training=True))
        gradients = tape.gradient(loss, self.model.trainable_variables)
        with self.writer.as_default():
            for variable, gradient in zip(self.model.trainable_variables, gradients, strict=True):
                tf.summary.histogram(f"gradients/{variable.path}", gradient, step=epoch)
        self.writer.flush()


class HistogramsInTheStep(keras.Sequential):
    """A train_step of one's own that gives each gradient to tf.summary.histogram."""

    writer: Any = None

    def train_step(self, data: Any) -> Any:
        x, y = data
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = self.compute_loss(x, y, predicted)
        gradients = tape.gradient(loss, self.trainable_variables)
        step = tf.cast(self.optimizer.iterations, tf.int64)
        with self.writer.as_default():
            for variable, gradient in zip(self.trainable_variables, gradients, strict=True):
                tf.summary.histogram(f"gradients/{variable.path}", gradient, step=step)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self.compute_metrics(x, y, predicted)


class OpensWriter(keras.callbacks.Callback):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self.writer = tf.summary.create_file_writer(folder)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        model.writer = self.writer

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.writer.flush()


class Figures(keras.callbacks.Callback):
    """At each epoch's end a figure of matplotlib for each convolution: its filters, or its maps of one image."""

    def __init__(self, folder: str, data: Data, *, maps: bool) -> None:
        super().__init__()
        self.writer = tf.summary.create_file_writer(folder)
        self.image, self.maps = data[0][:1], maps

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        convolutions = [layer for layer in self.model.layers if isinstance(layer, layers.Conv2D)]
        if self.maps:
            shown = keras.Model(self.model.inputs, [layer.output for layer in convolutions])
            pictures = [output[0] for output in shown.predict(self.image, verbose=0)]
        else:
            pictures = [layer.get_weights()[0][:, :, 0, :] for layer in convolutions]
        with self.writer.as_default():
            for layer, picture in zip(convolutions, pictures, strict=True):
                tf.summary.image(layer.name, figure(picture), step=epoch)
        self.writer.flush()


def figure(pictures: np.ndarray) -> tf.Tensor:
    """The first of [height, width, channels] as tiles of one figure: an image for tf.summary."""
    drawn, axes = plt.subplots(4, TILES // 4, figsize=(6, 6))
    for place, axis in enumerate(axes.flat):
        axis.imshow(pictures[..., place], cmap="viridis")
        axis.axis("off")
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png")
    plt.close(drawn)
    return tf.image.decode_png(buffer.getvalue(), channels=4)[None]


def _tensorboard(**options: Any) -> Callable[[str, Data], Callbacks]:
    return lambda folder, data: [keras.callbacks.TensorBoard(folder, histogram_freq=1, **options)]


def _probe(data: Data) -> Data:
    return data[0][:8], data[1][:8]


CONTROL = "bare"

#: As many steps as the rhythm of `auto` takes at most to settle (tb_cnnviz/loggers/statistics_rhythm.py), and two more.
_SETTLED = 34

OURS: dict[str, System] = {
    "CNNViz auto": System(lambda f, d: [tb_cnnviz.CNNViz(f, _probe(d))], steps_before=_SETTLED),
    "CNNViz every=1": System(lambda f, d: [tb_cnnviz.CNNViz(f, _probe(d), every=1)]),
    "GradientLogger every=1": System(lambda f, d: [tb_cnnviz.GradientLogger(f, every=1)]),
    "GradientLogger every=1, exact histograms": System(
        lambda f, d: [tb_cnnviz.GradientLogger(f, every=1, exact_histograms=True)]
    ),
}

PEERS: dict[str, System] = {
    "TensorBoard(histogram_freq=1)": System(_tensorboard()),
    "TensorBoard(…, write_images=True)": System(_tensorboard(write_images=True)),
    "GradientTape in a callback, each epoch": System(lambda f, d: [SecondBackward(f, d)]),
    "tf.summary.histogram in train_step": System(lambda f, d: [OpensWriter(f)], HistogramsInTheStep),
    "matplotlib, filters each epoch": System(lambda f, d: [Figures(f, d, maps=False)]),
    "matplotlib, feature maps each epoch": System(lambda f, d: [Figures(f, d, maps=True)]),
}

SYSTEMS: dict[str, System] = {CONTROL: System(lambda f, d: []), **OURS, **PEERS}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def chosen(names: Sequence[str]) -> dict[str, System]:
    """The systems whose name holds one of these; all for none. The control is always among them."""
    return {n: s for n, s in SYSTEMS.items() if n == CONTROL or not names or any(part in n for part in names)}
