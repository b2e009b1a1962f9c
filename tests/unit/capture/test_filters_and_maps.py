"""Kernels of every kind of convolution in the canonical layout; what is kept of maps; probes of every form."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tb_cnnviz.capture.network import layer_tree, probe
from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps, Kept, choose_kept
from tb_cnnviz.capture.quantities.filters import kernels, record
from tb_cnnviz.records.quantisation import KERNEL_EXACT_BYTES, restore_kernel, restore_maps
from tests.support.networks import Subclassed, every_convolution, nested


def correlate(x: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """A convolution of x [channels, *spatial] with kernel [out, in/groups, *spatial], from its definition."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[2:], axis=tuple(range(1, x.ndim)))
    per_group_in, per_group_out = x.shape[0] // groups, kernel.shape[0] // groups
    space, tail = x.ndim - 1, kernel.ndim - 2
    parts = []
    for g in range(groups):
        seen = windows[g * per_group_in : (g + 1) * per_group_in]
        mine = kernel[g * per_group_out : (g + 1) * per_group_out]
        axes = ([0, *range(1 + space, 1 + space + tail)], [1, *range(2, 2 + tail)])
        parts.append(np.moveaxis(np.tensordot(seen, mine, axes=axes), -1, 0))
    return np.concatenate(parts)


PLAIN = [
    name for name in every_convolution() if name not in ("strided", "dilated", "line") and "transposed" not in name
]


@pytest.mark.parametrize("name", PLAIN)
def test_canonical_kernels_compute_what_the_layer_computes(name: str) -> None:
    """One layout for all kinds: the definition of a convolution with it gives the layer's own output."""
    keras.utils.set_random_seed(1)
    layer, shape = every_convolution()[name]
    layer.activation = keras.activations.linear
    x = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    expected = np.moveaxis(np.asarray(layer(x))[0], -1, 0)
    found = kernels(layer)
    first = np.moveaxis(x[0], -1, 0)
    groups = shape[-1] if "depthwise" in name or "separable" in name else layer.get_config().get("groups", 1)
    got = correlate(first, found["kernel"], groups)
    if "pointwise" in found:
        got = correlate(got, found["pointwise"], 1)
    if "bias" in found:
        got = got + found["bias"].reshape(-1, *[1] * (got.ndim - 1))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_a_transposed_kernel_has_its_filters_first() -> None:
    layer, shape = every_convolution()["transposed"]
    layer.build((None, *shape))
    kernel = kernels(layer)["kernel"]
    assert kernel.shape == (5, 4, 3, 3)
    np.testing.assert_array_equal(kernel[2, 1], layer.kernel.numpy()[:, :, 2, 1])


def test_large_kernels_are_quantised_within_half_a_level() -> None:
    layer = layers.Conv2D(256, 3)
    layer.build((None, 8, 8, 128))
    exact = kernels(layer)["kernel"]
    assert exact.nbytes > KERNEL_EXACT_BYTES
    kept = record(layer, "c", 0)
    assert kept.arrays["kernel"].dtype == np.int8
    error = np.abs(restore_kernel(kept.arrays["kernel"], kept.arrays["scale"]) - exact).max(axis=(1, 2, 3))
    assert (error <= np.abs(exact).max(axis=(1, 2, 3)) / 254 * (1 + 1e-5)).all()
    np.testing.assert_allclose(kept.arrays["norm"], np.linalg.norm(exact.reshape(256, -1), axis=1), rtol=1e-6)


def maps_of(model: keras.Model, given: Any, **options: Any) -> FeatureMaps:
    settings: dict[str, Any] = {"layers": None, "max_images": 8, "max_channels": 64, "max_bytes": 1 << 30, **options}
    images = probe.read(given, probe.input_shapes(model), settings["max_images"])
    return FeatureMaps(model, layer_tree.leaves(model), images, **settings)


def test_fewer_images_and_channels_are_kept_where_they_would_not_fit() -> None:
    shapes = [(512, 28, 28), (64, 56, 56), (10,)]

    def size(kept: Kept) -> int:  # a byte a cell, and a map's smallest and largest value as float32
        return sum(kept.images * min(kept.channels, s[0]) * (int(np.prod(s[1:])) + 8) for s in shapes)

    everything = Kept(8, 64)
    assert choose_kept(shapes, 8, 64, size(everything)) == everything
    for budget in (1 << 20, 1 << 18, 1 << 16, 1 << 12):
        kept = choose_kept(shapes, 8, 64, budget)
        assert size(kept) <= budget or kept == Kept(1, 1)
        assert size(Kept(kept.images * 2, kept.channels * 2)) > budget


def test_what_is_kept_is_stated_and_statistics_are_of_all() -> None:
    model = keras.Sequential([layers.Input((10, 10, 3)), layers.Conv2D(20, 3, name="c")])
    x = np.random.default_rng(0).normal(size=(6, 10, 10, 3)).astype(np.float32)
    maps = maps_of(model, x, max_images=4, max_channels=16, max_bytes=1 << 16)
    (kept, predicted) = maps.records(3)
    assert sum(a.nbytes for record in (kept, predicted) for a in record.arrays.values()) <= 1 << 16
    assert kept.arrays["maps"].shape == (4, 16, 8, 8)
    assert kept.arrays["channels"].tolist() == list(range(16))
    assert kept.attributes["of"] == 20
    expected = np.moveaxis(np.asarray(model(x[:4])), -1, 1)
    assert kept.arrays["mean"].shape == (4, 20)
    np.testing.assert_allclose(kept.arrays["mean"], expected.mean(axis=(2, 3)), rtol=1e-4, atol=1e-6)
    got = restore_maps(kept.arrays["maps"], kept.arrays["lo"], kept.arrays["hi"])
    half = (expected[:, :16].max(axis=(2, 3)) - expected[:, :16].min(axis=(2, 3))) / 510
    assert (np.abs(got - expected[:, :16]).max(axis=(2, 3)) <= half * 1.001 + 1e-6).all()


def test_maps_with_nan_stay_float_and_show_it() -> None:
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Conv2D(2, 1)])
    x = np.ones((1, 4, 4, 1), np.float32)
    x[0, 1, 2] = np.nan
    kept = maps_of(model, x).records(0)[0].arrays
    assert kept["maps"].dtype == np.float32
    assert np.isnan(kept["maps"][0, :, 1, 2]).all()
    assert np.isnan(kept["maps"]).sum() == 2


def test_a_pooling_layer_says_where_its_input_stands_or_carries_it() -> None:
    inputs = layers.Input((8, 8, 3))
    h = layers.Conv2D(4, 3, name="c")(inputs)
    direct = layers.MaxPooling2D(name="direct")(h)
    changed = layers.AveragePooling2D(2, name="changed")(layers.ReLU()(direct))
    model = keras.Model(inputs, changed)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    kept = {r.layer: r for r in maps_of(model, x).records(0)}
    assert kept["direct"].attributes["input_layer"] == "c"
    assert "input_maps" not in kept["direct"].arrays
    assert "input_layer" not in kept["changed"].attributes
    before = np.moveaxis(np.asarray(keras.Model(inputs, model.get_layer("changed").input)(x)), -1, 1)
    arrays = kept["changed"].arrays
    got = restore_maps(arrays["input_maps"], arrays["input_lo"], arrays["input_hi"])
    np.testing.assert_allclose(got, before, atol=float(np.ptp(before)) / 500)
    alone = {r.layer: r for r in maps_of(model, x, layers={"direct"}).records(0)}
    assert set(alone) == {"direct", None}
    assert "input_maps" in alone["direct"].arrays


def test_channels_first_maps_equal_channels_last_ones() -> None:
    x = np.random.default_rng(0).normal(size=(2, 9, 9, 3)).astype(np.float32)
    found = []
    for form in ("channels_last", "channels_first"):
        keras.utils.set_random_seed(0)
        shape = x.shape[1:] if form == "channels_last" else (3, 9, 9)
        stack = [layers.Conv2D(4, 3, data_format=form), layers.AveragePooling2D(2, data_format=form)]
        model = keras.Sequential([layers.Input(shape), *stack])
        model.compile(jit_compile=True)  # without XLA TensorFlow's convolutions on a CPU take channels last only
        records = maps_of(model, x if form == "channels_last" else np.moveaxis(x, -1, 1)).records(0)
        found.append([restore_maps(r.arrays["maps"], r.arrays["lo"], r.arrays["hi"]) for r in records[:2]])
    for last, first in zip(*found, strict=True):
        np.testing.assert_allclose(first, last, atol=0.02)


def test_a_subclassed_model_has_its_maps() -> None:
    model = Subclassed()
    x = np.random.default_rng(0).random((2, 21, 21, 3), dtype=np.float32)
    y = np.asarray(model(x))
    records = {(r.layer or r.kind).split("/")[-1]: r for r in maps_of(model, x).records(0)}
    assert set(records) == {"stem", "first", "second", "pool", "head", "predictions"}
    np.testing.assert_allclose(records["predictions"].arrays["y_pred"], y, rtol=1e-4, atol=1e-6)
    assert "input_maps" in records["pool"].arrays


IMAGE = np.zeros((5, 6, 6, 3), np.float32)


def one_input() -> keras.Model:
    return keras.Sequential([layers.Input((6, 6, 3)), layers.Conv2D(1, 3)])


def test_probes_of_every_form_are_understood() -> None:
    shapes = probe.input_shapes(one_input())
    labels = np.arange(5)
    assert probe.read(IMAGE, shapes, 8).y is None
    labelled = probe.read((IMAGE, labels), shapes, 3)
    assert labelled.x.shape == (3, 6, 6, 3)
    assert labelled.y.tolist() == [0, 1, 2]
    assert labelled.of == 5
    assert probe.read(keras.ops.convert_to_tensor(IMAGE), shapes, 8).x.shape == IMAGE.shape
    assert probe.read(IMAGE.astype(np.uint8), shapes, 8).x.dtype == np.uint8
    assert probe.read(IMAGE.astype(np.float64), shapes, 8).x.dtype == np.float32


def test_a_pair_is_two_inputs_where_the_model_has_two() -> None:
    model = nested()
    shapes = probe.input_shapes(model)
    a, b = np.zeros((3, 10, 10, 3), np.float32), np.zeros((3, 4, 4, 4), np.float32)
    assert probe.read((a, b), shapes, 8).y is None
    assert probe.read([a, b], shapes, 8).y is None
    assert probe.read({"a": a, "b": b}, shapes, 8).y is None
    assert probe.read(((a, b), np.arange(3)), shapes, 8).y.tolist() == [0, 1, 2]
    records = maps_of(model, (a, b)).records(0)
    assert {r.layer for r in records} == {"conv", "inner/conv", "pool", "mean", None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((5, 8, 8, 3)), r"\(5, 8, 8, 3\) given, but the model takes \(any, 6, 6, 3\)"),
        (np.zeros((6, 6, 3)), r"\(6, 6, 3\) given, but the model takes \(any, 6, 6, 3\)"),
        ([IMAGE, IMAGE], "2 inputs given, but the model has 1"),
        ((IMAGE, np.arange(4)), r"\(5, 6, 6, 3\), \(4\) given; each needs the same number of images"),
        (np.zeros((0, 6, 6, 3)), "at least one"),
        (np.full((5, 6, 6, 3), "a"), "accepted are numbers"),
        ([], "without arrays"),
    ],
)
def test_a_probe_that_does_not_fit_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"probe: .*{message}"):
        probe.read(given, probe.input_shapes(one_input()), 8)


def test_the_display_shows_bytes_as_they_are_and_states_the_range_of_floats() -> None:
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (2, 6, 6, 3)).astype(np.uint8)
    kept = probe.record(probe.Probe(raw, of=2), 0)
    np.testing.assert_array_equal(kept.arrays["display"], raw)
    assert kept.attributes["display_range"] == [0.0, 255.0]
    floats = rng.normal(size=(2, 6, 6, 1)).astype(np.float32)
    kept = probe.record(probe.Probe(floats, np.arange(2), of=2), 0)
    lo, hi = kept.attributes["display_range"]
    assert (lo, hi) == (float(floats.min()), float(floats.max()))
    np.testing.assert_allclose(kept.arrays["display"] / 255 * (hi - lo) + lo, floats, atol=(hi - lo) / 500)
    assert kept.attributes["labelled"] is True
    np.testing.assert_array_equal(kept.arrays["y"], [0, 1])


def test_a_normalised_probe_is_shown_as_it_was() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (2, 6, 6, 3)).astype(np.uint8)
    mean, std = np.array([0.4, 0.5, 0.6], np.float32), np.array([0.2, 0.3, 0.25], np.float32)
    normalised = (raw / 255 - mean) / std
    kept = probe.record(probe.Probe(normalised.astype(np.float32), of=2), 0, (mean, std))
    np.testing.assert_array_equal(kept.arrays["display"], raw)
    kept = probe.record(probe.Probe(normalised.astype(np.float32), of=2), 0, lambda x: (x * std + mean) * 255)
    np.testing.assert_array_equal(kept.arrays["display"], raw)
    first = np.moveaxis(raw, -1, 1)
    np.testing.assert_array_equal(probe.record(probe.Probe(first, of=2), 0).arrays["display"], raw)
    with pytest.raises(ValueError, match=r"probe_display: pictures of shape \(2, 6\)"):
        probe.record(probe.Probe(raw, of=2), 0, lambda x: x[:, :, 0, 0])
