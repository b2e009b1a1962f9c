"""The Lab's Activation: shares and slopes against bounds that the logged bins leave, its bars' pixels, each of its controls."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage

MODE = "cnn-lab-activation"
FLAT = 0.05
#: Slopes by numpy, written down anew.
SLOPES = {
    "relu": lambda x: (x > 0).astype(float),
    "leaky_relu": lambda x: np.where(x > 0, 1.0, 0.2),
    "sigmoid": lambda x: 1 / (2 + np.exp(x) + np.exp(-x)),
    "tanh": lambda x: 1 / np.cosh(x) ** 2,
}


def bounds(row: dict[str, Any], slope: Any) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest [flat share, rms slope] that values with these counts can have."""
    edges, counts = row["edges"], row["histogram"]
    low, high = np.zeros(2), np.zeros(2)
    for i in np.flatnonzero(counts):
        inside = np.linspace(max(edges[i], row["min"]), min(edges[i + 1], row["max"]), 400)[1:-1]
        steep = np.abs(slope(np.zeros(1) if edges[i] < 0 < edges[i + 1] else inside))
        low += counts[i] * np.array([(steep < FLAT).all(), steep.min() ** 2])
        high += counts[i] * np.array([(steep < FLAT).any(), steep.max() ** 2])
    shares = np.stack([low, high]) / counts.sum()
    shares[:, 1] = np.sqrt(shares[:, 1])
    return shares[0] - 1e-6, shares[1] + 1e-6


def shown(cnn: CnnPage, more: str = "true") -> dict[str, Any]:
    state: dict[str, Any] = cnn.wait(f"(s => s && s.mode === 'activation' && ({more}) ? s : null)(view.state)")
    return state


def test_functions_stand_over_what_enters_them(cnn: CnnPage, logdir: Path) -> None:
    log = open_log(logdir)
    run = log[sorted(name for name in log if len(log[name].steps("activations")))[-1]]
    layer = next(each for each in run.layers if each.role == "convolution" and each.activation not in (None, "linear"))
    cnn.open(view="lab", run=run.name, layer=layer.path, lab__mode="activation")
    steps = run.steps("activations")
    state = shown(cnn)
    assert (state["step"], state["place"]) == (steps[-1], "pre_activation")
    assert [each["name"] for each in state["functions"] if each["isOwn"]] == [layer.activation]

    cnn.press("Home")
    state = shown(cnn, f"s.step === {steps[0]}")
    row = run.read("activations", layer.path, steps[0])["pre_activation"]
    assert state["total"] == row["histogram"].sum()
    for name, slope in SLOPES.items():
        found = next(each for each in state["functions"] if each["name"] == name)
        low, high = bounds(row, slope)
        assert (low <= [found["flat"], found["rms"]]).all(), name
        assert ([found["flat"], found["rms"]] <= high).all(), name
    positive = row["histogram"][row["edges"][:-1] > 0].sum() / row["histogram"].sum()
    relu = next(each for each in state["functions"] if each["name"] == "relu")
    np.testing.assert_allclose([relu["flat"], relu["rms"]], [1 - positive, np.sqrt(positive)], rtol=1e-9)
    hatched_below_zero(cnn, row, state["range"])
    after = run.read("activations", layer.path, steps[0])
    rows = cnn.rows()
    assert rows["dead channels"].startswith(
        f"{(after['channel_zeros'] * len(after['channel_zeros']) == after['count']).sum()} of"
    )
    assert rows["values"] == f"{row['count']:,}"

    table, bins = cnn.wait("view.saveCsv()").split("\r\n\r\n")
    saved = {line["function"]: line for line in csv.DictReader(io.StringIO(table))}
    assert {(line["run"], line["layer"], line["step"]) for line in saved.values()} == {
        (run.name, layer.path, str(steps[0]))
    }
    assert float(saved["relu"]["rms_slope"]) == relu["rms"]
    assert sum(int(line["count"]) for line in csv.DictReader(io.StringIO(bins))) == state["total"]
    assert len(ElementTree.fromstring(cnn.wait("view.saveSvg()")).findall(".//*[@data-panel]")) == len(
        state["functions"]
    )
    controls_and_keys(cnn, layer.activation)


def hatched_below_zero(cnn: CnnPage, row: dict[str, Any], reach: float) -> None:
    """At ReLU's axis: the hatch's red beside zero at its left, plain grey at its right."""
    assert row["min"] < -0.05 * reach < 0 < 0.05 * reach < row["max"]
    pixels = cnn.pixels().astype(int)
    reds = []
    for column in (39, 41):
        x, y = cnn.cell("view.cellRect(...argument)", ["relu", 0, column])
        here = pixels[int(y) - 8 : int(y) + 1, int(x) - 2 : int(x) + 2]
        reds.append(bool((here[..., 0] - here[..., 1] > 60).any()))
        assert not (here == 255).all()
    assert reds == [True, False]


def controls_and_keys(cnn: CnnPage, own: str) -> None:
    cnn.frame.locator(f"{MODE} cnn-select[label='leaky slope'] select").select_option("0.01")
    leaky = next(each for each in shown(cnn, "location.hash || true")["functions"] if each["name"] == "leaky_relu")
    cnn.wait("view.state?.functions.find(f => f.name === 'leaky_relu').flat > 0")
    cnn.frame.locator(f"{MODE} cnn-select[label=beside] select").select_option("tanh")
    assert {each["name"] for each in shown(cnn, "s.functions.length === 2")["functions"]} == {own, "tanh"}
    assert leaky
    cnn.frame.locator(f"{MODE} svg.picture").focus()
    reach = shown(cnn)["range"]
    for key, place in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10)):
        cnn.page.keyboard.press(key)
        assert np.isclose(
            shown(cnn, f"s.cursor !== null && Math.abs(s.cursor / s.range * 40 - {place}) < 1e-6")["cursor"],
            place * reach / 40,
        )
    assert cnn.frame.locator(f"{MODE} svg .words").count() == 2
    cnn.page.keyboard.press("Escape")
    shown(cnn, "s.cursor === null")
    cnn.frame.locator("cnn-lab-view cnn-segmented button", has_text="Convolution").click()
    cnn.wait("view.state && view.state.mode !== 'activation'")
