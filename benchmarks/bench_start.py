"""What the callback costs until a network has trained for the first time: first step, first epoch, memory.

    python benchmarks/bench_start.py [--rounds 3] [--networks NAME …] [--backends NAME …] [--systems NAME …] [--json FILE]

Real networks of keras.applications at 96 pixels, weights drawn at random, batches of 16, and the demo's network. Each fit
is one epoch of 8 steps in a process of its own, with the callback and without it by turns, so that what disturbs the
machine disturbs both.

- first: seconds from the call of `fit` to the end of its first batch.
- epoch: seconds from the call of `fit` to its return.
- memory: the process' largest resident size, MB.

Medians of all rounds, and the ratio of each round's pair [lowest … highest]. CPU seconds stand beside wall seconds: on a
machine that others use, only these can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BACKENDS = ("tensorflow", "jax", "torch")
BATCH, STEPS = 16, 8
BARE, WITH_US = "bare", "CNNViz"
NETWORKS = ("demo", "MobileNetV2", "ResNet50V2", "EfficientNetV2B0")
FIGURES = ("first", "first_cpu", "epoch", "epoch_cpu", "memory")


def systems() -> dict[str, Callable[[str, Any, Any], list[Any]]]:
    """A name to the callbacks of a fit that logs into a folder; besides the whole, its parts alone."""
    import tb_cnnviz

    def alone(**chosen: bool) -> Callable[[str, Any, Any], list[Any]]:
        parts = ("filters", "feature_maps", "activations", "gradients", "errors", "losses")
        arguments = {name: chosen.get(name, False) for name in parts}
        return lambda folder, x, y: [tb_cnnviz.CNNViz(folder, (x[:8], y[:8]), **arguments)]

    return {
        BARE: lambda folder, x, y: [],
        WITH_US: lambda folder, x, y: [tb_cnnviz.CNNViz(folder, probe=(x[:8], y[:8]))],
        "losses": alone(losses=True),
        "filters": alone(filters=True),
        "gradients": alone(gradients=True),
        "activations": alone(activations=True),
        "feature_maps": alone(feature_maps=True),
        "errors": alone(errors=True),
    }


def network(name: str) -> tuple[Any, Any, Any]:
    """A compiled network, and images and labels for it."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    if name == "demo":
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
        from demo_models import digit_network

        model, shape = digit_network(), (28, 28, 1)
    else:
        shape = (96, 96, 3)
        model = getattr(keras.applications, name)(weights=None, input_shape=shape, classes=10)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=name == "demo"))
    return model, rng.random((BATCH * STEPS, *shape), np.float32), rng.integers(0, 10, BATCH * STEPS)


def fit_once(name: str, system: str) -> dict[str, float]:
    """One fit in this process."""
    import keras

    model, x, y = network(name)
    found: dict[str, float] = {}

    class FirstBatch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            found.setdefault("first", time.perf_counter() - began)
            found.setdefault("first_cpu", time.process_time() - began_cpu)

    with tempfile.TemporaryDirectory() as folder:
        callbacks = [*systems()[system](folder, x, y), FirstBatch()]
        began, began_cpu = time.perf_counter(), time.process_time()
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0, shuffle=False, callbacks=callbacks)
        found |= {"epoch": time.perf_counter() - began, "epoch_cpu": time.process_time() - began_cpu}
    return {**found, "memory": _peak_mb()}


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def measured(backend: str, name: str, system: str) -> dict[str, float]:
    """`fit_once` in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, __file__, "--child", name, system]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{backend}, {name}, {system}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def row(backend: str, name: str, system: str, rounds: Sequence[tuple[dict[str, float], dict[str, float]]]) -> str:
    """One line of the table: pairs of (bare, with the system)."""
    cells = []
    for figure in FIGURES:
        before, after = (statistics.median(pair[i][figure] for pair in rounds) for i in (0, 1))
        ratios = [pair[1][figure] / pair[0][figure] for pair in rounds]
        unit = ".0f" if figure == "memory" else ".1f"
        spread = f"{statistics.median(ratios):.2f} [{min(ratios):.2f} … {max(ratios):.2f}]"
        cells.append(f"{before:{unit}} → {after:{unit}}, {spread}")
    return f"| {backend} | {name} | {system} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--backends", nargs="+", default=BACKENDS, choices=BACKENDS)
    parser.add_argument("--systems", nargs="+", default=[WITH_US])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(fit_once(*chosen.child)))
        return
    kept: dict[str, list[Any]] = {}
    print("| backend | network | system | " + " | ".join(FIGURES) + " |")
    print("| --- " * (3 + len(FIGURES)) + "|")
    for backend in chosen.backends:
        for name in chosen.networks:
            rounds: dict[str, list[Any]] = {system: [] for system in chosen.systems}
            for _ in range(chosen.rounds):
                bare = measured(backend, name, BARE)
                for system in chosen.systems:
                    rounds[system].append((bare, measured(backend, name, system)))
            for system, pairs in rounds.items():
                print(row(backend, name, system, pairs), flush=True)
                kept[f"{backend} {name} {system}"] = pairs
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
