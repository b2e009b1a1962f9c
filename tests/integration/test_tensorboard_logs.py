"""Logs that grow, lie in several places, bear hostile names or are damaged, in a real TensorBoard."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import ModelRecord, Record
from tests.integration.conftest import READERS, ROUTE, Board
from tests.support.eventually import eventually
from tests.support.tensorboard_process import tensorboard

WRITE_ON_DEMAND = """
import sys
import numpy as np
from tb_cnnviz import open_log
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
writer = RecordWriter(sys.argv[1])
for line in sys.stdin:
    step = int(line)
    kernel = np.random.default_rng(step).normal(size=(4, 2, 3, 3)).astype(np.float32)
    writer.write(Record("filters", step, "conv", {"kernel": kernel}))
    steps = np.arange(step - 9, step + 1)
    writer.write(Record("losses", step, arrays={"step": steps, "loss": (steps / 7).astype(np.float32)}))
    writer.flush()
    print(step, flush=True)
"""


def test_new_steps_appear_while_another_process_writes(board: Board, request: pytest.FixtureRequest) -> None:
    run = f"live-{request.node.callspec.params['board']}"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_ON_DEMAND, str(board.logdir / run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert board.ask("run", run=run).status == 404
        for step in (9, 19, 29):
            writer.stdin.write(f"{step}\n".encode())
            writer.stdin.flush()
            assert int(writer.stdout.readline()) == step
            eventually(lambda: board.steps(run, "filters", "conv"), lambda steps, step=step: step in steps)
            ((_, arrays),) = board.ask("records", run=run, kind="filters", layer="conv", step=step).arrays()
            expected = np.random.default_rng(step).normal(size=(4, 2, 3, 3)).astype(np.float32)
            np.testing.assert_array_equal(arrays["kernel"], expected)
            ((_, losses),) = board.ask("series", run=run, kind="losses").arrays()
            np.testing.assert_array_equal(losses["step"], np.arange(step + 1))
            np.testing.assert_array_equal(losses["loss"], (np.arange(step + 1) / 7).astype(np.float32))
    finally:
        writer.kill()
        writer.communicate()


HOSTILE_RUNS = [
    "<script>alert(1)<", "a&b=c#d?e", "100%", "%2e%2e", "...", " spaces ", "x" * 200, "русский ряд", "\u202edlrow",
    "line\nbreak", "quote\"'`", "back\\slash", "a=b;c", "+plus+",
]  # fmt: skip
HOSTILE_LAYERS = [
    *HOSTILE_RUNS, "../../etc/passwd", "/etc/passwd", "..", ".", "", "nul\0byte", "y" * 10_000, "a/b//c", "__proto__",
]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="these are no names of folders on Windows")
def test_hostile_names_are_only_names(board: Board) -> None:
    for number, name in enumerate(HOSTILE_RUNS):
        folder = board.logdir / "hostile" / name
        if folder.exists():  # both readers serve the same folder
            continue
        with closing(RecordWriter(folder)) as writer:
            for place, layer in enumerate(HOSTILE_LAYERS):
                kernel = np.full((1, 1, 1, 1), number * 100 + place, np.float32)
                writer.write(Record("filters", 0, layer, {"kernel": kernel}))
    wanted = {f"hostile/{name}" for name in HOSTILE_RUNS}
    eventually(lambda: {run["name"] for run in board.ask("runs").json["runs"]}, lambda names: wanted <= names)
    for number, name in enumerate(HOSTILE_RUNS):
        (kind,) = board.ask("run", run=f"hostile/{name}").json["kinds"]
        assert sorted(layer for group in kind["groups"] for layer in group["layers"]) == sorted(HOSTILE_LAYERS)
        query = {"run": f"hostile/{name}", "kind": "filters", "layer": HOSTILE_LAYERS, "step": 0}
        answer = board.ask("records", **query).arrays()
        assert [entry["layer"] for entry, _ in answer] == HOSTILE_LAYERS
        assert [int(arrays["kernel"].item()) for _, arrays in answer] == [
            number * 100 + place for place in range(len(HOSTILE_LAYERS))
        ]


def test_a_damaged_record_is_gone_and_the_next_one_is_served(board: Board) -> None:
    folder = board.logdir / "damaged"
    kernels = [np.full((2, 1, 40, 40), step + 0.5, np.float32) for step in range(3)]
    if not folder.exists():
        with closing(RecordWriter(folder)) as writer:
            for step, kernel in enumerate(kernels):
                writer.write(Record("filters", step, "conv", {"kernel": kernel}))
        (path,) = folder.iterdir()
        content = bytearray(path.read_bytes())
        content[content.index(kernels[1].tobytes()) + 777] ^= 4
        path.write_bytes(content)
    eventually(lambda: board.steps("damaged", "filters", "conv"), lambda steps: 2 in steps)
    answer = board.ask("records", run="damaged", kind="filters", layer="conv", step=1)
    assert (answer.status, answer.json["error"]) == (410, "damaged")
    assert "CRC" in answer.json["reason"]
    assert str(board.logdir) not in answer.json["reason"]
    for step in (0, 2):
        ((_, arrays),) = board.ask("records", run="damaged", kind="filters", layer="conv", step=step).arrays()
        np.testing.assert_array_equal(arrays["kernel"], kernels[step])


def test_a_cut_off_file_is_served_as_far_as_it_goes_and_noticed(board: Board) -> None:
    folder = board.logdir / "broken"
    if not folder.exists():
        with closing(RecordWriter(folder)) as writer:
            for step in range(2):
                writer.write(Record("filters", step, "conv", {"kernel": np.ones((1, 1, 1, 1), np.float32)}))
        (path,) = folder.iterdir()
        path.write_bytes(path.read_bytes() + b"\xff" * 40)
    eventually(lambda: board.steps("broken", "filters", "conv"), lambda steps: steps == [0, 1])
    (notice,) = board.ask("run", run="broken").json["notices"]
    assert notice["file"].endswith(".records")
    assert "/" not in notice["file"]
    assert notice["offset"] == (folder / notice["file"]).stat().st_size - 40
    assert next(run for run in board.ask("runs").json["runs"] if run["name"] == "broken")["notices"] == 1


def _append_of_schema(folder: Path, schema: int, record: Record) -> None:
    """As a later version would write it: a record whose directory names that schema."""
    payload = b"".join(encode(record))
    later = payload.replace(b'"schema":1', b'"schema":%d' % schema)
    assert later != payload
    folder.mkdir(parents=True, exist_ok=True)
    path = next(folder.iterdir(), folder / "cnnviz.1.host.1.records")
    with path.open("ab") as file:
        file.write(b"".join(frame([later])))


def test_a_log_of_a_later_version_says_so_and_shows_what_is_understood(board: Board) -> None:
    mixed, newer = board.logdir / "later-mixed", board.logdir / "later-only"
    if not mixed.exists():
        _run(mixed, 6)
        _append_of_schema(mixed, 2, Record("filters", 1, "conv", {"kernel": np.ones((1, 1, 1, 1), np.float32)}))
        model = ModelRecord("net", [], [], 7).to_json().replace(b'"name"', b'"of_a_later_version":{"a":[]},"name"', 1)
        with closing(RecordWriter(mixed)) as writer:
            writer.write(Record("model", 2, arrays={"json": np.frombuffer(model, np.uint8)}))
        _append_of_schema(newer, 2, Record("filters", 1, "conv", {"kernel": np.ones((1, 1, 1, 1), np.float32)}))
    eventually(lambda: board.steps("later-mixed", "model"), lambda steps: steps == [2])
    assert board.steps("later-mixed", "filters", "conv") == [0]
    assert _kernel(board, "later-mixed") == 6
    listed = {run["name"]: run for run in board.ask("runs").json["runs"]}
    assert listed["later-only"]["kinds"] == []
    log = open_log(board.logdir)
    for name in ("later-mixed", "later-only"):
        assert listed[name]["notices"] == 1
        detail = board.ask("run", run=name).json
        (notice,) = detail["notices"]
        assert "schema 2 is newer than 1" in notice["reason"]
        assert [(said.file, said.offset, said.reason) for said in log[name].notices] == [tuple(notice.values())]
    assert board.ask("run", run="later-mixed").json["model"]["parameters"] == 7
    assert log["later-mixed"].read("filters", "conv", 0)["kernel"].item() == 6
    assert log["later-mixed"].model.parameters == 7
    with pytest.raises(KeyError, match="filters"):
        log["later-only"].read("filters", "conv")


def test_a_model_record_of_wrong_types_is_left_out_with_a_notice(board: Board) -> None:
    folder = board.logdir / "mistyped"
    if not folder.exists():
        good = ModelRecord("net", [], [], 0).to_json()
        with closing(RecordWriter(folder)) as writer:
            hostile = good.replace(b'"name":"net"', b'"name":{"toString":1}')
            assert hostile != good
            writer.write(Record("model", 0, arrays={"json": np.frombuffer(hostile, np.uint8)}))
    eventually(lambda: board.steps("mistyped", "model"), lambda steps: steps == [0])
    detail = board.ask("run", run="mistyped").json
    assert detail["model"] is None
    (notice,) = detail["notices"]
    assert "name has the wrong type" in notice["reason"]


def _run(folder: Path, value: float) -> None:
    with closing(RecordWriter(folder)) as writer:
        writer.write(Record("filters", 0, "conv", {"kernel": np.full((1, 1, 1, 1), value, np.float32)}))


def _kernel(board: Board, run: str) -> float:
    ((_, arrays),) = board.ask("records", run=run, kind="filters", layer="conv", step=0).arrays()
    return float(arrays["kernel"].item())


def test_logdir_spec_and_the_list_of_hosts(tmp_path: Path, installed: None) -> None:
    names = ["first", "second", "bare"]
    for value, name in enumerate(names):
        _run(tmp_path / name / "run", value)
    spec = f"one:{tmp_path / 'first'},two:{tmp_path / 'second'},{tmp_path / 'bare'}"
    environment = {**os.environ, "TB_CNNVIZ_ALLOWED_HOSTS": "localhost, tb.example.org"}
    with tensorboard("--logdir_spec", spec, env=environment) as server:
        board = Board(server.address, tmp_path)
        names = eventually(lambda: [run["name"] for run in board.ask("runs").json["runs"]])
        assert sorted(names) == ["one/run", "run", "two/run"]
        assert [_kernel(board, run) for run in ("one/run", "two/run", "run")] == [0, 1, 2]
        assert eventually(lambda: board.fetch("/data/plugins_listing").json["cnnviz"]["enabled"])
        for host, status in (
            ("tb.example.org", 200),
            ("TB.Example.org:6006", 200),
            ("evil.example.org", 403),
            ("", 403),
        ):
            answer = board.fetch(f"{ROUTE}runs", headers={"Host": host})
            assert answer.status == status, host
        assert urlsplit(server.address).hostname == "localhost"


def test_without_a_list_of_hosts_every_host_is_answered(board: Board) -> None:
    assert board.fetch(f"{ROUTE}runs", headers={"Host": "some.proxy:8080"}).status == 200


@pytest.mark.parametrize("reader", list(READERS))
def test_runs_that_go_are_no_longer_listed(boards: dict[str, Board], reader: str) -> None:
    board, name = boards[reader], f"passing-{reader}"
    _run(board.logdir / name, 1)
    eventually(lambda: board.steps(name, "filters", "conv"), lambda steps: steps == [0])
    (path,) = (board.logdir / name).iterdir()
    path.unlink()
    eventually(lambda: board.ask("run", run=name).status, lambda status: status == 404)
