from __future__ import annotations

import math

import numpy as np
import pytest

from tb_cnnviz.analysis.trajectory import filter_cosines, settled_from


@pytest.mark.parametrize("seed", range(5))
def test_cosine_is_that_of_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernels = rng.normal(size=(4, 3, 2, 3, 3)).astype(np.float32)
    got = filter_cosines(kernels, kernels[-1])
    for step in range(4):
        for out in range(3):
            a = [float(value) for value in kernels[step, out].ravel()]
            b = [float(value) for value in kernels[-1, out].ravel()]
            dot = math.fsum(x * y for x, y in zip(a, b, strict=True))
            expected = dot / math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))
            assert got[step, out] == pytest.approx(expected, abs=1e-12)


def test_a_filter_of_zeros_or_nan_has_no_angle() -> None:
    kernels = np.ones((2, 3, 1, 3, 3), np.float32)
    kernels[0, 1] = 0
    kernels[0, 2, 0, 0, 0] = np.nan
    assert np.isnan(filter_cosines(kernels, kernels[1])[0]).tolist() == [False, True, True]


def test_settled_from_the_first_step_that_is_never_left_again() -> None:
    cosines = np.array([[0.99, 0.1, 0.2], [0.5, 0.97, np.nan], [0.96, 0.99, np.nan], [1.0, 1.0, np.nan]])
    assert settled_from([0, 10, 20, 30], cosines) == [20, 10, None]


def test_filters_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 1, 3, 3\).*\(3, 1, 5, 5\)"):
        filter_cosines(np.ones((2, 3, 1, 3, 3), np.float32), np.ones((3, 1, 5, 5), np.float32))
