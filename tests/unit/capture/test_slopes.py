"""Derivatives of activations against the backend's own autodiff."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.quantities.activation_rows import Row
from tb_cnnviz.capture.quantities.activation_statistics import ChannelBins, empty, merged, stacked_summaries, summary
from tb_cnnviz.capture.quantities.slopes import Slope, slope_of

BINS = ChannelBins(16)
MONOTONE: dict[str, Any] = {
    name: name
    for name in (
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "sigmoid",
        "tanh",
        "softsign",
        "softplus",
        "exponential",
        "hard_sigmoid",
        "hard_tanh",
    )
} | {"layer ReLU(4)": layers.ReLU(4.0), "layer LeakyReLU": layers.LeakyReLU(0.07), "layer ELU(0.5)": layers.ELU(0.5)}
OTHERS = {name: name for name in ("silu", "gelu", "mish", "hard_silu")}


def differentiated(activation: Any, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f(z) and f'(z), by TensorFlow's gradient."""
    function = keras.activations.get(activation) if isinstance(activation, str) else activation
    x = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return to_numpy(y), to_numpy(tf.convert_to_tensor(tape.gradient(y, x)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*MONOTONE, *OTHERS])
def test_is_that_of_autodiff_by_what_enters_and_by_what_comes_out(name: str, seed: int) -> None:
    activation = (MONOTONE | OTHERS)[name]
    z = np.random.default_rng(seed).normal(0, 10.0**seed / 5, (6, 7, 3)).astype(np.float32)
    y, wanted = differentiated(activation, z)
    fused = slope_of(layers.Dense(3, activation=activation), is_of_output=False)
    assert fused is not None
    np.testing.assert_allclose(fused(ops.convert_to_tensor(z)), wanted, rtol=2e-5, atol=2e-6)
    alone = slope_of(layers.Activation(activation) if isinstance(activation, str) else activation, is_of_output=True)
    assert (alone is None) == (name in OTHERS)
    if alone is not None and np.isfinite(y).all():
        np.testing.assert_allclose(alone(ops.convert_to_tensor(y)), wanted, rtol=2e-5, atol=2e-6)


def test_of_no_activation_by_element() -> None:
    for layer in (
        layers.Dense(2),
        layers.Dense(2, activation="softmax"),
        layers.Dense(2, activation=lambda x: x),
        layers.PReLU(),
        layers.Softmax(),
        layers.ReLU(threshold=1.0),
        layers.LSTM(2),
    ):
        assert slope_of(layer, is_of_output=False) is slope_of(layer, is_of_output=True) is None


def row(activation: Any) -> Row:
    slope = slope_of(layers.Dense(3, activation=activation), is_of_output=False)
    return Row(None, "layer", "pre_activation", 3, -1, None, slope)


@pytest.mark.parametrize("jit", [False, True])
def test_mean_square_of_several_calls_and_with_values_that_are_not_finite(jit: bool) -> None:
    rng = np.random.default_rng(1)
    of = row("tanh")
    calls = [rng.normal(0, 1, (n, 4, 3)).astype(np.float32) for n in (1, 5, 2)]
    parts = [summary(of, ops.convert_to_tensor(each), stride=1, bins=BINS, jit=jit) for each in calls]
    z = np.concatenate(calls).astype(np.float64)
    wanted = np.mean((1 - np.tanh(z) ** 2) ** 2)
    np.testing.assert_allclose(merged([empty(of, BINS), *parts])["slope"], wanted, rtol=1e-5)
    calls[0][0, 0, 0] = np.inf
    np.testing.assert_array_less(summary(of, ops.convert_to_tensor(calls[0]), stride=1, bins=BINS, jit=jit)["slope"], 1)
    for activation in ("relu", "tanh", "leaky_relu"):
        calls[0][0, 0, 0] = np.nan
        broken = summary(row(activation), ops.convert_to_tensor(calls[0]), stride=1, bins=BINS, jit=jit)
        assert np.isnan(broken["slope"])


def test_rows_of_one_shape_have_each_their_own() -> None:
    z = np.random.default_rng(2).normal(0, 1, (4, 3)).astype(np.float32)
    names = ["tanh", "sigmoid", None, "relu"]
    made = stacked_summaries([(row(name), ops.convert_to_tensor(z), 1) for name in names], BINS)
    for name, each in zip(names, made, strict=True):
        wanted = np.nan if name is None else np.mean(differentiated(name, z)[1] ** 2)
        np.testing.assert_allclose(each["slope"], wanted, rtol=1e-5)


def test_says_which_function_it_is_of() -> None:
    assert slope_of(layers.Conv2D(1, 1, activation="relu6"), is_of_output=False) == Slope("relu", (6.0,))
