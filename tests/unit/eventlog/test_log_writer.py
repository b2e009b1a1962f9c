"""The writer: what it promises when the disk is slow, full or not there, and when its process forks or ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.encoding import Snapshot
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.queue import RecordQueue
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import KINDS, Record


def picture(step: int, size: int = 100_000, layer: str = "conv") -> Record:
    return Record("filters", step, layer, {"kernel": np.full((1, 1, size // 4), step, np.float32)})


def statistic(step: int) -> Record:
    return Record("losses", step, arrays={"step": np.array([step]), "loss": np.array([step / 2], np.float32)})


def run_code(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


@contextmanager
def stuck_disk(writer: RecordWriter) -> Iterator[None]:
    """While inside, the writer's file is a pipe that nobody reads, and picture 1 in a write that does not return.

    Its file must have been begun. Afterwards what went into the pipe follows in the file.
    """
    assert writer.flush(30)
    file = writer._file
    assert file is not None
    kept = os.dup(file._descriptor)
    source, sink = os.pipe()
    os.dup2(sink, file._descriptor)
    os.close(sink)
    writer.write(picture(1))
    while len(writer._queue):
        time.sleep(0.001)

    def carry_on() -> None:
        while chunk := os.read(source, 1 << 16):
            os.write(kept, chunk)

    carrier = threading.Thread(target=carry_on)
    try:
        yield
    finally:
        carrier.start()
        assert writer.flush(30)
        with writer._changed:
            os.dup2(kept, file._descriptor)
        carrier.join()
        os.close(source)
        os.close(kept)


def test_a_full_queue_drops_the_oldest_pictures_and_nothing_else(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path, queue_bytes=1_000_000)
    writer.write(picture(0))
    with stuck_disk(writer):
        for step in range(2, 42):
            writer.write(picture(step))
            writer.write(statistic(step))
            writer.write(Record("probe", step, arrays={"x": np.full(20_000, step, np.uint8)}))
    writer.close()
    run = open_log(tmp_path)["."]
    assert run.steps("losses") == run.steps("probe") == list(range(2, 42))
    kept = run.steps("filters", "conv")
    # 0 and 1 were out of the queue; of the other 40 the newest are kept, as many as the statistics leave room for.
    room = (1_000_000 - 40 * 20_002 - 40 * 14) // 100_002
    assert room == 1
    assert kept == [0, 1, 41]
    lost = range(2, 41)
    assert writer.dropped == {"filters": len(lost)}
    notices = [run.read("notices", None, step) for step in run.steps("notices")]
    assert sum(notice["dropped"]["filters"] for notice in notices) == len(lost)
    assert f"{len(lost)} pictures" in " ".join(notice.reason for notice in run.notices)
    for step in kept:
        assert (run.read("filters", "conv", step)["kernel"] == step).all()


def test_writing_does_not_wait_for_the_disk_and_flush_says_so(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    with stuck_disk(writer):
        for step in range(2, 20):
            writer.write(picture(step))
        assert not writer.flush(0.05)
    assert writer.flush(30)
    writer.close()
    assert open_log(tmp_path)["."].steps("filters", "conv") == list(range(1, 20))


def test_flush_does_not_take_dropped_pictures_for_written_statistics(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path, queue_bytes=100_000)
    writer.write(statistic(0))
    with stuck_disk(writer):
        for step in range(2, 6):
            writer.write(statistic(step))
        for step in range(6, 40):
            writer.write(picture(step, 90_000))
        assert not writer.flush(0.05)
    writer.close()
    assert open_log(tmp_path)["."].steps("losses") == [0, 2, 3, 4, 5]


QUEUE_ITEMS = st.lists(
    st.tuples(st.sampled_from(["filters", "predictions", "losses", "model"]), st.integers(0, 60)), max_size=40
)


@settings(max_examples=200, deadline=None)
@given(QUEUE_ITEMS, st.integers(1, 150), st.lists(st.booleans(), min_size=40, max_size=40))
def test_the_queue_against_a_plain_list(items: list[tuple[str, int]], limit: int, pops: list[bool]) -> None:
    """The same rule, written over one list: while it is too large, its first picture goes, but not the last one
    as long as the rest leaves room."""
    queue, plain = RecordQueue(limit), list[Snapshot]()
    for number, (kind, size) in enumerate(items):
        item = Snapshot(kind, number, None, 0.0, "x" * size, ())
        dropped = queue.push(item)
        plain.append(item)
        lost = 0
        while True:
            pictures = [one for one in plain if KINDS[one.kind].is_picture]
            others = sum(one.nbytes for one in plain if not KINDS[one.kind].is_picture)
            total = sum(one.nbytes for one in plain)
            if not pictures or total <= limit or (len(pictures) == 1 and others <= limit):
                break
            plain.remove(pictures[0])
            lost += 1
        assert dropped.total() == lost
        assert len(queue) == len(plain)
        if pops[number] and plain:
            assert queue.oldest == plain[0].step
            assert queue.pop() is plain.pop(0)
    while plain:
        assert queue.pop() is plain.pop(0)
    assert queue.oldest == queue.pushed == len(items)


def test_arrays_may_change_as_soon_as_write_returns(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    kernel, attributes = np.zeros((1, 1, 50_000), np.float32), {"a": [1]}
    for step in range(20):
        kernel[:] = step
        attributes["a"][0] = step
        writer.write(Record("filters", step, "conv", {"kernel": kernel}, attributes))
    kernel[:] = -1
    writer.close()
    run = open_log(tmp_path)["."]
    for step in range(20):
        found = run.read("filters", "conv", step)
        assert (found["kernel"] == step).all()
        assert found["a"] == [step]


def test_two_writers_of_a_process_share_no_file(tmp_path: Path) -> None:
    writers = [RecordWriter(tmp_path) for _ in range(4)]
    for step in range(10):
        for number, writer in enumerate(writers):
            writer.write(picture(step, 400, f"layer{number}"))
    for writer in writers:
        writer.close()
    assert len({writer.path for writer in writers} | set(tmp_path.iterdir())) == 5  # four files, and None after closing
    run = open_log(tmp_path)["."]
    for number in range(4):
        assert run.steps("filters", f"layer{number}") == list(range(10))


def test_threads_may_share_a_writer(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path, queue_bytes=1 << 30)

    def write(number: int) -> None:
        for step in range(50):
            writer.write(picture(step, 4000, f"layer{number}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    run = open_log(tmp_path)["."]
    assert all(run.steps("filters", f"layer{number}") == list(range(50)) for number in range(6))
    assert not run.notices


def test_a_closed_writer_takes_nothing_more(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.write(statistic(1))
    assert writer.flush(1)
    assert open_log(tmp_path)["."].steps("losses") == [0]


def test_a_writer_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "run")
    assert writer.flush(1)
    writer.close()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("host", ["a:b/c\\d", "tfevents", "my.TFEVENTS.host", "", "ü" * 99, "..", "a" * 300])
def test_file_names_suit_every_system_and_never_look_like_tensorboards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    writer.close()
    (path,) = tmp_path.iterdir()
    start, name, process = path.name.removeprefix("cnnviz.").removesuffix(".records").split(".")
    assert start.isdigit()
    assert int(process) == os.getpid()
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert "tfevents" not in path.name.lower()
    assert open_log(tmp_path)["."].steps("losses") == [0]


def test_a_folder_that_cannot_be_made_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    writer = RecordWriter(tmp_path / "file" / "run")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for step in range(5):
            writer.write(statistic(step))
            writer.write(picture(step))
        assert writer.flush(30)
    (warning,) = seen
    assert "could not write" in str(warning.message)
    assert writer.dropped == {"losses": 5, "filters": 5}
    writer.close()


@pytest.mark.parametrize("faults", [1, 3])
def test_nobody_waits_for_a_writing_thread_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: int
) -> None:
    """Faults of our own, beside what the disk refuses: after the third the thread ends, and `flush` writes."""
    left, pop = iter(range(faults)), RecordQueue.pop

    def fails_at_first(queue: RecordQueue) -> Snapshot:
        if next(left, None) is not None:
            raise ZeroDivisionError("a fault on purpose")
        return pop(queue)

    monkeypatch.setattr(RecordQueue, "pop", fails_at_first)
    writer = RecordWriter(tmp_path)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        writer.write(statistic(0))
        assert writer.flush(30)
    (warning,) = seen
    assert "a fault on purpose" in str(warning.message)
    writer.write(statistic(1))
    assert writer.flush(30)
    writer.close()
    assert open_log(tmp_path)["."].steps("losses") == [0, 1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_a_writing_thread_that_failed_as_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: RecordWriter) -> None:
        raise MemoryError("no room for a first frame")

    monkeypatch.setattr(RecordWriter, "_run", fails)
    writer = RecordWriter(tmp_path)
    for step in range(3):
        writer.write(statistic(step))
        assert writer._thread is not None
        writer._thread.join()
    assert writer.flush(10)
    writer.close()
    assert open_log(tmp_path)["."].steps("losses") == [0, 1, 2]


def test_a_writer_that_always_fails_says_so_where_it_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(queue: RecordQueue) -> Snapshot:
        raise ZeroDivisionError("a fault on purpose")

    monkeypatch.setattr(RecordQueue, "pop", fails)
    writer = RecordWriter(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.write(statistic(0))
        with pytest.raises(ZeroDivisionError, match="a fault on purpose"):
            writer.flush(30)
    monkeypatch.undo()
    writer.close()


def test_warnings_as_errors_do_not_stop_the_writer(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    writer = RecordWriter(tmp_path / "run")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.write(statistic(0))
        assert writer.flush(30)
    (tmp_path / "run").unlink()
    writer.write(statistic(1))
    writer.close()
    assert open_log(tmp_path / "run")["."].steps("losses") == [1]


FORK = """
import os, sys
import numpy as np
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
writer = RecordWriter(sys.argv[1])
def write(layer, steps):
    for step in steps:
        writer.write(Record("filters", step, layer, {"kernel": np.full((1, 1, 50_000), step, np.float32)}))
write("parent", range(10))
child = os.fork()
if not child:
    write("child", range(5))
    writer.close()
    os._exit(0)
write("parent", range(10, 20))
assert os.waitpid(child, 0)[1] == 0
silent = os.fork()
if not silent:
    sys.exit(0)  # runs the handlers at exit: nothing of the parent's may be written a second time
assert os.waitpid(silent, 0)[1] == 0
writer.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_writes_to_a_file_of_its_own(tmp_path: Path) -> None:
    done = run_code(FORK, tmp_path)
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    run = index["."]
    assert not run.notices
    by_layer = {layer: run.entries("filters", layer) for layer in ("parent", "child")}
    assert [entry.step for entry in by_layer["parent"]] == list(range(20))
    assert [entry.step for entry in by_layer["child"]] == list(range(5))
    assert len({(entry.layer, entry.file) for entry in run.entries()}) == 2


SPAWN = """
import multiprocessing, sys
import numpy as np
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
def write(folder, layer):
    writer = RecordWriter(folder)
    for step in range(10):
        writer.write(Record("filters", step, layer, {"kernel": np.full((1, 1, 50_000), step, np.float32)}))
if __name__ == "__main__":
    processes = [multiprocessing.get_context("spawn").Process(target=write, args=(sys.argv[1], str(n))) for n in range(2)]
    for process in processes:
        process.start()
    write(sys.argv[1], "parent")
    for process in processes:
        process.join()
    assert all(process.exitcode == 0 for process in processes)
"""


def test_spawned_processes_share_no_file_and_end_with_everything_written(tmp_path: Path) -> None:
    (tmp_path / "spawn.py").write_text(SPAWN)
    run_folder = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, tmp_path / "spawn.py", run_folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(list(run_folder.iterdir())) == 3
    run = open_log(run_folder)["."]
    assert not run.notices
    assert all(run.steps("filters", layer) == list(range(10)) for layer in ("parent", "0", "1"))


ENDINGS = {
    "return": "",
    "exception": "raise RuntimeError('training went wrong')",
    "exit": "sys.exit(3)",
    "interrupt": "signal.signal(signal.SIGINT, signal.default_int_handler); signal.raise_signal(signal.SIGINT)",
    "thread": "threading.Thread(target=lambda: write(range(100, 105))).start()",
    "handler at exit": "pass",
}
ENDING = """
import atexit, signal, sys, threading
import numpy as np
from tb_cnnviz.records import Record
writer = None
def write(steps):
    for step in steps:
        writer.write(Record("filters", step, "conv", {"kernel": np.full((1, 1, 250_000), step, np.float32)}))
if sys.argv[2] == "handler at exit":
    atexit.register(lambda: (write(range(100, 105)), writer.flush()))  # runs after the writer's own, which came later
from tb_cnnviz.eventlog.writer import RecordWriter
writer = RecordWriter(sys.argv[1])
write(range(20))
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_however_a_process_ends_what_was_written_is_there(tmp_path: Path, ending: str) -> None:
    run_code(ENDING + ENDINGS[ending], tmp_path, ending)
    late = list(range(100, 105)) if ending in ("thread", "handler at exit") else []
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == list(range(20)) + late
    assert not run.notices
