"""Filters, feature maps and the model record of drawn networks, against Keras and numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import tb_cnnviz

Network = tuple[keras.Model, np.ndarray]


def drawn(seed: int) -> Network:
    """A small network with drawn strides, dilations, paddings and a branch, and images for it."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)

    def pick(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    def conv(filters: int, name: str, **settings: Any) -> layers.Layer:
        return layers.Conv2D(
            filters, pick(1, 2, 3, (3, 2)), activation=pick("relu", None, "tanh"), name=name, **settings
        )

    channels = pick(1, 3)
    image = keras.Input((15, 13, channels), name="image")
    x = conv(4, "conv1", padding=pick("same", "valid"), strides=pick(1, 2), use_bias=pick(True, False))(image)
    x = pick(layers.MaxPooling2D, layers.AveragePooling2D)(
        2, strides=pick(1, 2), padding=pick("same", "valid"), name="pool1"
    )(x)
    x = layers.BatchNormalization(name="norm")(x)
    branch = conv(6, "conv2", padding="same", dilation_rate=pick(1, 2))(x)
    other = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1, name="depthwise")(x)
    x = layers.Concatenate(name="joined")([branch, other])
    x = layers.GlobalAveragePooling2D(name="gap")(layers.ReLU(name="relu")(x))
    model = keras.Model(image, layers.Dense(3, name="dense")(x))
    return model, rng.random((4, 15, 13, channels)).astype(np.float32)


@pytest.fixture(params=range(6))
def network(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[keras.Model, np.ndarray, Any]:
    model, x = drawn(request.param)
    tb_cnnviz.snapshot(model, tmp_path / "run", (x, np.arange(4) % 3), step=5)
    return model, x, tb_cnnviz.open_log(tmp_path)["run"]


def by_name(run: Any) -> dict[str, Any]:
    return {layer.name: layer for layer in run.layers}


def test_maps_equal_what_keras_predicts(network: tuple[keras.Model, np.ndarray, Any]) -> None:
    model, x, run = network
    named = by_name(run)
    for layer in model.layers:
        if not isinstance(
            layer,
            layers.Conv2D
            | layers.MaxPooling2D
            | layers.AveragePooling2D
            | layers.GlobalAveragePooling2D
            | layers.Dense,
        ):
            continue
        expected = np.asarray(keras.Model(model.inputs, layer.output).predict(x, verbose=0))
        expected = np.moveaxis(expected, -1, 1)
        found = run.read("feature_maps", named[layer.name].path, 5)
        flat = expected.reshape(*expected.shape[:2], -1)
        half = (flat.max(axis=2) - flat.min(axis=2)) / 510
        error = np.abs(found["maps"] - expected).reshape(flat.shape).max(axis=2)
        assert (error <= half + 1e-5 * (1 + np.abs(flat).max())).all(), layer.name
        np.testing.assert_allclose(found["mean"], flat.mean(axis=2), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found["zeros"], (flat == 0).mean(axis=2), atol=1e-6)
        if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
            before = np.moveaxis(np.asarray(keras.Model(model.inputs, layer.input).predict(x, verbose=0)), -1, 1)
            span = float(before.max() - before.min())
            np.testing.assert_allclose(found["input"], before, atol=span / 400 + 1e-6)


def test_predictions_and_probe(network: tuple[keras.Model, np.ndarray, Any]) -> None:
    model, x, run = network
    np.testing.assert_allclose(
        run.read("predictions", None, 5)["y_pred"], model.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )
    probe = run.read("probe", None, 5)
    np.testing.assert_array_equal(probe["x"], x)
    np.testing.assert_array_equal(probe["y"], np.arange(4) % 3)


def test_filters_equal_the_kernels(network: tuple[keras.Model, np.ndarray, Any]) -> None:
    model, _, run = network
    named = by_name(run)
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            expected = np.asarray(layer.kernel).transpose(2, 3, 0, 1).reshape(-1, 1, *layer.kernel.shape[:2])
        elif isinstance(layer, layers.Conv2D):
            expected = np.asarray(layer.kernel).transpose(3, 2, 0, 1)
        else:
            continue
        found = run.read("filters", named[layer.name].path, 5)
        np.testing.assert_array_equal(found["kernel"], expected)
        np.testing.assert_allclose(found["norm"], [np.linalg.norm(f) for f in expected], rtol=1e-6)
        assert ("bias" in found) == layer.use_bias


def test_parameters_shapes_and_multiply_adds(network: tuple[keras.Model, np.ndarray, Any]) -> None:
    model, _, run = network
    named = by_name(run)
    assert run.model.parameters == model.count_params()
    for layer in model.layers:
        record = named[layer.name]
        assert record.parameters == layer.count_params(), layer.name
        assert record.output_shape == list(layer.output.shape[1:]), layer.name
        if isinstance(layer, layers.Conv2D):
            out = int(np.prod(layer.output.shape[1:3]))
            weights = int(np.prod(layer.kernel.shape))
            assert record.multiply_adds == out * weights, layer.name
    assert [v.path for v in run.model.variables] == [v.path for v in model.trainable_variables]
    assert sum(v.size for v in run.model.variables) == sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_receptive_field_by_trying_every_pixel(network: tuple[keras.Model, np.ndarray, Any]) -> None:
    """A cell's receptive field holds every pixel that changes the cell; away from the borders its ends are such pixels.

    At a border the padding of a layer in between can take the place of pixels, so there the field only bounds.
    """
    model, x, run = network
    named = by_name(run)
    image = x[:1]
    rows, columns = image.shape[1:3]
    rng = np.random.default_rng(0)
    marked = np.repeat(image, rows * columns, axis=0)
    for place in range(rows * columns):
        marked[place, place // columns, place % columns] += 1.0 + rng.random(image.shape[3], np.float32)
    for name in ("conv1", "pool1", "conv2", "depthwise", "joined"):
        # Average pooling in the place of max and no activation, so that no dependence hides behind a maximum or a zero.
        probe = _linear(model, name)
        # In one batch, since another batch size may round another way.
        base, *changed = probe.predict(np.concatenate([image, marked]), verbose=0, batch_size=len(marked) + 1)
        field = named[name].receptive_field
        assert field is not None, name
        touched = (np.abs(np.stack(changed) - base) > 1e-6).any(axis=3).reshape(rows, columns, *base.shape[:2])
        for axis, size in ((0, rows), (1, columns)):
            exact = 0
            seen_by = touched.any(axis=(1 - axis, 3 - axis))
            for index in range(base.shape[axis]):
                seen = np.flatnonzero(seen_by[:, index])
                start = field.offset[axis] + index * field.stride[axis]
                stop = start + field.size[axis] - 1
                assert max(start, 0) <= seen[0], (name, axis, index)
                assert seen[-1] <= min(stop, size - 1), (name, axis, index)
                exact += (start, stop) == (seen[0], seen[-1])
            assert exact or field.size[axis] + 2 * field.stride[axis] > size, (name, axis)


def _linear(model: keras.Model, name: str) -> keras.Model:
    """The network up to a layer with positive kernels, no activations and averages for maxima."""

    def clone(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        if isinstance(layer, layers.MaxPooling2D):
            return layers.AveragePooling2D.from_config(config)
        if "activation" in config:
            config["activation"] = None
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    for layer in copy.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights([np.abs(w) + 0.1 for w in layer.get_weights()])
    return keras.Model(copy.inputs, copy.get_layer(name).output)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (np.zeros((2, 9, 9, 1), np.float32), r"\(2, 9, 9, 1\).*15, 13"),
        (np.zeros((0, 15, 13, 1), np.float32), "at least one"),
        (np.array(["a", "b"]), "dtype"),
    ],
)
def test_a_probe_that_does_not_fit_names_both_shapes(tmp_path: Path, probe: np.ndarray, message: str) -> None:
    image = keras.Input((15, 13, 1))  # a Functional model: a Sequential one of convolutions takes other sizes too
    model = keras.Model(image, layers.Conv2D(2, 3)(image))
    with pytest.raises(ValueError, match=message):
        tb_cnnviz.snapshot(model, tmp_path, probe)


def test_wrong_arguments_are_named() -> None:
    for arguments, message in [
        ({"every": "sometimes"}, "every"),
        ({"every": 0}, "every"),
        ({"overhead": -1}, "overhead"),
        ({"max_images": 0}, "max_images"),
    ]:
        with pytest.raises(ValueError, match=message):
            tb_cnnviz.CNNViz("somewhere", **arguments)
