"""What logging costs a fit: each system beside a bare fit of the same network, in one process, in turn.

    python benchmarks/bench_capture.py [--rounds 4] [--epochs 2] [--all]

The small CNN (32, 64 and 64 filters on 32 × 32 × 3, batches of 64) is the hard case: its steps are short, so that a
fixed cost weighs most. A round fits bare and system adjacently, the order alternating; the figure is the ratio of the
two, its median and range over the rounds, in wall and in processor time. `bare` against itself says what the machine's
noise is: a ratio within its range is not a difference.

A fit's first epoch is not in the ratio: it compiles, and a fit with hooks compiles its step anew. What that costs, once
a fit, stands in the last column, together with the pictures of that epoch: under `every='auto'` most of the log-spaced
ones are among them. `--all` adds TensorBoard's own callback.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

import tb_cnnviz

BATCH = 64
IMAGES = 1024

Callbacks = list[keras.callbacks.Callback]


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


def systems(folder: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Callable[[], Callbacks]]:
    """Name to what makes the callbacks of one fit; each fit logs into a folder of its own."""
    number = iter(range(10**6))

    def run() -> str:
        return str(folder / str(next(number)))

    return {
        "bare": list,
        "CNNViz, every='auto'": lambda: [tb_cnnviz.CNNViz(run(), (x[:8], y[:8]))],
        "CNNViz, every=1": lambda: [tb_cnnviz.CNNViz(run(), (x[:8], y[:8]), every=1)],
        "GradientLogger, every=1": lambda: [tb_cnnviz.GradientLogger(run(), every=1)],
        "TensorBoard(histogram_freq=1)": lambda: [keras.callbacks.TensorBoard(run(), histogram_freq=1)],
        "TensorBoard(…, write_images=True)": lambda: [
            keras.callbacks.TensorBoard(run(), histogram_freq=1, write_images=True)
        ],
    }


@dataclass(frozen=True)
class Times:
    """Seconds: wall and processor time of all epochs but the first, and wall time of the rest of the fit."""

    wall: float
    processor: float
    rest: float


class Start(keras.callbacks.Callback):
    """The first callback: begins the clocks with the second epoch."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == 1:
            self.wall, self.processor = time.perf_counter(), time.process_time()


class Stop(keras.callbacks.Callback):
    """The last callback: reads them after each epoch."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.start = start

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if epoch:
            self.wall = time.perf_counter() - self.start.wall
            self.processor = time.process_time() - self.start.processor


def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, callbacks: Callbacks, epochs: int) -> Times:
    start = Start()
    stop = Stop(start)
    begin = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=1 + epochs, verbose=0, callbacks=[start, *callbacks, stop])
    return Times(stop.wall, stop.processor, time.perf_counter() - begin - stop.wall)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):5.2f} [{min(values):.2f} … {max(values):.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=2, help="measured epochs of 16 steps, after the first")
    parser.add_argument("--all", action="store_true", help="TensorBoard's own callback too")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    x, y = rng.random((IMAGES, 32, 32, 3), dtype=np.float32), rng.integers(0, 10, IMAGES)
    folder = Path(tempfile.mkdtemp())
    try:
        made = {n: make for n, make in systems(folder, x, y).items() if chosen.all or not n.startswith("TensorBoard")}
        bare = small_cnn()
        fit(bare, x, y, [], 1)
        models = {name: small_cnn() for name in made}
        fit(models["bare"], x, y, [], 1)
        pairs: dict[str, list[tuple[Times, Times]]] = {name: [] for name in made}
        for number in range(chosen.rounds):
            for name, model in models.items():
                if number % 2:
                    without = fit(bare, x, y, [], chosen.epochs)
                    with_it = fit(model, x, y, made[name](), chosen.epochs)
                else:
                    with_it = fit(model, x, y, made[name](), chosen.epochs)
                    without = fit(bare, x, y, [], chosen.epochs)
                pairs[name].append((with_it, without))
        steps = chosen.epochs * IMAGES // BATCH
        step_ms = statistics.median(b.wall for each in pairs.values() for _, b in each) / steps * 1000
        print(
            f"a bare step takes {step_ms:.0f} ms; ratios to the bare fit beside it, median [range of {chosen.rounds}]"
        )
        print(f"{'':36s} {'wall':24s} {'processor':24s} once a fit")
        for name, each in pairs.items():
            wall = spread([a.wall / b.wall for a, b in each])
            processor = spread([a.processor / b.processor for a, b in each])
            once = statistics.median(a.rest - b.rest for a, b in each)
            print(f"{name:36s} {wall:24s} {processor:24s} {once:+.1f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
