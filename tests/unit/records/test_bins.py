"""Histograms from exponent bits against np.histogram with the same edges."""

from __future__ import annotations

import numpy as np
import pytest

from tb_cnnviz.records.histogram import BIN_COUNT, ZERO_BIN, edges, histogram, trim, untrim

TINY = np.float32(2.0**-126)


@pytest.mark.parametrize("seed", range(10))
def test_bins_are_those_of_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=4000) * 10.0 ** rng.uniform(-30, 30, size=4000)).astype(np.float32)
    values[:50] = 0
    # np.histogram closes a bin below, ours lie by magnitude: negative powers of two belong to the bin away from zero.
    values = values[np.abs(np.log2(np.abs(values), where=values != 0, out=np.zeros_like(values))) % 1 != 0]
    expected, _ = np.histogram(values.astype(np.float64), edges())
    np.testing.assert_array_equal(histogram(values), expected)


def test_powers_of_two_zeros_and_subnormals() -> None:
    counts = histogram(np.array([0.0, -0.0, 1e-45, 1.0, 1.5, 2.0, -1.0, -2.0, TINY], np.float32))
    bins = edges()
    assert counts[ZERO_BIN] == 3
    assert counts[np.flatnonzero(bins == 1.0)[0]] == 2
    assert counts[np.flatnonzero(bins == 2.0)[0]] == 1
    assert counts[np.flatnonzero(bins == -1.0)[0] - 1] == 1
    assert counts[np.flatnonzero(bins == -2.0)[0] - 1] == 1
    assert counts[ZERO_BIN + 1] == 1
    assert counts.sum() == 9


def test_nan_and_infinity_are_in_no_bin() -> None:
    assert histogram(np.array([np.nan, np.inf, -np.inf, 3.0], np.float32)).sum() == 1


@pytest.mark.parametrize("seed", range(5))
def test_trimming_loses_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = np.zeros((3, BIN_COUNT), np.int64)
    if seed:
        counts[:, 200 : 200 + 20 * seed] = rng.integers(0, 5, size=(3, 20 * seed))
    start, kept = trim(counts)
    assert kept.dtype == np.uint32
    np.testing.assert_array_equal(untrim(start, kept), counts)


def test_kept_bins_past_the_end_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        untrim(BIN_COUNT - 1, np.ones((1, 2), np.uint32))
