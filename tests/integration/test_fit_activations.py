"""Activations of the training batch in a network with all that they may meet; what is left out says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tests.support.activation_networks import try_network
from tests.support.fits import compiled, identical, images, run_of, train

_TRIES = """
import sys
from pathlib import Path
from tests.support.activation_networks import try_network
try_network(Path(sys.argv[1]) / "last")
try_network(Path(sys.argv[1]) / "first", channels_first=True)
"""


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"jit_compile": False}, {"run_eagerly": True}])
def test_statistics_are_those_of_numpy_and_the_weights_the_same_bits(tmp_path: Path, options: dict[str, Any]) -> None:
    try_network(tmp_path, **options)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_on_another_backend_channels_first_too(tmp_path: Path, backend: str) -> None:
    environment = {**os.environ, "KERAS_BACKEND": backend}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _TRIES, str(tmp_path)], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


class Odd(keras.Model):  # type: ignore[misc]
    """Calls one layer in inference mode, one in a function of its own, one never, and one as training does."""

    def __init__(self) -> None:
        super().__init__()
        import tensorflow as tf

        self.teacher = keras.Sequential([keras.layers.Dense(3, activation="tanh", name="taught")])
        self.wrapped = keras.layers.Dense(3, name="wrapped")
        self.unused = keras.layers.Dense(3, name="unused")
        self.flat = keras.layers.Flatten()
        self.plain = keras.layers.Dense(5, name="plain")
        self.compiled_alone = tf.function(lambda x: self.wrapped(x))

    def build(self, shape: Any) -> None:
        self.flat.build(shape)
        for layer, width in ((self.teacher, 432), (self.wrapped, 432), (self.unused, 2), (self.plain, 6)):
            layer.build((None, width))

    def call(self, x: Any, training: bool = False) -> Any:
        flat = self.flat(x)
        if not training:
            self.unused(flat[:, :2])
        both = keras.ops.concatenate([self.teacher(flat, training=False), self.compiled_alone(flat)], axis=-1)
        return self.plain(both)


def test_what_is_not_of_the_training_pass_is_left_out(tmp_path: Path) -> None:
    models = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, images(2), every=2, errors=False)]):
        keras.utils.set_random_seed(0)
        model = compiled(Odd(), jit_compile=False)
        model.build((None, 12, 12, 3))
        train(model, callbacks)
        train(model, steps=2)  # what was compiled alone holds nothing of ours
        models.append(model)
    assert identical(*models)
    run = run_of(tmp_path)
    assert run.steps("activations") == [0, 2, 4]
    assert [layer.split("/")[-1] for layer, _ in run.read("activations", None, 0)["rows"]] == ["plain"]
    with pytest.raises(KeyError, match="'odd_1/unused' has no activations"):
        run.read("activations", "odd_1/unused", 0)


def test_layers_asked_for_and_none(tmp_path: Path) -> None:
    x, y = images(16)
    for name, options in (("some", {"layers": ["asked"]}), ("none", {"activations": False})):
        layers = [keras.layers.Conv2D(3, 3, name="asked"), keras.layers.Flatten(), keras.layers.Dense(5)]
        model = compiled(keras.Sequential([keras.Input(x.shape[1:]), *layers]))
        model.fit(x, y, verbose=0, callbacks=[tb_cnnviz.CNNViz(tmp_path / name, x[:2], errors=False, **options)])
    some = run_of(tmp_path / "some")
    assert [place for _, place in some.read("activations")["rows"]] == ["output"]
    path = next(layer.path for layer in some.layers if layer.name == "asked")
    assert np.isfinite(some.read("activations", path)["mean"])
    assert "activations" not in run_of(tmp_path / "none").kinds
