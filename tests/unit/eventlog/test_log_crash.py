"""A log whose writer was killed or whose end is cut off: every whole record is there, and a new process goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.resume import PastLog
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record

LAYERS = ("small", "large")

#: Goes on where the log ended; tells of every step when its flush has returned, the first one included.
KILLED = """
import sys
import numpy as np
from tb_cnnviz.eventlog.resume import PastLog
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
log = PastLog(sys.argv[1]).resume()
step = log.last_step + 1 if log else 0
writer = RecordWriter(sys.argv[1])
while True:
    for layer, size in (("small", 3), ("large", 200)):
        kernel = np.full((size, size, 3, 3), step, np.float32)
        writer.write(Record("filters", step, layer, {"kernel": kernel}))
    if step % 2 == 0:
        writer.flush()
        print(step, flush=True)
    step += 1
"""


@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.full)])
def test_a_run_that_is_killed_again_and_again_goes_on_each_time(tmp_path: Path, kills: int) -> None:
    """kill -9 at random moments, mostly in the middle of an append of 1.4 MB."""
    rng = np.random.default_rng(kills)
    flushed: list[int] = []
    for _ in range(kills):
        with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            flushed.append(int(process.stdout.readline()))
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            # The last line may be cut off, and with it the number.
            lines = process.stdout.read().splitlines(keepends=True)
            flushed += [int(line) for line in lines if line.endswith(b"\n")]
    assert flushed == sorted(flushed)
    run = open_log(tmp_path)["."]
    assert not run.notices
    assert set(flushed) <= set(run.steps("filters", "large"))
    entries = run._index.entries("filters", "small")
    assert [entry.step for entry in entries] == list(range(len(entries)))  # each session went on where the last ended
    assert len({entry.file for entry in entries}) == len(list(tmp_path.iterdir())) == kills
    for layer in LAYERS:
        for step in run.steps("filters", layer)[:: kills // 10]:
            assert (run.read("filters", layer, step)["kernel"] == step).all()
    path = next(iter(tmp_path.iterdir()))
    whole = len(list(RawEventFileLoader(str(path)).Load()))
    assert len([entry for entry in run._index.entries() if entry.file == path.name]) == whole


def records(steps: range) -> list[Record]:
    made: list[Record] = []
    for step in steps:
        made.append(Record("filters", step, "conv", {"kernel": np.full((2, 1, 3, 3), step, np.float32)}))
        losses = {"step": np.array([step]), "loss": np.array([step / 2], np.float32), "examples": np.array([8 * step])}
        made.append(Record("losses", step, arrays=losses))
    return made


def write_all(folder: Path, items: list[Record]) -> list[int]:
    """Returns where each record ends."""
    writer, ends = RecordWriter(folder), []
    for item in items:
        writer.write(item)
        writer.flush()
        assert writer.path is not None
        ends.append(writer.path.stat().st_size)
    writer.close()
    return ends


def readable(run: Run) -> dict[tuple[str, int], float]:
    found = {("filters", step): float(run.read("filters", "conv", step)["kernel"].min()) for step in run.steps("filters", "conv")}  # fmt: skip
    losses = {("losses", step): float(run.read("losses", None, step)["loss"][0]) for step in run.steps("losses")}
    return found | losses


def expected(items: list[Record]) -> dict[tuple[str, int], float]:
    return {(item.kind, item.step): float(item.step if item.kind == "filters" else item.step / 2) for item in items}


def test_a_log_cut_at_every_byte_of_its_last_records_is_whole_up_to_there_and_goes_on(tmp_path: Path) -> None:
    run_folder = tmp_path / "run"
    items = records(range(4))
    ends = write_all(run_folder, items)
    (path,) = run_folder.iterdir()
    content = path.read_bytes()
    assert ends[-1] == len(content)
    for cut in range(ends[-3], len(content)):
        path.write_bytes(content[:cut])
        whole = [item for item, end in zip(items, ends, strict=True) if end <= cut]
        run = open_log(run_folder)["."]
        assert readable(run) == expected(whole)
        assert not run.notices
        resume = PastLog(run_folder).resume()
        assert resume is not None
        assert resume.last_step == max(item.step for item in whole)
        assert resume.examples == 8 * max(item.step for item in whole if item.kind == "losses")
        if cut % 16 and cut not in ends:
            continue
        more = records(range(resume.last_step, resume.last_step + 2))  # repeats a step that may be there in part
        write_all(run_folder, more)
        assert readable(open_log(run_folder)["."]) == expected(whole) | expected(more)
        for added in run_folder.iterdir():
            if added != path:
                added.unlink()


def test_a_record_that_is_cut_off_is_no_damage_until_something_follows(tmp_path: Path) -> None:
    ends = write_all(tmp_path, records(range(3)))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[: ends[-2] + 30] + content[ends[0] : ends[1]])
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == [0, 1, 2]
    assert {(notice.file, notice.offset) for notice in run.notices} == {(path.name, ends[-2])}
    assert "cut off: 30 bytes are passed over" in run.notices[-1].reason
