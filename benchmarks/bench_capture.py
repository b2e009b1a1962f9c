"""What logging costs a fit: each system beside a bare fit of the same network, in one process, in turn.

    python benchmarks/bench_capture.py [--rounds 9] [--epochs 2]

The small CNN (32, 64 and 64 filters on 32 × 32 × 3, batches of 64) is the hard case: its steps are short, so that a
fixed cost weighs most. A round fits bare and system adjacently, the order alternating; the figure is the ratio of the
two, its median and range over the rounds. `bare` against itself says what the machine's noise is: a ratio within its
range is not a difference. The first fit of each model, which compiles, is not counted, since it is paid once; its extra
time is printed apart.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

import tb_cnnviz

BATCH = 64


def small_cnn() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters in (32, 64, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-4), loss)
    return model


def systems(folder: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], list[keras.callbacks.Callback]]]:
    """Name to what makes the callbacks of one fit; each fit logs into a folder of its own."""
    number = iter(range(10**6))

    def run() -> str:
        return str(folder / str(next(number)))

    return {
        "bare": list,
        "CNNViz, every='auto'": lambda: [tb_cnnviz.CNNViz(run(), (x[:8], y[:8]))],
        "CNNViz, every=10": lambda: [tb_cnnviz.CNNViz(run(), (x[:8], y[:8]), every=10)],
        "GradientLogger, every=1": lambda: [tb_cnnviz.GradientLogger(run(), every=1)],
        "TensorBoard(histogram_freq=1)": lambda: [keras.callbacks.TensorBoard(run(), histogram_freq=1)],
        "TensorBoard(…, write_images=True)": lambda: [
            keras.callbacks.TensorBoard(run(), histogram_freq=1, write_images=True)
        ],
    }


def seconds(
    model: keras.Model, x: np.ndarray, y: np.ndarray, callbacks: list[keras.callbacks.Callback], epochs: int
) -> tuple[float, float]:
    """Wall and processor time of a fit."""
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=callbacks)
    return time.perf_counter() - wall, time.process_time() - cpu


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):5.2f} [{min(values):.2f} … {max(values):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=4)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    x, y = rng.random((2048, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, 2048)
    folder = Path(tempfile.mkdtemp())
    try:
        made = systems(folder, x, y)
        bare = small_cnn()
        first = seconds(bare, x, y, [], chosen.epochs)[0]
        models = {name: small_cnn() for name in made}
        start = {name: seconds(model, x, y, made[name](), chosen.epochs)[0] - first for name, model in models.items()}
        ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
        for number in range(chosen.rounds):
            for name, model in models.items():
                if number % 2:
                    without, with_it = (
                        seconds(bare, x, y, [], chosen.epochs),
                        seconds(model, x, y, made[name](), chosen.epochs),
                    )
                else:
                    with_it, without = (
                        seconds(model, x, y, made[name](), chosen.epochs),
                        seconds(bare, x, y, [], chosen.epochs),
                    )
                ratios[name].append((with_it[0] / without[0], with_it[1] / without[1]))
        print(f"{'ratio to the bare fit beside it':36s} {'wall':24s} {'processor':24s} first fit")
        for name, pairs in ratios.items():
            wall, cpu = zip(*pairs, strict=True)
            print(f"{name:36s} {spread(list(wall)):24s} {spread(list(cpu)):24s} {start[name]:+.1f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
