"""What a student does in the Model view: read every column, follow a row, choose layers, fold, draw the graph, save."""

from __future__ import annotations

import csv
import io
import re
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import LayerRecord, ModelRecord, Record
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, number
from tests.browser.network_oracles import (
    facts_of,
    layers_of,
    multiply_adds,
    norms_of,
    seen_rows,
    short,
    spatial,
)
from tests.support.tensorboard_process import tensorboard

HERE = np.array([0xDD, 0x68, 0x00])
BARS = np.array([0xC4, 0xC4, 0xBF])
CLOSE = 12
SVG = "{http://www.w3.org/2000/svg}"

CELLS = """Object.fromEntries([...view.renderRoot.querySelectorAll('.row')].map(row => [row.dataset.row,
  Object.fromEntries([...row.querySelectorAll('[data-column]')].map(cell =>
    [cell.dataset.column, [...cell.querySelectorAll('text')].map(text => text.textContent.trim())]))]))"""


def show(cnn: CnnPage, **state: Any) -> dict[str, Any]:
    cnn.open(view="model", **state)
    shown: dict[str, Any] = cnn.wait("view.state && view.state.run === argument && view.state", state["run"])
    cnn.page.wait_for_timeout(250)
    return shown


def test_every_column_is_what_the_network_and_the_log_say(cnn: CnnPage, logdir: Path) -> None:
    layers = {layer.path: layer for layer in layers_of(logdir)}
    run = open_log(logdir)["adam"]
    steps = run.steps("gradients")
    step = int(steps[len(steps) // 2])
    shown = show(cnn, run="adam", layer=list(layers)[1], step=step)
    assert shown["rows"] == list(layers)
    assert shown["step"] == step
    assert [tuple(edge) for edge in shown["edges"]] == [
        (source, layer.path) for layer in layers.values() for source in layer.inbound
    ]
    cells = cnn.wait(CELLS)
    facts = facts_of(logdir)
    total = sum(parameters for _, parameters in facts.values())
    adds = sum(multiply_adds(layer, facts) for layer in layers.values() if layer.role != "input")
    head = cnn.wait("view.renderRoot.querySelector('[slot=subtitle]').textContent")
    assert head.startswith(f"{len(layers)} layers, {total:,} parameters, ")
    millions, off = short(re.findall(r"([\d.,]+(?: [kMG])?) multiply-adds", head)[0])
    assert abs(millions - adds) <= off
    image = next(layer for layer in layers.values() if layer.role == "input")
    norms = norms_of(logdir, "adam", step)
    for path, layer in layers.items():
        row = cells[path]
        if path in facts:  # Keras lists no input layer of a Sequential
            assert row["output"] == ["×".join(map(str, facts[path][0]))]
            assert (row["parameters"] == []) == (facts[path][1] == 0)
            if facts[path][1]:
                value, off = short(row["parameters"][0])
                assert abs(value - facts[path][1]) <= off
                value, off = short(row["adds"][0])
                assert abs(value - multiply_adds(layer, facts)) <= off
        if layer.kernel_size and layer.strides:
            strided = layer.role == "pooling" or set(layer.strides) != {1}
            stride = f" / {layer.strides[0]}" if strided else ""
            assert row["window"] == ["×".join(map(str, layer.kernel_size)) + stride, layer.padding]
        if layer.role != "input":
            rows = seen_rows(layers, path, [spatial(layer)[0] // 2]) if spatial(layer) else range(spatial(image)[0])
            assert row["field"] == [str(max(rows) - min(rows) + 1)], path
        assert (row["gradient"] == []) == (path not in norms)
        if path in norms:
            norm, ratio = norms[path]
            assert np.isclose(number(row["gradient"][0]), norm, rtol=0.006)
            assert np.isclose(number(row["ratio"][0]), ratio, rtol=0.06)
        activated = layer.activation not in (None, "linear")
        if activated and run.steps("feature_maps", path):
            zeros = run.read("feature_maps", path, shown["mapsStep"])["zeros"].astype(np.float64).mean()
            assert abs(float(re.findall(r"[\d.]+", row["zeros"][0])[0]) - 100 * zeros) <= 0.51
        else:
            assert row["zeros"] == []


def test_curves_and_bars_stand_where_the_numbers_put_them(cnn: CnnPage, logdir: Path) -> None:
    steps = open_log(logdir)["sgd"].steps("gradients")
    step = int(steps[2 * len(steps) // 3])
    every = {each: norms_of(logdir, "sgd", each) for each in steps[:: max(1, len(steps) // 600)]}
    show(cnn, run="sgd", layer=layers_of(logdir)[0].path, step=step, axis="log")
    pixels = cnn.pixels()
    box = cnn.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    ends = np.sort([np.log2(norm) for norms in every.values() for norm, _ in norms.values()])
    lo, hi = (ends[int(np.floor(share * (len(ends) - 1) + 0.5))] for share in (0.005, 0.995))
    share = np.log1p(step / 4) / np.log1p(steps[-1] / 4)
    for path, (norm, _) in norms_of(logdir, "sgd", step).items():
        place = cnn.wait(
            """(cell => { const spark = cell('gradient').querySelector('.spark').getScreenCTM();
            return { x: spark.e, y: spark.f, width: cell('ratio').querySelector('.rule').getBBox().width }; })(
            id => view.renderRoot.querySelector(`[data-row="${argument}"] [data-column=${id}]`))""",
            path,
        )
        height = 24 * (1 - np.clip((np.log2(norm) - lo) / (hi - lo), 0, 1))
        x, y = box["x"] + place["x"] + share * place["width"], box["y"] + place["y"] + height
        assert np.abs(pixels[round(y), round(x)] - HERE).max() <= CLOSE, path
    parameters = {layer.path: layer.parameters for layer in layers_of(logdir) if layer.parameters}
    bars = cnn.wait(
        """argument.map(path => { const box = view.renderRoot.querySelector(
        `[data-row="${path}"] [data-column=parameters] .bar`).getBoundingClientRect();
        return [box.x, box.y + box.height / 2, box.width]; })""",
        list(parameters),
    )
    widest = max(width for _, _, width in bars)
    for count, (x, y, width) in zip(parameters.values(), bars, strict=True):
        assert abs(width - max(1, widest * count / max(parameters.values()))) < 0.6
        if width > 3:
            row = pixels[round(box["y"] + y)]
            assert np.abs(row[round(box["x"] + x + width / 2)] - BARS).max() <= CLOSE
            assert np.abs(row[round(box["x"] + x + width + 2)] - BARS).max() > CLOSE


def test_a_row_shows_its_field_and_chooses_its_layer(cnn: CnnPage, logdir: Path) -> None:
    layers = {layer.path: layer for layer in layers_of(logdir)}
    paths = list(layers)
    convolutions = [path for path in paths if layers[path].role == "convolution"]
    show(cnn, run="adam", runB="sgd", layer=convolutions[0], step="last")
    differences = cnn.wait("view.renderRoot.querySelector('.differences').textContent")
    assert "optimizer: Adam" in differences
    for path in convolutions:
        layer = layers[path]
        row = cnn.frame.locator(f'[data-row="{path}"]')
        row.hover(position={"x": 150, "y": 12})
        legend = cnn.wait("(legend => legend.textContent.includes(argument) && legend.textContent)"
                          "(view.renderRoot.querySelector('section.field'))", f"One number of {layer.name} can")  # fmt: skip
        cells = [seen_rows(layers, path, [cell]) for cell in (spatial(layer)[0] // 2, spatial(layer)[0] // 2 + 1)]
        assert f"Neighbours are {min(cells[1]) - min(cells[0])} px apart." in legend
        image = next(each for each in layers.values() if each.role == "input")
        inside = [cell for cell in cells[0] if 0 <= cell < spatial(image)[0]]
        frame = cnn.wait("(root => ({ ...['y', 'height'].reduce((all, key) => ({ ...all, [key]: "
                         "root.querySelector('.image .frame').getBBox()[key] }), {}), image: root.querySelector('.image')"
                         ".offsetHeight }))(view.renderRoot)")  # fmt: skip
        scale = frame["image"] / spatial(image)[0]
        assert np.isclose(frame["y"] / scale, min(inside), atol=0.02)
        assert np.isclose(frame["height"] / scale, max(inside) - min(inside) + 1, atol=0.02)
    # A click chooses for all views, arrows walk, a double click and Enter open the filters.
    cnn.frame.locator(f'[data-row="{convolutions[1]}"]').click(position={"x": 150, "y": 12})
    cnn.wait("view.state && view.state.layer === argument", convolutions[1])
    facts = cnn.rows()
    layer = layers[convolutions[1]]
    terms = f"{layer.input_shapes[0][-1]}·{np.prod(layer.kernel_size)}·{layer.filters} + {layer.filters}"
    assert facts["parameters"] == f"{terms} = {layer.parameters:,}"
    norm, ratio = norms_of(logdir, "adam", int(open_log(logdir)["adam"].steps("gradients")[-1]))[layer.path]
    assert np.isclose(number(facts["gradient norm"]), norm, rtol=6e-4)
    assert np.isclose(number(facts["update / weight"]), ratio, rtol=6e-3)
    at = paths.index(convolutions[1])
    cnn.frame.locator("cnn-model-view .map").focus()
    for key, index in (("ArrowDown", at + 1), ("ArrowDown", at + 2), ("ArrowUp", at + 1), ("ArrowUp", at)):
        cnn.page.keyboard.press(key)
        cnn.wait("view.state && view.state.layer === argument", paths[index])
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.tagName === 'CNN-FILTERS-VIEW' && view.shown && view.shown.layer === argument", convolutions[1])
    cnn.page.keyboard.press("1")
    cnn.wait("view.tagName === 'CNN-MODEL-VIEW' && view.state")
    cnn.frame.locator(f'[data-row="{convolutions[0]}"]').dblclick(position={"x": 150, "y": 12})
    cnn.wait("view.tagName === 'CNN-FILTERS-VIEW' && view.shown && view.shown.layer === argument", convolutions[0])


def saved(cnn: CnnPage, key: str) -> Path:
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press(key)
    return Path(told.value.path())


def test_table_and_graph_are_saved_as_they_are(cnn: CnnPage, logdir: Path) -> None:
    layers = layers_of(logdir)
    step = int(open_log(logdir)["adam"].steps("gradients")[-1])
    show(cnn, run="adam", layer=layers[1].path, step="last")
    norms = norms_of(logdir, "adam", step)
    rows = list(csv.DictReader(io.StringIO(saved(cnn, "c").read_text(encoding="utf-8"))))
    assert [row["layer"] for row in rows] == [layer.path for layer in layers]
    for row, layer in zip(rows, layers, strict=True):
        assert int(row["parameters"]) == layer.parameters
        assert row["output_shape"] == "×".join(map(str, layer.output_shape))
        assert (row["gradient_norm"] != "") == (layer.path in norms)
        if layer.path in norms:
            assert int(row["step"]) == step
            got = [
                float(row["gradient_norm"]),
                float(row["update_weight_ratio"]),
                2 ** float(row["log2_gradient_norm"]),
            ]
            norm, ratio = norms[layer.path]
            assert np.allclose(got, [norm, ratio, norm], rtol=1e-6)
    for form in ("table", "graph"):
        if form == "graph":
            cnn.frame.get_by_role("radio", name="Graph").click()
            cnn.wait("view.state && view.state.form === 'graph' && view.renderRoot.querySelector('.box') !== null")
        root = ElementTree.fromstring(saved(cnn, "v").read_text(encoding="utf-8"))
        texts = [text.text or "" for text in root.iter(f"{SVG}text")]
        assert all(layer.name in texts for layer in layers)
        assert all("×".join(map(str, layer.output_shape)) in texts for layer in layers)
        assert not list(root.iter(f"{SVG}image"))
        assert not list(root.iter(f"{SVG}foreignObject"))
        picture = Image.open(saved(cnn, "s")).convert("RGB")
        assert np.allclose(picture.size, [2 * float(root.attrib[side]) for side in ("width", "height")], atol=2)
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 20
    lines = cnn.wait("view.renderRoot.querySelectorAll('.edges path').length")
    assert lines == sum(len(layer.inbound) for layer in layers)
    width = "view.renderRoot.querySelector('.box .face').getBoundingClientRect().width"
    before = cnn.wait(width)
    cnn.press("+")
    cnn.wait(f"{width} > 1.1 * argument", before)
    cnn.frame.get_by_role("button", name="Zoom out").click()
    cnn.frame.get_by_role("button", name="Fit").click()
    cnn.wait(f"Math.abs({width} - argument) < 0.01", before)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a" * 5000,
    "n\x00l\x07",
    "\u202egnp.exe",
    "]]>&amp;--><svg>",
    "=1+1",
    "__proto__",
]


@pytest.fixture(scope="module")
def odd_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model records alone: a long network, one with hostile names, one whose connections are not known."""
    folder = tmp_path_factory.mktemp("odd")
    long = [layer("input", [], [64, 64, 3], "input")]
    for block in range(6):
        side = 64 >> block
        for i in range(5):
            long.append(layer(f"block{block}_conv{i}", [long[-1].path], [side, side, 8]))
    hostile = [layer(name, HOSTILE[max(0, i - 1) : i], [8, 8, 4]) for i, name in enumerate(HOSTILE)]
    unknown = [layer(f"layer{i}", [], [8, 8, 4]) for i in range(4)]
    for run, layers in {"long": long, "hostile": hostile, "unknown": unknown}.items():
        with closing(RecordWriter(folder / run)) as writer:
            body = ModelRecord(run, layers, [], sum(each.parameters for each in layers)).to_json()
            writer.write(Record("model", 0, arrays={"json": np.frombuffer(body, np.uint8)}))
    return folder


def layer(name: str, inbound: list[str], shape: list[int | None], role: str = "convolution") -> LayerRecord:
    count = 0 if role == "input" else 10
    return LayerRecord(name, name, "Conv2D", role, inbound, output_shape=shape, parameters=count, multiply_adds=count)


def test_long_hostile_and_unknown_networks(browser: Browser, odd_logs: Path) -> None:
    with tensorboard("--logdir", str(odd_logs)) as server, closing(browser.new_page()) as page:
        page.set_viewport_size({"width": 1440, "height": 900})
        cnn = CnnPage(page, server.address)
        shown = show(cnn, run="long", layer="input")
        blocks = [f"block{block}_conv0" for block in range(6)]
        assert shown["rows"] == ["input", *blocks]
        assert shown["folded"] == blocks
        assert shown["columns"] == ["layer", "output", "parameters", "adds"]
        assert cnn.wait(CELLS)[blocks[1]]["parameters"] == ["50"]
        cnn.frame.locator("cnn-model-view .map").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        cnn.wait("view.state.rows.length === 11 && view.state.folded.length === 5")
        page.keyboard.press("ArrowDown")
        cnn.wait("view.state.layer === argument", "block0_conv1")
        page.keyboard.press("Escape")
        cnn.wait("view.state.rows.length === 7")
        cnn.frame.locator(f"[data-row={blocks[3]}]").click(position={"x": 120, "y": 12})
        cnn.wait("view.state.rows.length === 11")
        cnn.frame.locator(f"[data-fold={blocks[3]}]").click()
        cnn.wait("view.state.rows.length === 7")
        cnn.frame.locator("cnn-model-view cnn-select select").select_option("none")
        cnn.wait("view.state.rows.length === 31")
        cnn.frame.locator("cnn-model-view cnn-select select").select_option("blocks")
        # The layer of a link stands unfolded.
        assert "block4_conv2" in show(cnn, run="long", layer="block4_conv2")["rows"]
        show(cnn, run="long", layer="block5_conv4", model__fold="none")
        row = "view.renderRoot.querySelector(`[data-row=${argument}]`).getBoundingClientRect()"
        cnn.wait(f"{row}.top > 0 && {row}.bottom <= innerHeight", "block5_conv4")
        show(cnn, run="long", layer="block4_conv2")
        cnn.frame.get_by_role("button", name="Fold all").click()
        cnn.wait("view.state.rows.length === 7")
        shown = show(cnn, run="hostile")
        assert len(shown["rows"]) == len(HOSTILE)
        assert cnn.frame.locator("cnn-model-view img").count() == 0
        assert len(list(ElementTree.fromstring(saved(cnn, "v").read_text(encoding="utf-8")).iter(f"{SVG}text"))) > 20
        assert Image.open(saved(cnn, "s")).width > 400
        rows = list(csv.DictReader(io.StringIO(saved(cnn, "c").read_text(encoding="utf-8"), newline="")))
        assert [row["layer"].removeprefix("'") for row in rows] == HOSTILE
        for form in ("table", "graph"):
            assert show(cnn, run="unknown", model__form=form)["edges"] == []
            assert "connected is not known" in cnn.wait("view.renderRoot.querySelector('.legend').textContent")
        for width in (1000, 700):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(300)
            assert cnn.wait("view.renderRoot.querySelector('.map svg').getBoundingClientRect().right <= innerWidth")
        assert not cnn.complaints
