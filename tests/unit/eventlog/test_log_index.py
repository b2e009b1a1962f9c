"""The index: what it finds, what it follows, what it steps over, and what it costs."""

from __future__ import annotations

import gc
import os
import shutil
import struct
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.compat.proto.event_pb2 import Event

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame, masked_crc
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.records import ModelRecord, Record
from tb_cnnviz.records.damaged import DamagedRecord


def framed(step: int, value: float | None = None, layer: str = "conv", kind: str = "filters") -> bytes:
    """One record, whose kernel holds `value` (the step, where it is not given)."""
    kernel = np.full((2, 1, 3, 3), step if value is None else value, np.float32)
    return b"".join(frame(encode(Record(kind, step, layer, {"kernel": kernel}, wall_time=100.0 + step))))


def write(folder: Path, content: bytes, start: int = 1, name: str = "h.1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"cnnviz.{start}.{name}.records"
    path.write_bytes(content)
    return path


def indexed(root: Path) -> LogIndex:
    index = LogIndex({"": str(root)})
    index.refresh()
    return index


def values(run: RunIndex, layer: str = "conv") -> dict[int, float]:
    return {
        step: float(run.read("filters", layer, step).arrays["kernel"].flat[0]) for step in run.steps("filters", layer)
    }


# Names and places


def test_runs_are_named_as_tensorboard_names_them(tmp_path: Path) -> None:
    folders = [".", "a", "a/b", "a/b/c d", "x.y", "ü"]
    for folder in folders:
        write(tmp_path / folder, framed(0))
        stock = StockWriter(tmp_path / folder)
        stock.scalar("loss", 1.0, 0)
        stock.close()
    for prefix in ("", "mine"):
        theirs = EventMultiplexer().AddRunsFromDirectory(str(tmp_path), prefix or None)
        ours = LogIndex({prefix: str(tmp_path)})
        ours.refresh()
        assert set(ours) == set(theirs.Runs())
        assert len(ours) == len(folders)


def test_other_files_are_no_runs(tmp_path: Path) -> None:
    for name in (
        "cnnviz.1.h.1.records.txt",
        "cnnviz.x.h.1.records",
        "events.out.tfevents.1",
        "cnnviz.1.records",
        "a.records",
    ):
        (tmp_path / name).write_bytes(framed(0))
    (tmp_path / "cnnviz.2.h.1.records").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "cnnviz.3.h.1.records")
    assert not indexed(tmp_path)
    assert not indexed(tmp_path / "nothing")


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_symlinks_are_followed_inside_the_root_alone(tmp_path: Path) -> None:
    root, outside = tmp_path / "runs", tmp_path / "secret"
    inside = write(root / "a", framed(0))
    stranger = write(outside, framed(9))
    (root / "linked").symlink_to(root / "a", target_is_directory=True)
    (root / "away").symlink_to(outside, target_is_directory=True)
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    (root / "a" / "loop").symlink_to(root, target_is_directory=True)
    (root / "a" / "cnnviz.2.h.1.records").symlink_to(stranger)
    (root / "b").mkdir()
    (root / "b" / "cnnviz.3.h.1.records").symlink_to(inside)
    (root / "b" / "cnnviz.4.h.1.records").symlink_to(root / "nothing")
    (root / "runs-of-another").mkdir()
    index = indexed(root)
    assert {"a", "b", "linked"} <= set(index)
    assert not {"away", "up"} & set(index)
    assert all(values(run) == {0: 0.0} for run in index.values())
    assert len(index) < 10
    index = indexed(Path(shutil.move(root, tmp_path / "runs-elsewhere")))
    assert "a" in index


def test_a_sibling_whose_name_begins_like_the_root_is_outside(tmp_path: Path) -> None:
    write(tmp_path / "runs-private", framed(9))
    write(tmp_path / "runs" / "a", framed(0))
    (tmp_path / "runs" / "b").symlink_to(tmp_path / "runs-private", target_is_directory=True)
    assert set(indexed(tmp_path / "runs")) == {"a"}


def test_roots_with_prefixes_stand_side_by_side(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name / "a", framed(0, 1.0 if name == "one" else 2.0))
    index = LogIndex({"x": str(tmp_path / "one"), "y": str(tmp_path / "two")})
    index.refresh()
    assert list(index) == ["x/a", "y/a"]
    assert (values(index["x/a"]), values(index["y/a"])) == ({0: 1.0}, {0: 2.0})


def test_remote_roots_are_refused() -> None:
    with pytest.raises(ValueError, match="local folder"):
        LogIndex({"": "s3://bucket/runs"})


# What is looked up


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6)), max_size=12), min_size=1, max_size=4),
    st.data(),
)
@example([[("a", 0)], [("a", 0)]], None)
def test_steps_and_the_later_record_against_a_plain_dictionary(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, int]]], data: st.DataObject | None
) -> None:
    """Files in any order of discovery: of a step that was logged twice, the file begun later wins, then the place."""
    root = tmp_path_factory.mktemp("log")
    expected: dict[tuple[str, int], float] = {}
    logged: list[tuple[str, int]] = []
    contents: dict[int, bytes] = {}
    value = 0.0
    for start, records in enumerate(files, 1):
        contents[start] = b""
        for layer, step in records:
            value += 1
            contents[start] += framed(step, value, layer)
            expected[layer, step] = value
            logged.append((layer, step))
    order = list(contents) if data is None else data.draw(st.permutations(list(contents)))
    index = LogIndex({"": str(root)})
    for start in order:
        write(root, contents[start], start)
        index.refresh()
    run = index["."]
    assert {(layer, step): v for layer in "ab" for step, v in values(run, layer).items()} == expected
    for layer in "ab":
        assert run.steps("filters", layer) == sorted({step for name, step in logged if name == layer})
    assert [(entry.layer, entry.step) for entry in run.entries()] == logged
    assert run.records == len(logged)
    assert run.last_step == max((step for _, step in logged), default=0)
    assert run.bytes == sum(map(len, contents.values()))
    if logged:
        assert (run.first_wall_time, run.last_wall_time) == (
            100.0 + min(step for _, step in logged),
            100.0 + max(step for _, step in logged),
        )


def test_what_is_not_there_is_a_key_error_that_says_what_is(tmp_path: Path) -> None:
    write(tmp_path, b"".join(framed(step, layer=f"conv{step}") for step in range(30)))
    run = indexed(tmp_path)["."]
    for arguments, told in (
        (("cost", None, 0), "filters"),
        (("no kind", None, 0), "filters"),
        (("filters", "dense", 0), "conv0.*30 in all"),
        (("filters", None, 0), "conv0"),
        (("filters", "conv3", 4), "3"),
    ):
        with pytest.raises(KeyError, match=told):
            run.locate(*arguments)
    assert run.steps("filters", "dense") == run.steps("cost") == []
    assert run.layers("cost") == []


def test_the_model_in_force_at_a_step(tmp_path: Path) -> None:
    def model(step: int, text: bytes) -> bytes:
        return b"".join(frame(encode(Record("model", step, arrays={"json": np.frombuffer(text, np.uint8)}))))

    named = {name: ModelRecord(name, [], [], 0).to_json() for name in ("first", "second")}
    content = (
        model(5, named["first"]) + model(20, named["second"]) + model(40, b'{"layers": 7}') + model(50, b"[" * 9999)
    )
    write(tmp_path, content)
    run = indexed(tmp_path)["."]
    assert [getattr(run.model(step), "name", None) for step in (0, 5, 19, 20, 45, 60, None)] == [
        "first",
        "first",
        "first",
        "second",
        "second",
        "second",
        "second",
    ]
    assert any("model record" in notice.reason for notice in run.notices)
    write(tmp_path / "none", framed(0))
    assert indexed(tmp_path)["none"].model() is None


# Files that grow, shrink, go and come


def test_every_cut_of_a_growing_file_is_only_not_yet_there(tmp_path: Path) -> None:
    """A file that grows by one byte at a time, over its last two records."""
    content = b"".join(framed(step) for step in range(3))
    size = len(content) // 3
    index = LogIndex({"": str(tmp_path)})
    for length in range(size, len(content) + 1):
        write(tmp_path, content[:length])
        index.refresh()
        run = index["."]
        assert run.steps("filters", "conv") == list(range(length // size))
        assert not run.notices
    assert values(run) == {0: 0.0, 1: 1.0, 2: 2.0}


@pytest.mark.parametrize("how", ["shorter", "other", "other at the same steps", "rewritten", "rewritten longer"])
def test_a_file_that_is_no_longer_the_same_is_read_anew(tmp_path: Path, how: str) -> None:
    path = write(tmp_path, framed(0) + framed(1))
    index = indexed(tmp_path)
    run = index["."]
    old = run.entries()
    if how == "shorter":
        os.truncate(path, len(framed(0)))
        expected = {0: 0.0}
    elif how == "other":
        write(tmp_path, framed(5) + framed(6), name="x").replace(path)
        expected = {5: 5.0, 6: 6.0}
    elif how == "other at the same steps":
        write(tmp_path, framed(0, 7.0) + framed(1, 8.0), name="x").replace(path)
        expected = {0: 7.0, 1: 8.0}
    else:
        path.write_bytes((framed(5) + framed(6)) * (2 if how.endswith("longer") else 1))
        expected = {5: 5.0, 6: 6.0}
    os.utime(path, ns=(1, 1))
    if how != "shorter":
        with pytest.raises(DamagedRecord):  # before anybody looks again: never another record in its place
            run.read_entry(old[0])
    index.refresh()
    assert values(index["."]) == expected
    assert not {entry.identity for entry in index["."].entries()} & {entry.identity for entry in old}
    with pytest.raises(DamagedRecord):
        run.read_entry(old[-1])


def test_runs_and_files_come_and_go(tmp_path: Path) -> None:
    index = indexed(tmp_path)
    assert list(index) == []
    write(tmp_path / "b", framed(1))
    first = write(tmp_path / "a", framed(0), 1)
    second = write(tmp_path / "a", framed(0, 7.0) + framed(3, layer="other"), 2)
    index.refresh()
    assert list(index) == ["a", "b"]
    run = index["a"]
    assert (values(run), run.layers("filters")) == ({0: 7.0}, ["conv", "other"])
    entry = run.locate("filters", "conv", 0)
    second.unlink()
    index.refresh()
    assert index["a"] is run
    assert (values(run), run.layers("filters"), run.last_step) == ({0: 0.0}, ["conv"], 0)
    with pytest.raises(DamagedRecord, match="gone"):
        run.read_entry(entry)
    first.unlink()
    index.refresh()
    assert list(index) == ["b"]
    (tmp_path / "b").rename(tmp_path / "c")
    shutil.copytree(tmp_path / "c", tmp_path / "d")
    index.refresh()
    assert list(index) == ["c", "d"]
    assert values(index["c"]) == values(index["d"]) == {1: 1.0}


def test_reading_goes_on_while_others_refresh(tmp_path: Path) -> None:
    path = write(tmp_path, framed(0))
    index = indexed(tmp_path)
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            run = index["."]
            for step in run.steps("filters", "conv")[-3:]:
                found = run.read("filters", "conv", step).arrays["kernel"]
                wrong.extend(found[found != step])

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    with path.open("ab", buffering=0) as file:
        for step in range(1, 300):
            file.write(framed(step))
            index.refresh()
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert index["."].steps("filters", "conv") == list(range(300))


# Damage


def bad_length(length: int) -> bytes:
    """A header whose CRC is right, whatever the length."""
    size = struct.pack("<Q", length)
    return size + struct.pack("<I", masked_crc(size))


GARBAGE = {
    "text": b"no record at all " * 7,
    "zeros": bytes(5000),
    "noise": np.random.default_rng(0).bytes(3_000_000),
    "a huge length with its CRC": bad_length(2**62) + b"x" * 50,
    "a length over the end with its CRC": bad_length(2**30) + b"x" * 50,
    "half a record": framed(77)[:100],
    "a record without its first byte": framed(77)[1:],
    "many directories": b"\x0a\x10cnnviz/directory" * 3000,
    "a header alone": framed(77)[:12],
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_the_next_good_record_is_found_behind_garbage(tmp_path: Path, kind: str) -> None:
    garbage = GARBAGE[kind]
    write(tmp_path, framed(0) + garbage + framed(1) + framed(2))
    run = indexed(tmp_path)["."]
    assert values(run) == {0: 0.0, 1: 1.0, 2: 2.0}
    assert {(notice.file, notice.offset) for notice in run.notices} == {("cnnviz.1.h.1.records", len(framed(0)))}
    assert f"{len(garbage)} bytes are passed over" in run.notices[-1].reason


@pytest.mark.parametrize("kind", GARBAGE)
def test_a_file_that_ends_in_garbage_goes_on_when_it_grows(tmp_path: Path, kind: str) -> None:
    garbage = GARBAGE[kind]
    path = write(tmp_path, framed(0) + garbage)
    index = indexed(tmp_path)
    run = index["."]
    assert values(run) == {0: 0.0}
    more = framed(1) + framed(2)
    with path.open("ab", buffering=0) as file:
        for place in range(0, len(more), 37):
            file.write(more[place : place + 37])
            index.refresh()
    assert values(run) == {0: 0.0, 1: 1.0, 2: 2.0}
    assert {notice.offset for notice in run.notices} == {len(framed(0))}
    assert f"{len(garbage)} bytes are passed over" in run.notices[-1].reason


def test_a_cut_record_does_not_swallow_those_behind_it(tmp_path: Path) -> None:
    """Its length is right and reaches into the next ones; only its content, too long to be checked by the way, tells."""
    kernel = np.ones((8, 8, 10, 10), np.float32)
    large = b"".join(frame(encode(Record("filters", 9, "cut", {"kernel": kernel}))))
    write(tmp_path, framed(0) + large[: len(large) - 700] + b"".join(framed(step) for step in range(1, 6)))
    run = indexed(tmp_path)["."]
    assert values(run) == {step: float(step) for step in range(6)}
    with pytest.raises(DamagedRecord, match="CRC"):
        run.read("filters", "cut", 9)
    (notice,) = run.notices
    assert notice.offset == len(framed(0))


def test_what_looked_like_damage_may_become_a_record(tmp_path: Path) -> None:
    """A network disk may show a file's new size before its bytes."""
    content = framed(0) + framed(1)
    path = write(tmp_path, framed(0) + bytes(len(framed(1))))
    index = indexed(tmp_path)
    assert [notice.offset for notice in index["."].notices] == [len(framed(0))]
    path.write_bytes(content)
    os.utime(path, ns=(5, 5))
    index.refresh()
    assert values(index["."]) == {0: 0.0, 1: 1.0}
    assert not index["."].notices


def large(step: int) -> bytes:
    """One record of more than is read of it when it is indexed."""
    kernel = np.full((16, 8, 3, 3), step, np.float32)
    return b"".join(frame(encode(Record("filters", step, "conv", {"kernel": kernel}))))


SIX = b"".join(framed(step) for step in range(6))
FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8)


@settings(max_examples=250, deadline=None)
@given(st.booleans(), FLIPS)
@example(False, [(0.0, 1)])
@example(False, [(8 / len(SIX), 1), (1 / 6 + 9 / len(SIX), 3)])
def test_flipped_bytes_cost_the_records_that_they_hit(
    tmp_path_factory: pytest.TempPathFactory, are_large: bool, flips: list[tuple[float, int]]
) -> None:
    good = b"".join(large(step) for step in range(6)) if are_large else SIX
    content, size = bytearray(good), len(good) // 6
    for place, mask in flips:
        content[int(place * len(good))] ^= mask
    hit = {place // size for place in range(len(good)) if content[place] != good[place]}
    root = tmp_path_factory.mktemp("log")
    write(root, bytes(content))
    run = indexed(root)["."]
    readable = {}
    for entry in run.entries():
        try:
            record = run.read_entry(entry)
        except DamagedRecord:
            continue
        assert (record.arrays["kernel"] == record.step).all()
        readable[record.step] = entry.offset
    assert readable == {step: step * size for step in range(6) if step not in hit}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=80) | st.integers(0, 5), max_size=8))
def test_any_mixture_of_records_and_bytes_is_read(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes | int]
) -> None:
    root = tmp_path_factory.mktemp("log")
    write(root, b"".join(framed(part) if isinstance(part, int) else part for part in parts))
    run = indexed(root)["."]
    assert [entry.step for entry in run.entries()] == [part for part in parts if isinstance(part, int)]
    for entry in run.entries():
        assert run.read_entry(entry).arrays["kernel"].flat[0] == entry.step


def test_foreign_records_are_passed_over_and_told_once(tmp_path: Path) -> None:
    foreign = b"".join(frame([Event(step=3).SerializeToString()]))
    newer = b"".join(frame([b"".join(encode(Record("cost", 1))).replace(b'"schema":1', b'"schema":9')]))
    write(tmp_path, framed(0) + foreign * 500 + newer * 300 + framed(1))
    run = indexed(tmp_path)["."]
    assert values(run) == {0: 0.0, 1: 1.0}
    reasons = [notice.reason for notice in run.notices]
    assert len(reasons) == 2
    assert "499 more" in reasons[0]
    assert "schema 9 is newer" in reasons[1]


def test_notices_are_bounded_whatever_a_file_holds(tmp_path: Path) -> None:
    content = framed(0)
    for number in range(400):
        content += b"x" * (number + 1) + framed(number)
    content += b"".join(
        b"".join(frame(encode(Record("notices", step, attributes={"part": "p", "message": f"{step} " + "m" * 5000}))))
        for step in range(50)
    )
    write(tmp_path, content)
    run = indexed(tmp_path)["."]
    assert len(run.notices) <= 101
    assert run.notice_count == len(run.notices)
    assert max(len(notice.reason) for notice in run.notices) <= 600
    assert "more notices" in run.notices[-1].reason
    assert run.steps("filters", "conv") == list(range(400))


def test_what_the_writer_gave_up_is_a_notice(tmp_path: Path) -> None:
    record = Record("notices", 4, attributes={"part": "gradients", "message": "turned off: no such variable"})
    write(tmp_path, framed(0) + b"".join(frame(encode(record))))
    (notice,) = indexed(tmp_path)["."].notices
    assert notice == ("cnnviz.1.h.1.records", len(framed(0)), "gradients: turned off: no such variable")


# Cost


def bytes_of_columns(run: RunIndex) -> int:
    columns = run._files.rows.values()
    return sum(sys.getsizeof(each) + sys.getsizeof(each._packed) for each in columns)


def test_a_record_costs_at_most_64_bytes_of_memory(tmp_path: Path) -> None:
    count = 400 * 20
    write(tmp_path, b"".join(framed(step, layer=f"conv{layer}") for step in range(400) for layer in range(20)))
    index = LogIndex({"": str(tmp_path)})
    gc.collect()
    tracemalloc.start()
    index.refresh()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert index["."].records == count
    assert held <= 64 * count + 30_000  # the second for the run itself and its 20 layers
    assert 32 * count <= bytes_of_columns(index["."]) <= 64 * count


def test_a_record_costs_at_most_64_bytes_where_a_layer_has_five_too(tmp_path: Path) -> None:
    write(tmp_path, b"".join(framed(step, layer=f"conv{layer}") for step in range(5) for layer in range(50)))
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    assert index["."].records == 250
    assert 32 * 250 <= bytes_of_columns(index["."]) <= 64 * 250


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
def test_indexing_reads_at_most_4_kb_a_record(tmp_path: Path) -> None:
    kernel = np.zeros((64, 64, 8, 8), np.float32)
    big = b"".join(frame(encode(Record("filters", 0, "conv", {"kernel": kernel, "norm": np.zeros(64, np.float32)}))))
    write(tmp_path, big * 40)
    before = _read_so_far()
    run = indexed(tmp_path)["."]
    read = _read_so_far() - before
    assert run.records == 40
    assert read <= 40 * 4096 + 100_000  # the rest is what listing folders and asking costs


def _read_so_far() -> int:
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
def test_garbage_is_searched_once(tmp_path: Path) -> None:
    path = write(tmp_path, framed(0) + np.random.default_rng(1).bytes(3_000_000))
    index = indexed(tmp_path)
    before = _read_so_far()
    for _ in range(20):
        with path.open("ab") as file:
            file.write(b"more of it")
        index.refresh()
    assert _read_so_far() - before < 1_000_000
