"""Runs that are renamed, copied, replaced, linked and damaged while a real TensorBoard serves them."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
from tests.integration.conftest import READERS, Board
from tests.support.eventually import eventually


def log(folder: Path, value: float, steps: range = range(2), size: int = 1) -> None:
    with closing(RecordWriter(folder)) as writer:
        for step in steps:
            kernel = np.full((1, 1, size, size), value, np.float32)
            writer.write(Record("filters", step, "conv", {"kernel": kernel}))


def kernel(board: Board, run: str, step: int = 0) -> float | None:
    answer = board.ask("records", run=run, kind="filters", layer="conv", step=step)
    return float(answer.arrays()[0][1]["kernel"].flat[0]) if answer.status == 200 else None


def runs(board: Board, below: str) -> list[str]:
    names = [run["name"] for run in board.ask("runs").json["runs"]]
    return [name.removeprefix(f"{below}/") for name in names if name.startswith(f"{below}/")]


@pytest.mark.parametrize("reader", list(READERS))
def test_renamed_copied_and_deleted_while_served(boards: dict[str, Board], reader: str) -> None:
    board, name = boards[reader], f"moving-{reader}"
    root = board.logdir / name
    log(root / "a", 1)
    log(root / "b" / "nested", 2)
    eventually(lambda: runs(board, name), lambda found: found == ["a", "b/nested"])
    (root / "a").rename(root / "c")
    shutil.copytree(root / "b", root / "d")
    eventually(lambda: runs(board, name), lambda found: found == ["b/nested", "c", "d/nested"])
    assert board.ask("run", run=f"{name}/a").status == 404
    assert [kernel(board, f"{name}/{run}") for run in ("b/nested", "c", "d/nested")] == [2, 1, 2]
    # Another run under an old name, and a fit that goes on in a copy.
    shutil.rmtree(root / "c")
    log(root / "c", 5)
    log(root / "d" / "nested", 7, range(1, 3))
    eventually(lambda: board.steps(f"{name}/d/nested", "filters"), lambda steps: steps == [0, 1, 2])
    assert [kernel(board, f"{name}/d/nested", step) for step in range(3)] == [2, 7, 7]
    assert [kernel(board, f"{name}/b/nested", step) for step in range(2)] == [2, 2]
    query = {"run": f"{name}/d/nested", "kind": "filters", "layer": "conv", "step": 1}
    earlier = board.ask("records", **query, repeat=0).arrays()
    assert earlier[0][1]["kernel"].item() == 2
    assert board.ask("records", **query, repeat=1).arrays()[0][1]["kernel"].item() == 7
    refused = board.ask("records", **query, repeat=2)
    assert (refused.status, "0 to 1" in refused.json["reason"]) == (404, True)
    assert board.ask("records", **query, repeat="-1").status == 400
    eventually(lambda: kernel(board, f"{name}/c"), lambda value: value == 5)
    # The folder above a nested run.
    (root / "d").rename(root / "e")
    eventually(lambda: runs(board, name), lambda found: found == ["b/nested", "c", "e/nested"])
    assert [kernel(board, f"{name}/e/nested", step) for step in range(3)] == [2, 7, 7]
    assert board.ask("run", run=f"{name}/d/nested").status == 404
    shutil.rmtree(root)
    eventually(lambda: runs(board, name), lambda found: not found)


@pytest.mark.skipif(os.name == "nt", reason="symlinks need a privilege there")
@pytest.mark.parametrize("reader", list(READERS))
def test_links_are_followed_inside_the_log_alone(boards: dict[str, Board], reader: str, tmp_path: Path) -> None:
    board, name = boards[reader], f"linked-{reader}"
    root = board.logdir / name
    log(root / "a", 1)
    log(tmp_path / "outside", 9)
    (root / "inside").symlink_to(root / "a", target_is_directory=True)
    (root / "outside").symlink_to(tmp_path / "outside", target_is_directory=True)
    (stranger,) = (tmp_path / "outside").iterdir()
    (root / "a" / stranger.name).symlink_to(stranger)
    eventually(lambda: runs(board, name), lambda found: found == ["a", "inside"])
    assert [kernel(board, f"{name}/{run}") for run in ("a", "inside")] == [1, 1]


@pytest.mark.parametrize("reader", list(READERS))
def test_damage_that_only_reading_shows_is_among_the_notices_of_the_page(boards: dict[str, Board], reader: str) -> None:
    board, run = boards[reader], f"rotten-{reader}"
    log(board.logdir / run, 3, size=60)
    (path,) = (board.logdir / run).iterdir()
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    eventually(lambda: board.steps(run, "filters"), lambda steps: steps == [0, 1])
    assert not board.ask("run", run=run).json["notices"]
    assert board.ask("records", run=run, kind="filters", layer="conv", step=1).status == 410
    (notice,) = board.ask("run", run=run).json["notices"]
    assert (notice["file"], notice["offset"]) == (path.name, len(content) // 2)
    assert "CRC" in notice["reason"]
    assert kernel(board, run) == 3


@pytest.mark.skipif(os.name == "nt", reason="there are no FIFOs")
@pytest.mark.parametrize("reader", list(READERS))
def test_a_fifo_in_a_files_place_holds_nobody_up(boards: dict[str, Board], reader: str) -> None:
    board, run = boards[reader], f"fifo-{reader}"
    root = board.logdir / run
    log(root / "a", 1)
    log(root / "b", 2)
    eventually(lambda: runs(board, run), lambda found: found == ["a", "b"])
    (path,) = (root / "a").iterdir()
    path.unlink()
    os.mkfifo(path)
    assert kernel(board, f"{run}/a") is None
    assert kernel(board, f"{run}/b") == 2
    eventually(lambda: runs(board, run), lambda found: found == ["b"])
    shutil.rmtree(root)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
@pytest.mark.parametrize("reader", list(READERS))
def test_folders_whose_names_are_no_text_are_served_as_runs_of_their_own(boards: dict[str, Board], reader: str) -> None:
    board, above = boards[reader], f"bytes-{reader}"
    names = {r"run\xff": b"run\xff", r"run\xfe": b"run\xfe", r"run\x5cxff": rb"run\xff"}
    for value, name in enumerate(names.values()):
        log(board.logdir / above / os.fsdecode(name), value)
    eventually(lambda: runs(board, above), lambda found: set(found) == set(names))
    assert [kernel(board, f"{above}/{name}") for name in names] == [0, 1, 2]
    shutil.rmtree(board.logdir / above)
