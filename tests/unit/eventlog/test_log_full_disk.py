"""A disk that takes no more, as a limit on the size of files and as a device that is always full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record

resource = pytest.importorskip("resource", reason="a limit on file sizes is POSIX")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """While inside, no file of this process grows above a size: writes are cut short, then refused."""
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # as Python has it
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def picture(step: int, size: int = 40_000) -> Record:
    return Record("filters", step, "conv", {"kernel": np.full((1, 1, size // 4), step, np.float32)})


def statistic(step: int) -> Record:
    return Record("losses", step, arrays={"step": np.array([step]), "loss": np.array([step / 2], np.float32)})


def test_pictures_go_and_every_statistic_that_fits_stays(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with files_of_at_most(100_000):
            for step in range(20):
                writer.write(picture(step))
                writer.write(statistic(step))
                writer.flush()
        writer.write(picture(99))
        writer.close()
    assert len([warning for warning in seen if "could not write" in str(warning.message)]) == 1
    run = open_log(tmp_path)["."]
    assert run.steps("losses") == list(range(20))
    assert run.steps("filters", "conv") == [0, 1, 99]
    assert writer.dropped == {"filters": 18}
    assert len(list(tmp_path.iterdir())) == 1
    told = [run.read("notices", None, step, repeat=repeat) for step in run.steps("notices") for repeat in range(len(run.wall_times("notices", None, step)))]  # fmt: skip
    assert sum(notice["dropped"]["filters"] for notice in told) == 18
    assert all("disk is full or broken" in notice.reason for notice in run.notices)
    for step in (0, 1, 99):
        assert (run.read("filters", "conv", step)["kernel"] == step).all()


def test_not_even_a_statistic_fits_and_then_everything_does(tmp_path: Path) -> None:
    """What was lost is said when there is room again, statistics too; nothing that was written is touched."""
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    writer.flush()
    assert writer.path is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with files_of_at_most(writer.path.stat().st_size + 50):
            for step in range(1, 6):
                writer.write(statistic(step))
                writer.write(picture(step))
            assert writer.flush(30)
            assert open_log(tmp_path)["."].steps("losses") == [0]
            assert not open_log(tmp_path)["."].notices
        writer.write(statistic(6))
        writer.close()
    run = open_log(tmp_path)["."]
    assert run.steps("losses") == [0, 6]
    assert writer.dropped == {"losses": 5, "filters": 5}
    (notice,) = run.notices
    assert "10 records could not be written (5 filters, 5 losses)" in notice.reason


def test_what_was_lost_at_the_very_end_is_said_when_the_writer_closes(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with files_of_at_most(10_000):
            writer.write(picture(1))
            writer.close()
    (notice,) = open_log(tmp_path)["."].notices
    assert "1 records could not be written (1 filters)" in notice.reason


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_device_without_space_costs_one_warning_and_no_exception(tmp_path: Path) -> None:
    """ENOSPC itself, and a file that cannot be cut back: nothing more goes into it."""
    writer = RecordWriter(tmp_path)
    writer.write(statistic(0))
    assert writer.flush(30)
    assert writer._file is not None
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer._file._descriptor)
    os.close(full)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        writer.write(statistic(1))
        assert writer.flush(30)
        for step in range(2, 5):
            writer.write(statistic(step))
        writer.close()
    assert "No space left" in str(seen[0].message)
    assert len(seen) == 1
    assert writer.dropped == {"losses": 1}
    run = open_log(tmp_path)["."]
    assert run.steps("losses") == [0, 2, 3, 4]
    assert "1 records could not be written (1 losses)" in run.notices[0].reason
    assert len(list(tmp_path.iterdir())) == 2


def test_the_stock_tabs_keep_every_scalar_that_fits(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    stock = StockWriter(tmp_path)
    noise = np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3)).astype(np.uint8)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with files_of_at_most(60_000):
            for step in range(12):
                stock.image("filters", noise, step)
                stock.scalar("loss", step / 2, step)
        stock.close()
    assert len(seen) == 1
    found = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    found.Reload()
    assert [event.step for event in found.Tensors("loss")] == list(range(12))
    assert len(found.Tensors("filters")) == 1


EXHAUSTED = """
import sys, numpy as np, warnings
warnings.simplefilter("ignore")
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
writer, step = RecordWriter(sys.argv[1], queue_bytes=4 << 20), 0
for step in range(60):
    writer.write(Record("filters", step, "conv", {"kernel": np.full((1, 1, 50_000), step, np.float32)}))
    writer.write(Record("losses", step, arrays={"step": np.array([step]), "loss": np.array([1.0], np.float32)}))
    if step % 10 == 0:
        writer.flush()
print(writer.dropped)
"""


@pytest.mark.full
def test_a_small_filesystem_that_fills_up(tmp_path: Path) -> None:
    """A tmpfs of 3 MB in a namespace of the process' own; where that is refused, a limit on the size of its files."""
    (tmp_path / "mounted").mkdir()
    mounted = 'mount -t tmpfs -o size=3m none "$1" && "$2" -c "$3" "$1/run" && cp -r "$1/run" "$4"'
    limited = 'ulimit -f 6144 && "$2" -c "$3" "$4"'  # in blocks of 512 bytes
    arguments = ["sh", str(tmp_path / "mounted"), sys.executable, EXHAUSTED, str(tmp_path / "kept")]
    done = subprocess.run(["unshare", "-rm", "sh", "-c", mounted, *arguments], capture_output=True, check=False)
    if b"mount" in done.stderr or b"unshare" in done.stderr:
        done = subprocess.run(["sh", "-c", limited, *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    run = open_log(tmp_path / "kept")["."]
    assert run.steps("losses") == list(range(60))
    assert 5 <= len(run.steps("filters", "conv")) <= 15
    assert run.notices
