"""Statistics of activations against numpy: of any values, of several tensors together, of samples."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.network.layer_tree import leaves
from tb_cnnviz.capture.quantities import saturation
from tb_cnnviz.capture.quantities.activation_records import as_record
from tb_cnnviz.capture.quantities.activation_rows import Row, placed_rows
from tb_cnnviz.capture.quantities.activation_statistics import (
    MAX_EXACT,
    ChannelBins,
    columns,
    empty,
    merged,
    sample_stride,
    stacked_summaries,
    summary,
    together,
)
from tb_cnnviz.records.layer_rows import read_rows
from tests.support.activation_oracles import check_row

BINS = ChannelBins(16)


def row(channels: int, axis: int = -1, judged: saturation.Saturation | None = None) -> Row:
    return Row(None, "layer", "output", channels, axis, judged)


def read(of: Row, parts: list[Any]) -> dict[str, Any]:
    """As a reader of the log gets it, of a record with one row."""
    seen = {name: to_numpy(value) for name, value in together([merged(parts)]).items()}
    assert {name: (array.shape, array.dtype.name) for name, array in seen.items()} == columns([of], BINS)
    return read_rows(as_record([of], BINS, seen, 5, {}), "layer")


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("axis", [-1, 1])
def test_finite_values(jit: bool, axis: int) -> None:
    values = np.random.default_rng(0).normal(3, 2, (6, 5, 7, 4)).astype(np.float32)
    values[0, :, :, 1] = 0
    tensor = ops.convert_to_tensor(np.moveaxis(values, -1, 1) if axis == 1 else values)
    of = row(4, axis, saturation.Saturation(-1.0, 5.0))
    got = read(of, [summary(of, tensor, stride=1, bins=BINS, jit=jit)])
    check_row(got, values.reshape(-1, 4).astype(np.float64), "finite", 1e-5)
    assert got["zeros"] == 35
    assert got["saturated"] == ((values <= -1) | (values >= 5)).sum()
    np.testing.assert_array_equal(got["channel_saturated"], ((values <= -1) | (values >= 5)).sum((0, 1, 2)))


@pytest.mark.parametrize("jit", [False, True])
def test_nan_and_inf_are_counted_and_shown(jit: bool) -> None:
    values = np.array([[1, np.nan, np.inf, 2], [-3, 4, 5, np.nan], [0, 6, -np.inf, np.nan]], np.float32)
    of = row(4)
    got = read(of, [summary(of, ops.convert_to_tensor(values), stride=1, bins=BINS, jit=jit)])
    assert (got["nan"], got["inf"], got["zeros"], got["count"]) == (3, 2, 1, 12)
    assert got["channel_nan"].tolist() == [0, 1, 0, 2]
    assert got["channel_inf"].tolist() == [0, 0, 2, 0]
    assert (got["min"], got["max"]) == (-3, 6)
    assert got["channel_min"].tolist() == [-3, 4, 5, 2]
    assert np.isnan(got["mean"])
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(got["channel_mean"], values.mean(axis=0), equal_nan=True)
    assert got["histogram"].sum() == 7
    assert got["channel_histogram"].sum(axis=1).tolist() == [3, 2, 1, 1]


def test_a_channel_without_a_finite_value_has_no_extremes() -> None:
    of = row(2)
    tensor = ops.convert_to_tensor(np.array([[np.nan, 1], [np.inf, 2]], np.float32))
    got = read(of, [summary(of, tensor, stride=1, bins=BINS, jit=False)])
    assert np.isnan(got["channel_min"][0])
    assert np.isnan(got["channel_max"][0])
    assert (got["min"], got["max"]) == (1, 2)


def test_tensors_of_several_calls_are_one_whole() -> None:
    rng = np.random.default_rng(1)
    parts = [rng.normal(center, 1, (n, 3)).astype(np.float32) for center, n in ((0, 5), (100, 40), (-7, 1))]
    of = row(3)
    sums = [summary(of, ops.convert_to_tensor(part), stride=1, bins=BINS, jit=False) for part in parts]
    check_row(
        read(of, [empty(of, BINS), *sums, empty(of, BINS)]), np.concatenate(parts).astype(np.float64), "calls", 1e-5
    )


def test_the_mean_of_many_equal_values_is_exact() -> None:
    of = row(1)
    tensor = ops.convert_to_tensor(np.full((1 << 20, 1), 0.1, np.float32))
    got = read(of, [summary(of, tensor, stride=1, bins=BINS, jit=True)])
    np.testing.assert_allclose(got["mean"], np.float32(0.1), rtol=1e-5)
    assert got["std"] < 1e-5


def test_a_sample_is_of_every_so_many_positions_and_says_so() -> None:
    assert [sample_stride(n) for n in (1, MAX_EXACT, MAX_EXACT + 1, 4 * MAX_EXACT)] == [1, 1, 3, 5]
    values = np.random.default_rng(2).normal(size=(1000, 6)).astype(np.float32)
    of = row(6)
    got = read(of, [summary(of, ops.convert_to_tensor(values), stride=7, bins=BINS, jit=False)])
    assert got["sampled"] == 7
    assert not got["exact"]
    assert got["histogram"].sum() == values[::7].size
    wanted = np.histogram(values[::7, 2], got["channel_edges"][np.isfinite(got["channel_edges"])])[0]
    np.testing.assert_array_equal(got["channel_histogram"][2, 1:-1], wanted)
    np.testing.assert_allclose(got["channel_max"], values.max(axis=0))


@pytest.mark.parametrize("octaves", [16, 8, 4])
def test_edges_by_channel_are_octaves_around_a_bin_for_what_is_smaller(octaves: int) -> None:
    bins = ChannelBins(octaves)
    edges = bins.edges()
    assert len(edges) == bins.count + 1 == 2 * octaves + 2
    assert (np.diff(edges) > 0).all()
    np.testing.assert_array_equal(edges, -edges[::-1])
    inner = edges[octaves + 1 : -1]
    np.testing.assert_array_equal(inner[1:] / inner[:-1], 2)
    assert edges[-1] == np.inf
    assert edges[0] == -np.inf


def test_a_value_on_an_edge_counts_as_the_larger_octave() -> None:
    of, bins = row(1), ChannelBins(4)
    values = np.array([[2.0**-2], [2.0**-3 * 1.5], [1.0], [-1.0], [1e30], [-1e-30], [0.0]], np.float32)
    made = summary(of, ops.convert_to_tensor(values), stride=1, bins=bins, jit=False)
    assert bins.edges()[5:-1].tolist() == [0.125, 0.25, 0.5, 1.0]
    assert to_numpy(made["channel_raw"])[0].tolist() == [1, 0, 0, 0, 2, 1, 1, 0, 2]


@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "softsign", "hard_sigmoid", "hard_tanh", "softplus", "exponential", "elu", "selu"]
)
def test_saturated_is_where_the_slope_is_small(name: str) -> None:
    """By numeric differentiation of Keras' own function, judged by what goes in and by what comes out."""
    function = getattr(keras.activations, name)
    kind = saturation.of_layer(keras.layers.Activation(name))
    z = np.linspace(-9, 9, 3601)
    y, above, below = (to_numpy(function(ops.convert_to_tensor(z + d, "float64"))) for d in (0, 1e-4, -1e-4))
    slope = (above - below) / 2e-4
    clear = np.abs(slope - 0.05) > 2e-3
    if name.startswith("hard"):
        clear &= np.abs(np.abs(z) - {"hard_sigmoid": 3, "hard_tanh": 1}[name]) > 1e-3
    for judged, values in ((kind.pre_activation, z), (kind.output, y)):
        assert judged is not None
        said = (values <= judged.lo) | (values >= judged.hi)
        np.testing.assert_array_equal(said[clear], (slope < 0.05)[clear])


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "hard_silu"])
def test_what_is_not_monotone_is_saturated_where_it_stays_flat(name: str) -> None:
    kind = saturation.of_layer(keras.layers.Activation(name))
    assert kind.output is None
    assert kind.pre_activation is not None
    function = getattr(keras.activations, name)
    z = np.linspace(-9, kind.pre_activation.lo - 0.01, 500)
    above, below = (to_numpy(function(ops.convert_to_tensor(z + d, "float64"))) for d in (1e-4, -1e-4))
    assert (np.abs(above - below) / 2e-4 < 0.051).all()


def test_rectifiers_are_not_called_saturated_at_zero() -> None:
    layers = keras.layers
    assert (
        saturation.of_layer(layers.ReLU()) == saturation.of_layer(layers.Activation("relu")) == saturation.Activation()
    )
    assert str(saturation.of_layer(layers.ReLU(max_value=6)).output) == "slope below 0.05: at least 6"
    assert (
        str(saturation.of_layer(layers.Conv2D(1, 1, activation=layers.ELU(0.5))).output)
        == "slope below 0.05: at most -0.45"
    )
    assert saturation.of_layer(layers.Dense(1, activation=lambda x: x)) == saturation.Activation()


def test_which_layers_have_rows() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu", name="fused"),
            layers.BatchNormalization(name="normalised"),
            layers.Activation("tanh", name="activated"),
            layers.Dropout(0.1),
            layers.MaxPooling2D(name="pooled"),
            layers.Flatten(),
            layers.Dense(5, name="plain"),
        ]
    )
    from tb_cnnviz.capture.network.forward import pass_over_zeros

    placed = leaves(model)
    found = placed_rows(placed, pass_over_zeros(model, placed))
    assert [(r.path.split("/")[-1], r.place, r.channels) for r in found.rows] == [
        ("fused", "pre_activation", 4),
        ("fused", "output", 4),
        ("normalised", "output", 4),
        ("activated", "output", 4),
        ("pooled", "output", 4),
        ("plain", "output", 5),
    ]
    assert found.unknown == []
    assert json.loads(json.dumps([r.described() for r in found.rows]))[0]["saturation"] is None
    assert {p.split("/")[-1] for p in placed_rows(placed, None).unseen} == {"normalised", "activated", "pooled"}


def test_tensors_that_are_stacked_are_summed_up_as_each_alone() -> None:
    rng = np.random.default_rng(7)
    judged = saturation.Saturation(-1.0, 0.5)
    cases = [
        (row(4), rng.normal(size=(3, 5, 4)), 1),
        (row(4, 1), rng.normal(2, 3, size=(3, 4, 5)), 1),  # the same when its channels are last
        (row(4, judged=judged), rng.normal(size=(3, 5, 4)), 1),
        (row(4, judged=saturation.Saturation(-np.inf, 0.0)), rng.normal(size=(3, 5, 4)), 1),
        (row(4), np.full((3, 5, 4), np.nan), 1),
        (row(4), np.where(rng.random((3, 5, 4)) < 0.5, np.inf, -2.0), 1),
        (row(4), rng.normal(size=(3, 5, 4)), 3),
        (row(2), rng.normal(size=(15, 2)), 1),
    ]
    found = [(of, ops.convert_to_tensor(values.astype(np.float32)), stride) for of, values, stride in cases]
    for (of, tensor, stride), got in zip(found, stacked_summaries(found, BINS), strict=True):
        alone = summary(of, tensor, stride=stride, bins=BINS, jit=True)
        for name, value in alone.items():
            np.testing.assert_allclose(to_numpy(got[name]), to_numpy(value), rtol=1e-5, atol=1e-6, err_msg=name)
