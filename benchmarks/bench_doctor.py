"""`tb-cnnviz doctor` over many long runs: time and memory, and how both grow.

    python benchmarks/bench_doctor.py [--runs 100] [--steps 10000] [--layers 50] [--growth]

Logs are written by our own writer without training: losses of every step, statistics of gradients, activations and errors at
every tenth, of a network of convolutions whose loss falls. The index cache is off, so each look scans the files anew; the
runs are links to one file, which the system keeps in memory as it would after a training.
`--growth` measures a tenth of the runs, and a tenth of the steps, too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import LayerRecord, ModelRecord, Record, VariableRecord

CHANNELS, BINS, CHANNEL_BINS = 32, 24, 33
STATISTICS_EVERY, ROWS_A_RECORD = 10, 128
GOAL_SECONDS = 30.0


def write_run(folder: Path, steps: int, layers: int, seed: int) -> None:
    writer = RecordWriter(folder)
    for record in records(steps, layers, seed):
        writer.write(record)
        if record.step % 200 == 0:
            writer.flush()
    writer.close()


def records(steps: int, layers: int, seed: int) -> Iterator[Record]:
    rng = np.random.default_rng(seed)
    names = [f"net/block{i:02}/conv" for i in range(layers)]
    yield model(names)
    x = rng.normal(size=(8, 8, 8, 1)).astype(np.float32)
    yield Record("probe", 0, arrays={"x": x, "y": np.arange(8) % 10, "display": np.zeros((8, 8, 8, 1), np.uint8)})
    rows = [{"layer": n, "place": "output", "channels": CHANNELS, "saturation": None} for n in names]
    rows_json = np.frombuffer(json.dumps(rows).encode(), np.uint8)
    loss = 2.3 * (0.05 + 0.95 * np.exp(-np.arange(steps) / (steps / 6))) * rng.uniform(0.9, 1.1, steps)
    for step in range(steps):
        if step % STATISTICS_EVERY == 0:
            yield gradients(step, 2 * layers, rng)
            yield activations(step, layers, rows_json, rng)
            if step % (10 * STATISTICS_EVERY) == 0:
                yield errors(step, layers, names, rng)
        if step % ROWS_A_RECORD == ROWS_A_RECORD - 1 or step == steps - 1:
            begin = step // ROWS_A_RECORD * ROWS_A_RECORD
            at = np.arange(begin, step + 1)
            columns = {"step": at, "batch": np.zeros(len(at), np.int32), "loss": loss[at].astype(np.float32)}
            columns |= {"learning_rate": np.full(len(at), 0.01, np.float32), "epoch": (at // 500).astype(np.int32)}
            yield Record("losses", step, arrays=columns)
        if step % 500 == 499:
            values = np.array([loss[step], loss[step] * 1.1, 0.9], np.float32)
            attributes = {"names": ["loss", "val_loss", "accuracy"], "epoch": step // 500}
            yield Record("epochs", step, arrays={"values": values}, attributes=attributes)


def model(names: list[str]) -> Record:
    layers = [LayerRecord("net/input", "input", "InputLayer", "input", output_shape=[8, 8, 1])]
    for place, name in enumerate(names):
        last = place == len(names) - 1
        layers.append(
            LayerRecord(
                name, name.split("/")[-1], "Conv2D", "convolution", [layers[-1].path], output_shape=[8, 8, CHANNELS],
                activation="softmax" if last else "relu", parameters=9248,
            )
        )  # fmt: skip
    variables = [
        VariableRecord(f"{n}/{kind}", n, kind, shape, "float32", int(np.prod(shape)))
        for n in names
        for kind, shape in (("kernel", [3, 3, CHANNELS, CHANNELS]), ("bias", [CHANNELS]))
    ]
    text = ModelRecord("net", layers, variables, 9248 * len(names), "SGD", "sparse_categorical_crossentropy").to_json()
    return Record("model", 0, arrays={"json": np.frombuffer(text, np.uint8)})


def gradients(step: int, n: int, rng: np.random.Generator) -> Record:
    norm = rng.uniform(0.1, 0.2, n).astype(np.float32)
    none = np.zeros(n, np.int64)
    arrays = {
        "norm": norm, "mean": norm * 0, "min": -norm, "max": norm, "weight_norm": norm * 40, "update_norm": norm / 20,
        "zeros": none, "nan": none, "inf": none, "histogram": rng.integers(0, 900, (n, BINS)).astype(np.uint32),
        "sampled": np.ones(n, np.int32),
    }  # fmt: skip
    return Record(
        "gradients", step, arrays=arrays, attributes={"bin_start": 230, "source": "training batch", "exact": True}
    )


def activations(step: int, n: int, rows: np.ndarray, rng: np.random.Generator) -> Record:
    floats = {name: rng.uniform(0.1, 1, n).astype(np.float32) for name in ("mean", "std", "min", "max")}
    counts = {name: np.zeros(n, np.int64) for name in ("saturated", "nan", "inf")}
    of_channels = {
        f"channel_{name}": rng.uniform(0.1, 1, n * CHANNELS).astype(np.float32)
        for name in ("mean", "std", "min", "max")
    }
    channel_counts = {
        f"channel_{name}": np.zeros(n * CHANNELS, np.int64) for name in ("zeros", "saturated", "nan", "inf")
    }
    arrays = {
        "rows": rows, **floats, **counts, **of_channels, **channel_counts, "count": np.full(n, 65536), "zeros": np.full(n, 30000),
        "histogram": rng.integers(0, 900, (n, BINS)).astype(np.uint32), "sampled": np.ones(n, np.int32),
        "channel_histogram": rng.integers(0, 90, (n * CHANNELS, CHANNEL_BINS)).astype(np.uint32),
        "channel_edges": np.linspace(-1, 1, CHANNEL_BINS + 1).astype(np.float32),
    }  # fmt: skip
    return Record(
        "activations", step, arrays=arrays, attributes={"bin_start": 230, "source": "training batch", "exact": True}
    )


def errors(step: int, n: int, names: list[str], rng: np.random.Generator) -> Record:
    rows = [
        {"layer": x, "place": "pre_activation", "channels": 1, "calls": 1, "connected": True, "why": None}
        for x in names
    ]
    norm = rng.uniform(0.1, 0.2, n).astype(np.float32)
    none = np.zeros(n, np.int64)
    arrays = {
        "rows": np.frombuffer(json.dumps(rows).encode(), np.uint8), "norm": norm, "mean": norm * 0, "min": -norm, "max": norm,
        "count": none + 9, "zeros": none, "nan": none, "inf": none, "sampled": np.ones(n, np.int32), "channel_norm": norm,
        "histogram": np.ones((n, 1), np.uint32),
    }  # fmt: skip
    return Record(
        "errors", step, arrays=arrays, attributes={"bin_start": 254, "source": "probe", "loss_value": 0.3, "images": 8}
    )


def measure(root: Path) -> tuple[float, float, float, int]:
    """Seconds, seconds of processor time, MB of the largest process, and runs judged."""
    command = [sys.executable, "-m", "tb_cnnviz.command_line.main", "doctor", str(root), "--json"]
    environment = {**os.environ, "TB_CNNVIZ_CACHE_DIR": "", "PYTHONPATH": str(Path(__file__).parents[1])}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds = time.perf_counter() - begun
    judged = [run for run in json.loads(done.stdout)["runs"] if "not_judged" not in run]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds, used, after.ru_maxrss / 1024, len(judged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--layers", type=int, default=50)
    parser.add_argument("--growth", action="store_true")
    given = parser.parse_args()
    sizes = [(given.runs, given.steps)]
    if given.growth:
        sizes = [(max(given.runs // 10, 1), given.steps), (given.runs, max(given.steps // 10, 100)), *sizes]
    print(
        f"{'runs':>5} {'steps':>7} {'layers':>6} {'records':>9} {'GB':>6} {'seconds':>8} {'CPU s':>6} {'MB a process':>13}"
    )
    for runs, steps in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_run(root / "run000", steps, given.layers, 0)
            (file,) = (root / "run000").iterdir()
            for run in range(1, runs):  # the same bytes: what is in them costs the doctor nothing, finding them does
                copy = root / f"run{run:03}"
                copy.mkdir()
                os.link(file, copy / file.name)
            count = runs * (
                2 * (steps // STATISTICS_EVERY)
                + steps // (10 * STATISTICS_EVERY)
                + steps // ROWS_A_RECORD
                + steps // 500
                + 2
            )
            seconds, used, megabytes, judged = measure(root)
            size = runs * file.stat().st_size / 1e9
            print(
                f"{judged:>5} {steps:>7} {given.layers:>6} {count:>9,} {size:>6.1f} {seconds:>8.1f} {used:>6.1f} {megabytes:>13.0f}",
                flush=True,
            )
    print(f"goal: {GOAL_SECONDS:g} s for 100 runs × 10,000 steps × 50 layers on two cores")


if __name__ == "__main__":
    main()
