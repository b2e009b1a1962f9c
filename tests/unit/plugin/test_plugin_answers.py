"""Routes of the plugin object itself, without TensorBoard around it: what a real server cannot be brought to do."""

from __future__ import annotations

import gzip
import json
import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.plugin import query, watched_index
from tb_cnnviz.plugin.guard import allowed_hosts, guarded
from tb_cnnviz.plugin.plugin import CnnVizPlugin
from tb_cnnviz.plugin.run_list import CURVE_POINTS
from tb_cnnviz.plugin.static_files import StaticFiles
from tb_cnnviz.plugin.watched_index import WatchedIndex
from tb_cnnviz.records import Record


def add(folder: Path, *records: Record) -> None:
    with closing(RecordWriter(folder)) as writer:
        for record in records:
            writer.write(record)


def kernel(step: int, size: int = 1) -> Record:
    return Record("filters", step, "conv", {"kernel": np.full((size, 1, 1, 1), step, np.float32)})


@pytest.fixture
def plugin(tmp_path: Path) -> CnnVizPlugin:
    return CnnVizPlugin(TBContext(logdir=str(tmp_path), flags=SimpleNamespace(logdir_spec="")))


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched_index, "REFRESH_SECONDS", 0.0)


def client(plugin: CnnVizPlugin, route: str) -> Client:
    return Client(plugin.get_plugin_apps()[route], Response)  # type: ignore[arg-type]


def test_a_fault_of_ours_is_told_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    def fault(request: Request) -> Response:
        raise OSError("/secret/place is full")

    with caplog.at_level(logging.ERROR, logger="tb_cnnviz"):
        answer = Client(guarded(fault, frozenset()), Response).get("/")  # type: ignore[arg-type]
    assert answer.status_code == 500
    assert set(json.loads(answer.data)) == {"error", "reason"}
    assert b"secret" not in answer.data
    assert "/secret/place" in caplog.text


@pytest.mark.parametrize(
    ("listed", "host", "status"),
    [
        ("", "anything", 200),
        ("localhost", "localhost:6006", 200),
        ("localhost", "LOCALHOST", 200),
        ("a.example, b.example", "b.example:80", 200),
        ("a.example", "a.example.evil", 403),
        ("a.example", "evil", 403),
        ("[::1]", "[::1]:6006", 200),
        ("::1,[::1]:99", "[::1]", 200),
        ("a.example", "[::1]", 403),
        (" , ", "anything", 200),
    ],
)
def test_only_listed_hosts_are_answered(listed: str, host: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TB_CNNVIZ_ALLOWED_HOSTS", listed)
    app = guarded(lambda request: Response("fine"), allowed_hosts())
    assert Client(app, Response).get("/", headers={"Host": host}).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("Cross-Site", 403), ("same-site", 200), ("none", 200)]
)
def test_another_site_is_refused(site: str, status: int) -> None:
    app = Client(guarded(lambda request: Response("fine"), frozenset()), Response)  # type: ignore[arg-type]
    assert app.get("/", headers={"Sec-Fetch-Site": site}).status_code == status


def test_records_beyond_the_byte_bound_are_refused_before_they_are_read(
    plugin: CnnVizPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path / "run", kernel(0, 500), kernel(1, 500))
    asked = client(plugin, "/records")
    address = "/?run=run&kind=filters&layer=conv&step=0&step=1"
    assert asked.get(address).status_code == 200
    monkeypatch.setattr(query, "MAX_ANSWER_BYTES", 4000)
    monkeypatch.setattr("tb_cnnviz.eventlog.index.RunIndex.read_entry", None)
    answer = asked.get(address)
    assert answer.status_code == 400
    assert "at most 4000" in answer.json["reason"]  # type: ignore[index]


def test_a_record_logged_again_has_another_etag(plugin: CnnVizPlugin, tmp_path: Path, fresh: None) -> None:
    address = "/?run=run&kind=filters&layer=conv&step=5"
    add(tmp_path / "run", kernel(5))
    first = client(plugin, "/records").get(address).headers["ETag"]
    add(tmp_path / "run", kernel(6))
    client(plugin, "/runs").get("/")
    assert client(plugin, "/records").get(address).headers["ETag"] == first
    add(tmp_path / "run", Record("filters", 5, "conv", {"kernel": np.full((1, 1, 1, 1), 9, np.float32)}))
    client(plugin, "/runs").get("/")
    again = client(plugin, "/records").get(address, headers={"If-None-Match": first})
    assert again.status_code == 200
    assert again.headers["ETag"] != first


def test_the_run_list_is_compressed_where_that_is_taken(plugin: CnnVizPlugin, tmp_path: Path) -> None:
    for number in range(20):
        add(tmp_path / f"run{number}", kernel(0))
    app = client(plugin, "/runs")
    bare, small = app.get("/"), app.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == bare.data
    assert "Content-Encoding" not in app.get("/", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_histograms_are_compressed_where_that_is_taken(plugin: CnnVizPlugin, tmp_path: Path) -> None:
    counts = np.random.default_rng(3).integers(0, 9, (4, 30)).astype(np.uint32)
    arrays = {"norm": np.arange(4, dtype=np.float32), "histogram": counts}
    add(tmp_path / "run", Record("gradients", 0, None, arrays, {"bin_start": 7}), kernel(0, 500))
    for route, query_string in (("/records", "&step=0"), ("/series", "&column=norm&column=histogram")):
        app, address = client(plugin, route), f"/?run=run&kind=gradients{query_string}"
        bare, small = app.get(address), app.get(address, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(small.data) == bare.data
        assert int(small.headers["Content-Length"]) == len(small.data) < len(bare.data)
        assert "Content-Encoding" not in bare.headers
        assert small.headers["ETag"] != bare.headers["ETag"]
        for answer in (small, bare):
            assert answer.headers["Vary"] == "Accept-Encoding"
            held = app.get(address, headers={"If-None-Match": answer.headers["ETag"]})
            assert (held.status_code, held.headers["ETag"]) == (304, answer.headers["ETag"])
    weights = "/?run=run&kind=filters&layer=conv&step=0"
    plain = client(plugin, "/records").get(weights, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers, "kernels hardly become smaller"


def test_curves_keep_extremes_and_what_is_not_finite(plugin: CnnVizPlugin, tmp_path: Path) -> None:
    values = np.sin(np.arange(500)).astype(np.float32)
    values[[77, 211]] = [40, np.nan]
    records = [
        Record(
            "epochs",
            step,
            arrays={"values": values[step : step + 1]},
            attributes={"names": ["val_loss"], "epoch": step},
        )
        for step in range(500)
    ]
    add(tmp_path / "run", *records)
    curve = client(plugin, "/runs").get("/").json["runs"][0]["curve"]  # type: ignore[index]
    assert (curve["metric"], curve["total"]) == ("val_loss", 500)
    assert len(curve["values"]) == len(curve["epochs"]) <= CURVE_POINTS
    assert curve["values"][curve["epochs"].index(77)] == 40
    assert curve["values"][curve["epochs"].index(211)] == "NaN"


def test_one_run_too_large_for_a_curve_does_not_cost_the_list(
    plugin: CnnVizPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in (("large", 9), ("small", 1)):
        one = {"values": np.ones(1, np.float32)}
        add(
            tmp_path / name,
            *(Record("epochs", step, arrays=one, attributes={"names": ["loss"]}) for step in range(count)),
        )
    monkeypatch.setattr("tb_cnnviz.plugin.series.MAX_SERIES_BYTES", 50)
    runs = {run["name"]: run["curve"] for run in client(plugin, "/runs").get("/").json["runs"]}  # type: ignore[index]
    assert (runs["large"], runs["small"]["values"]) == (None, [1.0])


def test_the_tab_wakes_up_without_a_scan_in_the_request(plugin: CnnVizPlugin, tmp_path: Path, fresh: None) -> None:
    def settled(wanted: bool) -> bool:
        for _ in range(200):
            if plugin.is_active() == wanted:
                return True
            threading.Event().wait(0.02)
        return False

    assert plugin.is_active() is False
    add(tmp_path / "run", kernel(0))
    assert settled(True)
    for path in (tmp_path / "run").iterdir():
        path.unlink()
    assert settled(False)


def test_requests_share_one_look_in_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    refresh = LogIndex.refresh

    def slow(self: LogIndex, seconds: float) -> bool:
        looks.append(1)
        threading.Event().wait(0.1)  # the other requests come meanwhile
        return refresh(self, seconds)

    monkeypatch.setattr(LogIndex, "refresh", slow)
    monkeypatch.setattr(watched_index, "REFRESH_SECONDS", 3600.0)
    add(tmp_path / "run", kernel(0))
    index = WatchedIndex([("", str(tmp_path))])
    seen: list[list[str]] = []
    threads = [threading.Thread(target=lambda: seen.append(list(index.runs()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["run"]] * 16, "before the first look is over, every request waits for it"
    assert looks == [1]


def test_readers_are_not_disturbed_by_a_log_that_grows(plugin: CnnVizPlugin, tmp_path: Path, fresh: None) -> None:
    add(tmp_path / "run", kernel(0))
    runs, records = client(plugin, "/run"), client(plugin, "/records")
    faults: list[object] = []

    def read() -> None:
        for _ in range(40):
            steps = runs.get("/?run=run").json["kinds"][0]["groups"][0]["steps"]  # type: ignore[index]
            answer = records.get(f"/?run=run&kind=filters&layer=conv&step={steps[-1]}")
            if answer.status_code != 200 or np.frombuffer(answer.data[-8:-4], np.float32)[0] != steps[-1]:
                faults.append((steps, answer.status_code))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for step in range(1, 60):
        add(tmp_path / "run", kernel(step))
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.skipif(os.name == "nt", reason="symlinks need a privilege there")
@pytest.mark.parametrize(("given", "listed"), [("", ["run"]), ("0", ["run"]), ("1", ["away", "run"])])
def test_a_link_that_leads_out_is_followed_only_where_that_is_allowed(
    given: str, listed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TB_CNNVIZ_FOLLOW_LINKS", given)
    root, outside = tmp_path / "root", tmp_path / "outside"
    add(root / "run", kernel(0))
    add(outside / "deeper", kernel(1))
    (outside / "deeper" / "up").symlink_to(tmp_path, target_is_directory=True)
    (root / "away").symlink_to(outside / "deeper", target_is_directory=True)
    (root / "nowhere").symlink_to(tmp_path / "gone")
    (root / "loop").symlink_to(root / "loop")
    assert sorted(WatchedIndex([("", str(root))]).runs()) == listed


def test_two_roots_of_one_prefix_are_both_shown(tmp_path: Path) -> None:
    add(tmp_path / "a" / "one", kernel(0))
    add(tmp_path / "b" / "two", kernel(0))
    index = WatchedIndex([("", str(tmp_path / "a")), ("", str(tmp_path / "b"))])
    assert set(index.runs()) == {"one", "two"}


def test_a_remote_root_does_not_cost_the_local_ones(tmp_path: Path) -> None:
    add(tmp_path / "one", kernel(0))
    assert set(WatchedIndex([("far", "gs://bucket/logs"), ("", str(tmp_path))]).runs()) == {"one"}


CHUNK = "model_view-Ab3_-x9Z.js"


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], Response]:
    folder = tmp_path / "static"
    folder.mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "secret-Ab3_-x9Z.js").write_text("secret")
    (folder / "index.js").write_text("export const render = 1;")
    (folder / CHUNK).write_text("export const view = 1;")
    for stranger in ("page.html", "other.js", "other.css", "data.json", "UPPER-Ab3_-x9Z.js", "long-Ab3_-x9Z0.js"):
        (folder / stranger).write_text("secret")
    (folder / "inner-Ab3_-x9Z.js").mkdir()
    os.symlink(tmp_path / "secret.js", folder / "link-Ab3_-x9Z.js")
    app = Client(guarded(StaticFiles(folder).serve, frozenset()), Response)  # type: ignore[arg-type]
    return lambda name: app.get(f"/data/plugin/cnnviz/{name}")


def test_the_entry_is_asked_for_again_and_a_chunk_is_kept_for_good(page: Callable[[str], Response]) -> None:
    entry, chunk = page("index.js"), page(CHUNK)
    assert (entry.data, chunk.data) == (b"export const render = 1;", b"export const view = 1;")
    assert entry.headers["Cache-Control"] == "private, no-cache"
    assert chunk.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for answer in (entry, chunk):
        assert answer.content_type == "text/javascript; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        *("page.html", "other.js", "other.css", "data.json", "UPPER-Ab3_-x9Z.js", "long-Ab3_-x9Z0.js"),
        *("inner-Ab3_-x9Z.js", "link-Ab3_-x9Z.js", "gone-Ab3_-x9Z.js", "../secret.js", "../secret-Ab3_-x9Z.js"),
        *(
            "%2e%2e/secret-Ab3_-x9Z.js",
            "..%2fsecret-Ab3_-x9Z.js",
            "..%5csecret-Ab3_-x9Z.js",
            f"{CHUNK}/",
            f"{CHUNK}%00",
        ),
        *(f"./{CHUNK}", f"/{CHUNK}", f"{CHUNK}%0a", f"{CHUNK}.map", f"{CHUNK}.gz", f"static/{CHUNK}", CHUNK.upper()),
        *("", ".", "..", "INDEX.JS", "index.js/", "x/data/plugin/cnnviz/index.js"),
    ],
)
def test_nothing_else_of_the_folder_is_served(page: Callable[[str], Response], name: str) -> None:
    answer = page(name)
    assert answer.status_code == 404
    assert answer.data != b"secret"


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    app = Client(guarded(StaticFiles(tmp_path / "nowhere").serve, frozenset()), Response)  # type: ignore[arg-type]
    answer = app.get("/data/plugin/cnnviz/index.js")
    assert (answer.status_code, "npm run build" in answer.json["reason"]) == (404, True)  # type: ignore[index]
