"""Practically dead filters and maps are named, crossed out and counted, in every view; numbers against numpy."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage
from tests.fixtures.make_dead_log import DEAD, RUNS, STEPS
from tests.support.tensorboard_process import tensorboard

ROOT = Path(__file__).parents[2]
LAST = STEPS[-1]


@pytest.fixture(scope="module")
def decayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dead")
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "tests.fixtures.make_dead_log", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def page(browser: Browser, decayed: Path) -> Iterator[CnnPage]:
    with tensorboard("--logdir", str(decayed), "--reload_interval", "5") as server:
        with closing(browser.new_page(viewport={"width": 1440, "height": 900})) as opened:
            cnn = CnnPage(opened, server.address)
            yield cnn
        assert not cnn.complaints


def read(logdir: Path, kind: str, layer: str, step: int = LAST, run: str = RUNS[0]) -> dict[str, Any]:
    return dict(open_log(logdir)[run].read(kind, f"decay/{layer}", step))


def saved(cnn: CnnPage, label: str) -> bytes:
    with cnn.page.expect_download() as download:
        cnn.frame.locator("cnn-tabs button", has_text=label).click()
    return Path(download.value.path()).read_bytes()


def pixels_of(cnn: CnnPage, place: dict[str, int]) -> np.ndarray:
    """The colours along the diagonal of a filter's tile, a little inside its corners and away from the cross itself."""
    corners = [
        cnn.wait("view.cellAt(argument)", {**place, "row": row, "column": column}) for row, column in ((0, 1), (1, 0))
    ]
    box = cnn.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    assert box is not None
    shot = cnn.pixels()
    return np.array(
        [
            shot[int(box["y"] + each["y"] + each["height"] / 2), int(box["x"] + each["x"] + each["width"] / 2)]
            for each in corners
        ]
    )


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("layer", ["rgb", "deep"])
def test_dead_filters_are_crossed_out_counted_and_last(page: CnnPage, decayed: Path, layer: str, dark: bool) -> None:
    norms = read(decayed, "filters", layer)["norm"]
    dead = np.flatnonzero(norms < 1e-6 * np.median(norms)).tolist()
    assert dead == sorted(DEAD[layer])
    page.open(view="filters", run=RUNS[0], layer=f"decay/{layer}", step=LAST)
    page.page.evaluate("dark => document.body.classList.toggle('dark-mode', dark)", dark)
    page.page.wait_for_timeout(300)
    shown = page.wait("view.dataset.state === 'ready' && view.shown.layer === argument && view.shown", f"decay/{layer}")
    assert sorted(shown["dead"]) == dead
    assert sorted(shown["order"]["filters"][-len(dead) :]) == dead
    assert page.texts("cnn-filters-view [slot=subtitle]")[0].endswith(f", {len(dead)} practically dead")
    assert page.texts("cnn-filters-view .dead-filters span") == [f"{len(dead)} of {len(norms)} filters"]
    paper = np.array([0x30] * 3 if dark else [0xFF] * 3)
    for each in dead:
        assert (pixels_of(page, {"filter": each}) == paper).all(), each
    assert (pixels_of(page, {"filter": shown["order"]["filters"][0]}) != paper).any()
    page.page.evaluate("document.body.classList.remove('dark-mode')")


def test_a_dead_filters_biography_says_since_when(page: CnnPage) -> None:
    page.open(view="filters", run=RUNS[0], layer="decay/rgb", step=LAST, channel=1, filters__story=1)
    page.wait("view.renderRoot.querySelector('cnn-filter-story')?.story.deadFrom === argument", STEPS[1])
    said = " ".join(page.frame.locator("cnn-filter-story text").all_text_contents())
    assert f"practically dead from step {STEPS[1]} on" in said
    assert "settled" not in said
    assert "practically dead from step 10 on" in saved(page, "Save SVG").decode()
    page.open(view="filters", run=RUNS[0], layer="decay/rgb", step=LAST, channel=0, filters__story=1)
    page.wait("view.renderRoot.querySelector('cnn-filter-story')?.story.deadFrom === null")


def test_differences_and_files_know_dead_filters(page: CnnPage, decayed: Path) -> None:
    page.open(view="filters", run=RUNS[0], layer="decay/rgb", step=LAST, filters__show="change", filters__sort="change")
    shown = page.wait("view.dataset.state === 'ready' && view.shown.panels[0].id === 'change' && view.shown")
    assert sorted(shown["order"]["filters"][-3:]) == sorted(DEAD["rgb"])
    assert (pixels_of(page, {"filter": 1}) == 0xFF).all()
    table = list(csv.DictReader(io.StringIO(saved(page, "Save CSV").decode())))
    assert {int(row["filter"]) for row in table if row["practically_dead"] == "1"} == set(DEAD["rgb"])
    picture = np.asarray(Image.open(io.BytesIO(saved(page, "Save PNG"))).convert("RGB"), int)
    assert (np.ptp(picture, axis=2) > 30).any()
    page.open(view="filters", run=RUNS[0], runB=RUNS[1], layer="decay/rgb", step=LAST)
    page.wait("view.dataset.state === 'ready' && view.shown.panels.length === 3")
    others = (read(decayed, "filters", "rgb", run=RUNS[1])["norm"] < 1e-6 * 0.5).sum()
    assert page.texts("cnn-filters-view .dead-filters span") == ["A: 3 of 8 filters", f"B: {others} of 8 filters"]


@pytest.mark.parametrize("run", RUNS)
def test_dead_maps_are_no_active_ones(page: CnnPage, decayed: Path, run: str) -> None:
    largest = read(decayed, "feature_maps", "rgb", run=run)["max"]
    alive = largest.max(axis=0) > 1e-6
    practically = ~alive & (largest.max(axis=0) > 0)
    page.open(view="maps", run=run, layer="decay/rgb", step=LAST, image=0)
    shown = page.wait("view.state && view.state.a.run === argument && view.state", run)
    assert sorted(shown["active"]) == np.flatnonzero(alive).tolist()
    assert shown["dead"] == np.flatnonzero(~alive).tolist()
    headings = page.texts("cnn-channel-swatches h2 b")
    assert headings == [f"✕ {practically.sum()} practically dead", f"✕ {(~alive & ~practically).sum()} dead"]
    rows = page.rows()
    assert rows["dead channels"] == f"{(~alive).sum()} of 8"
    assert rows["of these practically"] == str(practically.sum())
    table = list(csv.DictReader(io.StringIO(saved(page, "Save CSV").decode())))
    assert [row["class"] == "practically dead" for row in table] == practically.tolist()
    assert [row["class"] == "dead" for row in table] == (~alive & ~practically).tolist()


def test_a_dead_channel_in_the_other_modes_and_in_the_lab(page: CnnPage) -> None:
    page.open(view="maps", run=RUNS[0], layer="decay/rgb", step=LAST, channel=1, maps__mode="steps", maps__scale="map")
    page.frame.locator("cnn-maps-view .count", has_text=f"practically dead since step {STEPS[1]}").wait_for()
    dead = "Array.from(view.renderRoot.querySelector('cnn-grid.A').scene.dead)"
    assert page.wait(dead) == [0, 1, 1, 1]
    assert "The channel is practically dead: nothing excites it." in page.texts("cnn-maps-view .patches p")
    page.open(view="maps", run=RUNS[0], layer="decay/rgb", step=LAST, channel=1, maps__mode="layers")
    page.wait("view.renderRoot.querySelector('cnn-grid[data-layer=\"decay/rgb\"]')?.scene.dead?.[0] === 1")
    page.open(view="lab", run=RUNS[0], layer="decay/rgb", step=LAST, channel=1)
    page.frame.get_by_text("Filter 1 is practically dead").wait_for()
