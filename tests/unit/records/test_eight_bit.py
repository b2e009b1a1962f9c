"""Eight-bit forms against their bound, by arithmetic of the test's own, over generated arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tb_cnnviz.records.quantisation import (
    KERNEL_EXACT_BYTES,
    quantise_kernel,
    quantise_maps,
    restore_kernel,
    restore_maps,
)


@pytest.mark.parametrize("seed", range(6))
def test_small_kernels_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(8, 4, 3, 3)).astype(np.float32)
    if seed % 2:
        kernel[0, 0, 0] = [np.nan, np.inf, -np.inf]
    stored = quantise_kernel(kernel)
    assert set(stored) == {"kernel"}
    np.testing.assert_array_equal(restore_kernel(stored["kernel"], None), kernel)


@pytest.mark.parametrize("seed", range(4))
def test_large_kernels_are_off_by_at_most_half_a_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    out = KERNEL_EXACT_BYTES // 4 // (64 * 9) + 8
    kernel = (rng.normal(size=(out, 64, 3, 3)) * 10.0 ** rng.uniform(-6, 3, size=(out, 1, 1, 1))).astype(np.float32)
    kernel[3] = 0
    stored = quantise_kernel(kernel)
    assert stored["kernel"].dtype == np.int8
    error = np.abs(restore_kernel(stored["kernel"], stored["scale"]).astype(np.float64) - kernel)
    largest = np.abs(kernel).reshape(out, -1).max(axis=1).astype(np.float64)
    assert (error.reshape(out, -1).max(axis=1) <= largest / 254 * (1 + 1e-5)).all()
    assert error.max() > 0


def test_a_large_kernel_that_is_not_finite_stays_exact() -> None:
    kernel = np.zeros((600, 64, 3, 3), np.float32)
    kernel[5, 5, 1, 1] = np.nan
    np.testing.assert_array_equal(restore_kernel(**{"scale": None, **quantise_kernel(kernel)}), kernel)


@pytest.mark.parametrize("seed", range(8))
def test_maps_are_off_by_at_most_half_a_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    space = [(7, 5), (9,), (), (3, 4, 5)][seed % 4]
    maps = (rng.normal(size=(3, 6, *space)) * 10.0 ** rng.uniform(-5, 4)).astype(np.float32)
    if seed > 3:
        maps = np.maximum(maps, 0)
    stored = quantise_maps(maps)
    back = restore_maps(stored["maps"], stored["lo"], stored["hi"]).astype(np.float64)
    flat = maps.reshape(3, 6, -1).astype(np.float64)
    half = (flat.max(axis=2) - flat.min(axis=2)) / 510
    error = np.abs(back.reshape(3, 6, -1) - flat).max(axis=2)
    assert (error <= half * (1 + 1e-4) + np.abs(flat).max(axis=2) * 1e-7).all()
    np.testing.assert_allclose(back.reshape(3, 6, -1).max(axis=2), flat.max(axis=2), rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_maps_that_are_not_finite_stay_exact(bad: float) -> None:
    maps = np.ones((1, 2, 3, 3), np.float32)
    maps[0, 1, 1, 1] = bad
    stored = quantise_maps(maps)
    np.testing.assert_array_equal(restore_maps(stored["maps"], stored.get("lo"), stored.get("hi")), maps)
