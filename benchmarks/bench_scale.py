"""What a real TensorBoard with our plugin costs over logs of 0.1, 1 and 10 GB and of a million records.

    python benchmarks/bench_scale.py [--sizes 0.1 1 10] [--runs 100] [--skip-growth] [--dir FOLDER]

For each size: a log of kernels of 147 kB (64×64×3×3 float32, 10 runs, 20 layers), and the same pictures as image
summaries of TensorBoard's own (PNG grids). Both of TensorBoard's readers serve each. Ours is started twice: with an
empty index cache, and with the one that the first start left. Beside them: TensorBoard over an empty folder, before and
after, as the control.

Then a log of 100 runs × 1,000 steps × 20 layers, with pictures at every second step and statistics at each, and smaller
ones that show how the costs grow with runs, steps and layers.

Times are in seconds, memory is the resident memory of the process and its children in MB. The logs are sparse: what is
timed is the index and the server, not the disk (bench_log.py reads real bytes, warm and cold).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from scale_logs import layer_names, write_images, write_log

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.run_index import RunIndex

KERNEL = (64, 64, 3, 3)
KERNEL_BYTES = 147_456
RUNS, LAYERS = 10, 20
READERS = {"rustboard": "true", "python": "false"}
#: How long image summaries are waited for: the Python reader takes 5 to 10 MB/s.
PATIENCE_SECONDS = 60.0


class Server:
    """A TensorBoard that was started now; `program` is what Python runs for it."""

    def __init__(
        self, logdir: Path, reader: str, cache: Path, program: Sequence[str] = ("-m", "tensorboard.main")
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._output = Path(self._folder.name) / "output"
        arguments = ["--logdir", str(logdir), "--port", "0", "--host", "localhost", "--load_fast", READERS[reader]]
        self.started = time.perf_counter()
        with self._output.open("w") as sink:
            self._process = subprocess.Popen(
                [sys.executable, *program, *arguments],
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=self._folder.name,
                env={**os.environ, "TB_CNNVIZ_CACHE_DIR": str(cache)},
                start_new_session=True,
            )
        address = wait(lambda: re.search(r"http://localhost:\d+/", self._output.read_text(errors="replace")), 120)
        self.address = address[0]
        wait(lambda: self.get("data/environment"), 120)
        self.answered = time.perf_counter()

    def get(self, path: str) -> bytes | None:
        try:
            with urllib.request.urlopen(self.address + path, timeout=300) as answer:
                return bytes(answer.read())
        except urllib.error.URLError:
            return None

    def ask(self, route: str, **query: Any) -> Any:
        body = self.get(f"data/plugin/cnnviz/{route}?{urlencode(query, doseq=True)}")
        return json.loads(body) if body and route in ("run", "runs") else body

    def memory(self) -> float:
        """MB resident in the process group."""
        total = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                group = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[2])
                if group == self._process.pid:
                    total += int((folder / "statm").read_text().split()[1])
            except (OSError, IndexError):
                continue
        return total * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._folder.cleanup()


@contextmanager
def server(logdir: Path, reader: str, cache: Path, *program: str) -> Iterator[Server]:
    running = Server(logdir, reader, cache, program or ("-m", "tensorboard.main"))
    try:
        yield running
    finally:
        running.stop()


def wait(look: Callable[[], Any], seconds: float, pause: float = 0.02) -> Any:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if seen := look():
            return seen
        time.sleep(pause)
    return None


def seconds_of(work: Callable[[], object], times: int = 1, clock: Callable[[], float] = time.perf_counter) -> float:
    taken = []
    for _ in range(times):
        begun = clock()
        work()
        taken.append(clock() - begun)
    return statistics.median(taken)


def empty(root: Path, cache: Path, reader: str) -> float:
    folder = root / "empty"
    folder.mkdir(exist_ok=True)
    with server(folder, reader, cache) as running:
        running.ask("runs")
        time.sleep(2)
        memory = running.memory()
        print(
            f"{'empty':28} {reader:10} answers {running.answered - running.started:6.2f}  memory {memory:7.0f}",
            flush=True,
        )
    return memory


def ours(logdir: Path, title: str, reader: str, cache: Path, runs: int, base: float) -> None:
    with server(logdir, reader, cache) as running:
        first_run = wait(lambda: running.ask("runs")["runs"], 300)[0]["name"]
        listed = time.perf_counter()
        detail = running.ask("run", run=first_run)
        steps = next(kind for kind in detail["kinds"] if kind["kind"] == "filters")["groups"][0]["steps"]
        layer = layer_names(1)[0]
        picture = running.ask("records", run=first_run, kind="filters", layer=layer, step=steps[-1])
        shown = time.perf_counter()
        assert picture is not None
        assert len(picture) > 500
        # Runs that are not yet scanned are listed with TensorBoard's scalars alone.
        wait(lambda: sum(row["records"] > 0 for row in running.ask("runs")["runs"]) == runs, 600, pause=1)
        complete = time.perf_counter()
        rows = running.ask("runs")["runs"]
        assert len(rows) == runs
        records = sum(row["records"] for row in rows)
        rng = random.Random(0)

        def scrub() -> None:
            run = rng.choice(rows)["name"]
            running.ask("run", run=run)
            assert running.ask("records", run=run, kind="filters", layer=layer, step=rng.choice(steps))

        scrubbing = seconds_of(scrub, 30)
        listing = seconds_of(lambda: running.ask("runs"), 5)
        time.sleep(2)
        memory = running.memory()
        allowed = 64 + 64 * records / 1e6
        print(
            f"{title:28} {reader:10} answers {running.answered - running.started:6.2f}  list +{listed - running.answered:5.2f}"
            f"  first picture +{shown - running.answered:5.2f}  all runs +{complete - running.answered:6.2f}"
            f"  memory {memory:7.0f} = empty {memory - base:+6.0f} (goal +{allowed:.0f})"
            f"  again: list {listing:.3f}, random step {scrubbing:.4f}  steps {len(steps)}  records {records}",
            flush=True,
        )


def stock(logdir: Path, title: str, reader: str, cache: Path, steps: int, base: float) -> None:
    with server(logdir, reader, cache) as running:
        tag = layer_names(1)[0]
        first: list[float] = []

        def look() -> int:
            tags = json.loads(running.get("data/plugin/images/tags") or b"{}")
            for run in tags:
                found = json.loads(
                    running.get(f"data/plugin/images/images?run={run}&tag={quote(tag, safe='')}&sample=0") or b"[]"
                )
                if found:
                    if not first and running.get(f"data/plugin/images/individualImage?{found[-1]['query']}"):
                        first.append(time.perf_counter())
                    return max(item["step"] for item in found) + 1 if len(tags) == RUNS else 0
            return 0

        wait(lambda: look() >= steps, PATIENCE_SECONDS)
        complete = time.perf_counter()
        is_complete = complete - running.answered < PATIENCE_SECONDS
        run = "run0000"
        kept = json.loads(
            running.get(f"data/plugin/images/images?run={run}&tag={quote(tag, safe='')}&sample=0") or b"[]"
        )
        memory = running.memory()
        shown = f"+{first[0] - running.answered:5.2f}" if first else "none  "
        print(
            f"{title:28} {reader:10} answers {running.answered - running.started:6.2f}  first picture {shown}"
            f"  all {'' if is_complete else 'not yet '}+{complete - running.answered:6.2f}"
            f"  memory {memory:7.0f} = empty {memory - base:+6.0f}  steps kept {len(kept)} of {steps}",
            flush=True,
        )


def by_size(root: Path, gigabytes: float, bases: dict[str, float]) -> None:
    steps = max(1, round(gigabytes * 1e9 / KERNEL_BYTES / RUNS / LAYERS))
    size = {"runs": RUNS, "steps": steps, "layers": LAYERS, "kernel": KERNEL}
    count = write_log(root / "ours", **size)  # type: ignore[arg-type]
    apparent = sum(path.stat().st_size for path in (root / "ours").rglob("*.records"))
    image_bytes = write_images(root / "stock", **size)  # type: ignore[arg-type]
    print(
        f"\n{gigabytes} GB: {apparent / 1e9:.2f} GB in {count} records; the pictures as PNG summaries {image_bytes / 1e9:.2f} GB"
    )
    for reader in READERS:
        cache = root / f"cache-{reader}"
        ours(root / "ours", "CNN, first start", reader, cache, RUNS, bases[reader])
        ours(root / "ours", "CNN, second start", reader, cache, RUNS, bases[reader])
        stock(root / "stock", "image summaries", reader, cache, steps, bases[reader])
        shutil.rmtree(cache)
    shutil.rmtree(root / "ours")
    shutil.rmtree(root / "stock")


def million(root: Path, runs: int, bases: dict[str, float]) -> None:
    begun = time.perf_counter()
    count = write_log(root / "million", runs=runs, steps=1000, layers=LAYERS, kernel=(8, 8, 3, 3), pictures_every=2)
    print(f"\n{runs} runs × 1000 steps × {LAYERS} layers: {count} records, made in {time.perf_counter() - begun:.0f} s")
    cache = root / "cache"
    for reader in READERS:
        for start in ("first", "second"):
            ours(root / "million", f"CNN, {start} start", reader, cache, runs, bases[reader])
        shutil.rmtree(cache)
    shutil.rmtree(root / "million")


def _describe(runs: list[RunIndex]) -> object:
    return [
        (run.records, run.last_step, run.first_wall_time, [run.steps(kind, layer) for kind, layer in _subjects(run)])
        for run in runs
    ]


def _subjects(run: RunIndex) -> list[tuple[str, str | None]]:
    return [(kind, layer) for kind in run.kinds for layer in run.layers(kind) or [None]]


def _read_one(runs: list[RunIndex], rng: random.Random, steps: int) -> object:
    return rng.choice(runs).read("filters", layer_names(1)[0], rng.randrange(steps))


def growth(root: Path) -> None:
    print(
        "\ngrowth, in one process, seconds of CPU time: index anew, index from the cache, describe every run, find and read a random record"
    )
    base = {"runs": 20, "steps": 500, "layers": 20}
    for what, values in {"runs": (5, 10, 20, 1000), "steps": (125, 250, 500), "layers": (5, 10, 20)}.items():
        for value in values:
            size = {**base, what: value}
            if value == 1000:
                size = {"runs": 1000, "steps": 10, "layers": 20}
            count = write_log(root / "log", **size, kernel=(8, 8, 3, 3))
            made = seconds_of(
                clock=time.process_time,
                work=lambda: LogIndex({"": str(root / "log")}, IndexCache(root / "cache")).refresh(),
            )
            index = LogIndex({"": str(root / "log")}, IndexCache(root / "cache"))
            again = seconds_of(index.refresh, clock=time.process_time)
            unchanged = seconds_of(index.refresh, 3, time.process_time)
            found = list(index.values())
            listed = seconds_of(partial(_describe, found), clock=time.process_time)
            read = seconds_of(partial(_read_one, found, random.Random(0), size["steps"]), 50, time.process_time)
            columns = [each for run in found for each in run._files.rows.values()]
            memory = sum(sys.getsizeof(each) + sys.getsizeof(each._packed) for each in columns)
            print(
                f"{what:7} {value:5}  records {count:7}  anew {made:7.3f} ({1e6 * made / count:5.1f} µs a record)"
                f"  cache {again:6.3f}  unchanged {unchanged:6.4f}  described {listed:6.3f}  read {1000 * read:6.3f} ms"
                f"  memory {memory / count:5.1f} bytes a record",
                flush=True,
            )
            shutil.rmtree(root / "log")
            shutil.rmtree(root / "cache")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="*", default=[0.1, 1, 10], help="GB")
    parser.add_argument("--runs", type=int, default=100, help="of the log of a million records; 0 leaves it out")
    parser.add_argument("--skip-growth", action="store_true")
    parser.add_argument("--growth-alone", action="store_true")
    parser.add_argument("--dir", default=None, help="where the logs go; default the system's temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        root = Path(folder)
        if options.growth_alone:
            return growth(root)
        bases = {reader: empty(root, root / "none", reader) for reader in READERS}
        for gigabytes in options.sizes:
            by_size(root, gigabytes, bases)
        if options.runs:
            million(root, options.runs, bases)
        for reader in READERS:
            empty(root, root / "none", reader)
        if not options.skip_growth:
            growth(root)


if __name__ == "__main__":
    main()
