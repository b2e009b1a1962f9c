"""What a log says of layers whose activations it does not hold: why, and what to do."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras

import tb_cnnviz
from tests.support.fits import compiled, images, run_of, train


class OnlyInTraining(keras.Model):  # type: ignore[misc]
    """Normalises while it is trained alone."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = keras.layers.Conv2D(4, 3, activation="relu")
        self.normalisation = keras.layers.BatchNormalization()
        self.flat, self.classes = keras.layers.Flatten(), keras.layers.Dense(5)

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.convolution(x)
        if training:
            x = self.normalisation(x)
        return self.classes(self.flat(x))


def said(folder: Path, part: str) -> list[str]:
    return [str(notice.reason) for notice in run_of(folder).notices if str(notice.reason).startswith(f"{part}: ")]


def test_a_layer_that_the_probe_does_not_meet_says_so(tmp_path: Path) -> None:
    x, y = images(8)
    model = OnlyInTraining()
    model(x[:1], training=True)
    train(compiled(model), [tb_cnnviz.CNNViz(tmp_path, (x, y), every=1)])
    (text,) = said(tmp_path, "activations")
    assert "batch_normalization" in text
    assert "not called when the model is run on the probe, with training=False" in text
    assert {"activations", "gradients"} <= set(run_of(tmp_path).kinds)


class NotCallable(keras.Model):  # type: ignore[misc]
    """Has a train_step that calls its layers, and no call of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = keras.layers.Conv2D(4, 3, activation="relu")
        self.normalisation = keras.layers.BatchNormalization()
        self.flat, self.classes = keras.layers.Flatten(), keras.layers.Dense(5)
        x = self.normalisation(self.convolution(images(1)[0]))
        self.classes(self.flat(x))
        self.built = True

    def train_step(self, data: Any) -> dict[str, Any]:
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            scores = self.classes(self.flat(self.normalisation(self.convolution(x), training=True)))
            loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(y, scores, from_logits=True))
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def test_layers_of_a_model_that_cannot_be_run_say_so(tmp_path: Path) -> None:
    model = NotCallable()
    model.compile("sgd")
    train(model, [tb_cnnviz.CNNViz(tmp_path, every=1)])
    texts = said(tmp_path, "activations")
    assert any("batch_normalization" in text and "could not be run before the first batch" in text for text in texts)
    run = run_of(tmp_path)
    assert {"activations", "gradients", "losses", "filters"} <= set(run.kinds)


def test_a_softmax_over_one_unit_is_told_of_by_keras_once(tmp_path: Path) -> None:
    def warned(callbacks: list[Any]) -> int:
        stack = [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(1, activation="softmax")]
        model = keras.Sequential(stack)
        model.compile("sgd", "mse")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            train(model, callbacks)
        return sum("softmax over axis" in str(each.message) for each in caught)

    assert warned([tb_cnnviz.CNNViz(tmp_path, images(4)[0], every=1)]) <= max(warned([]), 1)
