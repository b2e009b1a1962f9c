"""What a student does in the Maps view: point at cells, choose channels, walk steps and images, compare, save."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, colour, number
from tests.browser.test_pictures import CLOSE, layers_of, show_maps

CLIP = 0.995
COLUMN = "view.renderRoot.querySelector('cnn-image-column')"


def record_of(logdir: Path, run: str, layer: str, step: int) -> dict[str, np.ndarray]:
    return open_log(logdir)[run].read("feature_maps", layer, step)


def chain_to(logdir: Path, path: str) -> list[tuple[int, int, int]]:
    """Kernel, stride and cells of padding before of each window from the image to a layer of a plain chain."""
    chain = []
    for layer in open_log(logdir)["adam"].layers:
        if layer.kernel_size:
            (kernel, *_), (stride, *_) = layer.kernel_size, layer.strides
            chain.append((kernel, stride, (kernel - stride) // 2 if layer.padding == "same" else 0))
        if layer.path == path:
            return chain
    raise AssertionError(f"{path} is not among the layers")


def last_step(logdir: Path, layer: str) -> int:
    return int(open_log(logdir)["adam"].steps("feature_maps", layer)[-1])


def seen_by(chain: list[tuple[int, int, int]], index: int, length: int) -> tuple[int, int]:
    """First and last input that reaches a cell, by going back through every window."""
    cells = {index}
    for kernel, stride, before in reversed(chain):
        cells = {cell * stride - before + k for cell in cells for k in range(kernel)}
    inside = [cell for cell in cells if 0 <= cell < length]
    return min(inside), max(inside)


def layer_end(values: np.ndarray) -> float:
    """The upper end of a layer's scale: the 99.5th percentile of what is not zero, by sorting."""
    ordered = np.sort(np.abs(values[values != 0]), axis=None)
    return float(ordered[int(np.ceil(CLIP * ordered.size)) - 1])


def show(cnn: CnnPage, **state: Any) -> dict[str, Any]:
    cnn.open(view="maps", **state)
    shown: dict[str, Any] = cnn.wait(
        "view.state && (argument === null || view.state.b) && view.state", state.get("runB")
    )
    cnn.page.wait_for_timeout(200)
    return shown


def each_layer(cnn: CnnPage, logdir: Path, image: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Walk through the layers by key, from the first one on: path, last step, what the view says that it shows."""
    layers = layers_of(logdir, "feature_maps")
    step = last_step(logdir, layers[0])
    for i, layer in enumerate(layers):
        if i == 0:
            shown = show_maps(cnn, "adam", layer, step, image)
        else:
            cnn.press(".")
            shown = cnn.wait("view.state && view.state.layer === argument && view.state", layer)
            cnn.page.wait_for_timeout(100)
        yield layer, step, shown


def test_channels_are_sorted_into_active_silent_and_dead(cnn: CnnPage, logdir: Path) -> None:
    image = 3
    for layer, step, shown in each_layer(cnn, logdir, image):
        record = record_of(logdir, "adam", layer, step)
        quiet = (record["min"] == 0) & (record["max"] == 0)
        order = np.argsort(-record["mean"][image], kind="stable")
        assert shown["active"] == [int(c) for c in order if not quiet[image, c]]
        assert shown["dead"] == np.flatnonzero(quiet.all(axis=0)).tolist()
        assert shown["silent"] == np.flatnonzero(quiet[image] & ~quiet.all(axis=0)).tolist()
        table = dict(zip(cnn.texts("cnn-table-rows dt"), cnn.texts("cnn-table-rows dd"), strict=True))
        assert table["dead channels"] == f"{quiet.all(axis=0).sum()} of {quiet.shape[1]}"
        assert abs(float(re.findall(r"[\d.]+", table["zero"])[0]) - 100 * record["zeros"].mean()) <= 0.5


def test_a_cell_frames_what_it_sees(cnn: CnnPage, logdir: Path) -> None:
    rng = np.random.default_rng(5)
    for layer, step, shown in each_layer(cnn, logdir, 1):
        rows, columns = record_of(logdir, "adam", layer, step)["maps"].shape[2:]
        chain = chain_to(logdir, layer)
        for row, column in ((0, 0), (rows - 1, columns - 1), (int(rng.integers(rows)), int(rng.integers(columns)))):
            cnn.hover(*cnn.cell("view.cellRect(...argument)", [shown["active"][0], row, column]))
            frame = cnn.wait(
                f"(c => c.seen && {{ seen: c.seen, box: c.renderRoot.querySelector('.frame').getBBox().width, "
                f"image: c.renderRoot.querySelector('.image').offsetWidth }})({COLUMN})"
            )
            (top, bottom), (left, right) = seen_by(chain, row, 28), seen_by(chain, column, 28)
            expected = {"x": left, "y": top, "width": right - left + 1, "height": bottom - top + 1}
            assert frame["seen"] == expected, (layer, row, column)
            assert abs(frame["box"] - expected["width"] * frame["image"] / 28) < 0.01
            said = cnn.wait(f"{COLUMN}.seenWords")
            assert said.startswith(f"sees {expected['height']}×{expected['width']} px")


def test_two_runs_stand_on_one_scale(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "feature_maps")[0]
    step = last_step(logdir, layer)
    maps = {name: record_of(logdir, run, layer, step)["maps"] for name, run in (("A", "adam"), ("B", "sgd"))}
    shown = show(cnn, run="adam", runB="sgd", layer=layer, step=step, image=2)
    end = max(layer_end(each) for each in maps.values())
    assert np.isclose(shown["scale"]["hi"], end, rtol=1e-6)
    pixels = cnn.pixels()
    rng = np.random.default_rng(6)
    for name, values in maps.items():
        for _ in range(5):
            channel = int(rng.choice(shown["active"]))
            row, column = (int(n) for n in rng.integers(values.shape[2:]))
            x, y = cnn.cell("view.cellRect(...argument)", [channel, row, column, name])
            expected = colour(values[2, channel, row, column], 0, shown["scale"]["hi"], "viridis")
            assert np.abs(pixels[round(y), round(x)].astype(int) - expected).max() <= CLOSE, (
                name,
                channel,
                row,
                column,
            )


def test_one_channel_at_every_step_leads_to_its_steps(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "feature_maps")[2]
    steps = [int(s) for s in open_log(logdir)["adam"].steps("feature_maps", layer)]
    shown = show(cnn, run="adam", layer=layer, step=steps[-1], image=0)
    channel = shown["active"][1]
    place = cnn.cell("view.cellRect(...argument)", [channel, 0, 0])
    cnn.page.mouse.click(*place)
    cnn.wait("view.state && view.state.channel === argument", channel)
    cnn.page.mouse.click(*place)
    cnn.wait(
        "view.options.mode === 'steps' && view.renderRoot.querySelector('cnn-grid.A').scene?.tiles.every((t) => t >= 0)"
    )
    end = max(layer_end(record_of(logdir, "adam", layer, step)["maps"]) for step in steps)
    assert np.isclose(cnn.wait("view.state.scale.hi"), end, rtol=1e-6)
    x, y = cnn.cell("view.renderRoot.querySelector('cnn-grid.A').cellAt(argument, 3, 2)", 1)
    cnn.page.wait_for_timeout(200)
    value = record_of(logdir, "adam", layer, steps[1])["maps"][0, channel, 2, 3]
    assert np.abs(cnn.pixels()[round(y), round(x)].astype(int) - colour(value, 0, end, "viridis")).max() <= CLOSE
    cnn.page.mouse.click(x, y)
    cnn.wait("view.state && view.state.a.step === argument", steps[1])
    cnn.page.keyboard.press("Escape")
    cnn.wait("view.options.mode === 'channels'")


def test_every_layer_shows_its_strongest_channel(cnn: CnnPage, logdir: Path) -> None:
    layers = layers_of(logdir, "feature_maps")
    step = last_step(logdir, layers[0])
    show(cnn, run="adam", layer=layers[0], step=step, image=1, maps__mode="layers")
    cnn.frame.wait_for_selector(".tiles figure")
    for layer in layers:
        record = record_of(logdir, "adam", layer, step)
        channel = int(record["mean"][1].argmax())
        values = record["maps"][1, channel]
        row, column = (int(n) for n in np.unravel_index(values.argmax(), values.shape))
        find = "view.renderRoot.querySelector(`cnn-grid[data-layer='${argument[0]}']`)"
        x, y = cnn.cell(f"{find}.cellAt(0, argument[1], argument[2])", [layer, column, row])
        expected = colour(float(values.max()), 0.0, float(values.max()), "viridis")
        assert np.abs(cnn.pixels()[round(y), round(x)].astype(int) - expected).max() <= CLOSE, layer
        cnn.hover(x, y)
        assert np.isclose(number(cnn.rows()["value"]), values.max(), rtol=6e-3), layer


def test_the_keyboard_walks_the_maps(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "feature_maps")[0]
    step = last_step(logdir, layer)
    shown = show_maps(cnn, "adam", layer, step, 0)
    maps = record_of(logdir, "adam", layer, step)["maps"]
    cnn.frame.locator("cnn-maps-view cnn-grid.A canvas").focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"):
        cnn.page.keyboard.press(key)
    second = shown["active"][1]
    said = cnn.frame.locator("cnn-maps-view cnn-grid.A .live").inner_text()
    assert said.startswith(f"channel {second}, row 2, column 1"), said
    value = maps[0, second, 2, 1]
    assert np.isclose(number(cnn.rows()["value"]), value, rtol=6e-3, atol=1e-6)
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.state && view.state.channel === argument", second)
    cnn.press("]")
    cnn.wait("view.state && view.state.image === 1")
    # The units of a dense layer are one stop of the Tab key, and arrows walk them.
    dense = open_log(logdir)["adam"].layers[-1].path
    show(cnn, run="adam", layer=dense, image=1)
    bars = cnn.frame.locator("cnn-unit-bars button")
    assert [bars.nth(i).get_attribute("tabindex") for i in range(3)] == ["0", "-1", "-1"]
    bars.first.focus()
    cnn.page.keyboard.press("ArrowDown")
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.state && view.state.channel === view.state.active[1]")


def test_the_prediction_is_the_networks(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "feature_maps")[0]
    step = last_step(logdir, layer)
    run = open_log(logdir)["adam"]
    outputs = run.read("predictions", None, step)["y_pred"].astype(np.float64)
    labels = np.ravel(run.read("probe", None, 0)["y"])
    show_maps(cnn, "adam", layer, step, 0)
    for image in range(len(outputs)):
        if image:
            cnn.press("]")
            cnn.wait("view.state && view.state.image === argument", image)
        shares = np.exp(outputs[image]) / np.exp(outputs[image]).sum()
        name, verdict = cnn.texts("cnn-image-column .head b")[0], cnn.texts("cnn-image-column .head .quiet")[0]
        assert name == str(labels[image])
        found = re.fullmatch(r"predicted (\d), softmax (?:> )?([\d.]+) %", verdict)
        assert found, verdict
        assert int(found[1]) == int(outputs[image].argmax())
        assert abs(float(found[2]) - 100 * shares.max()) <= 0.5


def test_what_is_saved_is_what_was_logged(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "feature_maps")[3]
    step = last_step(logdir, layer)
    record = record_of(logdir, "adam", layer, step)
    show_maps(cnn, "adam", layer, step, 2)
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("c")
    rows = list(csv.DictReader(io.StringIO(Path(told.value.path()).read_text(encoding="utf-8"))))
    assert [int(row["channel"]) for row in rows] == list(range(record["mean"].shape[1]))
    for name, column in (("mean", "mean"), ("min", "min"), ("max", "max"), ("zero_share", "zeros")):
        assert np.array_equal(np.float32([float(row[name]) for row in rows]), record[column][2])
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("s")
    picture = Image.open(told.value.path())
    assert min(picture.size) > 400
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50
