"""The list of runs in pages: every run in one of them, whatever comes and goes meanwhile, and made anew only where it changed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.plugin import run_pages, watched_index
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.plugin import CnnVizPlugin
from tb_cnnviz.plugin.run_pages import page_of
from tb_cnnviz.records import Record


def add(folder: Path, epoch: int) -> None:
    with closing(RecordWriter(folder)) as writer:
        values = {"values": np.array([1 / (epoch + 1)], np.float32)}
        writer.write(Record("epochs", epoch, arrays=values, attributes={"names": ["loss"], "epoch": epoch}))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(watched_index, "REFRESH_SECONDS", 0.0)
    plugin = CnnVizPlugin(TBContext(logdir=str(tmp_path), flags=SimpleNamespace(logdir_spec="")))
    return Client(plugin.get_plugin_apps()["/runs"], Response)  # type: ignore[arg-type]


def listed(runs: Client, pages: list[int] | None = None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        answer = runs.get("/", query_string={"after": after} if after else {}).json
        assert answer is not None
        rows += answer["runs"]
        if pages is not None:
            pages.append(len(answer["runs"]))
        after = answer["next"]
        if after is None:
            assert answer["total"] == len(rows)
            return rows


@pytest.mark.parametrize(("page_bytes", "most"), [(1, 1), (1000, 3), (2_000_000, 12)])
def test_every_run_is_in_a_page(
    runs: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page_bytes: int, most: int
) -> None:
    monkeypatch.setattr(run_pages, "PAGE_BYTES", page_bytes)
    names = [f"sweep:{number % 3}/é run{number:02}" for number in range(12)]
    for name in names:
        add(tmp_path / name, 0)
    pages: list[int] = []
    assert [row["name"] for row in listed(runs, pages)] == sorted(names)
    assert max(pages) <= most
    if most == 12:
        assert pages == [12]


def test_a_page_ends_where_its_time_is_up_and_goes_on_behind_a_run_that_went_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_pages, "PAGE_SECONDS", 0.0)
    places = sorted([("scalars", "c"), ("records", "b"), ("scalars", "0"), ("records", "a")])
    assert places == [("records", "a"), ("records", "b"), ("scalars", "0"), ("scalars", "c")]
    rows, following = page_of(places, None, lambda place: b"{}")
    assert (len(rows), following) == (1, "records:a")
    assert page_of(places[1:], following, lambda place: b"{}")[1] == "records:b"
    assert page_of(places, "scalars:0", lambda place: b"{}") == page_of(places, "scalars:bb", lambda place: b"{}")
    for wrong in ("", "records", "other:a"):
        with pytest.raises(HttpError):
            page_of(places, wrong, lambda place: b"{}")


def test_a_row_is_made_anew_only_where_its_run_changed(
    runs: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        add(tmp_path / f"run{number}", 0)
    listed(runs)
    read: list[str] = []
    read_entry, read_many = RunIndex.read_entry, RunIndex.read_many
    monkeypatch.setattr(RunIndex, "read_entry", lambda self, entry: read.append(self.name) or read_entry(self, entry))
    monkeypatch.setattr(RunIndex, "read_many", lambda self, entries: read.append(self.name) or read_many(self, entries))
    assert [row["last_step"] for row in listed(runs)] == [0] * 5
    assert read == []
    add(tmp_path / "run3", 7)
    assert [row["last_step"] for row in listed(runs)] == [0, 0, 0, 7, 0]
    assert set(read) == {"run3"}
    assert listed(runs)[3]["curve"]["values"] == [1.0, 0.125]
