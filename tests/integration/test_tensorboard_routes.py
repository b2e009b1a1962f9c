"""What the plugin answers in a real TensorBoard, compared with the log as `open_log` reads it."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.util import tensor_util

from tb_cnnviz import open_log
from tb_cnnviz.records.quantisation import restore_kernel, restore_maps
from tests.fixtures.make_logs import EPOCHS, STEPS
from tests.integration.conftest import ROUTE, Board
from tests.support.eventually import eventually

ADAM = "mnist/adam"
LAYERS = ["digit_network/conv1", "digit_network/conv2", "digit_network/conv3"]
ROUTES = ("runs", "run", "records", "series", "weights", "verdicts", "index.js")


def test_the_tab_is_listed_and_active(board: Board) -> None:
    plugin = eventually(lambda: board.fetch("/data/plugins_listing").json["cnnviz"], lambda seen: seen["enabled"])
    assert plugin["tab_name"] == "CNN"
    assert plugin["loading_mechanism"] == {"type": "IFRAME", "module_path": f"{ROUTE}index.js"}


def test_the_page_is_served_as_tensorboard_loads_it(board: Board) -> None:
    entry = board.fetch("/data/plugin_entry.html?name=cnnviz")
    assert entry.status == 200
    assert b'import("./index.js")' in entry.body
    script = board.fetch(f"{ROUTE}index.js")
    assert script.status == 200, script.body[:300]
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"render" in script.body
    small = board.fetch(f"{ROUTE}index.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(small.body) == script.body
    for etag in (script.headers["ETag"], small.headers["ETag"]):
        accepts = {"Accept-Encoding": "gzip"} if etag == small.headers["ETag"] else {}
        assert board.fetch(f"{ROUTE}index.js", headers={"If-None-Match": etag, **accepts}).status == 304


def test_runs_are_those_of_the_log(board: Board) -> None:
    answer = board.ask("runs")
    assert answer.headers["Cache-Control"] == "no-store"
    listed = {run["name"]: run for run in answer.json["runs"]}
    run = open_log(board.logdir)[ADAM]
    adam = listed[ADAM]
    assert {"mnist/adam", "mnist/sgd"} <= set(listed)
    assert sorted(adam["kinds"]) == sorted(run.kinds)
    assert adam["last_step"] == STEPS
    assert adam["notices"] == 0
    (records,) = (board.logdir / ADAM).glob("*.records")
    assert adam["bytes"] == records.stat().st_size
    assert 0 < adam["first_wall_time"] <= adam["last_wall_time"]
    assert adam["curve"]["metric"] == "val_loss"
    assert adam["curve"]["total"] == EPOCHS == len(adam["curve"]["values"])


def test_a_run_says_what_its_model_is_and_what_is_logged(board: Board) -> None:
    detail = board.ask("run", run=ADAM).json
    run = open_log(board.logdir)[ADAM]
    assert detail["model"] == json.loads(run.model.to_json())
    for kind in detail["kinds"]:
        for group in kind["groups"]:
            for layer in group["layers"] or [None]:
                assert group["steps"] == run.steps(kind["kind"], layer), (kind["kind"], layer)
    assert board.steps(ADAM, "filters", LAYERS[0])[-1] == STEPS


def test_kernels_come_layers_outermost_and_equal_the_log(board: Board) -> None:
    run = open_log(board.logdir)[ADAM]
    steps = run.steps("filters", LAYERS[0])[::3]
    answer = board.ask("records", run=ADAM, kind="filters", layer=LAYERS[::-1], step=steps).arrays()
    assert [(entry["layer"], entry["step"]) for entry, _ in answer] == [
        (layer, step) for layer in LAYERS[::-1] for step in steps
    ]
    for entry, arrays in answer:
        expected = run.read("filters", entry["layer"], entry["step"])["kernel"]
        np.testing.assert_array_equal(restore_kernel(arrays["kernel"], arrays.get("scale")), expected)
        assert np.abs(expected).max() > 0


def test_maps_of_pooling_and_convolution_equal_the_log(board: Board) -> None:
    run = open_log(board.logdir)[ADAM]
    for layer in ("digit_network/pool1", "digit_network/conv3"):
        ((_, arrays),) = board.ask("records", run=ADAM, kind="feature_maps", layer=layer, step=STEPS).arrays()
        expected = run.read("feature_maps", layer, STEPS)["maps"]
        restored = restore_maps(arrays["maps"], arrays.get("lo"), arrays.get("hi"))
        np.testing.assert_array_equal(restored, expected)
        assert np.ptp(expected) > 0


def test_every_kind_that_is_logged_is_served_as_it_lies_in_the_file(board: Board) -> None:
    """What lies there is read here frame by frame, with TensorBoard's proto."""
    (path,) = (board.logdir / ADAM).glob("*.records")
    kinds = set()
    content, at = path.read_bytes(), 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 8], "little")
        event = Event.FromString(content[at + 12 : at + 12 + length])
        at += length + 16
        directory, *values = event.summary.value
        said = json.loads(directory.tensor.string_val[0])
        if (said["kind"], said["layer"]) in kinds or not event.step:
            continue
        asked = {"run": ADAM, "kind": said["kind"], "step": event.step, "repeat": 0}
        ((entry, arrays),) = board.ask(
            "records", **asked, **({"layer": said["layer"]} if said["layer"] else {})
        ).arrays()
        if entry["wall_time"] != event.wall_time:
            continue  # logged again at this step, after what this loop has met
        kinds.add((said["kind"], said["layer"]))
        assert entry["attributes"] == said["attributes"]
        assert list(arrays) == [item["name"] for item in said["arrays"]]
        for value, (name, array) in zip(values, arrays.items(), strict=True):
            assert value.tag.endswith(f"/{name}")
            expected = tensor_util.make_ndarray(value.tensor)
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
    logged = {kind for kind, _ in kinds}
    assert {"activations", "errors", "error_maps", "gradients", "feature_maps", "operations", "losses"} <= logged


@pytest.mark.parametrize(("kind", "first"), [("activations", "mean"), ("errors", "norm")])
def test_statistics_by_layer_are_columns_over_steps(board: Board, kind: str, first: str) -> None:
    run = open_log(board.logdir)[ADAM]
    for layer in LAYERS[:2]:
        names = [first, "zeros", "count", "max"]
        ((entry, arrays),) = board.ask("series", run=ADAM, kind=kind, layer=layer, column=names).arrays()
        assert arrays["step"].tolist() == run.steps(kind)
        places = [row["place"] for row in entry["attributes"]["rows"]]
        assert {row["layer"] for row in entry["attributes"]["rows"]} == {layer}
        for row, step in enumerate(run.steps(kind)):
            logged = run.read(kind, layer, step)
            for column, place in enumerate(places):
                one = logged if logged["place"] == place else logged[place]
                for name in names:
                    assert arrays[name][row, column] == one[name], (step, place, name)


def test_records_of_the_whole_model_take_no_layer(board: Board) -> None:
    ((entry, arrays),) = board.ask("records", run=ADAM, kind="probe", step=0).arrays()
    assert entry["layer"] is None
    np.testing.assert_array_equal(arrays["x"], open_log(board.logdir)[ADAM].read("probe", None, 0)["x"])


def test_losses_have_one_row_for_every_training_step(board: Board) -> None:
    ((_, arrays),) = board.ask("series", run=ADAM, kind="losses").arrays()
    np.testing.assert_array_equal(arrays["step"], np.arange(STEPS))
    np.testing.assert_array_equal(arrays["examples"], np.arange(1, STEPS + 1) * 32)
    assert arrays["wall_time"].dtype == np.float64
    assert (np.diff(arrays["wall_time"]) > 0).all()
    (row,) = [row for row in board.ask("runs").json["runs"] if row["name"] == ADAM]
    assert row["first_wall_time"] < arrays["wall_time"][0] < arrays["wall_time"][-1] < row["last_wall_time"]
    ((_, ends),) = board.ask("series", run=ADAM, kind="epochs", column="wall_time").arrays()
    assert (arrays["wall_time"][ends["step"].astype(int) - 1] < ends["wall_time"]).all()
    ((entry, thinned),) = board.ask("series", run=ADAM, kind="losses", column="loss", points=9).arrays()
    assert set(thinned) == {"step", "loss"}
    assert entry["attributes"]["of"] == STEPS
    assert len(thinned["loss"]) == entry["attributes"]["points"] <= 9
    np.testing.assert_array_equal(arrays["loss"][thinned["step"].astype(int)], thinned["loss"])
    assert arrays["loss"].max() in thinned["loss"]
    assert arrays["loss"].min() in thinned["loss"]


def test_gradients_are_columns_over_steps(board: Board) -> None:
    run = open_log(board.logdir)[ADAM]
    ((entry, arrays),) = board.ask("series", run=ADAM, kind="gradients").arrays()
    variables = run.model.variables
    assert arrays["step"].tolist() == run.steps("gradients")
    for column, variable in enumerate(variables):
        for row, step in enumerate(run.steps("gradients")):
            expected = run.read("gradients", variable.path, step)
            for name in ("norm", "update_norm", "weight_norm", "min", "max", "zeros"):
                np.testing.assert_array_equal(arrays[name][row, column], expected[name], err_msg=name)
            full = np.zeros(509, np.int64)
            start = entry["attributes"]["bin_start"]
            full[start : start + arrays["histogram"].shape[2]] = arrays["histogram"][row, column]
            assert full.sum() == variable.size
            np.testing.assert_array_equal(full[full > 0], expected["histogram"][expected["histogram"] > 0])


def test_followed_weights_equal_the_log(board: Board) -> None:
    run = open_log(board.logdir)[ADAM]
    for place, variable in enumerate(run.model.variables):
        ((entry, arrays),) = board.ask("weights", run=ADAM, variable=place).arrays()
        steps = run.steps("gradient_samples")
        assert arrays["step"].tolist() == steps
        assert entry["attributes"] == {"points": len(steps), "of": len(steps)}
        for row, step in enumerate(steps):
            expected = run.read("gradient_samples", variable.path, step)
            np.testing.assert_array_equal(arrays["indices"], expected["indices"])
            for name in ("gradient", "value", "update"):
                np.testing.assert_array_equal(arrays[name][row], expected[name], err_msg=name)


def test_epochs_hold_every_metric(board: Board) -> None:
    ((_, arrays),) = board.ask("series", run=ADAM, kind="epochs").arrays()
    assert {"step", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"} <= set(arrays)
    assert arrays["step"].tolist() == [STEPS / 2, STEPS]


def test_an_answer_that_is_still_true_is_not_sent_again(board: Board) -> None:
    for route, query in (
        ("records", {"run": ADAM, "kind": "filters", "layer": LAYERS[0], "step": [0, 4]}),
        ("series", {"run": ADAM, "kind": "losses", "points": 10}),
        ("weights", {"run": ADAM, "variable": 0}),
    ):
        first = board.ask(route, **query)
        assert "no-cache" in first.headers["Cache-Control"]
        path = f"{ROUTE}{route}?" + "&".join(f"{k}={v}" for k, vs in query.items() for v in np.atleast_1d(vs))
        again = board.fetch(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        head = board.fetch(path, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(first.body)


@pytest.mark.parametrize(
    ("status", "query"),
    [
        (404, "run?run=nobody"),
        (404, "run?run=mnist"),
        (404, f"records?run={ADAM}&kind=filtres&layer=x&step=0"),
        (404, f"records?run={ADAM}&kind=filters&layer=conv9&step=0"),
        (404, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step=3"),
        (404, f"series?run={ADAM}&kind=filters"),
        (404, f"series?run={ADAM}&kind=losses&column=nothing"),
        (404, f"series?run={ADAM}&kind=gradients&variable=99"),
        (404, "nothing"),
        (404, "runs/more"),
        (400, "run"),
        (400, f"run?run={ADAM}&run={ADAM}"),
        (400, f"run?run={ADAM}&layer=x"),
        (400, "runs?x=1"),
        (400, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}"),
        (400, f"records?run={ADAM}&kind=filters&step=0"),
        (400, f"records?run={ADAM}&kind=probe&layer=x&step=0"),
        (400, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step=-1"),
        (400, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step=1e3"),
        (400, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step=99999999999999999"),
        (400, f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step=%D9%A3"),
        (400, f"records?run={ADAM}&kind=probe" + "".join(f"&step={step}" for step in range(4097))),
        (400, f"series?run={ADAM}&kind=losses&points=4"),
        (400, f"series?run={ADAM}&kind=losses&variable=0"),
        (400, f"series?run={ADAM}&kind=gradients&variable=-1"),
        (400, f"series?run={ADAM}&kind=losses&points=nan"),
        (400, f"series?run={ADAM}&kind=losses&layer={LAYERS[0]}"),
        (400, f"series?run={ADAM}&kind=errors&layer={LAYERS[0]}&layer={LAYERS[1]}"),
        (400, f"series?run={ADAM}&kind=errors&variable=0"),
        (404, f"series?run={ADAM}&kind=errors&layer=../../etc/passwd"),
        (404, f"series?run={ADAM}&kind=activations&place=%00"),
        (404, f"series?run={ADAM}&kind=activations&column=channel_mean"),
        (404, f"series?run={ADAM}&kind=error_maps"),
        (404, f"weights?run={ADAM}&variable=99"),
        (404, "weights?run=nobody&variable=0"),
        (404, "weights?run=mnist/keras&variable=0"),
        (400, f"weights?run={ADAM}"),
        (400, f"weights?run={ADAM}&variable=-1"),
        (400, f"weights?run={ADAM}&variable=0&points=4"),
        (400, f"weights?run={ADAM}&variable=0&step=1"),
    ],
)
def test_what_cannot_be_answered_says_why(board: Board, status: int, query: str) -> None:
    answer = board.fetch(ROUTE + query)
    assert answer.status == status, answer.body[:300]
    assert set(answer.json) == {"error", "reason"}
    assert all(isinstance(text, str) and text for text in answer.json.values())
    assert str(board.logdir) not in answer.body.decode()
    assert "Traceback" not in answer.body.decode()


def test_the_reason_for_too_many_records_names_the_bound(board: Board) -> None:
    steps = "".join(f"&step={step}" for step in range(4097))
    assert "4096" in board.fetch(f"{ROUTE}records?run={ADAM}&kind=probe{steps}").json["reason"]


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_but_reading_is_allowed_and_no_other_site_may_ask(board: Board, route: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = board.fetch(ROUTE + route, method)
        assert (answer.status, answer.json["error"]) == (405, "method not allowed")
        assert answer.headers["Allow"] == "GET, HEAD"
    assert board.fetch(ROUTE + route, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert board.fetch(ROUTE + route, headers={"Sec-Fetch-Site": "same-origin"}).status in (200, 400)


TRAVERSALS = [
    "..", "../", "%2e%2e", "%2e%2e/", "..%2f", "%2e%2e%2f", "..%5c", "....//", "/", "//", "///etc/passwd",
    "%2fetc%2fpasswd", "../../../../../../etc/passwd", "%2e%2e%2f" * 8 + "etc/passwd", "..%252f" * 8 + "etc%252fpasswd",
    "%00", "index.js%00", "index.js%00.png", "%c0%ae%c0%ae/", "./plugin.py", "../plugin.py", "..%2fplugin.py",
    "__init__.py", "%2e%2e/%2e%2e/http_schema.py", "file:///etc/passwd", "static/../../plugin.py", "\\..\\plugin.py",
]  # fmt: skip


@pytest.mark.parametrize("route", ["", *(f"{route}/" for route in ROUTES), *ROUTES])
def test_no_path_leads_out(board: Board, route: str) -> None:
    for form in TRAVERSALS:
        if (route, form) == ("runs", "/"):  # TensorBoard takes a slash at the end away: this is the route itself
            continue
        answer = board.fetch(f"{ROUTE}{route}{form}")
        assert answer.status in (400, 404), (route, form, answer.status)
        _assert_harmless(answer.body, board)


@pytest.mark.parametrize(
    "query",
    ["run?run={}", "records?run={}&kind=filters&layer=x&step=0", f"records?run={ADAM}&kind={{}}&step=0",
     f"records?run={ADAM}&kind=filters&layer={{}}&step=0", f"records?run={ADAM}&kind=filters&layer={LAYERS[0]}&step={{}}",
     "series?run={}&kind=losses", f"series?run={ADAM}&kind={{}}", f"series?run={ADAM}&kind=losses&column={{}}",
     f"series?run={ADAM}&kind=losses&points={{}}", f"series?run={ADAM}&kind=errors&layer={{}}",
     f"series?run={ADAM}&kind=activations&place={{}}", "runs?{}=1"],
)  # fmt: skip
def test_no_parameter_leads_out(board: Board, query: str) -> None:
    forms = [*TRAVERSALS, str(board.logdir), f"{board.logdir}/mnist/adam", "mnist/adam/", "./mnist/adam", "mnist//adam",
             "mnist/adam/../adam", "mnist/sgd/../adam", "x" * 20_000]  # fmt: skip
    for form in forms:
        answer = board.fetch(ROUTE + query.format(form.replace("\\", "%5c")))
        assert answer.status in (400, 404), (query, form[:80], answer.status)
        if str(board.logdir) not in form:
            _assert_harmless(answer.body, board)
        assert len(answer.body) < 2000


def _assert_harmless(body: bytes, board: Board) -> None:
    text = body.decode()
    for secret in ("root:", "import annotations", "Traceback", str(board.logdir), "site-packages"):
        assert secret not in text
