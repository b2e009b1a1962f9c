"""Files of a log that become something else between two looks, and names that are no text."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz.eventlog import opening
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.finding import find_records, own_records, spelled
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.resume import PastLog
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="FIFOs, and links without a privilege")

NAME = "cnnviz.1.h.1.records"


@pytest.fixture(params=[True, False], ids=["walked", "compared"], autouse=True)
def walks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways of opening: where names can be opened in an open folder, and where not."""
    monkeypatch.setattr(opening, "WALKS", request.param and opening.WALKS)
    return bool(request.param)


def framed(step: int, value: float) -> bytes:
    return b"".join(
        frame(encode(Record("filters", step, "conv", {"kernel": np.full((1, 1, 9, 9), value, np.float32)})))
    )


def write(folder: Path, value: float, name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(framed(0, value) + framed(1, value))
    return path


def values(run: RunIndex) -> list[float]:
    return [float(run.read("filters", "conv", step).arrays["kernel"].flat[0]) for step in run.steps("filters", "conv")]


def within(seconds: float, call: Callable[[], object]) -> None:
    """Run something that must not wait for anybody."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it waits for somebody who may never come"


def fifo(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    there = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(there)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        pytest.skip("only root makes devices")


def folder(path: Path) -> None:
    path.mkdir()


def link_out(path: Path) -> None:
    path.symlink_to(write(path.parents[2] / "outside", 9))


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


OBSTACLES = [fifo, listening, device, folder, link_out, dangling]


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_takes_a_files_place_is_never_waited_for_nor_read(
    tmp_path: Path, obstacle: Callable[[Path], None]
) -> None:
    root = tmp_path / "log"
    path = write(root / "run", 1)
    (found,) = find_records(root)
    before, run = RunIndex("run"), RunIndex("run", IndexCache(tmp_path / "cache"))
    before.refresh([found])
    assert values(before) == [1, 1]
    entry = before.locate("filters", "conv", 0)
    path.unlink()
    obstacle(path)
    within(10, lambda: run.refresh([found]))
    assert run.records == 0
    assert "cannot be read" in " ".join(notice.reason for notice in run.notices)

    def read() -> None:
        with pytest.raises(DamagedRecord):
            before.read_entry(entry)
        assert isinstance(next(before.read_many([entry, before.locate("filters", "conv", 1)])), DamagedRecord)

    within(10, read)
    within(10, lambda: before.refresh([found]))
    within(10, lambda: PastLog(root / "run").resume())
    assert list(find_records(root)) == own_records(root / "run") == []
    index = LogIndex({"": str(root)})
    within(10, index.refresh)
    assert not index
    with pytest.raises(OSError, match=r"regular|No such|link|levels"):  # noqa: SIM117
        with found.open():
            pass
    if obstacle in (fifo, listening, device):
        with pytest.raises(OSError, match="regular"):
            RandomAccessFile(str(path))


@pytest.fixture
def waiting_writer(tmp_path: Path) -> Iterator[threading.Thread]:
    """One that waits outside of the log until somebody opens the other end of a FIFO."""
    outside = tmp_path / "outside" / "run"
    outside.mkdir(parents=True)
    os.mkfifo(outside / NAME)
    thread = threading.Thread(target=lambda: os.close(os.open(outside / NAME, os.O_WRONLY)), daemon=True)
    thread.start()
    yield thread
    os.close(os.open(outside / NAME, os.O_RDONLY | os.O_NONBLOCK))
    thread.join()


@pytest.mark.parametrize("depth", [0, 1], ids=["its folder", "a folder above"])
def test_a_folder_swapped_for_a_link_is_not_followed_out(
    tmp_path: Path, waiting_writer: threading.Thread, depth: int
) -> None:
    """Not even to look: nobody opens what lies there."""
    root = tmp_path / "log"
    write(root / "above" / "run", 1)
    (found,) = find_records(root)
    known, run = RunIndex("run"), RunIndex("run")
    known.refresh([found])
    swapped = root / "above" / "run" if depth == 0 else root / "above"
    swapped.rename(tmp_path / "away")
    swapped.symlink_to(tmp_path / "outside" / ("run" if depth == 0 else ""), target_is_directory=True)
    assert (swapped / ("" if depth == 0 else "run") / NAME).is_fifo()
    within(10, lambda: run.refresh([found]))
    with pytest.raises(DamagedRecord):
        known.read("filters", "conv", 0)
    within(10, lambda: list(find_records(root)))
    assert run.records == 0
    time.sleep(0.05)
    assert waiting_writer.is_alive()


def test_links_inside_a_log_lead_to_what_they_named(tmp_path: Path) -> None:
    """By way of a folder that may be entered and not listed, too."""
    root = tmp_path / "log"
    path = write(root / "hidden" / "run", 1)
    (root / "folder").symlink_to(path.parent, target_is_directory=True)
    (root / "file").mkdir()
    (root / "file" / "cnnviz.2.h.1.records").symlink_to(path)
    path.parents[1].chmod(0o111)
    index = LogIndex({"": str(root)})
    index.refresh()
    path.parents[1].chmod(0o755)
    assert {"folder", "file"} <= set(index)
    assert [values(run) for run in index.values()] == [[1, 1]] * len(index)
    # The same log by another way: a root that is a link itself.
    (tmp_path / "again").symlink_to(root, target_is_directory=True)
    index = LogIndex({"": str(tmp_path / "again")})
    index.refresh()
    assert {"folder", "file", "hidden/run"} == set(index)


def test_a_folder_that_changes_all_the_time_never_shows_what_is_outside(tmp_path: Path) -> None:
    root, inside, outside = tmp_path / "log", tmp_path / "in", tmp_path / "out"
    write(inside, 1)
    write(outside, 9)
    root.mkdir()
    done, faults, seen = threading.Event(), list[str](), list[float]()

    def swap() -> None:
        while not done.is_set():
            inside.rename(root / "run")
            (root / "run").rename(inside)
            (root / "run").symlink_to(outside, target_is_directory=True)
            (root / "run").unlink()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            index = LogIndex({"": str(root)})
            index.refresh()
            for run in index.values():
                faults += [notice.reason for notice in run.notices if "cannot be read" not in notice.reason]
                for entry in run.entries():
                    try:
                        seen.append(float(run.read_entry(entry).arrays["kernel"].flat[0]))
                    except DamagedRecord:
                        continue
    finally:
        done.set()
        thread.join()
    assert not faults
    assert set(seen) <= {1.0}


# Names


NAMES = [
    b"run",
    b"run\xff",
    b"run\xfe",
    b"run\xc3",
    b"run\xc3\xbc",
    rb"run\xff",
    rb"run\x5cxff",
    rb"run\\xff",
    b"r\xffn/\xff",
]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_folders_whose_names_are_no_text_are_runs_of_their_own(tmp_path: Path) -> None:
    for value, name in enumerate(NAMES):
        write(Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))), value)
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    assert len(index) == len(NAMES)
    assert {bytes_of(name): values(run) for name, run in index.items()} == {n: [v, v] for v, n in enumerate(NAMES)}
    for name in index:
        name.encode()  # no surrogate is left in it
    assert {"run", "runü", r"run\xff", r"run\xfe", r"run\x5cxff", r"r\xffn/\xff"} <= set(index)


def bytes_of(text: str) -> bytes:
    """A spelling read back, as its documentation says."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())


@given(st.binary(max_size=12) | st.text(r"\x5cffé", max_size=12).map(str.encode))
def test_a_spelling_can_be_shown_and_read_back(name: bytes) -> None:
    text = spelled(os.fsdecode(name))
    assert bytes_of(text) == name
    if b"\\" not in name and name.decode("utf-8", "replace").encode() == name:
        assert text == name.decode()


def test_files_whose_names_differ_in_bytes_alone_are_told_apart(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere every name is text")
    for value, host in enumerate((b"\xff", b"\xfe")):
        write(tmp_path, value, os.fsdecode(b"cnnviz.1." + host + b".1.records"))
    run = RunIndex(".")
    run.refresh(own_records(tmp_path))
    assert len({entry.file for entry in run.entries()}) == 2
    shutil.rmtree(tmp_path)
