"""What a student does in the Filters view: zoom, walk with the keyboard, open a filter's biography, compare, save."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from PIL import Image

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, colour, number
from tests.browser.test_pictures import CLOSE, layers_of, show_filters, wrong_weights


def kernel_of(logdir: Path, run: str, layer: str, step: int) -> np.ndarray:
    return open_log(logdir)[run].read("filters", layer, step)["kernel"].astype(np.float64)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def test_cells_stay_themselves_when_zoomed(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    step = open_log(logdir)["adam"].steps("filters", layer)[-1]
    kernel = kernel_of(logdir, "adam", layer, step)
    show_filters(cnn, "adam", layer, step)
    place = {"filter": 5, "input": 3, "row": 1, "column": 1}
    x, y = cnn.cell("view.cellAt(argument)", place)
    size = cnn.wait("view.cellAt(argument).width", place)
    cnn.hover(x, y)
    for _ in range(4):
        cnn.page.mouse.wheel(0, -150)
        cnn.page.wait_for_timeout(60)
    cnn.page.wait_for_timeout(200)
    assert cnn.wait("view.cellAt(argument).width", place) > 1.5 * size
    x, y = cnn.cell("view.cellAt(argument)", place)
    cnn.hover(x, y)
    value = float(kernel[5, 3, 1, 1])
    assert abs(number(cnn.rows()["weight"]) - value) <= abs(value) * 1e-3
    bound = float(np.abs(kernel[5]).max())
    cnn.page.mouse.move(0, 0)
    cnn.page.wait_for_timeout(150)
    got = cnn.pixels()[round(y), round(x)].astype(int)
    assert np.abs(got - colour(value, -bound, bound, "RdBu_r")).max() <= CLOSE
    cnn.press("0")
    cnn.wait("view.pose === null")


def test_a_layer_is_scaled_to_its_percentile(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    step = open_log(logdir)["sgd"].steps("filters", layer)[2]
    kernel = kernel_of(logdir, "sgd", layer, step)
    cnn.open(view="filters", run="sgd", layer=layer, step=step, filters__scale="layer", filters__map="brbg")
    cnn.wait("view.dataset.state === 'ready' && view.shown !== null")
    cnn.page.wait_for_timeout(200)
    ordered = np.sort(np.abs(kernel), axis=None)
    bound = float(ordered[int(np.ceil(0.995 * ordered.size)) - 1])
    pixels = cnn.pixels()
    rng = np.random.default_rng(3)
    for place in (*rng.integers(kernel.shape, size=(5, 4)), np.unravel_index(np.abs(kernel).argmax(), kernel.shape)):
        names = ("filter", "input", "row", "column")
        x, y = cnn.cell("view.cellAt(argument)", dict(zip(names, map(int, place), strict=True)))
        expected = colour(kernel[tuple(place)], -bound, bound, "BrBG")
        assert np.abs(pixels[round(y), round(x)].astype(int) - expected).max() <= CLOSE


def test_the_keyboard_walks_and_says_where_it_is(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[0]
    show_filters(cnn, "adam", layer, 0)
    kernel = kernel_of(logdir, "adam", layer, 0)
    first = cnn.wait("view.shown.order.filters")[0]
    cnn.frame.locator("cnn-filters-view cnn-grid canvas").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        cnn.page.keyboard.press(key)
    said = cnn.frame.locator("cnn-filters-view cnn-grid .live").first.inner_text()
    value = kernel[first, 0, 3, 1]
    assert said.startswith(f"filter {first}, row 3, column 1, {'plus' if value > 0 else 'minus'} ")
    assert abs(float(said.split()[-1]) - abs(value)) <= abs(value) * 1e-3
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.renderRoot.querySelector('cnn-filter-story') !== null")
    cnn.page.keyboard.press("Escape")
    cnn.page.keyboard.press("Escape")
    cnn.wait("view.renderRoot.querySelector('cnn-filter-story') === null")


def test_a_biography_tells_norms_and_cosines_and_leads_to_its_steps(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[0]
    run = open_log(logdir)["adam"]
    steps = run.steps("filters", layer)
    show_filters(cnn, "adam", layer, steps[-1])
    chosen = 3
    cnn.page.mouse.click(*cnn.cell("view.cellAt(argument)", {"filter": chosen, "row": 2, "column": 2}))
    story = cnn.wait(
        "(e => e && e.history.length === argument && e.story)(view.renderRoot.querySelector('cnn-filter-story'))",
        len(steps),
    )
    weights = [kernel_of(logdir, "adam", layer, step)[chosen] for step in steps]
    assert story["steps"] == steps
    assert np.allclose(story["norms"], [np.linalg.norm(w) for w in weights], rtol=1e-5)
    assert np.allclose(story["toFirst"], [cosine(w, weights[0]) for w in weights], atol=1e-5)
    assert np.allclose(story["toShown"], [cosine(w, weights[-1]) for w in weights], atol=1e-5)
    settled = [s for i, s in enumerate(steps[:-1]) if all(cosine(w, weights[-1]) > 0.95 for w in weights[i:])]
    assert story["settledFrom"] == (settled[0] if settled else None)
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("v")
    drawn = ET.parse(told.value.path()).getroot()
    curves = [each.get("d", "") for each in drawn.iter("{http://www.w3.org/2000/svg}path")]
    for curve, values in zip(curves, (story["norms"], story["toFirst"], story["toShown"]), strict=True):
        heights = [float(point.split()[1]) for point in re.findall(r"[ML]([\d.]+ [\d.]+)", curve)]
        slope, start = np.polyfit(values, heights, 1)
        assert slope < 0
        assert np.allclose(heights, np.multiply(values, slope) + start, atol=0.1)
    assert any(
        each.get("href", "").startswith("data:image/png") for each in drawn.iter("{http://www.w3.org/2000/svg}image")
    )
    box = cnn.frame.locator("cnn-filter-story").bounding_box()
    assert box is not None
    column = 2
    x = box["x"] + 64 + (column + 0.5) * (box["width"] - 64) / len(steps)
    cnn.page.mouse.click(x, box["y"] + box["height"] / 2)
    cnn.wait("view.shown.step === argument", steps[column])


def test_two_runs_and_their_difference(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[0]
    log = open_log(logdir)
    step = log["adam"].steps("filters", layer)[-1]
    a, b = (kernel_of(logdir, run, layer, step) for run in ("adam", "sgd"))
    cnn.open(view="filters", run="adam", runB="sgd", layer=layer, step=step, filters__scale="filter")
    cnn.wait("view.dataset.state === 'ready' && view.shown && view.shown.panels.length === 3")
    cnn.page.wait_for_timeout(200)
    pixels = cnn.pixels()
    shared = np.maximum(np.abs(a), np.abs(b)).max(axis=(1, 2, 3))
    between = (a - b).astype(np.float32).astype(np.float64)
    panels = {"A": (a, shared), "B": (b, shared), "difference": (between, np.abs(between).max(axis=(1, 2, 3)))}
    for panel, (values, bounds) in panels.items():
        for place in map(tuple, np.random.default_rng(4).integers(a.shape, size=(4, 4)).tolist()):
            filter_, _, row, column = place
            where = {"filter": filter_, "row": row, "column": column, "panel": panel}
            x, y = cnn.cell("view.cellAt(argument)", where)
            bound = float(bounds[filter_])
            expected = colour(values[place], -bound, bound, "RdBu_r")
            assert np.abs(pixels[round(y), round(x)].astype(int) - expected).max() <= CLOSE, (panel, place)


def test_what_is_saved_is_what_was_logged(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    step = open_log(logdir)["adam"].steps("filters", layer)[1]
    kernel = kernel_of(logdir, "adam", layer, step)
    show_filters(cnn, "adam", layer, step)
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("c")
    rows = list(csv.DictReader(io.StringIO(Path(told.value.path()).read_text(encoding="utf-8"))))
    assert len(rows) == kernel.shape[0] * kernel.shape[1]
    for row in rows[::37]:
        saved = [[float(row[f"w_{i}_{j}"]) for j in range(3)] for i in range(3)]
        assert np.array_equal(np.float32(saved), kernel[int(row["filter"]), int(row["input"])].astype(np.float32))
        assert (row["run"], int(row["step"])) == ("adam", step)
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("s")
    picture = Image.open(told.value.path())
    assert min(picture.size) > 200
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_the_matrix_checks_can_fail(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    step = open_log(logdir)["adam"].steps("filters", layer)[0]
    show_filters(cnn, "adam", layer, step)
    kernel = kernel_of(logdir, "adam", layer, step)
    assert not wrong_weights(cnn, kernel, 5)
    assert wrong_weights(cnn, kernel.transpose(0, 1, 3, 2), 5)
