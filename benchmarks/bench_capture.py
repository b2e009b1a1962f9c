"""What logging costs a fit: each system beside a bare fit of the same network, in one process, in turn.

    python benchmarks/bench_capture.py [--rounds 9] [--networks small,vgg] [--only NAME …] [--no-memory] [--json FILE]

Two networks on 32 × 32 × 3 images, in batches of 64, Adam, jit_compile=False: a small CNN (32, 64 and 64 filters), whose
steps are short, so that a fixed cost weighs most; and VGG16's convolutions with a dense layer of 10, 14.7 million
parameters. Beside ours stand the callback of Keras and what people write by hand, each at its usual rhythm.

A pair is a fit with the system and one without it, adjacent, the order alternating; each round of pairs is a process of its
own, since TensorFlow keeps memory of every model that was fitted. The last epoch of the one is measured (32 batches of the
small CNN, 4 of the other), with all that is done at its end, against the last of the two of the other. Epochs before it
begin the fit, compile the step and are handed the memory that it needs; under "auto" they also pass its first steps, at
each of which it records. What a fit has to do once is so not in the ratio.

- wall, CPU: the ratio to the bare fit, median [range] over the pairs. `bare` against itself is the noise of the machine; a
  median within its range is marked = and is no difference.
- CPU ms an event: CPU time above the bare fit's, by the events of the measured epoch (benchmarks/logged_events.py says what
  an event is), so that systems of different rhythm can be compared.
- bytes an event: all that the fit wrote, by all its events.
- memory: the most that a process held which did nothing else but one epoch, less that of a bare one (Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from capture_systems import BATCH, CONTROL, SMALL, SYSTEMS, VGG, Data, Network, System, chosen, size_of
from logged_events import Window, count

NETWORKS = {"small": SMALL, "vgg": VGG}


@dataclass(frozen=True)
class Measured:
    """Seconds of the measured epoch, and which part of the fit that is."""

    wall: float
    cpu: float
    window: Window


class Start(keras.callbacks.Callback):
    """The first callback: begins the clocks with each epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.begin, self.wall, self.cpu = time.time(), time.perf_counter(), time.process_time()


class Stop(keras.callbacks.Callback):
    """The last callback: reads them after each epoch."""

    def __init__(self, start: Start, batches: int) -> None:
        super().__init__()
        self.start, self.batches = start, batches

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        wall, cpu = time.perf_counter() - self.start.wall, time.process_time() - self.start.cpu
        first = epoch * self.batches
        self.measured = Measured(wall, cpu, Window(first, first + self.batches, self.start.begin, time.time()))


def fit(model: keras.Model, data: Data, callbacks: list[Any], epochs: int, batches: int) -> Measured:
    start = Start()
    stop = Stop(start, batches)
    model.fit(*data, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[start, *callbacks, stop])
    return stop.measured


@dataclass(frozen=True)
class Pair:
    """Seconds of the measured epoch with the system and without, its events, and all that the fit wrote."""

    wall: float
    bare_wall: float
    cpu: float
    bare_cpu: float
    events: int
    all_events: int
    bytes: int

    @property
    def cpu_ms_an_event(self) -> float:
        return (self.cpu - self.bare_cpu) * 1000 / self.events if self.events else float("nan")


class Bench:
    """One network, with a bare model that is compiled once."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network, self.folder, self.data = network, folder, network.data()
        self.bare = network.build()
        fit(self.bare, self.data, [], 1, network.batches)

    def pair(self, system: System, *, system_first: bool) -> Pair:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        without = None if system_first else self._without()
        with_it = fit_with(system, self.network, self.data, folder)
        without = without or self._without()
        is_logged = any(folder.iterdir())
        events, every = (count(folder, with_it.window), count(folder)) if is_logged else (0, 0)
        made = Pair(with_it.wall, without.wall, with_it.cpu, without.cpu, events, every, size_of(folder))
        shutil.rmtree(folder)
        return made

    def _without(self) -> Measured:
        return fit(self.bare, self.data, [], 2, self.network.batches)


def fit_with(system: System, network: Network, data: Data, folder: Path) -> Measured:
    epochs = 1 + -(-system.steps_before // network.batches)
    model = network.build(system.model)
    return fit(model, data, system.callbacks(str(folder), data), epochs, network.batches)


def run_alone(*arguments: str) -> str:
    """The last line that this program prints in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return done.stdout.strip().splitlines()[-1]


def print_round(network: Network, number: int, systems: dict[str, System]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(network, Path(folder))
        pairs = {
            name: bench.pair(system, system_first=(number + place) % 2 == 0)
            for place, (name, system) in enumerate(systems.items())
        }
    print(json.dumps({name: asdict(pair) for name, pair in pairs.items()}))


def print_own_peak(network: Network, system: System) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, model = network.data(), network.build(system.model)
        fit(model, data, system.callbacks(folder, data), 1, network.batches)
    # ru_maxrss would be at least what the process that started this one had.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(int(status["VmHWM"].split()[0]) / 1024)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} [{min(values):.2f} … {max(values):.2f}]"


def ratio(values: list[float], control: list[float]) -> str:
    """Marked where the control's range holds its median."""
    is_noise = min(control) <= statistics.median(values) <= max(control)
    return spread(values) + (" =" if is_noise else "")


def table(pairs: dict[str, list[Pair]], peaks: dict[str, float]) -> str:
    lines = [
        "| system | wall | CPU | CPU ms an event | events an epoch | bytes an event | memory, MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    wall, cpu = (
        {n: [getattr(p, c) / getattr(p, f"bare_{c}") for p in each] for n, each in pairs.items()}
        for c in ("wall", "cpu")
    )
    for name, each in pairs.items():
        cells = [name, ratio(wall[name], wall[CONTROL]), ratio(cpu[name], cpu[CONTROL])]
        events = statistics.median(pair.events for pair in each)
        cost = statistics.median(pair.cpu_ms_an_event for pair in each) if events else None
        stored = sum(pair.bytes for pair in each) / max(1, sum(pair.all_events for pair in each))
        cells += ["–" if cost is None else f"{cost:.2f}", f"{events:.0f}", f"{stored:,.0f}" if stored else "–"]
        cells.append(f"{peaks[name] - peaks[CONTROL]:+.0f}" if name in peaks else "–")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def measure(name: str, only: list[str], rounds: int, *, memory: bool, json_file: Path | None) -> None:
    """All pairs of one network; prints its table."""
    network, systems = NETWORKS[name], chosen(only)
    pairs: dict[str, list[Pair]] = {each: [] for each in systems}
    for number in range(rounds):
        made = json.loads(run_alone("--round", name, str(number), *(["--only", *only] if only else [])))
        for each, values in made.items():
            pairs[each].append(Pair(**values))
        print(f"{network.title}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        if json_file:
            raw = {each: [asdict(pair) for pair in own] for each, own in pairs.items()}
            json_file.with_suffix(f".{name}.json").write_text(json.dumps(raw))
    peaks = {each: float(run_alone("--peak", name, each)) for each in systems} if memory else {}
    every = [pair for each in pairs.values() for pair in each]
    wall, cpu = (
        1000 * statistics.median(getattr(pair, c) for pair in every) / network.batches
        for c in ("bare_wall", "bare_cpu")
    )
    print(
        f"\n{network.title}, {network.build().count_params():,} parameters, {rounds} pairs: a bare step of {BATCH} ",
        end="",
    )
    print(f"images takes {wall:.0f} ms, {cpu:.0f} ms of CPU. = lies within what bare against bare shows.\n")
    print(table(pairs, peaks), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="pairs of each system; 2 for a quick look")
    parser.add_argument("--networks", default="small,vgg", help="small, vgg, or both with a comma")
    parser.add_argument("--only", nargs="*", default=[], help="parts of names of systems")
    parser.add_argument(
        "--no-memory", action="store_true", help="leave the memory out: each needs a process of its own"
    )
    parser.add_argument("--json", type=Path, help="FILE.NETWORK.json gets every pair's numbers after each round")
    parser.add_argument("--round", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print_own_peak(NETWORKS[options.peak[0]], SYSTEMS[options.peak[1]])
        return
    if options.round:
        print_round(NETWORKS[options.round[0]], int(options.round[1]), chosen(options.only))
        return
    begin = time.time()
    for name in options.networks.split(","):
        measure(name, options.only, options.rounds, memory=not options.no_memory, json_file=options.json)
    print(f"\n{(time.time() - begin) / 60:.0f} minutes in all.")


if __name__ == "__main__":
    main()
