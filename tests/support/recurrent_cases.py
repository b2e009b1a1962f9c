"""Recurrent layers and layers called step by step: one node each, with its edges, kernels, maps and errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support.error_networks import by_autodiff
from tests.support.fits import identical, run_of
from tests.support.layer_oracles import check_only_wrappers_are_told

OUTPUTS = 2
TOLERANCE = {"rtol": 2e-3, "atol": 1e-6}


def trained(folder: Path, maker: Callable[[], Any], x: np.ndarray, *, bare: bool = True) -> tuple[Any, Run]:
    """A model trained for two steps, its log, and where `bare` the same bits as without us; without a notice."""
    y = np.random.default_rng(4).random((len(x), OUTPUTS), dtype=np.float32)
    twins = []
    for is_bare in (True, False) if bare else (False,):
        keras.utils.set_random_seed(3)
        model = maker()
        model.compile(keras.optimizers.SGD(0.01), "mse")
        callbacks = [] if is_bare else [tb_cnnviz.CNNViz(folder, probe=(x, y), every=1)]
        model.fit(x, y, batch_size=len(x), epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        twins.append(model)
    assert not bare or identical(*twins), "the weights are not the same bits as without the callback"
    return twins[-1], run_of(folder)


def untrained(maker: Callable[[], Any]) -> Any:
    keras.utils.set_random_seed(3)
    return maker()


def check_names(run: Run) -> None:
    """Every path is there once, and every variable belongs to a layer of the table."""
    paths = [layer.path for layer in run.layers]
    variables = [variable.path for variable in run.model.variables]
    assert len(set(paths)) == len(paths), paths
    assert len(set(variables)) == len(variables), variables
    assert {variable.layer for variable in run.model.variables} <= set(paths)


def check_chain(run: Run, names: list[str]) -> None:
    """Each layer reads the one before it, and nothing else."""
    named = {layer.name: layer for layer in run.layers if layer.role != "input"}
    assert list(named) == names
    before = next(layer.path for layer in run.layers if layer.role == "input")
    for name in names:
        assert named[name].inbound == [before], (name, named[name].inbound)
        before = named[name].path


def check_numbers(run: Run, model: Any, x: np.ndarray, y: np.ndarray, names: list[str]) -> None:
    """Activations of the first batch and errors at the untrained weights, of layers of a Sequential model, one by one."""
    stack = list(model.layers)
    values = [ops.convert_to_tensor(x)]
    for layer in stack:
        values.append(layer(values[-1], training=False))
    after = {layer.name: place + 1 for place, layer in enumerate(stack)}

    def loss(name: str, z: Any) -> Any:
        for layer in stack[after[name] :]:
            z = layer(z, training=False)
        return ops.mean(ops.square(z - ops.convert_to_tensor(y)))

    errors = by_autodiff(loss, {name: values[after[name]] for name in names})
    rows = {layer.name: layer.path for layer in run.layers}
    for name in names:
        made = to_numpy(values[after[name]]).astype(np.float64)
        found = run.read("activations", rows[name], 0)
        assert found["count"] == made.size, name
        np.testing.assert_allclose([found["mean"], found["std"]], [made.mean(), made.std()], err_msg=name, **TOLERANCE)
        assert found["histogram"].sum() == made.size
        error = run.read("errors", rows[name], 0)
        assert error["connected"], name
        np.testing.assert_allclose(error["norm"], np.linalg.norm(errors[name]), err_msg=name, **TOLERANCE)
        np.testing.assert_allclose(error["mean"], errors[name].mean(), err_msg=name, **TOLERANCE)


def labels(x: np.ndarray) -> np.ndarray:
    return np.random.default_rng(4).random((len(x), OUTPUTS), dtype=np.float32)


def by_filter(kernel: np.ndarray) -> np.ndarray:
    return np.array([[kernel[..., i, o] for i in range(kernel.shape[-2])] for o in range(kernel.shape[-1])])


# Cases.


def films() -> Any:
    return keras.Sequential(
        [
            layers.Input((3, 6, 6, 2)),
            layers.ConvLSTM2D(2, (5, 5), padding="same", return_sequences=True, name="film"),
            layers.ConvLSTM2D(3, 3, strides=2, use_bias=False, name="picture"),
            layers.Flatten(name="flat"),
            layers.Dense(OUTPUTS, name="head"),
        ]
    )


def convolutional(folder: Path) -> None:
    """Kernels of a ConvLSTM are filters, by gate; its output is a map, or a film of maps."""
    x = np.random.default_rng(1).random((2, 3, 6, 6, 2), dtype=np.float32)
    model, run = trained(folder, films, x)
    assert run.notices == [], run.notices
    check_names(run)
    check_chain(run, ["film", "picture", "flat", "head"])
    check_numbers(run, untrained(films), x, labels(x), ["film", "picture", "head"])
    paths = {layer.name: layer.path for layer in run.layers}
    named = {layer.name: layer for layer in run.layers}
    assert (named["film"].role, named["film"].kernel_size, named["film"].padding) == ("recurrent", [5, 5], "same")
    assert (named["picture"].strides, named["picture"].filters) == ([2, 2], 3)
    for name in ("film", "picture"):
        cell = model.get_layer(name).cell
        found = run.read("filters", paths[name], 2)
        np.testing.assert_array_equal(found["kernel"], by_filter(to_numpy(cell.kernel)))
        np.testing.assert_array_equal(found["recurrent"], by_filter(to_numpy(cell.recurrent_kernel)))
        assert ("bias" in found) == (name == "film")
        assert found["gates"] == ["input", "forget", "cell", "output"]
    value = ops.convert_to_tensor(x)
    for name in ("film", "picture"):
        value = model.get_layer(name)(value)
        made = np.moveaxis(to_numpy(value), -1, 1)
        found = run.read("feature_maps", paths[name], 2)["maps"]
        np.testing.assert_allclose(found, made, atol=np.abs(made).max() / 200)


def directions(folder: Path) -> None:
    """A Bidirectional is one layer; the weights of its directions are told apart."""

    def maker() -> Any:
        return keras.Sequential(
            [
                layers.Input((4, 3)),
                layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both"),
                layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True, name="stack"),
                layers.SimpleRNN(3, name="simple"),
                layers.Dense(OUTPUTS, name="head"),
            ]
        )

    x = np.random.default_rng(1).random((3, 4, 3), dtype=np.float32)
    _, run = trained(folder, maker, x)
    assert run.notices == [], run.notices
    check_names(run)
    names = ["both", "stack", "simple", "head"]
    check_chain(run, names)
    check_numbers(run, untrained(maker), x, labels(x), names)
    both = next(layer.path for layer in run.layers if layer.name == "both")
    kernels = [v.path for v in run.model.variables if v.layer == both and v.role == "kernel"]
    assert len(kernels) == 2
    assert "forward" in kernels[0]
    assert "backward" in kernels[1]
    for variable in run.model.variables:
        assert run.read("gradients", variable.path, 0)["norm"] > 0


def both_ways(folder: Path) -> None:
    """Filters of both directions stand one after the other, each with its gate."""
    keras.utils.set_random_seed(0)
    inputs = layers.Input((2, 5, 5, 1))
    alike = layers.Bidirectional(layers.ConvLSTM2D(2, 3), name="alike")
    unlike = layers.Bidirectional(
        layers.ConvLSTM2D(2, 3), backward_layer=layers.ConvLSTM2D(2, (3, 1), go_backwards=True), name="unlike"
    )
    model = keras.Model(inputs, [alike(inputs), unlike.forward_layer(inputs)])
    unlike.build((None, 2, 5, 5, 1))
    model.unlike = unlike
    tb_cnnviz.snapshot(model, folder, np.ones((1, 2, 5, 5, 1), np.float32))
    run = run_of(folder)
    path = next(layer.path for layer in run.layers if layer.name == "alike")
    found = run.read("filters", path)
    cells = [alike.forward_layer.cell, alike.backward_layer.cell]
    np.testing.assert_array_equal(found["kernel"], np.concatenate([by_filter(to_numpy(c.kernel)) for c in cells]))
    assert len(found["gates"]) == 8
    assert found["gates"][0] == "forward input"
    assert found["gates"][7] == "backward output"


def step_by_step(folder: Path) -> None:
    """Under TimeDistributed: kernels, and maps of the first step; activations of all of them."""

    def maker() -> Any:
        return keras.Sequential(
            [
                layers.Input((3, 6, 6, 2)),
                layers.TimeDistributed(layers.Conv2D(3, 3, activation="relu", name="frame"), name="frames"),
                layers.TimeDistributed(layers.Flatten(name="flat"), name="flats"),
                layers.LSTM(2, name="lstm"),
                layers.Dense(OUTPUTS, name="head"),
            ]
        )

    x = np.random.default_rng(1).random((2, 3, 6, 6, 2), dtype=np.float32)
    model, run = trained(folder, maker, x)
    check_only_wrappers_are_told(run, model)
    check_names(run)
    check_chain(run, ["frame", "flat", "lstm", "head"])
    check_numbers(run, untrained(maker), x, labels(x), ["lstm", "head"])
    path = next(layer.path for layer in run.layers if layer.name == "frame")
    conv = model.get_layer("frames").layer
    np.testing.assert_array_equal(run.read("filters", path, 2)["kernel"], by_filter(to_numpy(conv.kernel)))
    made = np.moveaxis(to_numpy(conv(ops.convert_to_tensor(x[:, 0]))), -1, 1)
    np.testing.assert_allclose(run.read("feature_maps", path, 2)["maps"], made, atol=np.abs(made).max() / 200)
    first = to_numpy(untrained(maker).get_layer("frames")(ops.convert_to_tensor(x)))
    found = run.read("activations", path, 0)
    assert found["count"] == first.size
    np.testing.assert_allclose(found["mean"], first.mean(), **TOLERANCE)
    assert found["zeros"] == (first == 0).sum()


class Slope(layers.Layer):  # type: ignore[misc]
    """Does not say its output's shape, so that Keras calls it to learn it."""

    activation = staticmethod(keras.activations.tanh)

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")

    def call(self, x: Any) -> Any:
        return self.activation(ops.matmul(x, self.kernel))


class ForShapes(layers.Layer):  # type: ignore[misc]
    """Asks for a layer's output shape before it calls it, and uses only what it gives the second time."""

    def __init__(self) -> None:
        super().__init__(name="asks")
        self.inner = Slope(name="inner")

    def build(self, shape: Any) -> None:
        self.inner.build(shape)

    def call(self, x: Any) -> Any:
        if keras.config.backend() != "jax":  # there a bare fit raises: variables have no value inside the step
            self.inner.compute_output_spec(keras.KerasTensor((7, 5)))
        self.inner(ops.ones((9, 5)))
        return self.inner(x)


def no_false_zero(folder: Path) -> None:
    """The error is of the call that the loss depends on, or of the state where that alone is used."""

    class Asking(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.asks = ForShapes()
            self.encoder = layers.LSTM(3, return_state=True, return_sequences=True, name="encoder")
            self.head = layers.Dense(OUTPUTS, name="head")

        def call(self, x: Any, training: bool = False) -> Any:
            _, h, c = self.encoder(self.asks(x)[:, None], training=training)
            return self.head(ops.concatenate([h, c], axis=-1))

    def maker() -> Any:
        model = Asking()
        model(np.ones((1, 5), np.float32))
        return model

    x = np.random.default_rng(1).random((4, 5), dtype=np.float32)
    # Not the bits on JAX: the bias of an LSTM over one step rounds differently there (docs/capture.md).
    _, run = trained(folder, maker, x, bare=keras.config.backend() != "jax")
    assert not any("does not depend" in said.reason for said in run.notices), run.notices
    check_names(run)
    model, y = untrained(maker), labels(x)
    given = model.asks.inner(ops.convert_to_tensor(x))
    _, h, c = model.encoder(given[:, None])

    def loss(name: str, z: Any) -> Any:
        if name == "inner":
            _, state, carry = model.encoder(z[:, None])
        else:
            state, carry = z, c
        return ops.mean(ops.square(model.head(ops.concatenate([state, carry], axis=-1)) - ops.convert_to_tensor(y)))

    exact = by_autodiff(loss, {"inner": given, "encoder": h})
    paths = {layer.name: layer.path for layer in run.layers}
    found = run.read("errors", paths["encoder"], 0)
    assert found["connected"]
    np.testing.assert_allclose(found["norm"], np.linalg.norm(exact["encoder"]), **TOLERANCE)
    slope = 1 - to_numpy(given) ** 2
    found = run.read("errors", paths["inner"], 0)
    inner = found.get("pre_activation", found)
    np.testing.assert_allclose(inner["norm"], np.linalg.norm(exact["inner"] * slope), **TOLERANCE)
    # Both calls of the step count, and none that was made for shapes.
    assert run.read("activations", paths["inner"], 0)["count"] == 3 * (9 + len(x))


class GatedCell(layers.Layer):  # type: ignore[misc]
    """A recurrent cell of a user's own, made of a convolution."""

    state_size = 6

    def __init__(self) -> None:
        super().__init__(name="gated")
        self.conv = layers.Conv1D(1, 3, padding="same", name="inside")

    def build(self, shape: Any) -> None:
        self.conv.build((shape[0], 6, 2))
        self.built = True

    def call(self, x: Any, states: Any) -> Any:
        made = ops.tanh(self.conv(ops.stack([x, states[0]], axis=-1))[..., 0])
        return made, [made]


def own_cell(folder: Path) -> None:
    """A convolution in a cell of the user's own keeps its filters; what cannot be had of it is said."""

    def maker() -> Any:
        stack = [layers.RNN(GatedCell(), name="rnn"), layers.Dense(OUTPUTS, name="head")]
        return keras.Sequential([layers.Input((3, 6)), *stack])

    x = np.random.default_rng(1).random((2, 3, 6), dtype=np.float32)
    model, run = trained(folder, maker, x)
    check_names(run)
    check_numbers(run, untrained(maker), x, labels(x), ["rnn", "head"])
    inside = next(layer for layer in run.layers if layer.name == "inside")
    assert inside.role == "convolution"
    kernel = run.read("filters", inside.path, 2)["kernel"]
    np.testing.assert_array_equal(kernel, by_filter(to_numpy(model.get_layer("rnn").cell.conv.kernel)))
    assert any(inside.path in said.reason and "not known" in said.reason for said in run.notices), run.notices
    head = next(layer for layer in run.layers if layer.name == "head")
    assert head.inbound == [next(layer.path for layer in run.layers if layer.name == "rnn")]


RECURRENT_CASES: dict[str, Callable[[Path], None]] = {
    "convolutional LSTM": convolutional,
    "two directions and stacked cells": directions,
    "convolutional LSTM both ways": both_ways,
    "step by step": step_by_step,
    "no false zero": no_false_zero,
    "a cell of one's own": own_cell,
}
