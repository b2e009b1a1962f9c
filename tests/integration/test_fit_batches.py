"""Statistics of the batches that a fit trains on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tests.support.batch_cases import CLASSES, check_batch, try_batches, try_others
from tests.support.fits import compiled, images, run_of, train
from tests.support.mode_table import kept_programs


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (0, {"jit_compile": True}),
        (1, {"jit_compile": False, "one_hot": True}),
        (2, {"jit_compile": True, "steps_per_execution": 2, "one_hot": True}),
        (3, {"run_eagerly": True}),
    ],
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_statistics_are_those_of_numpy_and_the_weights_the_same_bits(
    tmp_path: Path, seed: int, options: dict[str, Any]
) -> None:
    try_batches(tmp_path, seed, **options)


def test_targets_are_not_counted_and_the_stride_is_kept(tmp_path: Path) -> None:
    try_others(tmp_path)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_on_another_backend(tmp_path: Path, backend: str) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.batch_cases", str(tmp_path)],
        cwd=root,
        env={**os.environ, **kept_programs(tmp_path / "found"), "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_of_replicas_the_whole_batch(tmp_path: Path) -> None:
    import tensorflow as tf

    x, y = images(8)
    x = x * 100 + 300
    x[1, 0, 0, 0] = np.nan
    with tf.distribute.MirroredStrategy(["cpu:0"]).scope():
        layers = [keras.Input(x.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(CLASSES, activation="softmax")]
        model = compiled(keras.Sequential(layers), jit_compile=False)
    model.fit(x, y, batch_size=8, verbose=0, callbacks=[tb_cnnviz.CNNViz(tmp_path, x[2:4], every=1, errors=False)])
    record = run_of(tmp_path).read("batches", None, 0)
    check_batch(record, [(record["names"][0], "input", x), ("y", "label", y)])


def test_of_micro_batches_the_last_one_of_each_update(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")]
    )
    compiled(model, keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))
    train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=1, errors=False)])
    run = run_of(tmp_path)
    x, y = images(48)
    for step in run.steps("batches")[:2]:
        record, rows = run.read("batches", None, step), slice(8 * (2 * step + 1), 8 * (2 * step + 2))
        assert record["micro_batches"] == 2
        check_batch(record, [(record["names"][0], "input", x[rows]), ("y", "label", y[rows])])


def test_what_cannot_be_recorded_is_said_and_it_can_be_left_out(tmp_path: Path) -> None:
    model = compiled(keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(5)]))
    train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], batches=False, errors=False)])
    assert "batches" not in run_of(tmp_path).kinds
