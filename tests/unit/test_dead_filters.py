from __future__ import annotations

import numpy as np
import pytest

from tb_cnnviz.analysis.dead_filters import practically_dead
from tb_cnnviz.analysis.trajectory import filter_cosines, settled_from
from tb_cnnviz.loggers.pictures import map_grid


def by_definition(norms: list[float]) -> list[bool]:
    finite = sorted(norm for norm in norms if np.isfinite(norm))
    median = (lambda of: (of[(len(of) - 1) // 2] + of[len(of) // 2]) / 2) if finite else (lambda of: 0.0)
    usual, largest = median(finite), max(finite, default=0.0)
    if usual < 1e-6 and usual < 1e-6 * largest:
        usual = median([norm for norm in finite if norm >= 1e-6 * largest])
    return [norm == 0 or norm < 1e-6 * usual for norm in norms]


def test_dead_by_the_definition_among_norms_of_all_sizes() -> None:
    rng = np.random.default_rng(3)
    special = [0.0, np.nan, np.inf, 4e-34, 1e-12, 1e7]
    for _ in range(300):
        norms = [
            special[rng.integers(6)] if rng.random() < 0.4 else rng.random() * 10.0 ** rng.integers(-2, 3)
            for _ in range(rng.integers(1, 40))
        ]
        assert practically_dead(np.array(norms)).tolist() == by_definition(norms)


@pytest.mark.parametrize(
    ("norms", "dead"),
    [
        ([0.5, 4e-34, 0.4, 1e-12, 0.6], [1, 3]),
        ([1e-12, 1e-12, 1e-13, 0.5, 4e-34, 0.4], [0, 1, 2, 4]),
        ([0.5, 0.4, 0.6, 1e9], []),
        ([0.5, 0.4, np.inf, np.nan], []),
        ([0.0, 0.0], [0, 1]),
        ([1e-20], []),
        ([np.nan, 0.0], [1]),
        ([], []),
    ],
)
def test_the_cases_that_decide_the_definition(norms: list[float], dead: list[int]) -> None:
    assert np.flatnonzero(practically_dead(np.array(norms, np.float32))).tolist() == dead


def test_each_row_is_judged_for_itself() -> None:
    norms = np.array([[[0.5, 1e-12, 0.4], [1e-12, 1e-12, 1e-12]], [[0, 1, 1], [1e9, 1, 1]]])
    assert practically_dead(norms).astype(int).tolist() == [[[0, 1, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("left", [0.0, 4e-34, 1e-12])
def test_a_practically_dead_filter_is_neither_settled_nor_near_its_start(left: float) -> None:
    rng = np.random.default_rng(4)
    start = rng.normal(size=(3, 2, 3, 3)).astype(np.float32)
    kernels = np.stack([start, start, start])
    kernels[1:, 1] *= np.float32(left)
    cosines = filter_cosines(kernels, kernels[-1])
    assert np.isnan(cosines).tolist() == [[False, True, False]] * 3
    assert settled_from([0, 10, 20], cosines) == [0, None, 0]
    assert np.isnan(filter_cosines(kernels, start)).tolist() == [[False] * 3, *[[False, True, False]] * 2]


def test_a_practically_dead_map_is_an_even_tile_of_the_images_tab() -> None:
    rng = np.random.default_rng(5)
    maps = rng.random((4, 24, 24)).astype(np.float32)
    maps[1] *= np.float32(1e-12)
    maps[2] = 0
    grid = map_grid(maps)
    assert grid is not None
    tiles = [grid[0, top : top + 48, left : left + 48, 0] for top in (0, 50) for left in (0, 50)]
    assert [int(np.ptp(tile)) for tile in tiles] == [255, 0, 0, 255]
