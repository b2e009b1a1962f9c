"""Where a log ended, for a fit that goes on: from the newest files, past what is broken, whatever the clock says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.resume import PastLog, Resume
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
from tb_cnnviz.records.record import MAX_STEP
from tb_cnnviz.run_writer import RunWriter


def session(step: int, iterations: Any = 0, epoch: Any = 0, before: Resume | None = None) -> Record:
    said = {"before": before.as_attributes()} if before else {}
    return Record("session", step, attributes={"iterations_offset": iterations, "epoch_offset": epoch, **said})


def losses(first: int, stop: int, examples_a_step: int = 8, **columns: Any) -> Record:
    steps = np.arange(first, stop)
    arrays = {"step": steps, "loss": np.ones(len(steps), np.float32), "examples": (steps + 1) * examples_a_step}
    return Record("losses", stop - 1, arrays={**arrays, **columns})


def epochs(step: int, epoch: Any) -> Record:
    attributes = {"names": ["loss"], "epoch": epoch}
    return Record("epochs", step, arrays={"values": np.ones(1, np.float32)}, attributes=attributes)


def filters(step: int, size: int = 3) -> Record:
    return Record("filters", step, "conv", {"kernel": np.full((size, size, 3, 3), step, np.float32)})


def content(*records: Record) -> bytes:
    return b"".join(b"".join(frame(encode(record))) for record in records)


def write(folder: Path, start: int, *records: Record) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"cnnviz.{start}.h.1.records"
    path.write_bytes(content(*records))
    return path


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def fit(first: int, number: int, before: Resume | None) -> list[Record]:
    """What a fit of one epoch of eight steps logs, with layers and pictures."""
    pictures = [Record("filters", step, f"conv{layer}", filters(step).arrays) for step in (first, first + 8) for layer in range(8)]  # fmt: skip
    return [session(first, 0, number, before), *pictures, losses(first, first + 8), epochs(first + 8, number)]


def read_so_far() -> int:
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
@pytest.mark.parametrize("count", [400, 1600])
def test_a_loop_of_fits_reads_the_last_one_alone(tmp_path: Path, count: int) -> None:
    """And nothing of the runs below the folder."""
    for number in range(count):
        before = Resume(8 * number, number - 1 if number else None, 0, 0, 64 * number)
        write(tmp_path, number + 1, *fit(8 * number, number, before))
    write(tmp_path / "below", 10**6, *(filters(step, 100) for step in range(20)))
    PastLog(tmp_path).resume()
    read, spent = read_so_far(), time.process_time()
    past = PastLog(tmp_path)
    found, examples = past.resume(), past.examples_before(8 * count)
    spent = time.process_time() - spent
    assert found == Resume(8 * count, count - 1, 0, count - 1, 64 * count)
    assert examples == 64 * count
    assert read_so_far() - read < 100_000
    assert spent < 0.05
    with RunWriter(tmp_path) as writer:
        spent = time.process_time()
        assert writer.bytes_used() == sum(path.stat().st_size for path in tmp_path.glob("*.records"))
        assert time.process_time() - spent < 0.15


def test_logs_that_do_not_say_what_was_before_are_read_in_linear_time(tmp_path: Path) -> None:
    spent = []
    for folder, count in (("a", 100), ("b", 400)):
        for number in range(count):
            write(tmp_path / folder, number + 1, *fit(8 * number, number, None))
        start = time.process_time()
        assert PastLog(tmp_path / folder).resume() == Resume(8 * count, count - 1, 0, count - 1, 64 * count)
        spent.append(time.process_time() - start)
    assert spent[1] < 8 * spent[0]


def test_a_step_of_an_earlier_session_that_went_further_counts(tmp_path: Path) -> None:
    write(tmp_path, 1, session(0, before=Resume()), losses(0, 100), epochs(50, 0), epochs(100, 1))
    write(tmp_path, 2, session(50, 0, 0, Resume(100, 1, 0, 0, 800)), losses(50, 60))
    assert PastLog(tmp_path).resume() == Resume(100, 1, 0, 0, 480)
    # A fit that was killed before it logged anything, and one that only its session is left of.
    write(tmp_path, 3)
    write(tmp_path, 4, session(100, 100, 2, Resume(100, 1, 0, 0, 480)))
    assert PastLog(tmp_path).resume() == Resume(100, 1, 100, 2, 480)


def test_examples_are_those_before_the_step_that_a_fit_goes_on_from(tmp_path: Path) -> None:
    write(tmp_path, 1, session(0), *(losses(first, first + 10) for first in range(0, 100, 10)))
    write(tmp_path, 2, session(42), *(losses(first, first + 10, 9) for first in range(42, 62, 10)))
    expected = {0: 0, 1: 8, 10: 80, 15: 120, 42: 336, 43: 387, 52: 468, 57: 513, 62: 558, 90: 558}
    assert {step: PastLog(tmp_path).examples_before(step) for step in expected} == expected


DAMAGED: dict[str, tuple[list[Record], Resume]] = {
    "losses": ([losses(0, 8), losses(8, 16)], Resume(7, None, 0, 0, 64)),
    "epochs": ([losses(0, 8), epochs(8, 0), epochs(8, 1)], Resume(8, 0, 0, 0, 64)),
    "session": ([losses(0, 8), session(8, 8, 1)], Resume(7, None, 0, 0, 64)),
    "filters": ([losses(0, 8), filters(9)], Resume(7, None, 0, 0, 64)),
}


@pytest.mark.parametrize("kind", list(DAMAGED))
def test_a_flipped_bit_costs_that_record(tmp_path: Path, kind: str) -> None:
    """Behind the first 4 kB of a record, which are all that a scan reads of it."""
    records, expected = DAMAGED[kind]
    last = records[-1]
    last = Record(kind, last.step, last.layer, {**last.arrays, "more": np.zeros(5000, np.uint8)}, last.attributes)
    flip(write(tmp_path, 1, session(0), *records[:-1], last), -100)
    past = PastLog(tmp_path)
    assert past.resume() == expected
    assert past.examples_before(100) == 64
    assert past.unreadable == f"{kind} at step {last.step}: the record's content does not match its CRC"


def test_a_flipped_step_does_not_move_what_follows(tmp_path: Path) -> None:
    before = content(session(0), losses(0, 8))
    path = write(tmp_path, 1, session(0), losses(0, 8), filters(9, 60))
    flip(path, len(before) + 12 + 9 + 1)
    (entry,) = open_log(tmp_path)["."]._index.entries("filters")
    assert entry.step == 8
    assert PastLog(tmp_path).resume() == Resume(7, None, 0, 0, 64)


MALFORMED: list[Record] = [
    losses(8, 16, examples=np.arange(3)),
    losses(8, 16, examples=np.ones(8, np.float32)),
    losses(8, 16, examples=np.full(8, -5)),
    losses(8, 16, examples=np.arange(8).reshape(2, 4)),
    losses(8, 16, step=np.full(8, np.nan)),
    Record("losses", 15, arrays={"loss": np.ones(1, np.float32)}),
    Record("losses", 15),
    epochs(15, "four"),
    epochs(15, True),
    epochs(15, -1),
    epochs(15, 10**12),
    epochs(15, None),
    Record("epochs", 15),
]


@pytest.mark.parametrize("record", MALFORMED, ids=lambda record: record.kind)
def test_a_malformed_record_is_passed_over_for_the_one_before(tmp_path: Path, record: Record) -> None:
    write(tmp_path, 1, session(0), losses(0, 8), epochs(8, 3), record)
    assert PastLog(tmp_path).resume() == Resume(15, 3, 0, 0, 64)
    assert PastLog(tmp_path).examples_before(100) == 64


@pytest.mark.parametrize("value", [-1, True, 2.5, "7", None, [], MAX_STEP + 1, 10**40])
def test_what_a_session_says_is_taken_where_it_is_a_count(tmp_path: Path, value: object) -> None:
    said = {"last_step": value, "last_epoch": value, "examples": value}
    write(tmp_path, 1, session(0), losses(0, 8), epochs(8, 3))
    write(tmp_path, 2, Record("session", 8, attributes={"before": said}))
    assert PastLog(tmp_path).resume() == Resume(8, 3, 0, 0, 64)
    write(tmp_path, 3, session(8, value, value))
    assert PastLog(tmp_path).resume() == Resume(8, 3, 0, 0, 64)


# Clocks


def set_back(folder: Path) -> None:
    """As if the clock had been a century ahead when the files so far were begun."""
    for path in folder.rglob("*"):
        if path.name.startswith("cnnviz."):
            start = path.name.split(".")[1]
            path.rename(path.with_name(path.name.replace(start, str(int(start) + 10**18))))
        elif path.name.startswith("events."):
            seconds = path.name.split(".")[3]
            path.rename(path.with_name(path.name.replace(f".{seconds}.", f".{int(seconds) + 10**9}.", 1)))


def test_a_clock_that_was_set_back_does_not_turn_sessions_round(tmp_path: Path) -> None:
    for number in range(3):
        with RunWriter(tmp_path) as writer:
            for record in (session(8 * number, number, number), losses(8 * number, 8 * number + 8)):
                writer.write(record)
            writer.write(Record("filters", 0, "conv", {"kernel": np.full((1, 1, 1, 1), number, np.float32)}))
            writer.stock.scalar("loss", number, number)
        found = PastLog(tmp_path).resume()
        assert found == Resume(8 * number + 7, None, number, number, 64 * number + 64)
        run = open_log(tmp_path)["."]
        assert run.read("filters", "conv", 0)["kernel"].item() == number
        events = sorted(path.name for path in tmp_path.glob("events*"))
        assert len(events) == number + 1
        if number == 0:
            set_back(tmp_path)
    assert int(events[-1].split(".")[3]) > int(events[0].split(".")[3])


@pytest.mark.parametrize("name", ["cnnviz.99999999999999999999.h.1.records", "events.out.tfevents.9999999999.h.1"])
def test_a_start_behind_which_there_is_none_is_no_obstacle(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with RunWriter(tmp_path) as writer:
        writer.write(losses(0, 8))
        writer.stock.scalar("loss", 1.0, 0)
    assert len(list(tmp_path.iterdir())) == 3
    assert open_log(tmp_path)["."].steps("losses") == [7]
    assert all(len(path.name.split(".")[3]) == 10 for path in tmp_path.glob("events*"))


# What lies in the way


def folder(path: Path) -> None:
    path.mkdir()


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.skipif(os.name == "nt", reason="FIFOs, and links without a privilege")
@pytest.mark.parametrize("obstacle", [folder, dangling, loop, os.mkfifo])
def test_what_is_named_like_a_records_file_and_is_none_does_not_count(
    tmp_path: Path, obstacle: Callable[[Path], None]
) -> None:
    path = write(tmp_path, 1, session(0), losses(0, 8))
    obstacle(tmp_path / "cnnviz.2.h.1.records")
    with RunWriter(tmp_path) as writer:
        assert writer.bytes_used() == path.stat().st_size
        writer.write(losses(8, 16))
    assert PastLog(tmp_path).resume() == Resume(15, None, 0, 0, 128)


# Steps beyond what can be asked for


def test_steps_that_nobody_could_ask_for_are_neither_written_nor_listed(tmp_path: Path) -> None:
    with closing(RecordWriter(tmp_path)) as writer:
        writer.write(filters(MAX_STEP))
        with pytest.raises(ValueError, match=f"step: {MAX_STEP + 1} given; accepted are steps up to {MAX_STEP}"):
            writer.write(filters(MAX_STEP + 1))
    path = write(tmp_path, 1, filters(10**15), filters(MAX_STEP + 1), filters((1 << 63) - 1), filters(3))
    for _ in range(2):  # from the file, and as it was kept
        run = open_log(tmp_path)["."]
        assert run.steps("filters", "conv") == [3, 10**15, MAX_STEP]
        assert all(run.read("filters", "conv", step)["kernel"].size for step in run.steps("filters", "conv"))
        assert {(notice.file, "step is above" in notice.reason) for notice in run.notices} == {(path.name, True)}
