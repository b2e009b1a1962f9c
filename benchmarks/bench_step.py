"""What logging costs each step: a fit with a callback and one without, that take their steps by turns.

    python benchmarks/bench_step.py [--steps 48] [--only NAME …]

The VGG-like net of `bench_capture.py`. Two fits that run one after the other differ by a twentieth on these machines,
whatever runs in them; neighbouring steps differ less, and these are neighbours throughout, so a hundredth can be told.
The first steps are left out, which compile, and so is what comes at an epoch's end. Not "auto": it goes by the time that
training takes, and by turns that is the time of both; but for the norms of every step, beside which no other statistics
are paid.

- CPU: that of all steps with the callback over that of all steps without, the log's thread included; [range] of four
  quarters of the fit. `bare` beside itself is the control.
- more, ms: the median over the pairs of steps.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from dataclasses import replace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from capture_systems import BATCH, CONTROL, SYSTEMS, VGG, System

import tb_cnnviz

#: The first steps compile, and hand out memory.
WARM = 4
QUARTERS = 4

STEPS = {
    CONTROL: SYSTEMS[CONTROL],
    "CNNViz, between the steps that it records": System(lambda f, d: [tb_cnnviz.CNNViz(f, d[0][:8], every=1_000_000)]),
    "GradientLogger, norms alone": System(lambda f, d: [tb_cnnviz.GradientLogger(f, overhead=1e-9)]),
    **{name: system for name, system in SYSTEMS.items() if name.startswith("GradientLogger")},
}


class Turns:
    """Whose step it is: 0 or 1, changing with each; a fit that has ended passes."""

    def __init__(self) -> None:
        self._whose, self._changed, self._has_ended = 0, threading.Condition(), [False, False]

    def wait(self, who: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._whose == who)

    def give(self, who: int, *, is_end: bool = False) -> None:
        with self._changed:
            self._has_ended[who] |= is_end
            self._whose = who if self._has_ended[1 - who] else 1 - who
            self._changed.notify_all()


class Step(keras.callbacks.Callback):
    """The first callback of a fit: lets the other take its step, and keeps the CPU seconds of each of its own."""

    def __init__(self, turns: Turns, who: int) -> None:
        super().__init__()
        self._turns, self._who = turns, who
        self._began = 0.0
        self.took: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if batch:
            self.took.append(time.process_time() - self._began)
        self._turns.give(self._who)
        self._turns.wait(self._who)
        self._began = time.process_time()


def pairs(system: System, steps: int) -> list[tuple[float, float]]:
    """CPU seconds of each step with the system, and of the one without it that followed."""
    network = replace(VGG, batches=WARM + steps + 1)
    x, y = network.data()
    turns = Turns()
    seen = [Step(turns, who) for who in (0, 1)]

    def run(who: int, folder: str) -> None:
        turns.wait(who)
        try:
            of_this = (system, SYSTEMS[CONTROL])[who]
            callbacks = [seen[who], *of_this.callbacks(folder, (x, y))]
            network.build(of_this.model).fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=callbacks)
        finally:
            turns.give(who, is_end=True)

    with tempfile.TemporaryDirectory() as folder:
        fits = [threading.Thread(target=run, args=(who, folder)) for who in (0, 1)]
        for fit in fits:
            fit.start()
        for fit in fits:
            fit.join()
    return list(zip(*(each.took[WARM:] for each in seen), strict=True))


def ratio(made: list[tuple[float, float]]) -> float:
    with_it, without = (sum(each) for each in zip(*made, strict=True))
    return with_it / without


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=48, help="of each of the two fits")
    parser.add_argument("--only", nargs="*", default=[], help="parts of names of systems")
    options = parser.parse_args()
    print("\n| system | CPU | bare step, ms | more, ms |\n| --- | --- | --- | --- |", flush=True)
    for name, system in STEPS.items():
        if options.only and not any(part in name for part in options.only):
            continue
        made = pairs(system, options.steps)
        length = -(-len(made) // QUARTERS)
        each = [ratio(made[i : i + length]) for i in range(0, len(made), length)]
        bare = statistics.median(without for _, without in made)
        more = statistics.median(with_it - without for with_it, without in made)
        spread = f"{ratio(made):.3f} [{min(each):.3f} … {max(each):.3f}]"
        print(f"| {name} | {spread} | {1e3 * bare:.0f} | {1e3 * more:.0f} |", flush=True)


if __name__ == "__main__":
    main()
