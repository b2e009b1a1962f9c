"""Names of a sweep's runs differ wherever they are listed; a link may name a layer by the end of its path; captions of many
maps stand apart; a layer without operations says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser.cnn_page import CnnPage
from tests.fixtures.make_sweep_log import CONV, LEFT_OUT, MAPS, NAMES, OTHER, WIDE, make_sweep_log
from tests.support.tensorboard_process import tensorboard


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    make_sweep_log(folder)
    return folder


@pytest.fixture(scope="module")
def page(browser: Browser, sweep: Path) -> Iterator[CnnPage]:
    with tensorboard("--logdir", str(sweep), "--reload_interval", "5") as server:
        with closing(browser.new_page(viewport={"width": 1500, "height": 900})) as opened:
            cnn = CnnPage(opened, server.address)
            yield cnn
        assert not cnn.complaints


def seen(cnn: CnnPage, selector: str) -> list[dict[str, object]]:
    """Each name's whole text, what is seen of it, and whether that fits into its place."""
    code = """(names) => names.map((name) => ({
      whole: name.textContent,
      seen: name.childElementCount
        ? Array.from(name.children, (part) => (part.className === "cut" ? "…" : part.textContent)).join("") : name.textContent,
      fits: name.scrollHeight <= name.clientHeight + 1 && name.scrollWidth <= name.clientWidth + 1,
    }))"""
    return list(cnn.frame.locator(selector).evaluate_all(code))


def test_runs_of_a_sweep_differ_in_every_list(page: CnnPage) -> None:
    page.open(view="compare", run=WIDE)
    page.wait("view.state && view.state.rows.length === argument", len(NAMES) + 1)
    for selector in ("cnn-runs .row .name", "cnn-compare-table .run .name"):
        names = seen(page, selector)
        assert {each["whole"] for each in names} <= {"baseline", *NAMES}
        assert len(names) >= 25
        assert len({each["seen"] for each in names}) == len(names), selector
        assert all(each["fits"] for each in names), (selector, [each for each in names if not each["fits"]][:3])
    assert page.frame.locator("cnn-runs .row").first.get_attribute("title")
    rows = page.frame.locator("cnn-compare-view .readout bdi")
    texts = rows.evaluate_all(
        "all => all.map((each) => Array.from(each.childNodes, (part) => part.className === 'cut' ? '…' : part.textContent).join(''))"
    )
    assert len(set(texts)) == len(texts)
    for narrow in (1000, 1300):
        page.page.set_viewport_size({"width": narrow, "height": 900})
        page.page.wait_for_timeout(300)
        names = seen(page, "cnn-compare-table .run .name")
        assert all(each["fits"] for each in names), narrow
    page.page.set_viewport_size({"width": 1500, "height": 900})


def test_a_link_names_a_layer_by_the_end_of_its_path(page: CnnPage) -> None:
    page.open(view="filters", run=WIDE, layer="encoder/conv1")
    page.wait("view.shown?.layer === argument", CONV)
    page.page.wait_for_timeout(600)
    assert "p.cnnviz.layer=net%2Fencoder%2Fconv1" in page.page.evaluate("location.hash").replace("/", "%2F")
    page.page.evaluate("location.hash = location.hash.replace(/layer=[^&]*/, 'layer=conv1')")
    page.frame.get_by_text("2 layers end with").wait_for()
    for path in (CONV, OTHER):
        assert page.frame.get_by_role("button", name=path).count() == 1
    page.frame.get_by_role("button", name=OTHER).click()
    page.wait("view.shown?.layer === argument", OTHER)


def test_a_layer_without_operations_says_why(page: CnnPage) -> None:
    page.open(view="lab", run=WIDE, layer=CONV)
    page.page.evaluate(
        "path => { location.hash = location.hash.replace(/layer=[^&]*/, 'layer=' + encodeURIComponent(path)) }", OTHER
    )
    page.frame.get_by_text("has no operations").wait_for()
    assert LEFT_OUT in page.texts("cnn-message p")[0]


def test_a_layer_of_unknown_receptive_field_says_so(page: CnnPage) -> None:
    page.open(view="maps", run=WIDE, layer=CONV)
    said = page.frame.locator("cnn-maps-view .patches p")
    said.wait_for()
    assert said.inner_text().startswith("The layer's receptive field is not known")


@pytest.mark.parametrize("width", [1500, 1000])
def test_captions_of_many_maps_stand_apart(page: CnnPage, width: int) -> None:
    page.page.set_viewport_size({"width": width, "height": 900})
    page.open(view="maps", run=WIDE, layer=CONV, maps__sort="channel")
    page.wait("view.state && view.state.active.length === argument", MAPS)
    page.page.wait_for_timeout(400)
    tiles = [
        page.wait(
            "view.cellRect(argument, 0, 0) && view.cellRect(argument, 25, 25) && [view.cellRect(argument, 25, 0), view.cellRect(argument, 25, 25)]",
            each,
        )
        for each in (8, 9)
    ]
    box = page.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    assert box is not None
    end = tiles[0][1]["x"] + tiles[0][1]["width"] + box["x"]
    start = tiles[1][0]["x"] + box["x"]
    below = int(tiles[0][1]["y"] + tiles[0][1]["height"] + box["y"])
    # No ink in the last pixels before the next tile's caption.
    strip = page.pixels()[below + 4 : below + 15, int(np.ceil(start)) - 6 : int(np.ceil(start)) - 1]
    assert start > end
    assert (strip == strip[0, 0]).all()
    page.page.set_viewport_size({"width": 1500, "height": 900})
