"""Thinning keeps every bucket's extremes and every kind of number that is not finite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tb_cnnviz.plugin.decimation import MIN_POINTS, thin

NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(hnp.arrays(np.float32, st.integers(0, 300), elements=NUMBERS), st.integers(MIN_POINTS, 80))
def test_keeps_the_extremes_and_stays_within_the_bound(values: np.ndarray, points: int) -> None:
    kept = thin(values, points)
    assert len(kept) <= points
    assert list(kept) == sorted(set(kept.tolist()))
    if len(values) <= points:
        assert list(kept) == list(range(len(values)))
        return
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    numbers = [float(value) for value in values]
    shown = [numbers[row] for row in kept]
    finite = [value for value in numbers if np.isfinite(value)]
    if finite:
        assert max(finite) in shown
        assert min(finite) in shown
    assert all(np.isfinite(numbers)) == all(np.isfinite(shown))


def test_a_single_spike_survives_at_any_place() -> None:
    for row in range(0, 5000, 37):
        for spike in (5.0, -5.0, np.nan, np.inf, -np.inf):
            values = np.sin(np.arange(5000) / 50).astype(np.float32)
            values[row] = spike
            assert row in thin(values, 40), (row, spike)


def test_each_bucket_has_its_own_extremes() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=1000)
    kept = set(thin(values, 22).tolist())
    for start in range(0, 1000, 100):  # 22 points: first, last and two for each of ten buckets
        bucket = list(values[start : start + 100])
        assert start + bucket.index(max(bucket)) in kept
        assert start + bucket.index(min(bucket)) in kept


def test_columns_of_many_values_keep_the_row_of_the_extreme_value() -> None:
    values = np.ones((400, 6))
    values[123, 4] = 9
    values[250, 0] = -9
    values[301, 2] = np.nan
    assert {123, 250, 301} <= set(thin(values, 20).tolist())


def test_rows_of_no_values_and_empty_series() -> None:
    assert thin(np.zeros((0,)), 5).tolist() == []
    assert len(thin(np.zeros((50, 0)), 5)) <= 5


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="points: 4 given; at least 5"):
        thin(np.zeros(10), 4)
