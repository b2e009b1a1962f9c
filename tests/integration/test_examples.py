"""The small examples run, and the log holds what numpy computes from their kernels and image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tb_cnnviz import open_log

ROOT = Path(__file__).parents[2]


def run_example(name: str, logdir: Path, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), "--logdir", str(logdir), *arguments]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def correlated(image: np.ndarray, kernels: np.ndarray, padding: int) -> np.ndarray:
    """[filters, height, width], each value the sum over a window of `image` [height, width]."""
    padded = np.pad(image.astype(np.float64), padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernels.shape[1:])
    return np.einsum("ijhw,fhw->fij", windows, kernels.astype(np.float64))


@pytest.mark.parametrize(
    ("name", "padding", "side", "pictures"),
    [
        ("random_filters", 1, 28, {"maps.png": (8, 8, 28 * 4)}),
        ("torch_feature_maps", 0, 26, {"maps.png": (4, 16, 26 * 4), "kernels.png": (4, 16, 3 * 12)}),
    ],
)
def test_a_small_example_logs_its_kernels_and_maps(
    tmp_path: Path, name: str, padding: int, side: int, pictures: dict[str, tuple[int, int, int]]
) -> None:
    said = run_example(name, tmp_path)
    assert f"{side} × {side}" in said
    run = open_log(tmp_path)[name]
    assert run.notices == []
    (layer,) = [layer.path for layer in run.layers if layer.role == "convolution"]
    filters = run.read("filters", layer)
    assert filters["kernel"].shape == (64, 1, 3, 3)
    image = run.read("probe")["x"].reshape(28, 28)
    bias = filters.get("bias", np.zeros(64)).reshape(64, 1, 1)
    expected = correlated(image, filters["kernel"][:, 0], padding) + bias
    assert expected.shape == (64, side, side)
    np.testing.assert_allclose(run.read("operations", layer)["output"], expected, atol=1e-5)
    maps = run.read("feature_maps", layer)["maps"]
    assert maps.shape == (1, 64, side, side)
    np.testing.assert_allclose(maps[0], expected, atol=float(np.ptp(expected, axis=(1, 2)).max()) / 250)
    for file, (rows, columns, size) in pictures.items():
        with Image.open(tmp_path / name / file) as picture:
            assert picture.size == (columns * (size + 1), rows * (size + 1))
            grey = np.asarray(picture)
        first = expected[0] if file == "maps.png" else filters["kernel"][0, 0]
        tile = grey[:size, :size].reshape(first.shape[0], -1, first.shape[1], size // first.shape[1])[:, 0, :, 0]
        np.testing.assert_allclose(tile, 255 * (first - first.min()) / np.ptp(first), atol=1)


def test_the_weights_of_a_file_are_those_that_are_logged(tmp_path: Path) -> None:
    run_example("torch_feature_maps", tmp_path / "first")
    again = tmp_path / "again"
    run_example("torch_feature_maps", again, "--weights", str(tmp_path / "first" / "torch_feature_maps" / "conv.pt"))
    kernels = [
        open_log(folder)["torch_feature_maps"].read("filters", "torch_module_wrapper")["kernel"]
        for folder in (tmp_path / "first", again)
    ]
    np.testing.assert_array_equal(*kernels)
