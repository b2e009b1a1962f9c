"""What the layers of small networks make of a batch, by numpy in float64, and what its statistics are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tb_cnnviz.eventlog.reader import Run

Place = tuple[str, str]


def convolution(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int = 1) -> np.ndarray:
    """Channels last, without padding."""
    windows = sliding_window_view(x.astype(np.float64), kernel.shape[:2], (1, 2))[:, ::stride, ::stride]
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel.astype(np.float64)) + bias


def same(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """With zeros around, for an odd kernel."""
    edge = kernel.shape[0] // 2
    return convolution(np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0))), kernel, bias)


def largest_of_four(x: np.ndarray) -> np.ndarray:
    """Pooling of 2 × 2."""
    return np.max(
        [x[:, i : x.shape[1] // 2 * 2 : 2, j : x.shape[2] // 2 * 2 : 2] for i in (0, 1) for j in (0, 1)], axis=0
    )


def normalised(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float = 1e-3) -> np.ndarray:
    """Batch normalization by the batch's own statistics."""
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / np.sqrt(x.var(axes) + epsilon) * gamma + beta


def of_the_small_network(x: np.ndarray, weights: Sequence[np.ndarray]) -> dict[tuple[int, str], np.ndarray]:
    """A convolution of stride 2 with ReLU, and a dense layer: by number of the layer that has weights, and place."""
    z = convolution(x, weights[0], weights[1], 2)
    y = np.maximum(z, 0)
    logits = y.reshape(len(y), -1) @ weights[2].astype(np.float64) + weights[3]
    return {(0, "pre_activation"): z, (0, "output"): y, (1, "output"): logits}


def check(
    run: Run,
    step: int,
    wanted: Mapping[Place, Sequence[np.ndarray]],
    tolerance: float = 1e-4,
    besides: Collection[Place] = (),
) -> None:
    """The record of a step against the values of each layer and place, from all its calls, channels last.

    Values near zero, and near an octave, may lie on the other side of it. `besides` are rows that are there as well.
    """
    rows = run.read("activations", None, step)["rows"]
    assert set(rows) == {*wanted, *besides}, f"{sorted(rows)} logged, {sorted(wanted)} expected"
    for place, calls in wanted.items():
        values = np.concatenate([each.reshape(-1, each.shape[-1]) for each in calls])
        check_row(rows[place], values, f"{place} at step {step}", tolerance)


def check_row(row: dict[str, Any], values: np.ndarray, name: str, tolerance: float) -> None:
    """A row against finite values [positions, channels]."""
    scale = np.abs(values).max()
    finest = {"rtol": tolerance, "atol": tolerance * scale, "err_msg": name}
    for key, of in {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}.items():
        np.testing.assert_allclose(row[key], of(values), **finest)
        np.testing.assert_allclose(row[f"channel_{key}"], of(values, axis=0), **finest)
    near = np.abs(values) <= tolerance * scale
    assert row["count"] == values.size, name
    assert (values == 0).sum() - near.sum() <= row["zeros"] <= near.sum(), name
    assert row["zeros"] == row["channel_zeros"].sum()
    assert row["saturated"] == row["channel_saturated"].sum()
    assert row["nan"] == row["inf"] == row["channel_nan"].sum() == row["channel_inf"].sum() == 0
    assert row["sampled"] == 1
    moved = _near_an_octave(values, tolerance * scale).sum(axis=0)
    _check_histogram(row["histogram"], row["edges"], values.reshape(-1), moved.sum(), name)
    for channel in range(values.shape[1]):
        counts = row["channel_histogram"][channel]
        _check_histogram(counts, row["channel_edges"], values[:, channel], moved[channel], name)


def _near_an_octave(values: np.ndarray, distance: float) -> np.ndarray:
    """May a value that is off by so much lie in another bin?"""
    with np.errstate(divide="ignore"):
        below, above = (
            np.floor(np.log2(np.maximum(np.abs(values) - distance, 0))),
            np.floor(np.log2(np.abs(values) + distance)),
        )
    return np.asarray(below != above)


def _check_histogram(counts: np.ndarray, edges: np.ndarray, values: np.ndarray, moved: int, name: str) -> None:
    """Octaves count from their smaller magnitude on, which is the other end of a bin for negative values."""
    wanted = np.zeros(len(counts), np.int64)
    middle = len(counts) // 2
    octaves = np.asarray(edges[middle + 1 :], np.float64)
    bins = np.searchsorted(octaves, np.abs(values), side="right")
    bins = np.minimum(bins, middle)
    np.add.at(wanted, np.where(values < 0, middle - bins, middle + bins), 1)
    assert counts.sum() == len(values), name
    assert np.abs(counts - wanted).sum() <= 2 * moved, f"{name}: {counts} is not {wanted}"
