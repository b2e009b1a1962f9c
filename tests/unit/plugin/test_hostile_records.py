"""Every route over logs whose records are whole, and say what no writer of ours would: no answer is a fault of ours."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tb_cnnviz.eventlog.encoding import Payload, Snapshot, encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.plugin.plugin import CnnVizPlugin
from tb_cnnviz.records.kinds import KINDS, SERIES
from tb_cnnviz.records.record import DTYPES

#: What an answer may be: it is there, it is refused, or its record is damaged.
ANSWERS = {200, 400, 404, 410}

STEPS = st.sampled_from([0, 1, 2, 7, 10**15 - 1, 10**15, 2**53 - 1, 2**53, 2**63 - 1])
NAMES = ["step", "loss", "epoch", "wall_time", "examples", "learning_rate", "values", "norm", "mean", "min", "zeros", "nan",
         "histogram", "rows", "json", "counts", "indices", "gradient", "value", "update", "count", "kernel", "maps", "metric:step", "batch loss", "", "é\0/..", "__proto__"]  # fmt: skip
SMALL = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)
JSON = st.recursive(
    SMALL, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


@st.composite
def attributes(draw: st.DrawFn) -> str:
    said: dict[str, Any] = draw(
        st.dictionaries(st.sampled_from(["part", "message", "x", "input_layer"]), JSON, max_size=2)
    )
    if draw(st.booleans()):
        said["names"] = draw(st.lists(st.sampled_from(NAMES), max_size=5) | JSON)
    if draw(st.booleans()):
        said["epoch"] = draw(SMALL | st.sampled_from([2**53, -(2**70), 10**400]))
    if draw(st.booleans()):
        said["bin_start"] = draw(st.integers(-600, 600) | SMALL)
    if draw(st.integers(0, 9)) == 0:
        said["deep"] = nested(draw(st.sampled_from([60, 64, 100, 600, 5000])))
    said |= {"training_s": draw(SMALL), "logging_s": draw(SMALL | st.just(10**400))}
    return dumped(said)


def dumped(value: Any) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return '{"deep":' + "[" * 5000 + "]" * 5000 + "}"


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    name, dtype = draw(st.sampled_from(NAMES)), draw(st.sampled_from(DTYPES))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    if draw(st.integers(0, 5)) == 0:
        shape = draw(
            st.sampled_from([(0, 2**62), (2**62, 0), (0, 2**31, 2**31), (2**40, 0, 3), (0,), (1,) * 32, (0,) * 33])
        )
    size = math.prod(shape) * np.dtype(dtype).itemsize
    content = draw(st.binary(min_size=size, max_size=size))
    if name == "rows" and draw(st.booleans()):
        row = {"layer": draw(SMALL), "place": draw(SMALL), "channels": draw(SMALL), "saturation": draw(JSON)}
        content = json.dumps([row] * draw(st.integers(0, 3))).encode()
        dtype, shape = "uint8", (len(content),)
    if name == "json" and draw(st.booleans()):
        content = json.dumps({"name": draw(SMALL), "layers": draw(JSON), "variables": [], "parameters": draw(SMALL), "optimizer": draw(SMALL), "hparams": draw(JSON)}).encode()  # fmt: skip
        dtype, shape = "uint8", (len(content),)
    return Payload(name, dtype, shape, content)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from([*KINDS, *SERIES, *SERIES]))
    layer = draw(st.sampled_from(["conv", "a/b", "é"])) if KINDS[kind].has_layer else None
    arrays = {payload.name: payload for payload in draw(st.lists(payloads(), max_size=5))}
    wall_time = draw(st.sampled_from([0.0, 1.7e9, -1e12, 1e12]))
    seen = Snapshot(kind, draw(STEPS), layer, wall_time, draw(attributes()), tuple(arrays.values()))
    return b"".join(frame(encode(seen)))


class Plugin:
    """The routes of a plugin over a folder."""

    def __init__(self, folder: Path) -> None:
        plugin = CnnVizPlugin(TBContext(logdir=str(folder), flags=SimpleNamespace(logdir_spec="")))
        self._apps = {route: Client(app, Response) for route, app in plugin.get_plugin_apps().items()}  # type: ignore[arg-type]

    def get(self, route: str, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self._apps[f"/{route}"].get(f"/?{urlencode(query, doseq=True)}", headers=headers)

    def everything(self) -> Iterator[Any]:
        """An answer of every route to every question that its own answers lead to."""
        yield self.get("runs")
        detail = self.get("run", run="run")
        yield detail
        yield self.get("verdicts", run="run")
        if detail.status_code != 200:
            return
        for kind in detail.json["kinds"]:
            if kind["kind"] == "gradient_samples":
                for variable in (0, 1, 2**40):
                    yield self.get("weights", run="run", variable=variable)
            for group in kind["groups"]:
                asked = {"run": "run", "kind": kind["kind"], "layer": group["layers"], "step": group["steps"]}
                yield self.get("records", **asked)
                for step in group["steps"]:
                    yield self.get("records", **{**asked, "step": step})
            if kind["kind"] in SERIES:
                for columns in ([], ["histogram"], ["norm"], ["mean", "histogram"], ["loss"], ["epoch", "wall_time"]):
                    yield self.get("series", run="run", kind=kind["kind"], column=columns)
                    yield self.get("series", run="run", kind=kind["kind"], column=columns, points=5)
                yield self.get("series", run="run", kind=kind["kind"], variable=0)
                yield self.get("series", run="run", kind=kind["kind"], place="output")


def written(folder: Path, content: bytes) -> Plugin:
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "cnnviz.1.h.1.records").write_bytes(content)
    return Plugin(folder)


@settings(max_examples=30, deadline=None)
@given(st.lists(records(), min_size=1, max_size=6))
def test_no_record_is_answered_with_a_fault(logged: list[bytes]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        for answer in written(folder, b"".join(logged)).everything():
            assert answer.status_code in ANSWERS, (answer.request.url, answer.data[:300])
    finally:
        shutil.rmtree(folder)


def record(kind: str, at: int, attributes: str = "{}", layer: str | None = None, **arrays: np.ndarray) -> bytes:
    kept = tuple(Payload(name, array.dtype.name, array.shape, array.tobytes()) for name, array in arrays.items())
    return b"".join(frame(encode(Snapshot(kind, at, layer, 1.7e9, attributes, kept))))


@pytest.mark.parametrize("depth", [10, 62, 63, 600, 3000])
def test_attributes_are_served_or_their_record_is_passed_over_however_deep_they_are(tmp_path: Path, depth: int) -> None:
    deep = dumped({"a": nested(depth)})
    plugin = written(tmp_path, record("filters", 0, deep, "conv") + record("filters", 1, "{}", "conv"))
    answers = list(plugin.everything())
    assert {answer.status_code for answer in answers} == {200}
    assert answers[1].json["kinds"][0]["groups"][0]["steps"] == ([0, 1] if depth <= 62 else [1])
    assert len(answers[1].json["notices"]) == (depth > 62)


def test_an_array_larger_than_any_is_damage(tmp_path: Path) -> None:
    huge = Payload("kernel", "uint8", (0, 2**62), b"")
    content = b"".join(frame(encode(Snapshot("filters", 0, "conv", 1.7e9, "{}", (huge,)))))
    answer = written(tmp_path, content).get("records", run="run", kind="filters", layer="conv", step=0)
    assert (answer.status_code, "larger than any array" in answer.json["reason"]) == (410, True)


def test_losses_at_steps_that_are_no_counts_are_left_out_and_counted(tmp_path: Path) -> None:
    def losses(*steps: int) -> bytes:
        return record("losses", 0, step=np.array(steps, np.int64), loss=np.ones(len(steps), np.float32))

    plugin = written(tmp_path, losses(0, 1) + losses(-5, -4) + losses(2, 2**53) + losses(3))
    answer = plugin.get("series", run="run", kind="losses")
    header = json.loads(answer.data[8 : 8 + int.from_bytes(answer.data[4:8], "little")])["records"][0]
    assert header["attributes"]["left_out"] == {"unreadable": 2, "other_shape": 0}
    assert header["attributes"]["of"] == 3


@pytest.mark.parametrize("step", [10**15 - 1, 10**15, 2**53 - 1, 2**53, 10**17, 2**63 - 1])
def test_a_step_is_listed_where_it_can_be_read(tmp_path: Path, step: int) -> None:
    one = {"kernel": np.ones(1, np.float32)}
    plugin = written(tmp_path, record("filters", 3, layer="conv", **one) + record("filters", step, layer="conv", **one))
    detail, is_listed = plugin.get("run", run="run").json, step < 2**53
    assert detail["kinds"][0]["groups"][0]["steps"] == ([3, step] if is_listed else [3])
    assert ["the step is above" in notice["reason"] for notice in detail["notices"]] == [True] * (not is_listed)
    answer = plugin.get("records", run="run", kind="filters", layer="conv", step=step)
    assert answer.status_code == (200 if is_listed else 400)


def test_a_run_written_anew_with_equal_times_has_other_etags(tmp_path: Path) -> None:
    def content(value: float) -> bytes:
        return record("filters", 0, layer="conv", kernel=np.full(9, value, np.float32)) + record(
            "epochs", 0, '{"names":["loss"],"epoch":0}', values=np.full(1, value, np.float32)
        )

    asked: list[tuple[str, dict[str, Any]]] = [
        ("records", {"run": "run", "kind": "filters", "layer": "conv", "step": 0}),
        ("series", {"run": "run", "kind": "epochs"}),
    ]
    plugin = written(tmp_path, content(1))
    held = [plugin.get(route, **query).headers["ETag"] for route, query in asked]
    for (route, query), etag in zip(asked, held, strict=True):
        assert plugin.get(route, {"If-None-Match": etag}, **query).status_code == 304
    # The first time the folder goes away and the index sees that, the second time it does not.
    for value, plugin_then in ((2, plugin), (3, Plugin(tmp_path))):
        shutil.rmtree(tmp_path / "run")
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "cnnviz.1.h.1.records").write_bytes(content(value))
        answer = plugin_then.get(asked[0][0], {"If-None-Match": held[0]}, **asked[0][1])
        assert answer.status_code in (200, 410)
        fresh = Plugin(tmp_path)
        for (route, query), etag in zip(asked, held, strict=True):
            assert fresh.get(route, {"If-None-Match": etag}, **query).status_code == 200
