"""What is drawn is what was logged: colours and hover values of cells equal those computed from the log by numpy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage, colour, number

RUNS = ("adam", "sgd")
CELLS = 6
#: A screenshot's colours are the canvas' own; a table may round its last bit another way.
CLOSE = 2
#: A large cell has its weight written across its middle.
ABOVE_NUMBER = 0.2


def layers_of(logdir: Path, kind: str) -> list[str]:
    run = open_log(logdir)["adam"]
    return (
        [layer.path for layer in run.layers if layer.role == "convolution"]
        if kind == "filters"
        else [layer.path for layer in run.layers if layer.role in ("convolution", "pooling")]
    )


def drawn_cases(logdir: Path, kind: str, seed: int) -> list[tuple[str, str, int]]:
    """Three layers, two runs and two steps, drawn by seed."""
    rng = np.random.default_rng(seed)
    log = open_log(logdir)
    paths = layers_of(logdir, kind)
    layers = [paths[i] for i in rng.choice(len(paths), 3, replace=False)]
    steps = log["adam"].steps(kind, layers[0])
    chosen = [steps[i] for i in rng.choice(len(steps), 2, replace=False)]
    return [(run, layer, step) for layer in layers for run in RUNS for step in chosen]


def show_filters(cnn: CnnPage, run: str, layer: str, step: int) -> None:
    cnn.open(view="filters", run=run, layer=layer, step=step, filters__scale="filter")
    cnn.wait(
        "view.dataset.state === 'ready' && view.shown && view.shown.run === argument[0]"
        " && view.shown.layer === argument[1] && view.shown.step === argument[2]",
        [run, layer, step],
    )
    cnn.page.wait_for_timeout(150)


def show_maps(cnn: CnnPage, run: str, layer: str, step: int, image: int) -> dict[str, Any]:
    cnn.open(view="maps", run=run, layer=layer, step=step, image=image, maps__scale="map")
    state: dict[str, Any] = cnn.wait(
        "view.state && view.state.a.run === argument[0] && view.state.layer === argument[1]"
        " && view.state.a.step === argument[2] && view.state",
        [run, layer, step],
    )
    cnn.page.wait_for_timeout(150)
    return state


def wrong_weights(cnn: CnnPage, kernel: np.ndarray, seed: int) -> list[str]:
    """Cells of the Filters view that do not show `kernel` [out, in, height, width], by colour or by hover value."""
    rng = np.random.default_rng(seed)
    pixels = cnn.pixels()
    wrong = []
    for _ in range(CELLS):
        place = [int(rng.integers(n)) for n in kernel.shape]
        names = ("filter", "input", "row", "column")
        x, y = cnn.cell("view.cellAt(argument)", dict(zip(names, place, strict=True)), ABOVE_NUMBER)
        value, bound = float(kernel[tuple(place)]), float(np.abs(kernel[place[0]]).max())
        expected = colour(value, -bound, bound, "RdBu_r")
        got = pixels[int(y), int(x)].astype(int)
        if np.abs(got - expected).max() > CLOSE:
            wrong.append(f"{place}: colour {got} instead of {expected}")
        cnn.hover(x, y)
        rows = cnn.rows()
        shown = number(rows["weight"])
        if not math.isclose(shown, value, rel_tol=6e-3, abs_tol=1e-6):
            wrong.append(f"{place}: value {shown} instead of {value}")
        if rows["row, column"] != f"{place[2]}, {place[3]}":
            wrong.append(f"{place}: cell {rows['row, column']}")
    return wrong


def wrong_maps(cnn: CnnPage, maps: np.ndarray, active: list[int], seed: int) -> list[str]:
    """Cells of the Maps view that do not show `maps` [channels, height, width], by colour or by hover value."""
    rng = np.random.default_rng(seed)
    pixels = cnn.pixels()
    wrong = []
    for _ in range(CELLS):
        channel = int(rng.choice(active))
        row, column = (int(rng.integers(n)) for n in maps.shape[1:])
        x, y = cnn.cell("view.cellRect(...argument)", [channel, row, column])
        value = float(maps[channel, row, column])
        lo, hi = min(0.0, float(maps[channel].min())), max(0.0, float(maps[channel].max()))
        expected = colour(value, lo, hi, "viridis")
        near = [
            expected,
            colour(value - (hi - lo) * 1e-5, lo, hi, "viridis"),
            colour(value + (hi - lo) * 1e-5, lo, hi, "viridis"),
        ]
        got = pixels[round(y), round(x)].astype(int)
        if min(np.abs(got - each).max() for each in near) > CLOSE:
            wrong.append(f"{channel}, {row}, {column}: colour {got} instead of {expected}")
        cnn.hover(x, y)
        shown = number(cnn.rows()["value"])
        if not math.isclose(shown, value, rel_tol=6e-3, abs_tol=1e-6):
            wrong.append(f"{channel}, {row}, {column}: value {shown} instead of {value}")
    return wrong


def test_weights_are_drawn_as_logged(cnn: CnnPage, logdir: Path) -> None:
    log = open_log(logdir)
    for seed, (run, layer, step) in enumerate(drawn_cases(logdir, "filters", seed=11)):
        show_filters(cnn, run, layer, step)
        assert not wrong_weights(cnn, log[run].read("filters", layer, step)["kernel"], seed), (run, layer, step)


def test_maps_are_drawn_as_logged(cnn: CnnPage, logdir: Path) -> None:
    log = open_log(logdir)
    for seed, (run, layer, step) in enumerate(drawn_cases(logdir, "feature_maps", seed=12)):
        image = seed % 4
        active = show_maps(cnn, run, layer, step, image)["active"]
        maps = log[run].read("feature_maps", layer, step)["maps"][image]
        assert not wrong_maps(cnn, maps, active, seed), (run, layer, step, image)


def test_the_check_fails_on_another_step_or_layer(cnn: CnnPage, logdir: Path) -> None:
    """The tests above can fail: a picture of another step, run or layer does not pass for the one asked for."""
    run = open_log(logdir)["adam"]
    layer, other = layers_of(logdir, "filters")[1:3]
    steps = run.steps("filters", layer)
    show_filters(cnn, "adam", layer, steps[0])
    right, late = (run.read("filters", layer, step)["kernel"] for step in (steps[0], steps[-1]))
    assert not wrong_weights(cnn, right, 1)
    assert wrong_weights(cnn, late, 1)
    show_filters(cnn, "adam", other, steps[0])
    assert wrong_weights(cnn, right, 1)


def test_not_a_number_is_magenta() -> None:
    assert colour(float("nan"), -1, 1, "RdBu_r").tolist() == [255, 0, 200]


@pytest.mark.parametrize(("text", "value"), [("−0.0123", -0.0123), ("+9.7·10⁻⁴", 9.7e-4), ("0", 0.0)])
def test_numbers_of_the_page_are_read(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)
