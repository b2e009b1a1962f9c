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
from tb_cnnviz.capture.backends.host import to_numpy
from tests.support.activation_networks import try_network, try_several_callbacks
from tests.support.activation_oracles import check_row, convolution
from tests.support.fits import compiled, identical, images, run_of, train
from tests.support.mode_table import kept_programs

_TRIES = """
import sys
from pathlib import Path
from tests.support.activation_networks import try_network, try_several_callbacks
try_several_callbacks(Path(sys.argv[1]) / "several")
try_network(Path(sys.argv[1]) / "last")
try_network(Path(sys.argv[1]) / "first", channels_first=True)
"""


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"jit_compile": False}, {"run_eagerly": True}])
def test_statistics_are_those_of_numpy_and_the_weights_the_same_bits(tmp_path: Path, options: dict[str, Any]) -> None:
    try_network(tmp_path, **options)


def test_several_callbacks_of_one_fit(tmp_path: Path) -> None:
    try_several_callbacks(tmp_path)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_on_another_backend_channels_first_too(tmp_path: Path, backend: str) -> None:
    environment = {**os.environ, **kept_programs(tmp_path / "found"), "KERAS_BACKEND": backend}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _TRIES, str(tmp_path)], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_frozen_backbone_in_inference_mode_and_what_comes_after_it(tmp_path: Path) -> None:
    """The backbone's layers are called with training=False, which must not hide the head."""
    models = []
    for callbacks in ([], [tb_cnnviz.CNNViz(tmp_path, images(2), every=2, errors=False)]):
        keras.utils.set_random_seed(0)
        inside = [
            keras.layers.Conv2D(3, 3, activation="tanh", name="frozen"),
            keras.layers.BatchNormalization(name="norm"),
        ]
        backbone = keras.Sequential([keras.Input((12, 12, 3)), *inside], name="backbone")
        backbone.trainable = False
        given = keras.Input((12, 12, 3))
        flat = keras.layers.Flatten()(backbone(given, training=False))
        model = compiled(keras.Model(given, keras.layers.Dense(5, name="head")(flat)), jit_compile=False)
        train(model, callbacks)
        models.append(model)
    assert identical(*models)
    run = run_of(tmp_path)
    assert run.steps("activations") == [0, 2, 4]
    rows = run.read("activations", None, 0)["rows"]
    assert [(path.split("/")[-1], place) for path, place in rows] == [
        ("frozen", "pre_activation"),
        ("frozen", "output"),
        ("norm", "output"),
        ("head", "output"),
    ]
    z = convolution(images(8)[0], *map(to_numpy, models[1].get_layer("backbone").get_layer("frozen").weights))
    check_row(
        next(row for (_, place), row in rows.items() if place == "pre_activation"), z.reshape(-1, 3), "frozen", 1e-4
    )
    with pytest.raises(KeyError, match="'nobody' has no activations"):
        run.read("activations", "nobody", 0)


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
