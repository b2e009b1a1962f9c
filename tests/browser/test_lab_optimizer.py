"""The Lab's Optimizer: paths of one weight against the log and numpy, its pixels, each of its controls, what it saves."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Route

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, number
from tests.fixtures.make_optimizer_log import SPARSE, STEPS
from tests.support.tensorboard_process import tensorboard

ROOT = Path(__file__).parents[2]

MODE = "cnn-lab-optimizer"
IDS = ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "lion")


def shown(cnn: CnnPage, more: str = "true") -> dict[str, Any]:
    state: dict[str, Any] = cnn.wait(f"(s => s && s.mode === 'optimizer' && ({more}) ? s : null)(view.state)")
    return state


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("optimizers")
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "tests.fixtures.make_optimizer_log", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def address(logdir: Path) -> Iterator[str]:
    with tensorboard("--logdir", str(logdir), "--reload_interval", "5") as server:
        yield server.address


def samples(run: Any, variable: str) -> dict[str, np.ndarray]:
    """steps [m], indices [k]; gradient, value and update [m, k]."""
    steps = run.steps("gradient_samples")
    records = [run.read("gradient_samples", variable, step) for step in steps]
    joined = {name: np.stack([record[name] for record in records]) for name in ("gradient", "value", "update")}
    return {"steps": np.array(steps), "indices": records[0]["indices"], **joined}


def exact_of(steps: np.ndarray) -> int:
    return int(np.cumprod(steps == np.arange(len(steps))).sum())


def numpy_paths(gradients: np.ndarray, start: float) -> dict[str, np.ndarray]:
    """With Keras' defaults, written down anew in float64: the weight before each update."""

    def path(step: Callable[[float, int], float]) -> np.ndarray:
        moves = [step(float(gradient), i + 1) for i, gradient in enumerate(gradients)]
        return start + np.concatenate([[0], np.cumsum(moves)[:-1]])

    m = v = 0.0

    def lion(g: float, _: int) -> float:
        nonlocal m
        move = -1e-3 * np.sign(0.9 * m + 0.1 * g)
        m = 0.99 * m + 0.01 * g
        return move

    def rmsprop(g: float, _: int) -> float:
        nonlocal v
        v = 0.9 * v + 0.1 * g * g
        return -1e-3 * g / np.sqrt(v + 1e-7)

    return {"lion": path(lion), "rmsprop": path(rmsprop)}


def assert_paths(state: dict[str, Any], run: Any) -> None:
    found = samples(run, state["variable"])
    steps, exact = found["steps"], exact_of(found["steps"])
    assert (state["steps"], state["exact"]) == (steps.tolist(), exact)
    assert exact == STEPS
    place = found["indices"].tolist().index(state["weight"])
    gradient, value, update = (found[name][:, place] for name in ("gradient", "value", "update"))
    np.testing.assert_array_equal(state["logged"][:-1], value)
    own = np.array(state["paths"][state["own"]]["values"][:exact])
    rounding = 4e-6 * np.abs(value).max()
    np.testing.assert_allclose(own, value[:exact], rtol=0, atol=rounding)
    assert np.abs(np.diff(value[:exact])).max() > 20 * rounding, "the weight moves by more than rounding"
    assert state["agreement"]["differsFrom"] is None
    assert state["agreement"]["deviation"] <= rounding
    np.testing.assert_allclose(
        value[:exact] + update[:exact], [*value[1:exact], value[exact - 1] + update[exact - 1]], atol=rounding
    )
    if state["own"] == "adam":
        for name, expected in numpy_paths(gradient, float(value[0])).items():
            found_path = state["paths"][name]["values"][:exact]
            np.testing.assert_allclose(found_path, expected, atol=2e-6 * np.abs(expected).max(), err_msg=name)


@pytest.mark.parametrize(("name", "own"), [("adam", "adam"), ("clipped", "nesterov"), ("global", "rmsprop")])
def test_the_runs_own_path_equals_the_log(cnn: CnnPage, logdir: Path, name: str, own: str) -> None:
    """With clipping by norm, by the norm of all variables, weight decay, a schedule, momentum and centering too."""
    run = open_log(logdir)[name]
    for role in ("convolution", "dense"):
        layer = next(each for each in run.layers if each.role == role)
        cnn.open(view="lab", run=name, layer=layer.path, lab__mode="optimizer")
        state = shown(cnn, f"s.layer === '{layer.path}' && s.variable.startsWith(s.layer)")
        assert (state["own"], state["chosen"]) == (own, own)
        assert set(state["paths"]) == set(IDS)
        found = samples(run, state["variable"])
        moved = np.abs(found["value"][-1].astype(float) + found["update"][-1] - found["value"][0])
        assert state["weight"] == found["indices"][moved.argmax()]
        assert_paths(state, run)
        assert "agrees with the log" in cnn.frame.locator(f"{MODE} .agrees").inner_text()
    rates = dict.fromkeys(("sgd", "momentum", "nesterov"), 0.01)
    family = {"adam": {"adam", "adamw"}, "nesterov": set(rates), "rmsprop": {"rmsprop"}}[own]
    losses = np.concatenate([run.read("losses", None, step)["learning_rate"] for step in run.steps("losses")])
    for each, path in state["paths"].items():
        assert path["origins"]["rate"] == ("run" if each in family else "Keras")
        assert np.isclose(path["rate"], losses[state["step"]] if each in family else rates.get(each, 0.001))


def test_gaps_between_logged_steps_are_told_and_drawn(cnn: CnnPage, logdir: Path) -> None:
    run = open_log(logdir)["gaps"]
    layer = next(each for each in run.layers if each.role == "dense")
    cnn.open(view="lab", run="gaps", layer=layer.path, lab__mode="optimizer", lab__optimizer="lion")
    state = shown(cnn)
    found = samples(run, state["variable"])
    assert state["steps"] == found["steps"].tolist()
    assert (state["steps"][:3], state["exact"]) == ([0, SPARSE, 2 * SPARSE], 1)
    words = cnn.frame.locator(f"{MODE} p.note").all_inner_texts()
    assert any(f"{len(state['steps'])} of {state['steps'][-1] + 1} steps were logged" in text for text in words), words
    place = found["indices"].tolist().index(state["weight"])
    held = np.repeat(found["gradient"][:, place], [*np.diff(found["steps"]), 1])
    expected = numpy_paths(held, float(found["value"][0, place]))["lion"][found["steps"]]
    np.testing.assert_allclose(state["paths"]["lion"]["values"][:-1], expected, atol=1e-6)
    guess = cnn.frame.locator(f"{MODE} [data-guess=lion]")
    assert guess.evaluate("line => getComputedStyle(line).strokeDasharray") == "5px, 3px"
    assert guess.get_attribute("d").count("L") == len(state["steps"])  # type: ignore[union-attr]


def test_every_control_changes_what_it_says(cnn: CnnPage, logdir: Path) -> None:
    run = open_log(logdir)["adam"]
    layer = next(each for each in run.layers if each.role == "convolution")
    steps = run.steps("gradient_samples")
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="optimizer", step=steps[4], axis="linear")
    assert shown(cnn)["step"] == steps[4]
    formula_is_that_of_the_step(cnn, run)

    first = shown(cnn)["weight"]
    cnn.frame.locator(f"{MODE} cnn-select.weight select").select_option(index=3)
    third = shown(cnn, f"s.weight !== {first}")
    assert_paths(third, run)
    cnn.frame.locator(f"{MODE} cnn-select[name=Variable] select").select_option(label="bias")
    state = shown(cnn, "s.variable.endsWith('/bias')")
    assert_paths(state, run)

    cnn.frame.locator(f"{MODE} svg.picture").focus()
    for key, name in (("ArrowDown", "adamw"), ("ArrowDown", "lion"), ("ArrowDown", "sgd"), ("ArrowUp", "lion")):
        cnn.page.keyboard.press(key)
        shown(cnn, f"s.chosen === '{name}'")
    cnn.frame.locator(f"{MODE} button[data-id=momentum]").click()
    shown(cnn, "s.chosen === 'momentum'")
    cnn.frame.locator(f"{MODE} [data-end=rmsprop] text").click()
    shown(cnn, "s.chosen === 'rmsprop'")
    cnn.frame.locator(f"{MODE} cnn-select.optimizer select").select_option("adagrad")
    shown(cnn, "s.chosen === 'adagrad'")
    by_hand(cnn)

    cnn.frame.locator(f"{MODE} cnn-select.values select").select_option("exact")
    cnn.page.wait_for_function("location.hash.includes('lab.optimizerValues=exact')", timeout=PATIENCE_MS)
    x = cnn.cell("view.cellRect(...argument)", ["run", 0, 6])[0]
    box = cnn.frame.locator(f"{MODE} [data-panel=gradient] .stems").bounding_box()
    assert box
    cnn.page.mouse.click(x, box["y"] + box["height"] / 2)
    shown(cnn, f"s.step === {steps[6]}")


def formula_is_that_of_the_step(cnn: CnnPage, run: Any) -> None:
    """Its last line is the weight that the run logged, and the update is the logged one."""
    state = shown(cnn)
    record = run.read("gradient_samples", state["variable"], state["step"])
    place = record["indices"].tolist().index(state["weight"])
    rows = [row.locator("span").all_inner_texts() for row in cnn.frame.locator(f"{MODE} .formula p").all()]
    results = {cells[0].split()[0]: number(cells[2].removeprefix("= ")) for cells in rows}
    assert np.isclose(results["Δw"], record["update"][place], rtol=2e-3, atol=1e-8)
    after = record["value"][place] + record["update"][place]
    assert np.isclose(results["w"], after, rtol=1e-3)
    assert results["w"] == results["logged"]
    kept = state["kept"][state["steps"].index(state["step"])]
    assert np.isclose(results["m"], kept["m"], rtol=1e-3)
    assert np.isclose(results["v"], kept["v"], rtol=1e-3)
    t = state["step"] + 1
    assert np.isclose(results["m̂"], kept["m"] / (1 - 0.9**t), rtol=2e-3)
    assert np.isclose(results["v̂"], kept["v"] / (1 - 0.999**t), rtol=2e-3)


def by_hand(cnn: CnnPage) -> None:
    """A number written over moves the path of its optimizer alone, stands in the address, and can be given up."""
    before = shown(cnn)["paths"]
    rate = cnn.frame.locator(f"{MODE} input[data-key=rate]")
    rate.fill("0.5")
    rate.press("Enter")
    after = shown(cnn, "s.paths.adagrad.origins.rate === 'hand'")["paths"]
    assert after["adagrad"]["rate"] == 0.5
    moved = [np.ptp(paths["adagrad"]["values"]) for paths in (before, after)]
    assert moved[1] > 100 * moved[0]
    assert [name for name in IDS if after[name]["values"] != before[name]["values"]] == ["adagrad"]
    assert "by hand" in cnn.frame.locator(f"{MODE} .settings").inner_text()
    cnn.page.wait_for_function("location.hash.includes('adagrad.rate')", timeout=PATIENCE_MS)
    rate.fill("-3")
    rate.press("Enter")
    shown(cnn, "s.paths.adagrad.origins.rate === 'Keras'")
    rate.fill("0.25")
    rate.press("Enter")
    shown(cnn, "s.paths.adagrad.rate === 0.25")
    cnn.frame.locator(f"{MODE} .settings button").click()
    assert shown(cnn, "s.paths.adagrad.origins.rate === 'Keras'")["paths"]["adagrad"] == before["adagrad"]


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_chosen_line_is_drawn_where_its_values_are(cnn: CnnPage, logdir: Path, is_dark: bool) -> None:
    run = open_log(logdir)["adam"]
    layer = next(each for each in run.layers if each.role == "convolution")
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="optimizer", step=0, lab__optimizer="lion")
    cnn.page.evaluate("dark => document.body.classList.toggle('dark-mode', dark)", is_dark)
    cnn.wait("document.documentElement.classList.contains('dark-mode') === argument", is_dark)
    exact = shown(cnn, "s.chosen === 'lion'")["exact"]
    colour = cnn.frame.locator(f"{MODE} [data-path=lion]").evaluate("line => getComputedStyle(line).stroke")
    expected = np.array([int(part) for part in colour[4:-1].split(",")])
    pixels = cnn.pixels().astype(int)
    for column in range(3, exact, 3):
        x, y = (round(at) for at in cnn.cell("view.cellRect(...argument)", ["lion", 0, column]))
        around = pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
        assert (np.abs(around - expected).max(axis=1) < 40).any(), (column, around, expected)


def test_it_saves_what_it_shows(cnn: CnnPage, logdir: Path) -> None:
    run = open_log(logdir)["adam"]
    layer = next(each for each in run.layers if each.role == "dense")
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="optimizer")
    state = shown(cnn)
    steps, settings = cnn.wait("view.saveCsv()").split("\r\n\r\n")
    rows = list(csv.DictReader(io.StringIO(steps)))
    assert [int(row["step"]) for row in rows] == state["steps"]
    for name in IDS:
        assert [float(row[name]) for row in rows] == state["paths"][name]["values"][:-1]
    found = samples(run, state["variable"])
    place = found["indices"].tolist().index(state["weight"])
    np.testing.assert_array_equal(
        np.array([row["gradient_received"] for row in rows], np.float32), found["gradient"][:, place]
    )
    saved = {(row["optimizer"], row["setting"]): row for row in csv.DictReader(io.StringIO(settings))}
    assert saved["adam", "beta_1"]["from"] == "run"
    assert saved["momentum", "momentum"]["from"] == "usual"
    picture = ElementTree.fromstring(cnn.wait("view.saveSvg()"))
    assert {line.get("data-path") for line in picture.findall(".//*[@data-path]")} == {"run", *IDS}
    assert cnn.wait("view.savePng().then(blob => blob.size)") > 10_000


def test_a_run_that_followed_no_weights_says_what_to_do(cnn: CnnPage, logdir: Path) -> None:
    def without(route: Route) -> None:
        answer = route.fetch()
        detail = answer.json()
        detail["kinds"] = [kind for kind in detail["kinds"] if kind["kind"] != "gradient_samples"]
        route.fulfill(response=answer, body=json.dumps(detail))

    run = open_log(logdir)["adam"]
    layer = next(each for each in run.layers if each.role == "convolution")
    cnn.page.route("**/cnnviz/run?*", without)
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="optimizer")
    cnn.frame.get_by_text("This run followed no weights").wait_for(timeout=PATIENCE_MS)
    assert "gradients=True" in cnn.frame.get_by_text("Train again").inner_text()
    cnn.frame.locator("cnn-lab-view cnn-segmented button", has_text="Convolution").click()
    cnn.wait("view.state?.mode === 'convolution'")
