"""The index that outlives its process: equal to a fresh scan, never stale, and never believed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tb_cnnviz import open_log
from tb_cnnviz.eventlog import index_cache, known_file
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import IndexCache, user_cache
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord


def framed(step: int, value: float | None = None, layer: str | None = "conv", kind: str = "filters") -> bytes:
    kernel = np.full((2, 1, 3, 3), step if value is None else value, np.float32)
    return b"".join(frame(encode(Record(kind, step, layer, {"kernel": kernel}, wall_time=100.0 + step))))


def write(folder: Path, content: bytes, start: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"cnnviz.{start}.h.1.records"
    path.write_bytes(content)
    return path


def started(root: Path, cache: Path | None) -> LogIndex:
    """What a new process finds."""
    index = LogIndex({"": str(root)}, IndexCache(cache) if cache else None)
    index.refresh()
    return index


def described(index: LogIndex) -> dict[str, Any]:
    return {
        name: (
            [(entry.kind, entry.layer, entry.step, entry.wall_time, entry.offset, entry.length) for entry in run.entries()],
            [run.layers(kind) for kind in run.kinds],
            run.notices,
            (run.records, run.last_step, run.first_wall_time, run.last_wall_time, run.bytes),
        )
        for name, run in index.items()
    }  # fmt: skip


def values(run: RunIndex) -> dict[int, float]:
    return {step: float(run.read("filters", "conv", step).arrays["kernel"].flat[0]) for step in run.steps("filters", "conv")}  # fmt: skip


def cache_file(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


def read_so_far() -> int:
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
def test_a_second_start_does_not_scan_again(tmp_path: Path) -> None:
    root, cache, count = tmp_path / "log", tmp_path / "cache", 600
    kernel = np.zeros((64, 4, 8, 8), np.float32)
    record = b"".join(frame(encode(Record("filters", 7, "conv", {"kernel": kernel}))))
    path = write(root / "a", record * count)
    first, before = started(root, cache), read_so_far()
    again = started(root, cache)
    read = read_so_far() - before
    assert described(again) == described(first) == described(started(root, None))
    assert read < 28 * count + 20_000  # the index itself; a scan reads 4 kB a record
    with path.open("ab") as file:
        file.write(record * 10)
    before = read_so_far()
    assert started(root, cache)["a"].records == count + 10
    assert read_so_far() - before < 28 * count + 10 * 5000 + 20_000


PARTS = st.lists(
    st.tuples(st.sampled_from(["conv", "a/b", None]), st.integers(0, 5)) | st.binary(min_size=1, max_size=60),
    max_size=9,
)


def content_of(parts: list[Any]) -> bytes:
    return b"".join(
        part if isinstance(part, bytes) else framed(part[1], layer=part[0], kind="filters" if part[0] else "notices")
        for part in parts
    )


@settings(max_examples=120, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
@example([[("conv", 3), ("conv", 1)], [("conv", 1)]], [1.0, 1.0, 1.0])
@example([[("conv", 3), b"x" * 50, ("conv", 1)]], [0.6, 1.0, 1.0])
def test_a_recalled_index_goes_on_as_a_fresh_one(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[Any]], cuts: list[float]
) -> None:
    """Files that grow between two starts, from any byte on: the same as a scan of all, but for offsets of notices in
    what was damaged when it was first seen."""
    folder = tmp_path_factory.mktemp("log")
    root, cache = folder / "log", folder / "cache"
    contents = [content_of(parts) for parts in files]
    for start, (content, cut) in enumerate(zip(contents, cuts, strict=False), 1):
        write(root, content[: int(cut * len(content))], start)
    assert described(started(root, cache)) == described(started(root, cache)) == described(started(root, None))
    for start, (content, cut) in enumerate(zip(contents, cuts, strict=False), 1):
        with (root / f"cnnviz.{start}.h.1.records").open("ab") as file:
            file.write(content[int(cut * len(content)) :])
    assert described(started(root, cache)) == described(started(root, cache)) == described(started(root, None))


CHANGES = ["rewritten", "middle", "replaced", "shorter", "grown over another head", "grown over another end", "swapped"]


@pytest.mark.parametrize("how", CHANGES)
def test_an_index_is_never_stale(tmp_path: Path, how: str) -> None:
    """Whatever became of the file between two starts, also where its time was set back."""
    root, cache = tmp_path / "log", tmp_path / "cache"
    path = write(root / "a", framed(0) + framed(1) + framed(2))
    other = write(root / "b", framed(7) + framed(8) + framed(9))
    assert set(values(started(root, cache)["a"])) == {0, 1, 2}
    before = path.stat()
    if how == "rewritten":
        path.write_bytes(framed(3) + framed(4) + framed(5))
    elif how == "middle":
        with path.open("r+b") as file:
            file.seek(len(framed(0)))
            file.write(framed(5))
    elif how == "replaced":
        write(tmp_path / "x", framed(3) + framed(4) + framed(5)).replace(path)
    elif how == "shorter":
        os.truncate(path, len(framed(0)) * 2)
    elif how == "grown over another head":
        path.write_bytes(framed(3) + framed(1) + framed(2) + framed(6))
    elif how == "grown over another end":
        path.write_bytes(framed(0) + framed(1) + framed(3) + framed(6))
    else:
        path.rename(tmp_path / "x")
        other.rename(path)
        (tmp_path / "x").rename(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh = started(root, None)
    assert described(started(root, cache)) == described(fresh)
    assert values(started(root, cache)["a"]) == values(fresh["a"]) == {float(s): s for s in fresh["a"].steps("filters", "conv")}  # fmt: skip


def test_what_only_reading_can_tell_makes_the_file_be_read_anew(tmp_path: Path) -> None:
    """The middle of a file was overwritten and it grew as well: no cheap look can tell."""
    root, cache = tmp_path / "log", tmp_path / "cache"
    path = write(root, framed(0) + framed(1) + framed(2))
    started(root, cache)
    with path.open("r+b") as file:
        file.seek(len(framed(0)))
        file.write(framed(5))
        file.seek(0, os.SEEK_END)
        file.write(framed(6))
    index = started(root, cache)
    with pytest.raises(DamagedRecord, match="not what it was"):
        index["."].read("filters", "conv", 1)
    index.refresh()
    assert values(index["."]) == values(started(root, cache)["."]) == {0: 0, 2: 2, 5: 5, 6: 6}


def test_copies_and_renamed_runs_are_indexed_as_what_they_are(tmp_path: Path) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    write(root / "a", framed(0) + framed(1))
    started(root, cache)
    shutil.copytree(root / "a", root / "b")
    (root / "a").rename(root / "c")
    write(root / "a", framed(4))
    index = started(root, cache)
    assert {name: set(values(run)) for name, run in index.items()} == {"a": {4}, "b": {0, 1}, "c": {0, 1}}


def resealed(header: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(header).encode()
    rest = struct.pack("<I", len(text)) + text + body
    return known_file._MAGIC + struct.pack("<I", google_crc32c.value(rest)) + rest


def parted(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[16 : 16 + length]), content[16 + length :]


HOSTILE: dict[str, Any] = {
    "position": [-1, 1 << 62, None, "7", 1.5, True, 1],
    "identity": [[], [1], {}, None, "x", [None] * 5],
    "head": ["zz", 7, "00" * 5000, ""],
    "tail": ["", "00", None],
    "last": [[0, 1 << 62], [-1, 5], [1], "ab", 3],
    "searched": [-1, "x"],
    "damage": [[1], ["x", "y"], [1 << 62, "y"], [0, "y" * 100_000]],
    "reasons": [[[0, "x", 0]], [[0, 5, 1]], [["0", "x", 1]], [[0, "x", 1]] * 101, 7],
    "untold": [5, -1, None],
    "groups": [
        [],
        7,
        [["filters", "conv", 1 << 60]],
        [["filters", "conv", 0]],
        [["filters", None, 3]],
        [["no kind", "conv", 3]],
        [["filters", ["conv"], 3]],
        [["filters", "x" * 70_000, 3]],
        [["filters", "conv", 1], ["filters", "conv", 2]],
        [["filters", "conv", 3, 4]],
    ],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in HOSTILE.items() for value in values])
def test_a_hostile_header_is_passed_over(tmp_path: Path, key: str, value: object) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    write(root, framed(0) + framed(1) + framed(2))
    expected = described(started(root, cache))
    path = cache_file(cache)
    header, body = parted(path.read_bytes())
    assert key in header
    path.write_bytes(resealed({**header, key: value}, body))
    assert described(started(root, cache)) == expected


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, -1), (1, float("nan")), (1, 1e306), (2, 1 << 63), (2, 1 << 40), (3, (1 << 32) - 1), (3, 100_000)],
)
def test_hostile_places_are_passed_over(tmp_path: Path, column: int, value: float) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    write(root, framed(0) + framed(1) + framed(2))
    expected = described(started(root, cache))
    path = cache_file(cache)
    header, body = parted(path.read_bytes())
    places = [np.frombuffer(body, code, 3, start).copy() for code, start in (("<i8", 0), ("<f8", 24), ("<u8", 48), ("<u4", 72))]  # fmt: skip
    places[column][1] = value
    path.write_bytes(resealed(header, b"".join(place.tobytes() for place in places)))
    assert described(started(root, cache)) == expected


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans())
def test_no_bytes_in_the_cache_do_harm(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, seal: bool
) -> None:
    """Flipped, cut or made up. With a right CRC the numbers may lie, but no record is ever taken for another one."""
    folder = tmp_path_factory.mktemp("log")
    root, cache = folder / "log", folder / "cache"
    write(root, framed(0) + framed(1) + b"garbage" * 5 + framed(2))
    expected = described(started(root, cache))
    path = cache_file(cache)
    content = bytearray(path.read_bytes())
    for place, mask in data.draw(
        st.lists(st.tuples(st.integers(8, len(content) - 1), st.integers(1, 255)), max_size=4)
    ):
        content[place] ^= mask
    content = content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]
    if seal and len(content) > 12:
        content[8:12] = struct.pack("<I", google_crc32c.value(bytes(content[12:])))
    path.write_bytes(content)
    index = started(root, cache)
    if not seal:
        assert described(index) == expected
    for entry in index["."].entries():
        try:
            record = index["."].read_entry(entry)
        except DamagedRecord:
            continue
        assert (record.arrays["kernel"] == record.step).all()
        assert record.step == entry.step


@pytest.mark.parametrize("obstacle", ["folder", "fifo", "large", "folder is a file", "dangling link"])
def test_what_lies_in_the_way_costs_the_cache_alone(tmp_path: Path, obstacle: str) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    write(root, framed(0) + framed(1))
    expected = described(started(root, cache))
    path = cache_file(cache)
    path.unlink()
    if obstacle == "folder":
        path.mkdir()
    elif obstacle == "fifo":
        os.mkfifo(path)
    elif obstacle == "large":
        path.touch()
        os.truncate(path, 1 << 40)
    elif obstacle == "dangling link":
        path.symlink_to(tmp_path / "nothing" / "here")
    else:
        cache.rmdir()
        cache.write_text("in the way")
    for _ in range(2):
        assert described(started(root, cache)) == expected
    assert not list(tmp_path.rglob("*.new"))
    assert not (tmp_path / "nothing").exists()


MANY = """
import sys
from tb_cnnviz import open_log
for _ in range(30):
    run = open_log(sys.argv[1])["."]
    for step in run.steps("filters", "conv")[-2:]:
        assert (run.read("filters", "conv", step)["kernel"] == step).all()
print(len(run.steps("filters", "conv")))
"""


def test_several_processes_share_a_cache_while_the_file_grows(tmp_path: Path) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    path = write(root, framed(0))
    environment = {**os.environ, "TB_CNNVIZ_CACHE_DIR": str(cache)}
    done = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            for step in range(1, 2000):
                file.write(framed(step))
                if done.wait(0.001):
                    return

    grower = threading.Thread(target=grow)
    grower.start()
    command = [sys.executable, "-c", MANY, str(root)]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    outcomes = [(process.communicate()[0], process.returncode) for process in processes]
    done.set()
    grower.join()
    assert all(code == 0 and int(told) > 0 for told, code in outcomes)
    assert described(started(root, cache)) == described(started(root, None))
    assert not list(cache.glob("*.new"))


def test_it_lies_in_the_users_cache_directory_for_the_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TB_CNNVIZ_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(tmp_path / "log", framed(0))
    assert open_log(tmp_path / "log")["."].steps("filters", "conv") == [0]
    place = tmp_path / ("home/Library/Caches" if sys.platform == "darwin" else "xdg") / "tb_cnnviz" / "index"
    path = cache_file(place)
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "conv" in path.read_bytes().decode("latin-1")
    assert str(tmp_path) not in path.read_bytes().decode("latin-1")
    monkeypatch.setenv("TB_CNNVIZ_CACHE_DIR", "")
    assert user_cache() is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(index_cache, "MAX_CACHE_BYTES", 250)
    for name, age in (("old", 300), ("older", 400), ("new", 10)):
        IndexCache(cache).save(str(tmp_path / name), b"x" * 100)
        for path in cache.iterdir():
            if path.stat().st_size == 100 and path.stat().st_mtime > 1000:
                os.utime(path, (1000 - age, 1000 - age))
    IndexCache(cache).save(str(tmp_path / "last"), b"y" * 100)
    ages = sorted(int(path.stat().st_mtime) for path in cache.iterdir())
    assert len(ages) == 2
    assert ages[0] == 990


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
def test_an_index_that_no_longer_holds_is_not_read(tmp_path: Path) -> None:
    root, cache, count = tmp_path / "log", tmp_path / "cache", 20_000
    path = write(root / "a", framed(7) * count)
    started(root, cache)
    assert cache_file(cache).stat().st_size > 28 * count
    path.unlink()
    write(root / "a", framed(8))
    before = read_so_far()
    assert started(root, cache)["a"].records == 1
    assert read_so_far() - before < 40_000


def test_no_more_is_read_than_the_index_has_however_large_the_log(tmp_path: Path) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    path = write(root, framed(0) + framed(1))
    started(root, cache)
    with RandomAccessFile(str(path)) as log:
        grown = replace(log.identity(), size=1 << 60)
        known = IndexCache(cache).load(str(path), log, grown)
    assert known is not None
    assert known.records == 2


def lied_about(cache: Path) -> Path:
    """A cached index whose steps are others than the log's."""
    path = cache_file(cache)
    header, body = parted(path.read_bytes())
    path.write_bytes(resealed(header, np.arange(50, 50 + 3, dtype="<i8").tobytes() + body[24:]))
    return path


@pytest.mark.skipif(os.name == "nt", reason="there the folder's own access list says whose a file is")
@pytest.mark.parametrize("whose", ["own", "another user's", "open to all", "open to the group", "a link's"])
def test_another_users_index_is_neither_believed_nor_touched(tmp_path: Path, whose: str) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    write(root, framed(0) + framed(1) + framed(2))
    expected = described(started(root, cache))
    path = lied_about(cache)
    if whose == "another user's":
        if os.geteuid() != 0:
            pytest.skip("only root gives files away")
        os.chown(path, 12345, 12345)
    elif whose.startswith("open"):
        path.chmod(0o606 if whose.endswith("all") else 0o660)
    elif whose == "a link's":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    content, status = path.read_bytes(), path.lstat()
    index = started(root, cache)
    assert (described(index) == expected) is (whose != "own")
    if whose != "own":
        assert (path.read_bytes(), path.lstat()) == (content, status)
        (tmp_path / "log" / "cnnviz.1.h.1.records").write_bytes(framed(5))  # what was known is to be forgotten
        index.refresh()
        assert set(values(index["."])) == {5}
        assert path.read_bytes() == content


def test_other_programs_files_stay_in_a_folder_that_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    hexes = "0123456789abcdef" * 2 + "01234567"
    others = ["theirs.index", "theirs.new", "tmpabc123.new", f"{hexes}.index", f"cnnviz-{hexes}.index.bak", "notes.txt"]
    for name in others:
        (cache / name).write_bytes(b"x" * 1000)
        os.utime(cache / name, (1, 1))
    (cache / f"cnnviz-{hexes}.index").mkdir()
    if os.name != "nt" and os.geteuid() == 0:
        (cache / f"cnnviz-{hexes[::-1]}.index").write_bytes(b"x" * 1000)
        os.chown(cache / f"cnnviz-{hexes[::-1]}.index", 12345, 12345)
        os.utime(cache / f"cnnviz-{hexes[::-1]}.index", (1, 1))
    there = {path.name for path in cache.iterdir()}
    monkeypatch.setattr(index_cache, "MAX_CACHE_BYTES", 250)
    for number in range(4):
        IndexCache(cache).save(str(tmp_path / f"log{number}"), b"y" * 100)
    assert there <= {path.name for path in cache.iterdir()}
    assert len(list(cache.iterdir())) == len(there) + 2


def test_an_index_larger_than_is_kept_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, cache = tmp_path / "log", tmp_path / "cache"
    monkeypatch.setattr(index_cache, "MAX_FILE_BYTES", 500)
    write(root, framed(0) * 100)
    expected = described(started(root, None))
    for _ in range(2):
        assert described(started(root, cache)) == expected
    assert not cache.exists() or not list(cache.iterdir())
