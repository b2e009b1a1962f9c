"""The Lab's convolution: its numbers against numpy and the layer's own output, and each of its controls."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, colour, number
from tests.browser.window_walk import window_walk

CLOSE = 2
MODE = "cnn-lab-convolution"
TERMS = 4


class Layer:
    """A convolution's weights, input and output at the last step at which its operation was logged."""

    def __init__(self, run: Any, layer: Any) -> None:
        self.run, self.path = run.name, layer.path
        self.step = int(run.steps("operations", layer.path)[-1])
        operation = run.read("operations", layer.path, self.step)
        filters = run.read("filters", layer.path, self.step)
        self.input = operation["input"].astype(np.float64)
        self.output = operation["output"].astype(np.float64)
        self.kernel = filters["kernel"].astype(np.float64)
        self.bias = filters["bias"].astype(np.float64)
        self.own = {"stride": layer.strides[0], "dilation": layer.dilation[0], "padding": layer.padding}

    def padding(self, size: int, axis: int, stride: int, dilation: int, padding: str) -> tuple[int, int, int]:
        """Cells before and behind, and how many windows there are."""
        length, reach = self.input.shape[1 + axis], dilation * (size - 1) + 1
        if padding == "valid":
            return 0, 0, (length - reach) // stride + 1
        count = -(-length // stride)
        total = max(0, (count - 1) * stride + reach - length)
        return total // 2, total - total // 2, count

    def padded(self, size: tuple[int, int], stride: int, dilation: int, padding: str) -> np.ndarray:
        (top, bottom, _), (left, right, _) = (self.padding(size[a], a, stride, dilation, padding) for a in (0, 1))
        return np.pad(self.input, ((0, 0), (top, bottom), (left, right)))

    def window(self, row: int, column: int, size: tuple[int, int], stride: int, dilation: int, padding: str) -> Any:
        y, x = row * stride, column * stride
        reach = [dilation * (k - 1) + 1 for k in size]
        return self.padded(size, stride, dilation, padding)[:, y : y + reach[0] : dilation, x : x + reach[1] : dilation]

    def convolved(self, weights: np.ndarray, bias: float, stride: int, dilation: int, padding: str) -> np.ndarray:
        """The map before the activation: one shifted input for each weight."""
        size = weights.shape[1:]
        rows, columns = (self.padding(size[a], a, stride, dilation, padding)[2] for a in (0, 1))
        padded = self.padded(size, stride, dilation, padding)
        out = np.full((rows, columns), bias)
        for channel, y, x in np.ndindex(*weights.shape):
            top, left = y * dilation, x * dilation
            cells = padded[channel, top : top + (rows - 1) * stride + 1 : stride]
            out += weights[channel, y, x] * cells[:, left : left + (columns - 1) * stride + 1 : stride]
        return out

    def own_map(self, index: int) -> np.ndarray:
        return self.convolved(self.kernel[index], self.bias[index], **self.own)


def one_run(logdir: Path) -> Any:
    log = open_log(logdir)
    return log[sorted(log)[0]]


def layers_of(run: Any) -> list[Layer]:
    """Plain two-dimensional convolutions with a relu whose operations were logged."""
    return [
        Layer(run, layer)
        for layer in run.layers
        if layer.type == "Conv2D" and layer.groups == 1 and layer.activation == "relu" and layer.use_bias
        if len(set(layer.strides)) == 1 and run.steps("operations", layer.path)
    ]


def opened(cnn: CnnPage, layer: Layer, **state: Any) -> dict[str, Any]:
    cnn.open(view="lab", run=layer.run, layer=layer.path, step=layer.step, **state)
    return shown(cnn, f"s.layer === {layer.path!r} && s.step === {layer.step} && s.run === {layer.run!r}")


def shown(cnn: CnnPage, condition: str) -> dict[str, Any]:
    found: dict[str, Any] = cnn.wait(f"(s => s && s.mode === 'convolution' && ({condition}) && s)(view.state)")
    cnn.page.wait_for_timeout(120)
    return found


def corner(cnn: CnnPage, part: str, row: int, column: int) -> tuple[int, int]:
    """A pixel of a cell beside its number."""
    rect = cnn.wait("view.cellRect(...argument)", [part, row, column])
    box = cnn.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    assert box is not None
    inset = min(2.5, rect["width"] / 2)
    return int(box["x"] + rect["x"] + inset), int(box["y"] + rect["y"] + inset)


def saved(cnn: CnnPage) -> dict[str, list[dict[str, str]]]:
    """The rows of the CSV by part."""
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("c")
    parts: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(Path(told.value.path()).read_text(encoding="utf-8"))):
        parts.setdefault(row["part"], []).append(row)
    return parts


def values(rows: list[dict[str, str]]) -> np.ndarray:
    return np.array([float(row["value"]) for row in rows])


def is_in_the_middle(value: float, bound: float) -> bool:
    """Not where rounding may choose the next of the 256 colours."""
    place = (value + bound) * (128 / bound)
    return bool(0.02 < place % 1 < 0.98)


def test_a_layer_is_computed_as_it_was_logged(cnn: CnnPage, logdir: Path) -> None:
    rng = np.random.default_rng(31)
    run = one_run(logdir)
    layers = layers_of(run)
    assert layers
    for layer in layers:
        index = int(rng.integers(len(layer.kernel)))
        expected = layer.own_map(index)
        row, column = (int(rng.integers(n)) for n in expected.shape)
        state = opened(cnn, layer, channel=index, lab__row=row, lab__column=column)
        assert (state["filter"], state["row"], state["column"]) == (index, row, column)
        assert (state["rows"], state["columns"]) == expected.shape == layer.output.shape[1:]
        weights = layer.kernel[index]
        window = layer.window(row, column, weights.shape[1:], **layer.own)
        products = window * weights
        for name, wanted in (("window", window), ("products", products), ("sums", products.sum(axis=(1, 2)))):
            np.testing.assert_allclose(state[name], np.ravel(wanted), rtol=1e-9, atol=1e-9, err_msg=name)
        assert np.isclose(state["total"], expected[row, column], rtol=1e-9, atol=1e-9)
        holds_the_sentence(cnn, layer, index, products)

        logged = layer.output[index]
        apart = np.abs(np.maximum(expected, 0) - logged)
        comparison = state["comparison"]
        assert np.isclose(comparison["deviation"], apart.max(), rtol=1e-3, atol=1e-12)
        assert np.isclose(apart[comparison["row"], comparison["column"]], apart.max(), rtol=1e-3, atol=1e-12)
        assert np.isclose(comparison["range"], np.ptp(logged))
        assert apart.max() <= 1e-4 * np.ptp(logged)
        assert cnn.texts(f"{MODE} .agreement b") == ["Agrees with the log"]

        cnn.frame.locator(f"{MODE} cnn-lab-window-map.input .map").focus()
        cnn.page.keyboard.press("Enter")
        state = shown(cnn, f"s.reached === {expected.size}")
        holds_the_pixels(cnn, run, layer, state, expected, rng)
        parts = saved(cnn)
        np.testing.assert_allclose(values(parts["output"]), expected.ravel(), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(values(parts["logged"]), logged.ravel(), rtol=1e-6)


def holds_the_sentence(cnn: CnnPage, layer: Layer, index: int, products: np.ndarray) -> None:
    sums = products.sum(axis=(1, 2))
    if len(sums) > TERMS:
        order = np.argsort(-np.abs(sums), kind="stable")
        sums = np.append(sums[order[:TERMS]], sums[order[TERMS:]].sum())
        assert f"{products.shape[0] - TERMS} others" in cnn.texts(f"{MODE} .sentence small")
    total = products.sum() + layer.bias[index]
    small = cnn.texts(f"{MODE} .sentence small")
    text = cnn.texts(f"{MODE} .sentence .terms")[0]
    for name in small:
        text = text.replace(name, "", 1)
    sum_of, after = text.split("=")
    found = [number(part) for part in sum_of.replace("− ", "|−").replace("+ ", "|").split("|")]
    assert np.allclose(found, [*sums, layer.bias[index]], rtol=6e-3, atol=1e-9)
    before, name, value = after.split("→")
    assert np.isclose(number(before), total, rtol=6e-3)
    assert name.strip() == "relu"
    assert np.isclose(number(value), max(total, 0), rtol=6e-3)


def holds_the_pixels(
    cnn: CnnPage, run: Any, layer: Layer, state: dict[str, Any], expected: np.ndarray, rng: np.random.Generator
) -> None:
    """The output, the products of the list's first channel, and the input, each in its colours."""
    index, bound = state["filter"], np.abs(expected).max()
    assert np.isclose(state["bound"], bound)
    pixels = cnn.pixels()

    def drawn(part: str, row: int, column: int) -> np.ndarray:
        x, y = corner(cnn, part, row, column)
        return pixels[y, x].astype(int)

    for row, column in zip(*(rng.integers(0, n - 2, 8) for n in expected.shape), strict=True):
        if is_in_the_middle(expected[row, column], bound):
            wanted = colour(expected[row, column], -bound, bound, "RdBu_r")
            assert np.abs(drawn("output", int(row), int(column)) - wanted).max() <= CLOSE, (layer.path, row, column)
    weights, channel = layer.kernel[index], state["order"][0]
    window = layer.window(state["row"], state["column"], weights.shape[1:], **layer.own)
    largest = np.abs(layer.input).max(axis=(1, 2))
    scales = {
        "window": (window, largest.max()),
        "kernel": (weights, np.abs(weights).max()),
        "product": (window * weights, (largest * np.abs(weights).max(axis=(1, 2))).max()),
    }
    for name, (cells, end) in scales.items():
        # The last window lies on the last cells: its upper left part is no padding.
        value = cells[channel, 0, 0]
        if is_in_the_middle(value, end):
            wanted = colour(value, -end, end, "RdBu_r")
            assert np.abs(drawn(f"{name}:{channel}", 0, 0) - wanted).max() <= CLOSE, (layer.path, name)
    row, column = (int(rng.integers(0, n - 12)) if n > 14 else 0 for n in layer.input.shape[1:])
    if state["image"]:
        display = run.read("probe")["display"][0]
        wanted = np.broadcast_to(display[row, column], 3).astype(int)
    else:
        norms = (weights**2).sum(axis=(1, 2)) * (layer.input**2).sum(axis=(1, 2))
        assert state["inputChannel"] == int(norms.argmax())
        plane = layer.input[state["inputChannel"]]
        end = np.abs(plane).max()
        wanted = colour(plane[row, column], *((-end, end, "RdBu_r") if plane.min() < 0 else (0, end, "viridis")))
    assert np.abs(drawn("input", row, column) - wanted).max() <= CLOSE, (layer.path, "input", row, column)


def test_the_channels_are_one_stop_of_the_tab_key(cnn: CnnPage, logdir: Path) -> None:
    """However many there are: one name, and one field of its weights where these can be written over."""
    layer = next(each for each in layers_of(one_run(logdir)) if each.kernel.shape[1] > 3)
    state = opened(cnn, layer)
    names = cnn.frame.locator(f"{MODE} cnn-lab-products button.label")
    stops = cnn.frame.locator(f"{MODE} cnn-lab-products :is(button, input)[tabindex='0']")
    assert names.count() > 3
    assert stops.count() == 1 + (cnn.frame.locator(f"{MODE} cnn-lab-products input").count() > 0)
    names.first.focus()
    cnn.page.keyboard.press("ArrowDown")
    cnn.page.keyboard.press("Enter")
    shown(cnn, f"s.inputChannel === {state['order'][1]}")
    assert stops.first.get_attribute("aria-pressed") == "true"


def test_the_window_slides_by_key_by_itself_and_by_pointer(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(one_run(logdir))[0]
    rows, columns = layer.output.shape[1:]
    best = int(layer.own_map(0).argmax())
    state = opened(cnn, layer)
    assert (state["row"], state["column"]) == divmod(best, columns)
    assert state["reached"] == best + 1

    state = opened(cnn, layer, lab__row=1, lab__column=2)
    # Reached stays: what was drawn is not taken away again.
    assert state["reached"] == max(best, columns + 2) + 1
    cnn.frame.locator(f"{MODE} cnn-lab-window-map.input .map").focus()
    for key, *at in window_walk([1, 2], rows, columns):
        cnn.page.keyboard.press(key)
        state = shown(cnn, f"s.row === {at[0]} && s.column === {at[1]}")
        window = layer.window(*at, layer.kernel.shape[2:], **layer.own)
        np.testing.assert_allclose(state["window"], window.ravel(), rtol=1e-9)
    assert f"row {at[0]}, column {at[1]}, " in cnn.texts("#live")[0]

    cnn.page.keyboard.press("Enter")
    assert shown(cnn, f"s.row === {rows - 1} && s.column === {columns - 1}")["reached"] == rows * columns
    cnn.page.keyboard.press("Space")
    state = shown(cnn, "s.playing && s.reached > 2 && s.row * s.columns + s.column > 2")
    cnn.page.keyboard.press("Space")
    here = shown(cnn, "!s.playing")
    assert here["reached"] < rows * columns
    left = f"{rows * columns - here['reached']:,} cells still to come"
    assert any(left in text for text in cnn.texts(f"{MODE} figure.output p"))
    cnn.page.wait_for_timeout(400)
    assert shown(cnn, "true")["reached"] == here["reached"]

    # Drag the window over the input: its middle follows the pointer.
    (top, _, _), (left, _, _) = (layer.padding(layer.kernel.shape[2 + a], a, **layer.own) for a in (0, 1))
    targets = [(2, 3), (rows - 3, columns - 4)]
    middles = [
        [
            row * layer.own["stride"] - top + layer.kernel.shape[2] // 2,
            column * layer.own["stride"] - left + layer.kernel.shape[3] // 2,
        ]
        for row, column in targets
    ]
    first, then = (cnn.cell("view.cellRect(...argument)", ["input", *middle]) for middle in middles)
    cnn.page.mouse.move(*first)
    cnn.page.mouse.down()
    shown(cnn, f"s.row === {targets[0][0]} && s.column === {targets[0][1]}")
    cnn.page.mouse.move(*then, steps=3)
    cnn.page.mouse.up()
    shown(cnn, f"s.row === {targets[1][0]} && s.column === {targets[1][1]}")
    cnn.page.mouse.click(*cnn.cell("view.cellRect(...argument)", ["output", 4, 3]))
    shown(cnn, "s.row === 4 && s.column === 3")

    # A cell of the window, under the pointer.
    weights = layer.kernel[0]
    window = layer.window(4, 3, weights.shape[1:], **layer.own)
    cnn.hover(*cnn.cell("view.cellRect(...argument)", ["product:0", 1, 2]))
    cnn.frame.wait_for_selector(f"{MODE} .cursor dt:has-text('row 1, column 2')")
    factors, product = cnn.texts(f"{MODE} .cursor dd")
    value, weight = (number(part.replace("(padding)", "")) for part in factors.split("×"))
    assert np.isclose(value, window[0, 1, 2], rtol=6e-3, atol=1e-9)
    assert np.isclose(weight, weights[0, 1, 2], rtol=6e-3)
    assert np.isclose(number(product), window[0, 1, 2] * weights[0, 1, 2], rtol=6e-3, atol=1e-9)


def press(cnn: CnnPage, stepper: str, larger: bool) -> None:
    buttons = cnn.frame.locator(f"{MODE} cnn-stepper.{stepper} button")
    (buttons.last if larger else buttons.first).click()


def holds_output(cnn: CnnPage, wanted: np.ndarray) -> None:
    parts = saved(cnn)
    np.testing.assert_allclose(values(parts["output"]), wanted.ravel(), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(values(parts["activated"]), np.maximum(wanted, 0).ravel(), rtol=1e-6, atol=1e-7)


def test_what_is_changed_by_hand_is_computed_and_not_compared(cnn: CnnPage, logdir: Path) -> None:
    run = one_run(logdir)
    layer = next(each for each in layers_of(run) if each.kernel.shape[1] > TERMS and each.kernel.shape[2] == 3)
    hostile = {
        "lab__chosenFor": layer.path,
        "lab__grow": "999999",
        "lab__convolutionStride": "x",
        "lab__dilation": "-1",
        "lab__edits": "0@|;=;a.b.c=1",
    }
    state = opened(cnn, layer, channel=9999, **hostile)
    index = len(layer.kernel) - 1
    assert (state["filter"], state["changes"]) == (index, [])
    cnn.frame.locator(f"{MODE} cnn-select.filter select").select_option("1")
    index = 1
    shown(cnn, "s.filter === 1")
    weights, bias, own = layer.kernel[index], layer.bias[index], layer.own

    press(cnn, "size", larger=True)
    shown(cnn, "s.size[0] === 5")
    holds_output(cnn, layer.convolved(np.pad(weights, ((0, 0), (1, 1), (1, 1))), bias, **own))
    press(cnn, "size", larger=False)
    press(cnn, "size", larger=False)
    state = shown(cnn, "s.size[0] === 1")
    holds_output(cnn, layer.convolved(weights[:, 1:2, 1:2], bias, **own))
    assert cnn.texts(f"{MODE} .agreement b") == ["Not compared with the log"]
    assert "You changed size 3×3 → 1×1" in cnn.texts(f"{MODE} .agreement p")[0]
    press(cnn, "size", larger=True)

    stride = own["stride"] + 1
    press(cnn, "stride", larger=True)
    state = shown(cnn, f"s.stride[0] === {stride} && s.size[0] === 3")
    wanted = layer.convolved(weights, bias, stride, 1, own["padding"])
    holds_output(cnn, wanted)
    assert f"/ {stride}⌋ + 1 = {state['rows']}" in " ".join(cnn.texts(f"{MODE} .arithmetic p"))
    cost = f"{wanted.size * weights.size * len(layer.kernel):,}"
    assert any(text.endswith(f"= {cost}") for text in cnn.texts(f"{MODE} .arithmetic p"))
    other = "valid" if own["padding"] == "same" else "same"
    cnn.frame.locator(f"{MODE} cnn-select.padding select").select_option(other)
    shown(cnn, f"s.padding === {other!r}")
    holds_output(cnn, layer.convolved(weights, bias, stride, 1, other))

    press(cnn, "dilation", larger=True)
    cnn.frame.wait_for_selector(f"{MODE} cnn-notice")
    assert "Keras does not convolve with stride" in cnn.texts(f"{MODE} cnn-notice p")[0]
    press(cnn, "stride", larger=False)
    shown(cnn, "s.dilation[0] === 2")
    holds_output(cnn, layer.convolved(weights, bias, 1, 2, other))
    cnn.frame.locator(f"{MODE} button.reset").click()
    assert shown(cnn, "s.changes.length === 0")["comparison"]["is"] == "compared"

    # A small picture leads to its setting.
    cnn.frame.locator(f"{MODE} .variant", has_text="dilation 2").click()
    shown(cnn, "s.dilation[0] === 2")
    cnn.frame.locator(f"{MODE} button.reset").click()
    shown(cnn, "s.changes.length === 0")
    holds_edits(cnn, layer, index)
    holds_the_list(cnn, layer)

    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("s")
    picture = np.asarray(Image.open(told.value.path()).convert("RGB"))
    assert min(picture.shape[:2]) > 600
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100


def holds_edits(cnn: CnnPage, layer: Layer, index: int) -> None:
    """Numbers of the kernel are written over; what is no number is said and left."""
    channel = shown(cnn, "true")["order"][0]
    field = cnn.frame.locator(f"{MODE} [data-channel='{channel}'] input").nth(5)
    field.click()
    cnn.page.keyboard.type("much")
    cnn.page.keyboard.press("Enter")
    assert "is no weight" in cnn.texts(f"{MODE} .complaint")[0]
    assert shown(cnn, "true")["changes"] == []
    field.click()
    cnn.page.keyboard.type("−0.75")
    cnn.page.keyboard.press("Enter")
    assert shown(cnn, "s.changes.length === 1")["changes"] == ["one weight"]
    edited = layer.kernel[index].copy()
    edited[channel, 1, 2] = -0.75
    holds_output(cnn, layer.convolved(edited, layer.bias[index], **layer.own))
    cnn.frame.wait_for_selector(f"{MODE} [data-channel='{channel}'] input.edited")
    cnn.frame.locator(f"{MODE} cnn-select.filter select").select_option("0")
    assert shown(cnn, "s.filter === 0")["changes"] == []
    cnn.frame.locator(f"{MODE} cnn-select.filter select").select_option(str(index))
    shown(cnn, "s.changes.length === 1")
    cnn.frame.locator(f"{MODE} button.reset").click()
    shown(cnn, "s.changes.length === 0")
    holds_output(cnn, layer.own_map(index))


def holds_the_list(cnn: CnnPage, layer: Layer) -> None:
    """Channels by share of the sum or by number, and one of them as the input."""
    state = shown(cnn, "true")
    assert state["order"] == np.argsort(-np.abs(state["sums"]), kind="stable").tolist()
    cnn.frame.locator(f"{MODE} .order button", has_text="number").click()
    shown(cnn, "s.order.every((channel, i) => channel === i)")
    cnn.frame.locator(f"{MODE} [data-channel='1'] button.label").click()
    shown(cnn, "s.inputChannel === 1")
    cnn.frame.locator(f"{MODE} .order button", has_text="share").click()
    shown(cnn, f"s.order[0] === {state['order'][0]}")
