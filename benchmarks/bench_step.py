"""What recording the gradients of one step costs: steps that are recorded beside steps that are not, by turns in one fit.

    python benchmarks/bench_step.py [--steps 48]

The VGG-like net of `bench_capture.py`, and `GradientLogger(every=2)`. Two neighbouring steps of one fit differ less than
two fits do, so this tells a hundredth where that one tells a twentieth. What a callback costs at every step, recorded or
not, is not in it. A step's CPU time is what passes until the next batch begins, the log's thread included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import replace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from capture_systems import BATCH, VGG

import tb_cnnviz

#: The first steps compile, and hand out memory.
WARM = 4


class Steps(keras.callbacks.Callback):
    """CPU seconds at each batch's begin."""

    def __init__(self) -> None:
        super().__init__()
        self.begins: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.begins.append(time.process_time())


def pairs(steps: int, *, exact: bool) -> list[tuple[float, float]]:
    """CPU seconds of a recorded step and of the one after it."""
    network, seen = replace(VGG, batches=steps + WARM + 1), Steps()
    x, y = network.data()
    with tempfile.TemporaryDirectory() as folder:
        ours = tb_cnnviz.GradientLogger(folder, every=2, exact_histograms=exact)
        network.build().fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[seen, ours])
    took = [after - before for before, after in zip(seen.begins, seen.begins[1:], strict=False)][WARM:]
    return list(zip(took[0::2], took[1::2], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=48, help="an even number")
    options = parser.parse_args()
    print(
        "\n| histograms | recorded, ms | not, ms | more, ms | ratio | control |\n| --- | --- | --- | --- | --- | --- |"
    )
    for exact in (False, True):
        made = pairs(options.steps, exact=exact)
        recorded, bare = (statistics.median(each) for each in zip(*made, strict=True))
        more = statistics.median(a - b for a, b in made)
        # Steps that are not recorded, every other one over those between.
        between = [b for _, b in made]
        control = statistics.median(between[0::2]) / statistics.median(between[1::2])
        name = "exact" if exact else "sampled from a million elements on"
        print(
            f"| {name} | {1e3 * recorded:.0f} | {1e3 * bare:.0f} | {1e3 * more:.0f} | {recorded / bare:.3f} | {control:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
