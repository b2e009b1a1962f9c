"""Kernels of a network that reads blue first are folded to the colours that they stand for, and the page says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage
from tests.support.tensorboard_process import tensorboard

LAYER = "net/first"
CLOSE = 2
NAMES = {"rgb": ["red", "green", "blue"], "bgr": ["blue", "green", "red"]}


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network twice, said to read red first and blue first, at two steps."""
    import keras

    import tb_cnnviz

    folder = tmp_path_factory.mktemp("channel-order")
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (2, 9, 9, 3)).astype(np.uint8)
    model = keras.Sequential(
        [keras.Input((9, 9, 3), name="image"), keras.layers.Conv2D(5, 3, name="first")], name="net"
    )
    for step in (0, 1):
        model.layers[0].set_weights([rng.normal(size=(3, 3, 3, 5)), np.zeros(5)])
        for order in NAMES:
            tb_cnnviz.snapshot(model, folder / order, images, step, channel_order=order)
    return folder


@pytest.fixture(scope="module")
def address(logdir: Path) -> Iterator[str]:
    with tensorboard("--logdir", str(logdir), "--reload_interval", "5") as server:
        yield server.address


def expected(weights: np.ndarray, bound: float, order: str) -> np.ndarray:
    """Red, green and blue of three weights of one place."""
    bytes_ = np.clip(np.floor((weights + bound) * (256 / (2 * bound))), 0, 255)
    return bytes_[::-1] if order == "bgr" else bytes_


def text_of(cnn: CnnPage, tag: str) -> str:
    """All text inside the first element of this name, through shadow roots."""
    text: str = cnn.frame.evaluate(
        """(tag) => {
        const walk = (node, inside, out) => {
          const within = inside || node.localName === tag;
          if (node.nodeType === 3 && inside) out.push(node.data);
          if (node.localName === 'style') return out;
          if (node.shadowRoot) walk(node.shadowRoot, within, out);
          node.childNodes.forEach((child) => walk(child, within, out));
          return out;
        };
        return walk(document.body, false, []).join(' ').replace(/\\s+/g, ' ');
      }""",
        tag,
    )
    return text


def path_of(logdir: Path) -> str:
    return next(layer.path for layer in open_log(logdir)["rgb"].layers if layer.role == "convolution")


def show(cnn: CnnPage, logdir: Path, order: str, **more: Any) -> np.ndarray:
    path = path_of(logdir)
    cnn.open(view="filters", run=order, layer=path, step=1, filters__scale="filter", filters__mode="folded", **more)
    cnn.wait(
        "view.dataset.state === 'ready' && view.shown && view.shown.run === argument && view.shown.mode === 'folded'",
        order,
    )
    cnn.page.wait_for_timeout(200)
    return open_log(logdir)[order].read("filters", path, 1)["kernel"].astype(np.float64)


@pytest.mark.parametrize("order", NAMES)
def test_a_folded_tile_has_the_colours_of_its_channels(cnn: CnnPage, logdir: Path, order: str) -> None:
    kernel = show(cnn, logdir, order)
    pixels = cnn.pixels()
    for filter_, row, column in np.ndindex(5, 3, 3):
        x, y = cnn.cell("view.cellAt(argument)", {"filter": filter_, "row": row, "column": column})
        wanted = expected(kernel[filter_, :, row, column], float(np.abs(kernel[filter_]).max()), order)
        assert np.abs(pixels[round(y), round(x)] - wanted).max() <= CLOSE, (filter_, row, column)
    cnn.hover(x, y)
    rows = cnn.rows()
    for name, value in zip(NAMES[order], kernel[4, :, 2, 2], strict=True):
        assert float(rows[name].replace("−", "-").replace("+", "")) == pytest.approx(value, rel=6e-3)
    text = text_of(cnn, "cnn-filters-view")
    assert f"Folded {order.upper()}" in text
    assert ("reads blue first" in text) == (order == "bgr")


def test_two_runs_are_folded_each_in_its_own_order(cnn: CnnPage, logdir: Path) -> None:
    kernel = show(cnn, logdir, "bgr", runB="rgb")
    cnn.wait("view.shown.panels.length === 3")
    cnn.page.wait_for_timeout(200)
    pixels = cnn.pixels()
    for panel, order in (("A", "bgr"), ("B", "rgb")):
        x, y = cnn.cell("view.cellAt(argument)", {"filter": 2, "row": 1, "column": 0, "panel": panel})
        wanted = expected(kernel[2, :, 1, 0], float(np.abs(kernel[2]).max()), order)
        assert np.abs(pixels[round(y), round(x)] - wanted).max() <= CLOSE, panel


@pytest.mark.parametrize("order", NAMES)
def test_a_biography_and_the_lab_name_and_draw_the_colours(cnn: CnnPage, logdir: Path, order: str) -> None:
    kernel = show(cnn, logdir, order)
    cnn.page.mouse.click(*cnn.cell("view.cellAt(argument)", {"filter": 3, "row": 2, "column": 2}))
    cnn.wait("(e => e && e.history.length === 2)(view.renderRoot.querySelector('cnn-filter-story'))")
    cnn.page.wait_for_timeout(200)
    found = cnn.wait(
        """(e => { const l = e.layout, d = devicePixelRatio, c = e.renderRoot.querySelector('canvas');
        const at = [l.left + 1.5 * l.pitch, l.rowTops[0] + 1.5 * l.cell].map(v => Math.round(v * d));
        return {name: e.rows[0].name, pixel: Array.from(c.getContext('2d').getImageData(...at, 1, 1).data)}; })(
        view.renderRoot.querySelector('cnn-filter-story'))"""
    )
    assert found["name"] == order.upper()
    wanted = expected(kernel[3, :, 1, 1], float(np.abs(kernel[3]).max()), order)
    assert np.abs(np.array(found["pixel"][:3]) - wanted).max() <= CLOSE
    cnn.open(view="lab", run=order, layer=path_of(logdir), step=1)
    cnn.wait("view.state && view.state.mode === 'convolution' && view.state.run === argument", order)
    text = text_of(cnn, "cnn-lab-products")
    places = [text.index(name) for name in NAMES[order]]
    assert places == sorted(places)


@pytest.mark.parametrize("order", NAMES)
def test_the_probe_is_drawn_in_its_own_colours(cnn: CnnPage, logdir: Path, order: str) -> None:
    probe = open_log(logdir)[order].read("probe", None, 0)
    turned = probe["x"][..., ::-1] if order == "bgr" else probe["x"]
    np.testing.assert_array_equal(probe["display"], turned)
