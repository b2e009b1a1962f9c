"""Arithmetic on NaN, Inf and the largest numbers warns of nothing: they are logged as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tb_cnnviz.capture.network.probe import to_bytes
from tb_cnnviz.capture.quantities.errors import _channel_norms, _row
from tb_cnnviz.capture.quantities.feature_maps import channel_statistics
from tb_cnnviz.loggers.pictures import filter_grid, map_grid
from tb_cnnviz.records import quantisation

LARGEST = np.finfo(np.float32).max
VALUES = {
    "NaN": [np.nan, 1, 2, 3],
    "Inf": [np.inf, -np.inf, 1, 2],
    "largest": [LARGEST, -LARGEST, LARGEST, LARGEST],
    "subnormal": [1e-45, 0, -1e-45, 1e-40],
    "NaN alone": [np.nan] * 4,
    "Inf alone": [np.inf] * 4,
}
FUNCTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "kernel": quantisation.quantise_kernel,
    "kernel, eight bits": lambda a: quantisation.restore_kernel(
        **_restored(quantisation.quantise_kernel(a, 0), "kernel")
    ),
    "maps": quantisation.quantise_maps,
    "error maps": quantisation.quantise_errors,
    "statistics of maps": channel_statistics,
    "grid of filters": filter_grid,
    "grid of maps": lambda a: map_grid(a[0]),
    "row of errors": lambda a: _row(a, _channel_norms(a)),
    "probe": lambda a: to_bytes(np.moveaxis(a, 1, -1), None),
    "probe, normalised": lambda a: to_bytes(np.moveaxis(a, 1, -1), (np.float32(1), LARGEST)),
}


def _restored(arrays: dict[str, np.ndarray], name: str) -> dict[str, Any]:
    return {name: arrays[name], "scale": arrays.get("scale")}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_warns(function: str, values: str) -> None:
    with np.errstate(all="warn", under="ignore"):
        FUNCTIONS[function](np.array(VALUES[values] * 6, np.float32).reshape(2, 3, 2, 2))
