"""The Lab's Loss: its numbers against numpy from the log, its bars' pixels, keys, drag, link, files, and where it is offered."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage

MODE = "cnn-lab-loss"


def softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def losses(z: np.ndarray, label: int) -> dict[str, float]:
    """Of one image's logits, by the textbook."""
    p, y = softmax(z), np.eye(len(z))[label]
    error = np.abs(p - y)
    return {
        "categorical_crossentropy": -np.log(p[label]),
        "binary_crossentropy": -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(),
        "mean_squared_error": np.square(error).mean(),
        "huber": (np.square(error) / 2).mean(),
        "dice": 1 - 2 * p[label] / (p.sum() + 1 + 1e-7),
    }


def slope(z: np.ndarray, label: int, row: int, name: str) -> float:
    step = np.eye(len(z))[row] * 1e-5
    return (losses(z + step, label)[name] - losses(z - step, label)[name]) / 2e-5


def shown(cnn: CnnPage, more: str = "true") -> dict[str, Any]:
    state: dict[str, Any] = cnn.wait(f"(s => s && s.mode === 'loss' && ({more}) ? s : null)(view.state)")
    return state


def logged(logdir: Path) -> tuple[Any, Any, int, np.ndarray, np.ndarray]:
    """A run of the log, the layer of its predictions, its last step, and logits and labels there."""
    log = open_log(logdir)
    run = next(log[name] for name in sorted(log) if len(log[name].steps("predictions")))
    step = int(run.steps("predictions")[-1])
    z = run.read("predictions", None, step)["y_pred"].astype(np.float64)
    labels = np.asarray(run.read("probe", None, run.steps("probe")[0])["y"]).astype(int).ravel()
    return run, run.layers[-1], step, z, labels


def check_losses(state: dict[str, Any], z: np.ndarray, labels: np.ndarray, image: int) -> None:
    """`z`: of all images, the shown one as it stands."""
    row = state["focus"]
    assert {each["name"] for each in state["losses"]} == losses(z[0], 0).keys()
    for each in state["losses"]:
        name = each["name"]
        np.testing.assert_allclose(each["value"], losses(z[image], labels[image])[name], rtol=1e-9, err_msg=name)
        slopes = [slope(z[i], labels[i], row, name) for i in range(len(z))]
        np.testing.assert_allclose(each["byInput"], slopes[image], rtol=1e-4, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(each["meanByInput"], np.mean(slopes), rtol=1e-4, atol=1e-9, err_msg=name)
        mean = np.mean([losses(z[i], labels[i])[name] for i in range(len(z))])
        np.testing.assert_allclose(each["mean"], mean, rtol=1e-9, err_msg=name)


def test_numbers_are_those_of_the_log(cnn: CnnPage, logdir: Path) -> None:
    run, layer, step, z, labels = logged(logdir)
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="loss", image=1)
    state = shown(cnn, "s.image === 1")
    assert (state["layer"], state["step"], state["head"], state["given"]) == (layer.path, step, "softmax", "logits")
    assert state["own"] == state["drawn"] == "categorical_crossentropy"
    assert state["focus"] == labels[1]
    p, y = softmax(z), np.eye(z.shape[1])[labels]
    for row in state["rows"]:
        k = row["index"]
        np.testing.assert_allclose([row["z"], row["p"], row["error"]], [z[1, k], p[1, k], (p - y)[1, k]], rtol=1e-9)
        assert row["isTrue"] == (k == labels[1])
    errors = run.read("error_maps", layer.path, step)
    np.testing.assert_allclose([row["logged"] for row in state["rows"]], errors["maps"][1] * len(z), rtol=1e-6)
    assert state["errorDeviation"] < 1e-6
    comparison = state["comparison"]
    value = run.read("errors", layer.path, step)["loss_value"]
    assert comparison["is"] == "agrees"
    np.testing.assert_allclose(
        [comparison["computed"], comparison["logged"]], [-np.log(p[y == 1]).mean(), value], rtol=1e-6
    )
    assert comparison["words"] in " ".join(cnn.texts(f"{MODE} .row-note"))
    check_losses(state, z, labels, 1)
    answer = cnn.frame.locator(f"{MODE} svg .answer").all_text_contents()
    assert f"−log {p[1, labels[1]]:#.3g}" in answer[0]
    bars_end_where_they_should(cnn, state)


def bars_end_where_they_should(cnn: CnnPage, state: dict[str, Any]) -> None:
    """Of the true row: blue from its error's zero to the left, and nothing to the right."""
    rect = cnn.wait("view.cellRect('error', argument, 0)", state["focus"])
    x, y = cnn.cell("view.cellRect('error', argument, 0)", state["focus"])
    pixels = cnn.pixels().astype(int)
    quarter = rect["width"] / 4
    left, right = pixels[int(y), int(x - quarter)], pixels[int(y), int(x + quarter)]
    assert left[2] - left[0] > 80
    assert right[2] - right[0] < 30


def test_keys_and_drag_move_all_losses_and_reset_brings_the_log_back(cnn: CnnPage, logdir: Path) -> None:
    run, layer, _, z, labels = logged(logdir)
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="loss", image=0)
    before = shown(cnn, "s.image === 0")
    cnn.frame.locator(f"{MODE} svg.picture").focus()
    lo, hi = before["range"]
    cnn.page.keyboard.press("Shift+ArrowRight")
    state = shown(cnn, "s.isMoved")
    moved = z.copy()
    moved[0, labels[0]] += (hi - lo) / 16
    np.testing.assert_allclose(state["rows"][state["focus"]]["z"], moved[0, labels[0]], rtol=0, atol=1e-6)
    moved[0, labels[0]] = state["rows"][state["focus"]]["z"]
    check_losses(state, moved, labels, 0)
    assert state["errorDeviation"] is None
    assert state["comparison"] == before["comparison"], "the log is compared with what was logged"
    assert "moved by hand" in cnn.texts(f"{MODE} [slot=subtitle]")[0]

    cnn.page.keyboard.press("ArrowDown")
    state = shown(cnn, f"s.focus !== {state['focus']}")
    assert state["focus"] == min(labels[0] + 1, z.shape[1] - 1)
    row = state["focus"]
    x, y = cnn.cell("view.cellRect('logit', argument, 0)", row)
    width = cnn.wait("view.cellRect('logit', argument, 0)", row)["width"]
    cnn.page.mouse.move(x, y)
    cnn.page.mouse.down()
    cnn.page.mouse.move(x + width / 4, y, steps=4)
    cnn.page.mouse.up()
    middle, quarter = (lo + hi) / 2, (hi - lo) / 4
    state = shown(cnn, f"Math.abs(s.rows[{row}].z - {middle + quarter}) < {(hi - lo) / width * 1.5}")
    moved[0, row] = state["rows"][row]["z"]
    check_losses(state, moved, labels, 0)
    moved[0, row] = on_the_curve(cnn, lo, hi)

    link = cnn.wait("Object.fromEntries(view.session.raw)")
    assert link["lab.moved"].startswith("0|")
    cnn.frame.locator(f"{MODE} button", has_text="Reset").click()
    check_losses(shown(cnn, "!s.isMoved"), z, labels, 0)
    cnn.open(**{key.replace(".", "__"): value for key, value in link.items()})
    check_losses(shown(cnn, "s.isMoved"), moved, labels, 0)
    cnn.press("]")
    assert not shown(cnn, "s.image === 1")["isMoved"], "what was moved holds for its own image"


def on_the_curve(cnn: CnnPage, lo: float, hi: float) -> float:
    """A press on a curve puts the moved logit there; where it stands then."""
    cnn.page.mouse.click(*cnn.cell("view.cellRect('curve', 0, 0)", None))
    state = shown(cnn, f"Math.abs(s.rows[s.focus].z - {(lo + hi) / 2}) < {(hi - lo) / 50}")
    return float(state["rows"][state["focus"]]["z"])


def test_it_is_saved_and_the_sentence_has_its_numbers(cnn: CnnPage, logdir: Path) -> None:
    run, layer, step, z, labels = logged(logdir)
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="loss", image=0)
    state = shown(cnn, "s.image === 0")
    rows, table = cnn.wait("view.saveCsv()").split("\r\n\r\n")
    saved = list(csv.DictReader(io.StringIO(rows)))
    np.testing.assert_allclose([float(line["logit"]) for line in saved], z[0], rtol=1e-9)
    assert {(line["run"], line["step"], line["by_hand"]) for line in saved} == {(run.name, str(step), "no")}
    by_name = {line["loss"]: line for line in csv.DictReader(io.StringIO(table))}
    for each in state["losses"]:
        assert float(by_name[each["name"]]["value"]) == each["value"]
    drawn = ElementTree.fromstring(cnn.wait("view.saveSvg()"))
    assert len(drawn.findall(".//*[@data-loss]")) == len(state["losses"])
    assert len(drawn.findall(".//*[@data-row]")) == len(state["rows"])
    assert cnn.wait("view.savePng().then(blob => blob.size)") > 5000

    lo = state["range"][0]
    worst = z[0].copy()
    worst[labels[0]] = lo
    grid = np.linspace(*state["range"], 81)
    kept = {}
    for name in ("mean_squared_error", "categorical_crossentropy"):
        slopes = []
        for value in grid:
            there = z[0].copy()
            there[labels[0]] = value
            slopes.append(abs(slope(there, labels[0], labels[0], name)))
        kept[name] = slopes[0] / max(slopes)
        found = next(each for each in state["losses"] if each["name"] == name)
        np.testing.assert_allclose(found["atWrong"], kept[name], rtol=1e-2, atol=1e-5)
    assert kept["mean_squared_error"] < 0.05 < 0.9 < kept["categorical_crossentropy"]
    lesson = cnn.texts(f"{MODE} .lesson")[0]
    assert "hardly learns" in lesson
    assert f"{softmax(worst)[labels[0]] * 10**5:.1f}·10⁻⁵" in lesson or "p = " in lesson


def test_other_layers_lead_to_it_and_it_leads_back(cnn: CnnPage, logdir: Path) -> None:
    run, layer, *_ = logged(logdir)
    convolutions = [each for each in run.layers if each.role == "convolution"]
    cnn.open(view="lab", run=run.name, layer=convolutions[0].path)
    cnn.wait("view.state?.mode === 'convolution'")
    modes = cnn.frame.locator("cnn-lab-view cnn-segmented button")
    modes.filter(has_text="Loss").click()
    assert shown(cnn)["layer"] == layer.path
    assert cnn.wait("view.session.layer.path") == layer.path
    modes.filter(has_text="Convolution").click()
    assert cnn.wait("view.state?.mode === 'convolution' && view.state")["layer"] == convolutions[-1].path
    cnn.open(view="lab", run=run.name, layer=layer.path)
    assert shown(cnn)["layer"] == layer.path, "the Lab of the last layer is its loss"
