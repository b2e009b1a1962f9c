"""What a student does in Compare: read the table, align, smooth, zoom, drag the target, sort, hide, save.

The runs of the log, and beside them one that diverges and one that TensorBoard's scalars alone know, on one page that
is opened once.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, number
from tests.support.tensorboard_process import tensorboard

SCREENSHOTS = Path(__file__).parents[2] / "test-results"
MOST_RUNS = 6
DIVERGED = "diverged"
SCALARS = "scalars alone"
SCALAR_LOSS = (1.9, 1.2, 0.9)
DIVERGED_LOSS = (2.0, 1.0, math.inf, math.nan)
DIVERGED_STEPS = (8, 16, 24, 32)


@pytest.fixture(scope="module")
def log(logdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "log"
    for run in list(open_log(logdir))[:MOST_RUNS]:
        shutil.copytree(logdir / run, folder / run, copy_function=_link)
    with RunWriter(folder / DIVERGED) as writer:
        for epoch, (step, loss) in enumerate(zip(DIVERGED_STEPS, DIVERGED_LOSS, strict=True)):
            arrays = {"values": np.array([loss, loss], np.float32)}
            attributes = {"names": ["loss", "val_loss"], "epoch": epoch}
            writer.records.write(Record("epochs", step, arrays=arrays, attributes=attributes))
    scalars = StockWriter(folder / SCALARS)
    for epoch, loss in enumerate(SCALAR_LOSS):
        scalars.scalar("epoch_loss", loss, epoch, "train")
        scalars.scalar("epoch_loss", loss + 0.1, epoch, "validation")
    scalars.close()
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def cnn(browser: Browser, log: Path) -> Iterator[CnnPage]:
    with tensorboard("--logdir", str(log), "--reload_interval", "5") as server:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        opened = CnnPage(page, server.address)
        yield opened
        page.close()
        assert not opened.complaints


def show(cnn: CnnPage, **state: Any) -> dict[str, Any]:
    cnn.open(view="compare", **state)
    wished = {key.removeprefix("compare__"): value for key, value in state.items() if key.startswith("compare__")}
    plain = {key: value for key, value in wished.items() if key in ("part", "align", "target")}
    return cnn.wait(
        "view.state && Object.entries(argument).every(([k, v]) => view.state[k] === v) && view.state", plain
    )


def runs_of(log: Path) -> list[str]:
    """The runs that were trained, in the list's order."""
    return [run for run in open_log(log) if run != DIVERGED]


def epochs_of(log: Path, run: str) -> dict[str, np.ndarray]:
    """Columns over all epochs, from the log: step, epoch, and each metric."""
    opened = open_log(log)[run]
    rows = [opened.read("epochs", None, step) for step in opened.steps("epochs", None)]
    return {name: np.array([float(row[name][0]) for row in rows]) for name in rows[0]}


def losses_of(log: Path, run: str) -> dict[str, np.ndarray]:
    opened = open_log(log)[run]
    rows = [opened.read("losses", None, step) for step in opened.steps("losses", None)]
    joined = {name: np.concatenate([row[name] for row in rows]).astype(float) for name in rows[0]}
    order = np.argsort(joined["step"])
    return {name: column[order] for name, column in joined.items()}


def table(cnn: CnnPage) -> dict[str, dict[str, str]]:
    """Texts of the table's cells, by run and by the column's id, in the order of the rows."""
    read = """(() => {
      const root = view.renderRoot.querySelector('cnn-compare-table').renderRoot;
      const ids = [...root.querySelectorAll('th button')].map((b) => b.dataset.column);
      return [...root.querySelectorAll('tr[data-run]')].map((tr) =>
        [tr.dataset.run, Object.fromEntries([...tr.cells].map((td, i) => [ids[i], td.innerText.trim()]))]);
    })()"""
    return dict(cnn.wait(read))


def count(text: str) -> float:
    return number(text.replace(",", ""))


def near(text: str, value: float) -> bool:
    return abs(count(text) - value) <= abs(value) * 1e-3 + 1e-9


def ticks(cnn: CnnPage) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Numbers on the axes and where they stand in the window: by x and by y."""
    read = """(() => {
      const root = view.renderRoot.querySelector('cnn-compare-chart').renderRoot;
      return [...root.querySelectorAll('text.tick:not(.unit)')].map((t) => {
        const b = t.getBoundingClientRect();
        return [t.textContent, t.getAttribute('text-anchor'), b.x + b.width / 2, b.y + b.height / 2];
      });
    })()"""
    found: dict[str, list[tuple[float, float]]] = {"x": [], "y": []}
    for text, anchor, x, y in cnn.wait(read):
        found["y" if anchor == "end" else "x"].append((count(text), y if anchor == "end" else x))
    return {name: (np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])) for name, pairs in found.items()}


def to_y(cnn: CnnPage, value: float) -> float:
    values, places = ticks(cnn)["y"]
    slope, start = np.polyfit(values, places, 1)
    return float(slope * value + start)


def to_x(cnn: CnnPage, value: float) -> float:
    values, places = ticks(cnn)["x"]
    slope, start = np.polyfit(values, places, 1)
    return float(slope * value + start)


def frame_box(cnn: CnnPage) -> dict[str, float]:
    box = cnn.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    assert box is not None
    return dict(box)


def click(cnn: CnnPage, selector: str, label: str) -> None:
    cnn.frame.locator(f"cnn-compare-view {selector} button", has_text=re.compile(f"^\\s*{label}\\s*$")).click()


def first_at(values: np.ndarray, target: float) -> int | None:
    met = np.flatnonzero(np.isfinite(values) & (values <= target))
    return int(met[0]) if len(met) else None


def middle_target(log: Path) -> float:
    """Half-way between the first run's first and best validation loss: some run reaches it, and not at once."""
    loss = epochs_of(log, runs_of(log)[0])["val_loss"]
    return float(round((loss[0] + loss.min()) / 2, 4))


def test_the_table_says_what_the_log_holds(cnn: CnnPage, log: Path) -> None:
    target = middle_target(log)
    show(cnn, axis="linear", compare__target=target)
    rows = table(cnn)
    assert set(rows) == {*runs_of(log), DIVERGED, SCALARS}
    for run in runs_of(log):
        epochs, row = epochs_of(log, run), rows[run]
        validation = epochs["val_loss"]
        best = int(validation.argmin())
        assert near(row["best"], validation[best])
        assert count(row["at"]) == epochs["step"][best]
        assert near(row["final"], validation[-1])
        assert near(row["train"], epochs["loss"][-1])
        assert abs(count(row["gap"]) - (validation[-1] - epochs["loss"][-1])) <= 1e-3
        assert near(row["accuracy"], epochs["val_accuracy"][-1])
        met = first_at(validation, target)
        assert row["reach"] == ("not reached" if met is None else f"{epochs['step'][met]:,.0f}")
    assert rows[DIVERGED]["final"] == "NaN"
    assert near(rows[DIVERGED]["best"], 1.0)
    said = " ".join(cnn.texts("cnn-compare-table tr.said"))
    assert f"{SCALARS}: Not drawn by step: its log counts epochs" in said
    notes = " ".join(cnn.texts("cnn-compare-view .notes li"))
    assert f"{DIVERGED} (validation): 1 NaN, 1 Inf" in notes
    order = [run for run, row in rows.items() if row["best"]]
    best = {run: epochs_of(log, run)["val_loss"].min() for run in runs_of(log)} | {DIVERGED: 1.0}
    assert order == sorted(best, key=lambda run: best[run])


def test_a_line_goes_where_its_numbers_are_on_the_scrubbers_axis(cnn: CnnPage, log: Path) -> None:
    run = runs_of(log)[1]
    hidden = [name for name in (*runs_of(log), DIVERGED, SCALARS) if name != run]
    show(cnn, run=run, axis="linear", compare__part="train", hidden=str(hidden).replace("'", '"'))
    cnn.wait("view.state && view.state.lines.length === 1 && view.state.lines[0].run === argument", run)
    cnn.page.wait_for_timeout(400)
    epochs = epochs_of(log, run)
    at = cnn.frame.locator(f"cnn-runs li[data-run='{run}'] svg line")
    wanted = np.array(list(map(int, re.findall(r"\d+", at.evaluate("e => getComputedStyle(e).stroke")))))
    box, pixels = frame_box(cnn), cnn.pixels().astype(int)
    ends = [
        (box["x"] + to_x(cnn, step), box["y"] + to_y(cnn, loss))
        for step, loss in zip(epochs["step"][:2], epochs["loss"][:2], strict=True)
    ]
    on = off = 0
    for share in np.linspace(0.1, 0.9, 40):
        x = ends[0][0] * (1 - share) + ends[1][0] * share
        y = ends[0][1] * (1 - share) + ends[1][1] * share
        close = pixels[round(y) - 1 : round(y) + 2, round(x)]
        on += bool((np.abs(close - wanted).max(axis=1) <= 40).any())
        off += bool((np.abs(pixels[round(y) - 12, round(x)] - wanted).max() <= 40).any())
    assert on >= 12, "a dashed line shows at least a third of itself"
    assert off <= 4
    scrubber = cnn.frame.locator("cnn-scrubber .slider").bounding_box()
    assert scrubber is not None
    last = max(open_log(log)[run].steps("losses", None)[-1], *epochs["step"])
    for step in epochs["step"]:
        assert abs(box["x"] + to_x(cnn, step) - scrubber["x"] - scrubber["width"] * step / last) <= 1.5
    cnn.open(view="compare", run=run, axis="log", compare__part="train")
    cnn.wait("view.state && view.state.part === 'train' && view.state.lines.length > 1")
    values, places = ticks(cnn)["x"]
    shares = np.log1p(values / 4) / np.log1p(last / 4)
    assert np.abs(box["x"] + places - scrubber["x"] - scrubber["width"] * shares).max() <= 1.5


def test_rings_stand_at_the_first_point_at_the_target(cnn: CnnPage, log: Path) -> None:
    target = middle_target(log)
    show(cnn, axis="linear", compare__target=target)
    read = """(() => {
      const root = view.renderRoot.querySelector('cnn-compare-chart').renderRoot;
      return [...root.querySelectorAll('circle.ring')].map((c) => {
        const b = c.getBoundingClientRect();
        return [b.x + b.width / 2, b.y + b.height / 2];
      });
    })()"""
    rings = np.array(cnn.wait(read))
    wanted = []
    for run in runs_of(log):
        epochs = epochs_of(log, run)
        met = first_at(epochs["val_loss"], target)
        if met is not None:
            wanted.append((to_x(cnn, epochs["step"][met]), to_y(cnn, epochs["val_loss"][met])))
    met = first_at(np.array(DIVERGED_LOSS), target)
    if met is not None:
        wanted.append((to_x(cnn, DIVERGED_STEPS[met]), to_y(cnn, DIVERGED_LOSS[met])))
    assert len(rings) == len(wanted) > 0
    for place in wanted:
        assert np.abs(rings - place).max(axis=1).min() <= 1.5


def test_the_target_moves_by_hand_by_key_and_by_typing(cnn: CnnPage, log: Path) -> None:
    state = show(cnn, axis="linear", compare__target=middle_target(log))
    slider = cnn.frame.locator("cnn-compare-chart .slider")
    assert float(slider.get_attribute("aria-valuenow") or "nan") == state["target"]
    slider.focus()
    cnn.page.keyboard.press("ArrowDown")
    moved = cnn.wait("view.state && view.state.target < argument && view.state", state["target"])
    lo, hi = state["range"]
    assert abs(state["target"] - moved["target"] - (hi - lo) / 100) <= (hi - lo) / 500
    box = slider.bounding_box()
    assert box is not None
    goal = (lo + hi) / 2
    y = frame_box(cnn)["y"] + to_y(cnn, goal)
    cnn.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 6)
    cnn.page.mouse.down()
    cnn.page.mouse.move(box["x"] + box["width"] / 2, y, steps=4)
    cnn.page.mouse.up()
    dragged = cnn.wait("view.state && Math.abs(view.state.target - argument) < 0.1 && view.state", goal)
    assert abs(dragged["target"] - goal) <= (hi - lo) / 80
    field = cnn.frame.locator("cnn-compare-view .target input")
    field.fill("1.25")
    field.press("Enter")
    typed = cnn.wait("view.state && view.state.target === 1.25 && view.state")
    met = [first_at(epochs_of(log, run)["val_loss"], 1.25) for run in runs_of(log)]
    assert typed["rings"] == sum(each is not None for each in met) + 1
    cnn.frame.locator("cnn-compare-view .target button").click()
    cnn.wait("view.state && view.state.target !== 1.25")


def test_the_crosshair_tells_every_runs_value(cnn: CnnPage, log: Path) -> None:
    run = runs_of(log)[0]
    show(cnn, run=run, axis="linear")
    cnn.frame.locator("cnn-compare-chart .plot").focus()
    cnn.page.keyboard.press("ArrowRight")
    cnn.page.keyboard.press("ArrowRight")
    steps = epochs_of(log, run)["step"]
    cnn.wait("view.state && view.state.pointed === argument", steps[1])
    read = """[...view.renderRoot.querySelectorAll('.readout tbody tr')].map(
      (tr) => [tr.dataset.run, tr.querySelector('.value').innerText])"""
    rows = cnn.wait(read)
    shown = []
    for name, text in rows:
        if name == DIVERGED:
            continue
        epochs = epochs_of(log, name)
        value = epochs["val_loss"][np.abs(epochs["step"] - steps[1]).argmin()]
        assert near(text, value), name
        shown.append(value)
    assert len(shown) == len(runs_of(log))
    assert shown == sorted(shown)
    cnn.page.keyboard.press("End")
    cnn.wait("view.state && view.state.pointed === argument", steps[-1])
    cnn.page.keyboard.press("Escape")
    cnn.wait("view.state && view.state.pointed === null")
    box = frame_box(cnn)
    cnn.hover(box["x"] + to_x(cnn, steps[0]), box["y"] + to_y(cnn, 1.0))
    assert abs(cnn.wait("view.state && view.state.pointed") - steps[0]) <= 2
    heading = cnn.texts("cnn-compare-view .readout h2")[0]
    assert heading.startswith("At step ")
    assert "crosshair" in heading


def test_sorting_and_choosing_by_pointer_and_keyboard(cnn: CnnPage, log: Path) -> None:
    show(cnn, run=runs_of(log)[0], axis="linear")
    final = {run: epochs_of(log, run)["val_loss"][-1] for run in runs_of(log)}
    wanted = sorted(final, key=lambda run: final[run])
    head = cnn.frame.locator("cnn-compare-table th button[data-column=final]")
    head.click()
    cnn.wait("view.options.sort === 'final'")
    assert [run for run in table(cnn) if run in final] == wanted
    sorted_by = cnn.frame.locator("cnn-compare-table th[aria-sort]")
    assert (sorted_by.count(), sorted_by.get_attribute("aria-sort")) == (1, "ascending")
    head.focus()
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.options.descending === true")
    assert [run for run in table(cnn) if run in final] == wanted[::-1]
    assert sorted_by.get_attribute("aria-sort") == "descending"
    assert list(table(cnn))[-1] == SCALARS, "what has no value stands last, whichever way round"
    other = runs_of(log)[1]
    cnn.frame.locator(f"cnn-compare-table tr[data-run='{other}'] td").nth(3).click()
    cnn.wait("view.session.runA === argument", other)
    first = cnn.frame.locator(f"cnn-compare-table tr[data-run='{runs_of(log)[0]}'] button.run")
    first.focus()
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.session.runA === argument", runs_of(log)[0])


def test_hidden_runs_vanish_and_come_back(cnn: CnnPage, log: Path) -> None:
    away = runs_of(log)[1]
    show(cnn, run=runs_of(log)[0], axis="linear")
    swatch = cnn.frame.locator(f"cnn-runs li[data-run='{away}'] button.swatch")
    swatch.click()
    state = cnn.wait("view.state && !view.state.rows.some((r) => r.run === argument) && view.state", away)
    assert away not in {line["run"] for line in state["lines"]}
    assert away not in table(cnn)
    swatch.click()
    cnn.wait("view.state && view.state.lines.some((l) => l.run === argument)", away)
    cnn.frame.locator("cnn-runs input").fill(away)
    cnn.wait("view.state && view.state.rows.every((r) => r.run.includes(argument))", away)
    cnn.frame.locator("cnn-runs input").fill("")
    cnn.wait("view.state && view.state.rows.length > 2")


def test_alignment_by_epoch_examples_and_time(cnn: CnnPage, log: Path) -> None:
    run = runs_of(log)[0]
    show(cnn, run=run, axis="linear")
    epochs, losses = epochs_of(log, run), losses_of(log, run)
    best = int(epochs["val_loss"].argmin())
    click(cnn, ".align", "epoch")
    state = cnn.wait("view.state && view.state.align === 'epoch' && view.state")
    assert count(table(cnn)[run]["at"]) == epochs["epoch"][best] + 1
    assert SCALARS in {line["run"] for line in state["lines"]}
    row = table(cnn)[SCALARS]
    assert near(row["best"], min(SCALAR_LOSS) + 0.1)
    assert count(row["at"]) == len(SCALAR_LOSS)
    assert near(row["train"], SCALAR_LOSS[-1])
    click(cnn, ".align", "examples")
    cnn.wait("view.state && view.state.align === 'examples' && view.state.lines.length > 1")
    seen = losses["examples"][losses["step"] == epochs["step"][best] - 1]
    assert count(table(cnn)[run]["at"]) == seen[0]
    click(cnn, ".align", "time")
    state = cnn.wait("view.state && view.state.align === 'time' && view.state")
    facts = next(row for row in state["rows"] if row["run"] == run)
    unit = {"milliseconds": 0.001, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0}[state["unit"]]
    opened = open_log(log)[run]
    start = min(opened.wall_times(kind, None, opened.steps(kind, None)[0])[0] for kind in ("session", "model"))
    for point, step in (("best", epochs["step"][best]), ("final", epochs["step"][-1])):
        elapsed = opened.wall_times("epochs", None, int(step))[-1] - start
        assert facts[point]["x"] * unit == pytest.approx(elapsed, abs=2e-3)
    click(cnn, ".align", "step")
    cnn.wait("view.state && view.state.align === 'step'")


def test_metric_part_smoothing_and_scale(cnn: CnnPage, log: Path) -> None:
    run = runs_of(log)[0]
    show(cnn, run=run, axis="linear")
    cnn.frame.locator("cnn-compare-view .metric select").select_option("batch loss")
    cnn.wait("view.state && view.state.metric === 'batch loss' && view.state.part === 'train'")
    smooth = cnn.frame.locator("cnn-compare-view .smooth input")
    smooth.focus()
    for _ in range(3):
        cnn.page.keyboard.press("PageUp")
    weight = int(smooth.input_value()) / 100
    assert weight > 0
    losses = losses_of(log, run)
    cnn.frame.locator("cnn-compare-chart .plot").focus()
    cnn.page.keyboard.press("End")
    last = losses["step"][-1]
    values = cnn.wait("view.state && view.state.pointed === argument && view.state.values", last)
    got = next(value for value in values if value["run"] == run)
    weights = weight ** np.arange(len(losses["loss"]))[::-1]
    if len(losses["loss"]) <= 2000:
        assert abs(got["shown"] - (losses["loss"] * weights).sum() / weights.sum()) <= 1e-5
    assert abs(got["y"] - losses["loss"][-1]) <= 1e-6
    click(cnn, ".scale", "log")
    cnn.wait("view.options.scale === 'log' && view.state.range[0] > 0")
    values_on_axis, places = ticks(cnn)["y"]
    slope = np.diff(places) / np.diff(np.log10(values_on_axis))
    assert np.abs(slope / slope.mean() - 1).max() < 0.05, "equal ratios are equally far apart"
    cnn.frame.locator("cnn-compare-view .metric select").select_option("accuracy")
    state = cnn.wait("view.state && view.state.metric === 'accuracy' && view.state.part === 'validation' && view.state")
    assert state["better"] == "higher"
    accuracy = epochs_of(log, run)["val_accuracy"]
    assert near(table(cnn)[run]["best"], accuracy.max())
    click(cnn, ".part", "both")
    lines = cnn.wait("view.state && view.state.part === 'both' && view.state.lines")
    assert {line["part"] for line in lines if line["run"] == run} == {"train", "validation"}
    cnn.frame.locator("cnn-compare-view .legend select").select_option("lower")
    cnn.wait("view.state && view.state.better === 'lower'")
    assert near(table(cnn)[run]["best"], accuracy.min())


def test_zoom_by_dragging_and_by_keys(cnn: CnnPage, log: Path) -> None:
    state = show(cnn, run=runs_of(log)[0], axis="linear")
    lo, hi = state["axis"]
    box = frame_box(cnn)
    left, right = (box["x"] + to_x(cnn, lo + share * (hi - lo)) for share in (0.25, 0.75))
    y = box["y"] + to_y(cnn, np.mean(state["range"]))
    cnn.page.mouse.move(left, y)
    cnn.page.mouse.down()
    cnn.page.mouse.move(right, y + 3, steps=4)
    cnn.page.mouse.up()
    zoomed = cnn.wait("view.state && view.state.axis[0] > argument && view.state", lo)["axis"]
    assert np.abs(np.array(zoomed) - [lo + 0.25 * (hi - lo), lo + 0.75 * (hi - lo)]).max() <= 0.01 * (hi - lo)
    cnn.page.mouse.dblclick((left + right) / 2, y)
    cnn.wait("view.state && view.state.axis[0] === argument[0] && view.state.axis[1] === argument[1]", [lo, hi])
    cnn.frame.locator("cnn-compare-chart .plot").focus()
    cnn.page.keyboard.press("+")
    nearer = cnn.wait("view.state && view.state.axis[1] - view.state.axis[0] < 0.6 * argument && view.state", hi - lo)
    assert nearer["axis"][1] - nearer["axis"][0] == pytest.approx((hi - lo) / 2, rel=1e-3)
    cnn.page.keyboard.press("-")
    cnn.wait("view.state && view.state.axis[1] - view.state.axis[0] > 0.9 * argument", hi - lo)
    cnn.page.keyboard.press("+")
    cnn.page.keyboard.press("0")
    cnn.wait("view.state && view.state.axis[0] === argument[0] && view.state.axis[1] === argument[1]", [lo, hi])


def test_gradient_norms_of_every_run_on_one_axis(cnn: CnnPage, log: Path) -> None:
    show(cnn, run=runs_of(log)[0], axis="linear")
    cnn.wait("view.state && view.state.gradients === argument", len(runs_of(log)))
    read = """[...view.renderRoot.querySelectorAll('.multiple')].map(
      (m) => [m.dataset.run, m.querySelector('.last').innerText])"""
    shown = cnn.wait(read)
    assert [run for run, _ in shown] == runs_of(log)
    for run, text in shown:
        opened = open_log(log)[run]
        norms = opened.read("gradients", None, opened.steps("gradients", None)[-1])["norm"].astype(float)
        assert abs(number(text.removeprefix("whole network, last step: ")) / np.sqrt((norms**2).sum()) - 1) <= 6e-3


def test_what_is_saved_is_what_was_logged(cnn: CnnPage, log: Path) -> None:
    show(cnn, run=runs_of(log)[0], axis="linear", compare__target=middle_target(log))
    run = runs_of(log)[1]
    epochs = epochs_of(log, run)
    saved = {}
    for key in ("c", "v", "s"):
        with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
            cnn.press(key)
        saved[key] = Path(told.value.path())
    rows, points = saved["c"].read_bytes().decode().split("\r\n\r\n")
    row = next(each for each in csv.DictReader(io.StringIO(rows)) if each["run"] == run)
    assert np.float32(row["best"]) == np.float32(epochs["val_loss"].min())
    assert float(row["best_step"]) == epochs["step"][epochs["val_loss"].argmin()]
    assert abs(float(row["gap"]) - (epochs["val_loss"][-1] - epochs["loss"][-1])) < 1e-6
    line = [each for each in csv.DictReader(io.StringIO(points)) if each["run"] == run]
    assert [float(each["step"]) for each in line] == epochs["step"].tolist()
    assert np.array_equal(np.float32([each["val loss"] for each in line]), np.float32(epochs["val_loss"]))
    drawing = ET.fromstring(saved["v"].read_text(encoding="utf-8"))
    path = next(each for each in drawing.iter("{http://www.w3.org/2000/svg}path") if each.get("data-run") == run)
    corners = np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.get("d") or ""), float)
    assert len(corners) == len(epochs["step"])
    slope = np.polyfit(epochs["step"], corners[:, 0], 1), np.polyfit(epochs["val_loss"], corners[:, 1], 1)
    assert np.abs(np.polyval(slope[0], epochs["step"]) - corners[:, 0]).max() <= 0.02
    assert np.abs(np.polyval(slope[1], epochs["val_loss"]) - corners[:, 1]).max() <= 0.02
    texts = {"".join(each.itertext()) for each in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {run, "step"} <= texts
    assert any(text.startswith("target ") for text in texts)
    with_gradients = [each for each in runs_of(log) if open_log(log)[each].steps("gradients", None)]
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}image"))) == len(with_gradients)
    assert set(with_gradients) <= texts
    picture = np.asarray(Image.open(saved["s"]).convert("RGB"))
    assert picture.shape[1] > 1000
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_it_fits_a_narrow_window_and_the_dark(cnn: CnnPage, log: Path) -> None:
    show(cnn, run=runs_of(log)[0], axis="log")
    cnn.page.set_viewport_size({"width": 1000, "height": 760})
    cnn.page.evaluate("document.body.classList.add('dark-mode')")
    cnn.page.wait_for_timeout(700)
    assert cnn.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box, pixels = frame_box(cnn), cnn.pixels()
    y = box["y"] + to_y(cnn, ticks(cnn)["y"][0].max())
    assert pixels[round(y) + 8, round(box["x"]) + 300].max() < 120, "the canvas has no ground of its own"
    SCREENSHOTS.mkdir(exist_ok=True)
    cnn.page.screenshot(path=SCREENSHOTS / "compare-dark.png")
    cnn.page.evaluate("document.body.classList.remove('dark-mode')")
    cnn.page.set_viewport_size({"width": 1440, "height": 1000})


def test_a_shift_click_in_the_table_sets_b_and_the_target_stays_where_a_run_is_hidden(cnn: CnnPage, log: Path) -> None:
    runs = runs_of(log)
    before = show(cnn, run=runs[0])
    cnn.frame.locator(f"cnn-compare-table tr[data-run='{runs[1]}']").click(modifiers=["Shift"])
    cnn.wait("view.session.runA === argument[0] && view.session.runB === argument[1]", runs[:2])
    reached = sum(row["reach"] is not None for row in before["rows"])
    curves = sum(row["best"] is not None for row in before["rows"])
    said = "All runs reach it" if reached == curves else f"{reached} of {curves} runs reach it"
    assert said in " ".join(cnn.texts("cnn-compare-view .target p"))
    cnn.open(view="compare", run=runs[0], hidden=json.dumps([runs[1]]))
    after = cnn.wait("(s => s && s.rows.length === argument ? s : null)(view.state)", len(before["rows"]) - 1)
    assert after["target"] == before["target"]
