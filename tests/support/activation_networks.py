"""A network with all that activations may meet, trained with the callback and without, and held to numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tests.support.activation_oracles import Place, check, largest_of_four, normalised, same
from tests.support.fits import compiled, identical, images, make, run_of, train
from tests.support.mode_oracles import Oracle

STEPS, BATCH = 3, 8


def network(channels_first: bool = False) -> keras.Model:
    """A layer that is called twice, one of an inner model, fused and separate activations, batch statistics, dropout."""
    keras.utils.set_random_seed(4)
    said: dict[str, Any] = {"data_format": "channels_first" if channels_first else "channels_last"}
    axis = 1 if channels_first else -1
    twice = layers.Conv2D(4, 3, padding="same", activation="tanh", name="twice", **said)
    inner = keras.Sequential(
        [layers.Conv2D(5, 3, padding="same", activation="sigmoid", name="inner", **said)], name="model"
    )
    given = keras.Input((4, 10, 9) if channels_first else (10, 9, 4))
    x = twice(layers.BatchNormalization(axis=axis, name="normalised")(twice(given)))
    x = layers.MaxPooling2D(name="pooled", **said)(inner(x))
    x = layers.Conv2D(3, 1, name="linear", **said)(x)
    x = layers.Dropout(0.5)(layers.ReLU(max_value=0.25, name="cut")(x))
    return compiled(keras.Model(given, layers.Dense(5, name="head")(layers.Flatten()(x))))


def made(x: np.ndarray, weights: list[np.ndarray]) -> dict[tuple[str, str], list[np.ndarray]]:
    """By numpy, but for what comes after dropout."""
    kernel, bias, gamma, beta, inner, inner_bias, linear, linear_bias = weights[:8]
    once = same(x, kernel, bias)
    norm = normalised(np.tanh(once), gamma, beta)
    again = same(norm, kernel, bias)
    z = same(np.tanh(again), inner, inner_bias)
    y = 1 / (1 + np.exp(-z))
    pooled = largest_of_four(y)
    flat = same(pooled, linear, linear_bias)
    return {
        ("twice", "pre_activation"): [once, again],
        ("twice", "output"): [np.tanh(once), np.tanh(again)],
        ("normalised", "output"): [norm],
        ("inner", "pre_activation"): [z],
        ("inner", "output"): [y],
        ("pooled", "output"): [pooled],
        ("linear", "output"): [flat],
        ("cut", "output"): [np.clip(flat, 0, 0.25)],
    }


def try_several_callbacks(folder: Path) -> None:
    """Of one fit: each logs what it would log alone, and together they change no bit."""
    models = []
    several = [
        tb_cnnviz.FeatureMapLogger(folder / "maps", every=1, feature_maps=False),
        tb_cnnviz.GradientLogger(folder / "gradients", every=1),
        tb_cnnviz.CNNViz(folder / "all", every=2, errors=False),
    ]
    for callbacks in ([], several):
        models.append(make(noisy=True))
        train(models[-1], callbacks, steps=3)
    assert identical(*models)
    maps, gradients, everything = (run_of(folder / name) for name in ("maps", "gradients", "all"))
    assert maps.notices == gradients.notices == everything.notices == []
    assert gradients.steps("gradients") == maps.steps("activations") == [0, 1, 2]
    assert everything.steps("activations") == everything.steps("gradients") == [0, 2]
    for step in (0, 2):
        one, other = (run.read("activations", None, step)["rows"] for run in (maps, everything))
        assert one.keys() == other.keys()
        for place, row in one.items():
            assert np.isfinite(row["mean"]).all()
            assert row["count"] == other[place]["count"] > 0
            np.testing.assert_array_equal(row["mean"], other[place]["mean"])


def try_network(folder: Path, channels_first: bool = False, **options: Any) -> None:
    """Bits and numbers."""
    x, y = images(STEPS * BATCH, seed=5, shape=(10, 9, 4))
    x = (4 * (x - 0.5)).astype(np.float32)
    given = np.moveaxis(x, -1, 1) if channels_first else x
    bare, model = network(channels_first), network(channels_first)
    for each in (bare, model):
        each.run_eagerly = options.get("run_eagerly", False)
        each.jit_compile = options.get("jit_compile", each.jit_compile)
    oracle = Oracle()
    logger = tb_cnnviz.FeatureMapLogger(folder, given[:1], every=1, feature_maps=False)
    for each, callbacks in ((bare, []), (model, [logger, oracle])):
        keras.utils.set_random_seed(9)  # dropout on PyTorch draws from what all share
        each.fit(given, y, BATCH, shuffle=False, verbose=0, callbacks=callbacks)
    assert identical(bare, model)
    run = run_of(folder)
    assert run.notices == []
    paths = {layer.name: layer.path for layer in run.layers}
    assert run.steps("activations", paths["twice"]) == list(range(STEPS))
    for step in range(STEPS):
        places = made(x[BATCH * step : BATCH * (step + 1)], oracle.seen[step])
        wanted: dict[Place, Any] = {(paths[name], place): values for (name, place), values in places.items()}
        rows = run.read("activations", None, step)["rows"]
        head = rows[paths["head"], "output"]
        assert head["count"] == BATCH * 5
        check(run, step, wanted, 1e-4, besides={(paths["head"], "output")})
        twice = run.read("activations", paths["twice"], step)
        slopes = np.concatenate([1 - values.ravel() ** 2 for values in places["twice", "output"]])
        for row in (twice, twice["pre_activation"]):
            assert (slopes < 0.05 - 1e-4).sum() <= row["saturated"] <= (slopes < 0.05 + 1e-4).sum()
