"""What a student does in the Gradients view: compare layers over steps, follow a spike to its step, save what is seen."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tb_cnnviz import open_log
from tb_cnnviz.records import LayerRecord, ModelRecord, Record, VariableRecord
from tb_cnnviz.records.histogram import histogram, trim
from tb_cnnviz.run_writer import RunWriter
from tests.browser.cnn_page import PATIENCE_MS, CnnPage, colour, number
from tests.support.tensorboard_process import tensorboard

CLOSE = 2
#: Gutters show three digits.
ROUNDED = 6e-3
GUTTER = "figure[data-panel={}] cnn-step-heatmap .values span"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Gradients:
    """A run's gradients by numpy alone."""

    name: str
    steps: list[int]
    paths: list[str]
    layers: list[str]
    sizes: list[int]
    columns: dict[str, np.ndarray]

    def of_layers(self, column: str) -> np.ndarray:
        """Root of the sum of squares over each layer's variables: float64 [steps, layers]."""
        squares = self.columns[column].astype(np.float64) ** 2
        owners = list(dict.fromkeys(self.layers))
        return np.stack(
            [np.sqrt(squares[:, [o == owner for o in self.layers]].sum(axis=1)) for owner in owners], axis=1
        )


def gradients_of(folder: Path, name: str) -> Gradients:
    run = open_log(folder)[name]
    steps = run.steps("gradients")
    records = [run.read("gradients", None, step) for step in steps]
    names = ("norm", "update_norm", "weight_norm", "zeros", "nan", "inf", "histogram", "mean", "min", "max")
    columns = {column: np.stack([record[column] for record in records]) for column in names}
    assert run.model is not None
    variables = run.model.variables
    owners = [str(variable.layer) for variable in variables]
    sizes = [variable.size for variable in variables]
    return Gradients(name, steps, [variable.path for variable in variables], owners, sizes, columns)


def two_runs(folder: Path) -> tuple[Gradients, Gradients]:
    log = open_log(folder)
    first, second = [name for name in log if "gradients" in log[name].kinds][:2]
    return gradients_of(folder, first), gradients_of(folder, second)


def range_of(*norms: np.ndarray) -> tuple[int, int]:
    logs = np.concatenate([np.log2(values[np.isfinite(values) & (values > 0)]) for values in norms])
    return int(np.floor(logs.min())), int(np.ceil(logs.max()))


def show(cnn: CnnPage, a: Gradients, b: Gradients | None, step: int, layer: str, **options: str) -> dict[str, Any]:
    state = {"run": a.name, "layer": layer, "step": step, **({"runB": b.name} if b else {})}
    cnn.open(view="gradients", **state, **{f"gradients__{key}": value for key, value in options.items()})
    wanted = [a.name, b.name if b else None, step, layer]
    shown = cnn.wait(
        """(s => view.dataset.state === 'ready' && s && s.step === argument[2] && view.session.layer.path === argument[3]
            && s.histograms && s.histograms.figures.length === (argument[1] ? 2 : 1)
            && s.histograms.figures[0].run === argument[0] && s)(view.shown)""",
        wanted,
    )
    settle(cnn)
    return shown


def settle(cnn: CnnPage) -> None:
    cnn.page.mouse.move(0, 0)
    cnn.page.wait_for_timeout(200)


def choose(cnn: CnnPage, name: str, then: str) -> dict[str, Any]:
    cnn.frame.locator("cnn-gradients-view").get_by_role("radio", name=name, exact=True).click()
    cnn.wait(f"view.dataset.state === 'ready' && ({then})")
    settle(cnn)
    return cnn.wait("view.shown")


def clear_cells(cnn: CnnPage, panel: str, rows: int, steps: list[int], here: int, count: int) -> list[tuple[int, int]]:
    """Places (row, index of a step) whose cells are wide enough, and not under the orange line."""
    found = []
    for index in np.unique(np.geomspace(1, len(steps), 16).astype(int) - 1).tolist():
        row = index % rows
        rect = cnn.wait("view.cellAt(argument)", {"map": panel, "row": row, "step": steps[index]})
        line = cnn.wait("view.cellAt(argument)", {"map": panel, "row": row, "step": here})
        middle = rect["x"] + rect["width"] / 2
        if rect["width"] >= 3 and not line["x"] - 4 <= middle <= line["x"] + line["width"] + 4:
            found.append((row, index))
    assert len(found) >= min(count, 3), found
    return found[:count]


def pixel(cnn: CnnPage, pixels: np.ndarray, panel: str, row: int, step: int) -> np.ndarray:
    x, y = cnn.cell("view.cellAt(argument)", {"map": panel, "row": row, "step": step})
    # Off the middle, where a word may stand.
    return pixels[round(y) - 4 if panel in ("A", "B") else round(y), round(x)].astype(int)


def assert_gutter(cnn: CnnPage, panel: str, expected: np.ndarray) -> None:
    texts = cnn.texts(GUTTER.format(panel))
    assert len(texts) == len(expected)
    for text, value in zip(texts, expected, strict=True):
        got = 0.0 if text == "zero" else number(text.removeprefix("×"))
        assert abs(got - value) <= ROUNDED * abs(value), (text, value)


def test_norms_of_two_runs_share_one_scale(cnn: CnnPage, logdir: Path) -> None:
    a, b = two_runs(logdir)
    here = a.steps[len(a.steps) // 2]
    layer = a.layers[len(a.layers) // 2]
    shown = show(cnn, a, b, here, layer)
    norms = {"A": (a, a.of_layers("norm")), "B": (b, b.of_layers("norm"))}
    lo, hi = range_of(*(norm for _, norm in norms.values()))
    assert shown["range"] == [lo, hi]
    assert shown["panels"][0]["steps"] == a.steps
    pixels, told_apart = cnn.pixels(), 0
    for panel, (run, norm) in norms.items():
        for row, index in clear_cells(cnn, panel, norm.shape[1], run.steps, here, 6):
            expected = colour(np.log2(norm[index, row]), lo, hi, "viridis")
            got = pixel(cnn, pixels, panel, row, run.steps[index])
            assert np.abs(got - expected).max() <= CLOSE, (panel, row, index)
            other = colour(np.log2(norm[index, row - 1]), lo, hi, "viridis")
            told_apart += bool(np.abs(got - other).max() > CLOSE)
        nearest = int(np.abs(np.array(run.steps) - here).argmin())
        assert_gutter(cnn, panel, norm[nearest])
    assert told_apart >= 3  # a heatmap of the rows in another order would be found out
    owners = list(dict.fromkeys(a.layers))
    assert [row["path"] for row in shown["panels"][0]["rows"]] == owners
    factors = cnn.frame.locator("svg.flow .factor")
    assert factors.count() >= 1
    for factor in factors.all():
        run, norm = norms[factor.get_attribute("data-run") or ""]
        row = int(factor.get_attribute("data-row") or 0)
        at = norm[int(np.abs(np.array(run.steps) - here).argmin())]
        expected = at[row + 1] / at[row]
        assert abs(number((factor.text_content() or "").removeprefix("×")) - expected) <= 0.06 * expected


def test_every_choice_shows_its_own_numbers(cnn: CnnPage, logdir: Path) -> None:
    a, b = two_runs(logdir)
    at = len(a.steps) // 2
    here, layer = a.steps[at], a.layers[0]
    show(cnn, a, b, here, layer)
    choose(cnn, "Update", "view.shown.quantity === 'update'")
    assert_gutter(cnn, "A", a.of_layers("update_norm")[at])
    choose(cnn, "Update / weight", "view.shown.quantity === 'ratio'")
    ratios = [run.of_layers("update_norm") / run.of_layers("weight_norm") for run in (a, b)]
    assert_gutter(cnn, "A", ratios[0][at])
    choose(cnn, "Gradient", "view.shown.quantity === 'gradient'")
    shown = choose(cnn, "A − B", "view.shown.panels[0].id === 'difference'")
    both = sorted(set(a.steps) & set(b.steps))
    pick = [[run.steps.index(step) for step in both] for run in (a, b)]
    logs = np.log2(a.of_layers("norm")[pick[0]]) - np.log2(b.of_layers("norm")[pick[1]])
    bound = max(1, int(np.ceil(np.abs(logs).max())))
    assert (shown["panels"][0]["steps"], shown["range"], shown["map"]) == (both, [-bound, bound], "rdbu")
    pixels = cnn.pixels()
    for row, index in clear_cells(cnn, "difference", logs.shape[1], both, here, 5):
        got = pixel(cnn, pixels, "difference", row, both[index])
        assert np.abs(got - colour(logs[index, row], -bound, bound, "RdBu_r")).max() <= CLOSE, (row, index)
    assert_gutter(cnn, "difference", 2 ** logs[int(np.abs(np.array(both) - here).argmin())])
    choose(cnn, "A", "view.shown.panels.length === 1 && view.shown.panels[0].id === 'A'")
    cnn.frame.locator("cnn-gradients-view cnn-select select").select_option("variable")
    cnn.wait("view.shown.panels[0].rows.length === argument", len(a.paths))
    assert_gutter(cnn, "A", a.columns["norm"][at])


def expected_shares(run: Gradients, variable: int, steps: list[int], octaves: dict[str, int], sign: int) -> np.ndarray:
    """Shares [steps, rows] from largest to smallest, by the edges that open_log gives."""
    counts = np.stack([run.columns["histogram"][run.steps.index(step), variable] for step in steps])
    powers = np.exp2(np.arange(-126.0, 128.0))  # lower edges of the positive bins 255 … 508
    bins = counts[:, 255:] if sign > 0 else counts[:, 253::-1]
    rows = []
    for row in range(octaves["rows"]):
        top = 2.0 ** (octaves["hi"] + 1 - row * octaves["octaves"])
        bottom = top / 2.0 ** octaves["octaves"] if row + 1 < octaves["rows"] else 0
        rows.append(bins[:, (powers >= bottom) & (powers < top)].sum(axis=1) / run.sizes[variable])
    return np.stack(rows, axis=1)


def test_histograms_over_steps_hold_every_value(cnn: CnnPage, logdir: Path) -> None:
    a, b = two_runs(logdir)
    at = len(a.steps) // 2
    here, variable = a.steps[at], 2
    layer = a.layers[variable]
    shown = show(cnn, a, b, here, layer)["histograms"]
    assert [figure["variable"] for figure in shown["figures"]] == [a.paths[variable], b.paths[variable]]
    everything = []
    pixels = cnn.pixels()
    for run, figure in zip((a, b), shown["figures"], strict=True):
        steps = [int(step) for step in figure["steps"]]
        by_sign = {sign: expected_shares(run, variable, steps, shown, sign) for sign in (1, -1)}
        everything += list(by_sign.values())
        zero = run.columns["histogram"][[run.steps.index(step) for step in steps], variable, 254] / run.sizes[variable]
        other = run.columns["nan"][:, variable].sum() + run.columns["inf"][:, variable].sum()
        if not other:
            np.testing.assert_allclose(sum(shares.sum(axis=1) for shares in by_sign.values()) + zero, 1)
        for sign, shares in by_sign.items():
            panel = f"{figure['id']}{'+' if sign > 0 else '-'}"
            for _, index in clear_cells(cnn, panel, 1, steps, here, 4):
                row = int(shares[index].argmax())
                drawn = row if sign > 0 else shown["rows"] - 1 - row
                expected = colour(shares[index, row], 0, shown["bound"], "cividis")
                got = pixel(cnn, pixels, panel, drawn, steps[index])
                assert np.abs(got - expected).max() <= CLOSE, (panel, drawn, index)
        text = cnn.texts(f"figure[data-histogram={figure['id']}] [data-band=zero] .gutter-value")[0]
        share = zero[int(np.abs(np.array(steps) - here).argmin())]
        assert re.fullmatch(r"[<>]? ?[\d.]+ % zero", text)
        assert abs(float(text.lstrip("<> ").split()[0]) / 100 - share) <= 1.1e-3, (text, share)
    above = np.concatenate([shares.ravel() for shares in everything])
    above = above[above > 0]
    assert np.isclose(shown["bound"], np.percentile(above, 99, method="inverted_cdf"))
    rows = cnn.rows()
    for name, column in (("gradient norm", "norm"), ("mean", "mean"), ("min", "min"), ("max", "max")):
        value = float(a.columns[column][at, variable])
        assert abs(number(rows[name]) - value) <= 1e-3 * abs(value), name
    ratio = float(a.columns["update_norm"][at, variable]) / float(a.columns["weight_norm"][at, variable])
    assert abs(number(rows["update / weight"]) - ratio) <= 1e-3 * ratio
    assert int(rows["zeros"].split(", ")[0].replace(",", "")) == a.columns["zeros"][at, variable]
    tail = a.paths[variable + 1].rsplit("/", 1)[-1]
    cnn.frame.locator("figure[data-histogram=A] select").select_option(tail)
    cnn.wait("view.shown.histograms.figures[0].variable === argument", a.paths[variable + 1])


def test_clicks_and_keys_lead_to_steps_and_layers(cnn: CnnPage, logdir: Path) -> None:
    a, _ = two_runs(logdir)
    layers = list(dict.fromkeys(a.layers))
    show(cnn, a, None, a.steps[-1], layers[0])
    norm = a.of_layers("norm")
    cnn.page.mouse.click(*cnn.cell("view.cellAt(argument)", {"map": "A", "row": 1, "step": a.steps[2]}))
    cnn.wait("view.shown.step === argument", a.steps[2])
    assert_gutter(cnn, "A", norm[2])
    cnn.page.mouse.click(*cnn.cell("view.cellAt(argument)", {"map": "A+", "row": 1, "step": a.steps[1]}))
    cnn.wait("view.shown.step === argument", a.steps[1])
    band = cnn.frame.locator("[data-band=zero] svg").bounding_box()
    assert band is not None
    cnn.page.mouse.click(band["x"] + 1, band["y"] + band["height"] / 2)
    cnn.wait("view.shown.step === argument", a.steps[0])
    names = cnn.frame.locator("figure[data-panel=A] cnn-step-heatmap .names button")
    names.nth(len(layers) - 1).click()
    cnn.wait("view.session.layer.path === argument", layers[-1])
    cnn.wait("view.shown.histograms.figures[0].variable.startsWith(argument)", layers[-1])
    cnn.frame.locator("figure[data-panel=A] cnn-step-heatmap canvas").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowRight"):
        cnn.page.keyboard.press(key)
    said = cnn.frame.locator("figure[data-panel=A] cnn-step-heatmap .live").inner_text()
    row, index = len(layers) - 2, 2
    assert f"step {a.steps[index]}: plus " in said
    assert abs(float(said.split("plus ")[1]) / norm[index, row] - 1) < 1e-3
    assert cnn.frame.locator("cnn-gradients-view [slot=subtitle]").inner_text().endswith(cnn_text(norm[index, row]))
    cnn.page.keyboard.press("Enter")
    cnn.wait("view.shown.step === argument", a.steps[index])
    cnn.page.keyboard.press("Escape")
    cnn.wait("view.hovered === null")


def cnn_text(value: float) -> str:
    """Three digits in fixed notation, as from 0.001 on."""
    assert 1e-3 <= value < 1e5
    return f"{value:.{max(0, 2 - int(np.floor(np.log10(value))))}f}"


def test_what_is_saved_is_what_was_logged(cnn: CnnPage, logdir: Path) -> None:
    a, b = two_runs(logdir)
    show(cnn, a, b, a.steps[1], a.layers[0])
    saved = {}
    for key in ("c", "v", "s"):
        with cnn.page.expect_download(timeout=PATIENCE_MS) as told:
            cnn.press(key)
        saved[key] = Path(told.value.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(saved["c"].decode("utf-8"))))
    assert len(rows) == sum(len(run.paths) * len(run.steps) for run in (a, b))
    for row in rows[:: max(1, len(rows) // 97)]:
        run = a if row["run"] == a.name else b
        at = run.steps.index(int(row["step"])), run.paths.index(row["variable"])
        for name in ("norm", "update_norm", "weight_norm", "zeros", "nan", "inf"):
            assert np.float32(row[name]) == np.float32(run.columns[name][at]), (row, name)
        update, weight = (float(run.columns[name][at]) for name in ("update_norm", "weight_norm"))
        assert np.isclose(float(row["ratio"]), update / weight if weight else np.inf if update else 0)
    document = ElementTree.fromstring(saved["v"])
    texts = {"".join(text.itertext()).strip() for text in document.iter(f"{SVG}text")}
    assert {f"A {a.name}", f"B {b.name}", "Flow at step " + str(a.steps[1])} <= texts
    images = list(document.iter(f"{SVG}image"))
    assert len(images) == 6  # two of norms, and two of each histogram
    first = Image.open(io.BytesIO(base64.b64decode(images[0].attrib["href"].split(",", 1)[1]))).convert("RGB")
    lo, hi = range_of(a.of_layers("norm"), b.of_layers("norm"))
    expected = colour(np.log2(a.of_layers("norm")[0, 0]), lo, hi, "viridis")
    assert np.abs(np.array(first.getpixel((3, 3)), int) - expected).max() <= CLOSE
    picture = Image.open(io.BytesIO(saved["s"]))
    assert picture.size == (2 * int(document.attrib["width"]), 2 * int(document.attrib["height"]))
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 100


HOSTILE = '<b>&"x'
BROKEN_STEPS = 6


def write_broken_log(folder: Path, steps: int = BROKEN_STEPS) -> None:
    """Two layers of which one turns NaN, infinite and zero, and whose name is hostile."""
    layers = [LayerRecord(name, name, "Dense", "dense", output_shape=[4], parameters=12) for name in (HOSTILE, "last")]
    variables = [
        VariableRecord(f"{layer.path}/{tail}", layer.path, tail, [size], "float32", size)
        for layer in layers
        for tail, size in (("kernel", 8), ("bias", 4))
    ]
    with closing(RunWriter(folder)) as writer:
        writer.write_model(ModelRecord("broken", layers, variables, 24), 0)
        rng = np.random.default_rng(2)
        for step in range(steps):
            values = [rng.normal(size=variable.size).astype(np.float32) for variable in variables]
            if step in (1, 2):
                values[0][:3] = np.nan
                values[0][3] = np.inf
            if step == 3:
                values[0][:2] = -np.inf
            if step >= 4:
                values[0][:] = values[1][:] = 0
            writer.records.write(gradient_record(step, values))


def gradient_record(step: int, values: list[np.ndarray]) -> Record:
    start, counts = trim(np.stack([histogram(value) for value in values]))
    finite = [value[np.isfinite(value)] for value in values]
    arrays = {
        "norm": np.array([np.linalg.norm(value) for value in values], np.float32),
        "mean": np.array([value.mean() for value in values], np.float32),
        "min": np.array([value.min() for value in finite], np.float32),
        "max": np.array([value.max() for value in finite], np.float32),
        "update_norm": np.array([0.1 * np.linalg.norm(value) for value in values], np.float32),
        "weight_norm": np.ones(len(values), np.float32),
        "zeros": np.array([(value == 0).sum() for value in values]),
        "nan": np.array([np.isnan(value).sum() for value in values]),
        "inf": np.array([np.isinf(value).sum() for value in values]),
        "histogram": counts,
    }
    return Record("gradients", step, arrays=arrays, attributes={"bin_start": start, "exact": True})


@pytest.fixture
def broken(browser: Browser, tmp_path: Path) -> Iterator[CnnPage]:
    write_broken_log(tmp_path / "broken")
    with tensorboard("--logdir", str(tmp_path)) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        opened = CnnPage(page, server.address)
        yield opened
        page.close()
        assert not opened.complaints


def test_a_spike_between_two_records_is_drawn(browser: Browser, tmp_path: Path) -> None:
    """Gradients are recorded at every eighth step; the norms of all steps say what was between them."""
    rng = np.random.default_rng(5)
    values = [rng.normal(size=size).astype(np.float32) for size in (8, 4, 8, 4)]
    norms = np.array([np.linalg.norm(value) for value in values], np.float32)
    every = np.tile(norms, (33, 1))
    every[13, 0], every[20, 2], every[21, 2] = 1000, np.nan, np.inf
    write_broken_log(tmp_path / "spiked", steps=0)
    with closing(RunWriter(tmp_path / "spiked")) as writer:
        for step in range(0, 33, 8):
            writer.records.write(gradient_record(step, values))
        arrays = {"step": np.arange(33), "batch": np.zeros(33, np.int32), "norm": every}
        writer.records.write(Record("gradient_norms", 32, arrays=arrays))
    with tensorboard("--logdir", str(tmp_path)) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        cnn = CnnPage(page, server.address)
        cnn.open(view="gradients", run="spiked", layer=HOSTILE, step=8)
        cnn.wait("view.dataset.state === 'ready' && view.shown && view.shown.histograms !== null")
        assert cnn.frame.locator("cnn-view-layout [slot=subtitle]").inner_text().endswith("33 steps")
        settle(cnn)
        pixels = cnn.pixels()
        of_layers = np.sqrt((every.reshape(33, 2, 2).astype(np.float64) ** 2).sum(axis=2))
        low, high = range_of(of_layers)
        for row, step in ((0, 12), (0, 13), (0, 14), (1, 13), (1, 19)):
            expected = colour(float(np.log2(of_layers[step, row])), low, high, "viridis")
            assert np.abs(pixel(cnn, pixels, "A", row, step) - expected).max() <= CLOSE, (row, step)
        assert tuple(pixel(cnn, pixels, "A", 1, 20)) == (0xFF, 0x00, 0xC8)
        assert tuple(pixel(cnn, pixels, "A", 1, 21)) == (0x7A, 0x00, 0xFF)
        # The update was recorded at five steps.
        choose(cnn, "Update", "view.shown.quantity === 'update'")
        assert cnn.frame.locator("cnn-view-layout [slot=subtitle]").inner_text().endswith("5 steps")
        page.close()
        assert not cnn.complaints


def test_what_is_no_number_is_shown_as_such(broken: CnnPage) -> None:
    broken.open(view="gradients", run="broken", layer=HOSTILE, step=2)
    broken.wait("view.dataset.state === 'ready' && view.shown && view.shown.histograms !== null")
    settle(broken)
    pixels = broken.pixels()
    nan, inf, zero = (0xFF, 0x00, 0xC8), (0x7A, 0x00, 0xFF), (0, 0, 0)
    for step, expected in ((1, nan), (3, inf), (4, zero), (5, zero)):
        assert tuple(pixel(broken, pixels, "A", 0, step)) == expected, step
    assert broken.texts(GUTTER.format("A"))[0] == "NaN"
    bands = {kind: broken.texts(f"[data-band={kind}] .gutter-value") for kind in ("zero", "nan", "inf")}
    assert bands == {"zero": ["0 % zero"], "nan": ["3 NaN"], "inf": ["1 Inf"]}
    assert "2 zero (black), 2 NaN (magenta), 1 infinite (violet)" in " ".join(broken.texts(".unusual"))
    rows = broken.rows()
    assert (rows["NaN"], rows["Inf"], rows["gradient norm"]) == ("3, 37.5 %", "1, 12.5 %", "NaN")
    box = broken.frame.locator("[data-band=nan] svg").bounding_box()
    assert box is not None
    at = broken.wait("view.cellAt(argument)", {"map": "A", "row": 0, "step": 1})
    frame = broken.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
    assert frame is not None
    column = pixels[round(box["y"]) : round(box["y"] + box["height"]), round(frame["x"] + at["x"] + at["width"] / 2)]
    share = (column == nan).all(axis=1).mean()
    assert abs(share - 3 / 8) < 0.06
    with broken.page.expect_download(timeout=PATIENCE_MS) as told:
        broken.press("v")
    document = ElementTree.fromstring(Path(told.value.path()).read_bytes())
    assert HOSTILE in {"".join(text.itertext()).strip() for text in document.iter(f"{SVG}text")}
    broken.press("Home")
    broken.wait("view.shown.step === 0")
    broken.page.keyboard.press("End")
    broken.wait("view.shown.step === argument", BROKEN_STEPS - 1)
    assert broken.texts(GUTTER.format("A"))[0] == "zero"
