"""The Lab's pooling: its numbers against windows cut by numpy, its own layer's output, and each of its controls."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, colour, number
from tests.browser.window_walk import window_walk

CLOSE = 2
POOLINGS = ("max", "average", "l2", "strided", "blur")
MODE = "cnn-lab-pooling"
INPUT = f"{MODE} cnn-grid canvas"
GRID = f"view.renderRoot.querySelector('{MODE}').renderRoot.querySelector('cnn-grid')"


def one_run(logdir: Path) -> Any:
    """The last run by name that has maps to pool; the first is what the page shows by itself."""
    log = open_log(logdir)
    return log[sorted(name for name in log if flat_layers(log[name], "pooling"))[-1]]


def flat_layers(run: Any, role: str) -> list[Any]:
    """Layers of a role that have a window of two axes and whose operations were logged."""
    return [
        layer
        for layer in run.layers
        if layer.role == role and len(layer.kernel_size or ()) == 2 and len(run.steps("operations", layer.path)) > 0
    ]


class Windows:
    """The cells of the map under each window, cut out one by one."""

    def __init__(self, plane: np.ndarray, size: list[int], stride: list[int], padding: str) -> None:
        self.plane = plane.astype(np.float64)
        self.spans = [
            self._spans(length, *axis, padding) for length, *axis in zip(plane.shape, size, stride, strict=True)
        ]
        self.shape = tuple(len(axis) for axis in self.spans)

    @staticmethod
    def _spans(length: int, size: int, stride: int, padding: str) -> list[tuple[int, int, int]]:
        """Of each window its first cell inside, the one behind its last, and how many it has lost at the start."""
        if padding == "same":
            count = -(-length // stride)
            before = max(0, (count - 1) * stride + size - length) // 2
        else:
            count, before = (length - size) // stride + 1, 0
        starts = [i * stride - before for i in range(count)]
        return [(max(0, s), min(length, s + size), max(0, -s)) for s in starts]

    def at(self, row: int, column: int) -> np.ndarray:
        (top, bottom, _), (left, right, _) = self.spans[0][row], self.spans[1][column]
        return self.plane[top:bottom, left:right]

    def on(self, plane: np.ndarray) -> Windows:
        """The same windows on another map of the same size."""
        other = Windows.__new__(Windows)
        other.plane, other.spans, other.shape = plane, self.spans, self.shape
        return other

    def pooled(self, pooling: str, size: list[int]) -> np.ndarray:
        cells = [[self.pooled_at(pooling, r, c, size) for c in range(self.shape[1])] for r in range(self.shape[0])]
        return np.array(cells)

    def pooled_at(self, pooling: str, row: int, column: int, size: list[int]) -> float:
        window = self.at(row, column)
        if pooling == "blur":
            weights = np.outer(
                *(
                    [comb(taps - 1, lost + i) for i in range(cells)]
                    for taps, cells, (_, _, lost) in zip(
                        size, window.shape, (self.spans[0][row], self.spans[1][column]), strict=True
                    )
                )
            )
            return float((window * weights).sum() / weights.sum())
        simple: dict[str, Callable[[np.ndarray], Any]] = {
            "max": np.max,
            "average": np.mean,
            "l2": lambda w: np.sqrt(np.mean(w**2)),
            "strided": lambda w: w[0, 0],
        }
        return float(simple[pooling](window))

    def reaching(self, row: int, column: int) -> list[tuple[int, int]]:
        """Output cells whose window holds an input cell."""
        down, across = (
            [i for i, (start, end, _) in enumerate(axis) if start <= cell < end]
            for axis, cell in zip(self.spans, (row, column), strict=True)
        )
        return [(r, c) for r in down for c in across]

    def slopes(self, pooling: str, size: list[int]) -> np.ndarray:
        """The sum of all outputs against each input cell, by differences; for max, how many windows it wins first."""
        slopes = np.zeros(self.plane.shape)
        if pooling == "max":
            for r, c in np.ndindex(*self.shape):
                y, x = np.unravel_index(self.at(r, c).argmax(), self.at(r, c).shape)
                slopes[self.spans[0][r][0] + y, self.spans[1][c][0] + x] += 1
            return slopes
        for row, column in np.ndindex(*self.plane.shape):
            reaching = self.reaching(row, column)
            for sign in (1, -1):
                moved = self.on(self.plane.copy())
                moved.plane[row, column] += sign * 1e-6
                slopes[row, column] += sign * sum(moved.pooled_at(pooling, r, c, size) for r, c in reaching)
        return slopes / 2e-6


def opened(cnn: CnnPage, run: Any, layer: str, **state: Any) -> dict[str, Any]:
    step = run.steps("operations", layer)[-1]
    cnn.open(view="lab", run=run.name, layer=layer, step=step, **state)
    return shown(cnn, f"s.layer === {layer!r} && s.step === {step}")


def shown(cnn: CnnPage, condition: str) -> dict[str, Any]:
    found: dict[str, Any] = cnn.wait(f"(s => s && s.mode === 'pooling' && ({condition}) && s)(view.state)")
    cnn.page.wait_for_timeout(120)
    return found


def table(cnn: CnnPage) -> dict[str, float]:
    """What the window gives by each operation, as it stands beside the window."""
    values = cnn.texts(f"{MODE} .window dd")
    return dict(zip(POOLINGS, map(number, values), strict=False))  # Wide windows have no blur.


def saved_rows(cnn: CnnPage) -> list[dict[str, str]]:
    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("c")
    return list(csv.DictReader(io.StringIO(Path(told.value.path()).read_text(encoding="utf-8"))))


def columns_of(rows: list[dict[str, str]], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    return {name: np.array([float(row[name]) for row in rows]).reshape(shape) for name in POOLINGS}


def test_a_pooling_layer_is_computed_as_it_was_logged(cnn: CnnPage, logdir: Path) -> None:
    run = one_run(logdir)
    rng = np.random.default_rng(71)
    for layer in flat_layers(run, "pooling"):
        state = opened(cnn, run, layer.path)
        record = run.read("operations", layer.path, state["step"])
        channel = state["channel"]
        assert channel == int(record["input"].astype(np.float64).var(axis=(1, 2)).argmax())
        assert [state["size"], state["stride"], state["padding"]] == [
            list(layer.kernel_size),
            list(layer.strides),
            layer.padding,
        ]
        plane = record["input"][channel]
        windows = Windows(plane, state["size"], state["stride"], state["padding"])
        expected = {pooling: windows.pooled(pooling, state["size"]) for pooling in POOLINGS}
        rows = saved_rows(cnn)
        for pooling, values in columns_of(rows, windows.shape).items():
            np.testing.assert_allclose(values, expected[pooling], rtol=1e-5, atol=1e-6, err_msg=pooling)
        logged = record["output"][channel]
        assert np.array_equal(np.float32([float(row["logged"]) for row in rows]).reshape(windows.shape), logged)
        kind = {"max": "max", "average": "average"}[layer.pool]
        assert state["deviation"] <= 1e-5 * np.abs(logged).max() + 1e-7
        assert (state["deviation"] == 0) or kind == "average"
        assert cnn.texts(f"{MODE} .agreement b") == ["Agrees with the log"]

        slopes = {p: windows.slopes(p, state["size"]) for p in POOLINGS}
        holds_what_is_below_the_columns(state, windows, expected, slopes)
        pixels = cnn.pixels()
        for part, row, column, wanted in cells_and_colours(state, windows, expected, slopes, logged, rng):
            x, y = cnn.cell("view.cellRect(...argument)", [part, row, column])
            drawn = pixels[int(y), int(x)].astype(int)  # A cell may be one or two pixels wide.
            assert np.abs(drawn - wanted).max() <= CLOSE, (layer.path, part, row, column)


def test_global_pooling_gives_one_value_a_channel(cnn: CnnPage, logdir: Path) -> None:
    run = one_run(logdir)
    for layer in run.layers:
        if layer.role != "pooling" or layer.kernel_size is not None:
            continue
        state = opened(cnn, run, layer.path)
        record = run.read("operations", layer.path, state["step"])
        assert state["output"] == [1, 1]
        assert state["own"]
        values = list(map(number, cnn.texts(f"{MODE} .values b")))
        np.testing.assert_allclose(values, record["output"], rtol=6e-3, atol=1e-6)
        plane = record["input"][state["channel"]].astype(np.float64)
        row = saved_rows(cnn)[0]
        for pooling, value in (("max", plane.max()), ("average", plane.mean()), ("l2", np.sqrt((plane**2).mean()))):
            assert np.isclose(float(row[pooling]), value, rtol=1e-5), pooling
        cnn.frame.locator(f"{MODE} .values button").nth(1).click()
        plane = record["input"][shown(cnn, "s.channel === 1")["channel"]].astype(np.float64)
        assert np.isclose(table(cnn)["max"], plane.max(), rtol=6e-3, atol=1e-6)
    # A map pooled by its whole size is pooled globally, on any log.
    layer = flat_layers(run, "convolution")[-1]
    state = opened(cnn, run, layer.path, lab__mode="pooling")
    plane = run.read("operations", layer.path, state["step"])["output"][state["channel"]].astype(np.float64)
    whole = dict(zip(POOLINGS, cnn.texts(f"{MODE} [data-of^='whole map']"), strict=True))
    for pooling, value in (("max", plane.max()), ("average", plane.mean()), ("l2", np.sqrt((plane**2).mean()))):
        assert np.isclose(number(whole[pooling]), value, rtol=6e-3, atol=1e-6), pooling


def holds_what_is_below_the_columns(
    state: dict[str, Any], windows: Windows, expected: dict[str, np.ndarray], slopes: dict[str, np.ndarray]
) -> None:
    plane = windows.plane
    moved = windows.on(np.concatenate([plane[:, :1], plane[:, :-1]], axis=1))
    read = np.zeros(plane.shape, bool)
    for row, column in np.ndindex(windows.shape):
        (top, bottom, _), (left, right, _) = windows.spans[0][row], windows.spans[1][column]
        read[top:bottom, left:right] = True
    for pooling in POOLINGS:
        fed = (read & (plane != 0)) if pooling == "l2" else slopes[pooling].round(6) != 0
        assert np.isclose(state["fed"][pooling], fed.mean()), pooling
        assert np.isclose(state["means"][pooling], expected[pooling].mean(), rtol=1e-4, atol=1e-7), pooling
        change = moved.pooled(pooling, state["size"]) - expected[pooling]
        share = np.sqrt((change**2).sum() / (expected[pooling] ** 2).sum())
        assert np.isclose(state["shift"][pooling], share, rtol=1e-4), pooling


def cells_and_colours(
    state: dict[str, Any],
    windows: Windows,
    expected: dict[str, np.ndarray],
    slopes: dict[str, np.ndarray],
    logged: np.ndarray,
    rng: np.random.Generator,
) -> Iterator[tuple[str, int, int, np.ndarray]]:
    """Cells of every part of the picture that no orange frame touches, and the colours that they should have."""
    values = [windows.plane, *expected.values()]
    signed = min(float(each.min()) for each in values) < 0
    end = max(float(np.abs(each).max()) for each in values)
    steepest = max(float(np.abs(each).max()) for each in slopes.values())
    turned = min(float(each.min()) for each in slopes.values()) < -1e-6
    difference = max(float(np.abs(each - expected["average"]).max()) for each in expected.values())
    assert np.isclose(state["value"]["hi"], end, rtol=1e-6)
    assert np.isclose(state["minus"]["hi"], difference, rtol=1e-5)
    assert np.isclose(state["gradient"]["hi"] ** 2, steepest, rtol=1e-4)
    value_scale = (-end, end, "RdBu_r") if signed else (0.0, end, "viridis")
    root = state["gradient"]["hi"]
    root_scale = (-root, root, "RdBu_r") if turned else (0.0, root, "cividis")

    def cells(shape: tuple[int, ...], is_far: Callable[[int, int], bool], count: int) -> list[tuple[int, int]]:
        far = [cell for cell in np.ndindex(*shape) if is_far(*cell)]
        return [far[i] for i in rng.choice(len(far), min(count, len(far)), replace=False)] if far else []

    for row, column in cells(windows.shape, lambda r, c: max(abs(r - state["row"]), abs(c - state["column"])) > 1, 5):
        for part, out in (*expected.items(), ("logged", logged)):
            yield part, row, column, colour(np.float32(out[row, column]), *value_scale)
        for part in ("max", "l2", "strided", "blur"):
            minus = np.float32(expected[part][row, column]) - np.float32(expected["average"][row, column])
            if is_in_the_middle(minus, -difference, difference):
                yield f"{part}.minus", row, column, colour(minus, -difference, difference, "RdBu_r")
    read = {(r, c) for r, c in np.ndindex(windows.plane.shape) if windows.reaching(r, c)}
    for row, column in cells(windows.plane.shape, lambda r, c: is_away(windows, state, r, c), 6):
        if (row, column) in read:  # What is never read is hatched.
            yield "input", row, column, colour(np.float32(windows.plane[row, column]), *value_scale)
        for part in ("max", "average", "strided"):
            slope = slopes[part][row, column].round(6)
            if is_in_the_middle(np.sqrt(slope), *root_scale[:2]):
                yield f"{part}.gradient", row, column, colour(np.sqrt(slope), *root_scale)


def is_in_the_middle(value: float, lo: float, hi: float) -> bool:
    """Not where rounding may choose the next of the 256 colours."""
    place = (value - lo) * (256 / (hi - lo))
    return bool(value in (lo, hi) or 0.02 < place % 1 < 0.98)


def is_away(windows: Windows, state: dict[str, Any], row: int, column: int) -> bool:
    """Whether an input cell lies two cells away from the window's frame."""
    (top, bottom, _), (left, right, _) = windows.spans[0][state["row"]], windows.spans[1][state["column"]]
    return not (top - 2 <= row < bottom + 2 and left - 2 <= column < right + 2)


def test_the_window_moves_by_key_by_itself_and_by_pointer(cnn: CnnPage, logdir: Path) -> None:
    run = one_run(logdir)
    layer = flat_layers(run, "pooling")[0]
    state = opened(cnn, run, layer.path, lab__row=1, lab__column=2)
    plane = run.read("operations", layer.path, state["step"])["input"][state["channel"]]
    windows = Windows(plane, state["size"], state["stride"], state["padding"])
    rows, columns = windows.shape
    cnn.frame.locator(INPUT).focus()
    for key, *at in window_walk([1, 2], rows, columns):
        cnn.page.keyboard.press(key)
        shown(cnn, f"s.row === {at[0]} && s.column === {at[1]}")
        window = windows.at(*at)
        for pooling, value in table(cnn).items():
            wanted = windows.pooled_at(pooling, *at, state["size"])
            assert np.isclose(value, wanted, rtol=6e-3, atol=1e-6), (key, pooling)
        words = cnn.texts(f"{MODE} .window dt .quiet")
        assert words[0] == f"max of {window.size}"
        total, count = words[1].split(" / ")
        assert np.isclose(number(total), window.sum(), rtol=6e-3, atol=1e-6)
        assert int(count) == window.size
        squares = re.fullmatch(r"√\((.*) / (\d+)\)", words[2])
        assert squares
        assert np.isclose(number(squares[1]), (window**2).sum(), rtol=6e-3, atol=1e-6)
    assert f"row {at[0]}, column {at[1]}: max" in cnn.texts("#live")[0]

    cnn.page.keyboard.press("Enter")
    shown(cnn, f"s.row === {rows - 1} && s.column === {columns - 1}")
    cnn.page.keyboard.press("Space")
    shown(cnn, "s.sliding && s.row === 0 && s.column >= 2")
    cnn.page.keyboard.press("Space")
    here = shown(cnn, "!s.sliding")
    cnn.page.wait_for_timeout(400)
    assert shown(cnn, "true")["column"] == here["column"]
    assert cnn.wait("!view.session.playing")  # The steps do not play.

    # Drag from the first output cell to the third of the second row; then press in the middle of the input's end.
    first, then = (cnn.cell("view.cellRect(...argument)", ["max", *cell]) for cell in ((0, 0), (1, 2)))
    cnn.page.mouse.move(*first)
    cnn.page.mouse.down()
    cnn.page.mouse.move(*then, steps=3)
    cnn.page.mouse.up()
    shown(cnn, "s.row === 1 && s.column === 2")
    (top, bottom, _), (left, right, _) = windows.spans[0][rows - 2], windows.spans[1][columns - 2]
    middle = [(top + bottom - 1) // 2, (left + right - 1) // 2]
    cnn.page.mouse.click(*cnn.cell("view.cellRect(...argument)", ["input", *middle]))
    shown(cnn, f"s.row === {rows - 2} && s.column === {columns - 2}")

    # Zoomed in, the cells carry their numbers, and the plain cell keeps its colour.
    for _ in range(4):
        cnn.page.keyboard.press("+")
    assert cnn.wait(f"{GRID}.pose") is not None
    for _ in range(max(rows, columns) // 5 + 1):
        cnn.page.keyboard.press("Shift+ArrowUp")
        cnn.page.keyboard.press("Shift+ArrowLeft")
    state = shown(cnn, "s.row === 0 && s.column === 0")
    assert cnn.wait(
        f"((a, b) => a.x >= b.x && a.y >= b.y)(view.cellRect('input', 0, 0), {GRID}.getBoundingClientRect())"
    )
    cnn.page.keyboard.press("0")
    cnn.wait(f"{GRID}.pose === null")


def test_what_is_changed_by_hand_is_said_and_given_up(cnn: CnnPage, logdir: Path) -> None:
    run = one_run(logdir)
    layer = flat_layers(run, "convolution")[0]
    step = run.steps("operations", layer.path)[-1]
    cnn.open(view="lab", run=run.name, layer=layer.path, step=step, lab__window="99999", lab__stride="no")
    cnn.wait("view.state && view.state.layer === argument", layer.path)
    cnn.frame.locator("cnn-lab-view cnn-segmented button", has_text="Pooling").click()
    own = shown(cnn, f"s.layer === {layer.path!r}")
    assert (own["size"], own["stride"], own["padding"], own["own"]) == ([2, 2], [2, 2], "valid", False)
    assert cnn.texts(f"{MODE} .agreement b") == ["Not compared with the log"]

    cnn.frame.locator(f"{MODE} cnn-stepper button[aria-label='window larger']").click()
    state = shown(cnn, "s.size[0] === 3")
    output = run.read("operations", layer.path, step)["output"]
    windows = Windows(output[state["channel"]], [3, 3], [2, 2], "valid")
    assert state["output"] == list(windows.shape)
    for pooling, values in columns_of(saved_rows(cnn), windows.shape).items():
        np.testing.assert_allclose(values, windows.pooled(pooling, [3, 3]), rtol=1e-5, atol=1e-6, err_msg=pooling)
    length, count = output.shape[1], windows.shape[0]
    words = cnn.texts(f"{MODE} .formula")[0]
    assert f"⌊({length} − 3) / 2⌋ + 1 = {count} windows" in words
    left_over = length - ((count - 1) * 2 + 3)
    assert ("never read" in words) == (left_over > 0)
    assert left_over == 0 or f"{length} − ({count - 1}·2 + 3) = {left_over}" in words

    cnn.frame.locator(f"{MODE} cnn-stepper button[aria-label='stride smaller']").click()
    cnn.frame.locator(f"{MODE} cnn-select", has_text="padding").locator("select").select_option("same")
    state = shown(cnn, "s.stride[0] === 1 && s.padding === 'same'")
    assert state["output"] == list(output.shape[1:])
    assert "takes no part" in cnn.texts(f"{MODE} .formula")[0]
    channel = 0 if state["channel"] else 1
    cnn.frame.locator(f"{MODE} cnn-select", has_text="channel").locator("select").select_option(str(channel))
    state = shown(cnn, f"s.channel === {channel}")
    windows = Windows(output[channel], [3, 3], [1, 1], "same")
    for pooling, values in columns_of(saved_rows(cnn), windows.shape).items():
        np.testing.assert_allclose(values, windows.pooled(pooling, [3, 3]), rtol=1e-5, atol=1e-6, err_msg=pooling)

    with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
        cnn.press("s")
    picture = np.asarray(Image.open(told.value.path()).convert("RGB"))
    assert min(picture.shape[:2]) > 800
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100

    cnn.frame.locator(f"{MODE} button", has_text="Reset").click()
    assert shown(cnn, "s.size[0] === 2")["stride"] == [2, 2]
    cnn.press("]")
    cnn.wait("view.session.state.image === 1")
    assert "image 1 is chosen" in (cnn.frame.locator("cnn-lab-view cnn-notice").get_attribute("text") or "")
