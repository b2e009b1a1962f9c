"""The runs of all roots: also while a first look at a large log is still going on."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.plugin import watched_index
from tb_cnnviz.plugin.watched_index import WatchedIndex
from tb_cnnviz.records import Record
from tests.support.eventually import eventually


def write(folder: Path, step: int) -> None:
    folder.mkdir(parents=True)
    record = Record("filters", step, "conv", {"kernel": np.zeros((1, 1, 1, 1), np.float32)})
    (folder / "cnnviz.1.h.1.records").write_bytes(b"".join(frame(encode(record))))


def test_a_large_log_is_shown_run_by_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_index, "LOOK_SECONDS", 0.0)
    for number in range(30):
        write(tmp_path / "one" / f"{number:02}", number)
        write(tmp_path / "two" / f"{number:02}", number)
    index = WatchedIndex([("a", str(tmp_path / "one")), ("b", str(tmp_path / "two"))])
    first = dict(index.runs())
    assert 2 <= len(first) < 60
    assert {"a/00", "b/00"} <= set(first)
    # The rest comes without another request that would look.
    runs = eventually(lambda: dict(index.known_runs()), lambda runs: len(runs) == 60)
    assert all(runs[name] is run for name, run in first.items())
    assert [runs[f"b/{number:02}"].last_step for number in range(30)] == list(range(30))
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "cnnviz-index-on"])
    write(tmp_path / "one" / "new", 5)
    eventually(lambda: "a/new" in index.runs())


def test_of_two_runs_of_one_name_the_first_root_has_its_own(tmp_path: Path) -> None:
    write(tmp_path / "one" / "run", 1)
    write(tmp_path / "two" / "run", 2)
    index = WatchedIndex([("", str(tmp_path / "one")), ("", str(tmp_path / "two")), ("", "gs://bucket")])
    assert [run.last_step for run in index.runs().values()] == [1]
