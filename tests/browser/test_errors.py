"""The backpropagated error and what the activations did, by layer over steps and as maps: against the log, in numbers and pixels."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage, colour, number

CLOSE = 2
ROUNDED = 6e-3


def check_the_faint_image(cnn: CnnPage, record: Mapping[str, Any]) -> None:
    """Said of each image whose largest error is below a twentieth of the largest of all; its button leads to that one."""
    sizes = np.abs(np.asarray(record["maps"], np.float64)).reshape(len(record["maps"]), -1).max(1)
    notice = cnn.frame.locator("cnn-maps-view cnn-notice.faint")
    for image in [int(np.argmax(sizes)), int(np.argmin(sizes))]:
        cnn.open(view="maps", image=image, maps__of="error")
        cnn.wait("view.state?.kind === 'error_maps' && view.state.image === argument", image)
        assert notice.count() == int(sizes[image] < sizes.max() / 20), (image, sizes)
    if notice.count():
        notice.locator("button", has_text="Show image").click()
        cnn.wait("view.state?.image === argument", int(np.argmax(sizes)))
        assert notice.count() == 0


def test_errors_by_layer_and_as_maps(cnn: CnnPage, logdir: Path) -> None:
    log = open_log(logdir)
    run = log[sorted(name for name in log if len(log[name].steps("errors")))[-1]]
    step = run.steps("errors")[0]
    layers = [layer for layer in run.layers if layer.role == "convolution"]
    errors = {place[0]: row for place, row in run.read("errors", None, step)["rows"].items()}

    cnn.open(view="gradients", run=run.name, layer=layers[0].path, step=0, gradients__quantity="error")
    cnn.wait("view.shown?.quantity === 'error' && view.dataset.state === 'ready'")
    shown = cnn.wait("view.shown")
    paths = [row["path"] for row in shown["panels"][0]["rows"]]
    assert paths == list(errors)
    assert shown["panels"][0]["steps"] == list(run.steps("errors"))
    assert shown["histograms"] is None
    gutter = cnn.texts("figure[data-panel=A] cnn-step-heatmap .values span")
    wanted = [errors[path]["norm"] for path in paths]
    np.testing.assert_allclose([number(text) for text in gutter], wanted, rtol=ROUNDED)
    assert {"labelled probe", "exact"} <= set(cnn.texts("cnn-gradients-view cnn-badge"))
    last = run.steps("errors")[-1]  # away from the orange line
    for row, path in enumerate(paths):
        x, y = cnn.cell("view.cellAt(argument)", {"row": row, "step": int(last)})
        value = np.log2(np.float64(run.read("errors", path, last)["norm"]))
        drawn = cnn.pixels()[int(y), int(x)].astype(int)
        assert np.abs(drawn - colour(value, *shown["range"], "viridis")).max() <= CLOSE, path
    saved = list(csv.DictReader(io.StringIO(cnn.wait("view.saveCsv()"))))
    assert len(saved) == len(paths) * len(run.steps("errors"))

    cnn.frame.locator("cnn-gradients-view cnn-segmented button", has_text="Zeros").click()
    cnn.wait("view.shown?.quantity === 'zeros' && view.dataset.state === 'ready'")
    first = run.steps("activations")[0]
    row = run.read("activations", layers[0].path, first)
    share = round(100 * row["zeros"] / row["count"])
    at = cnn.wait("view.shown.panels[0].rows.map(r => r.path)").index(layers[0].path)
    text = cnn.texts("figure[data-panel=A] cnn-step-heatmap .values span")[at]
    assert text in (f"{share} %", f"{100 * row['zeros'] / row['count']:.1f} %")
    assert "training batch" in cnn.texts("cnn-gradients-view cnn-badge")

    cnn.frame.locator("cnn-gradients-view cnn-segmented button", has_text="Slope").click()
    cnn.wait("view.shown?.quantity === 'slope' && view.dataset.state === 'ready'")
    paths = cnn.wait("view.shown.panels[0].rows.map(r => r.path)")
    slopes = cnn.texts("figure[data-panel=A] cnn-step-heatmap .values span")
    # A ReLU's slope is 1 where it gives more than zero.
    wanted = [
        np.sqrt(1 - row["zeros"] / row["count"]) for path in paths for row in [run.read("activations", path, first)]
    ]
    np.testing.assert_allclose([number(text) for text in slopes], wanted, rtol=ROUNDED)
    left = cnn.frame.locator("cnn-gradients-view svg.flow").get_attribute("aria-label") or ""
    assert number(left.split(", ")[0].rsplit(" ", 1)[1]) == pytest.approx(np.prod(wanted), rel=ROUNDED)

    layer = layers[1].path
    cnn.open(view="maps", run=run.name, layer=layer, step=int(step))
    cnn.wait("view.state?.kind === 'feature_maps'")
    cnn.frame.locator("cnn-maps-view cnn-select[label=show] select").select_option("error")
    state = cnn.wait("(s => s && s.kind === 'error_maps' ? s : null)(view.state)")
    record = run.read("error_maps", layer, state["a"]["step"])
    hi = state["scale"]["hi"]
    assert state["scale"]["lo"] == -hi
    pixels = cnn.pixels()
    middle = [(channel, r, c) for channel in state["active"][1:4] for r, c in ((0, 0), (1, 2))]
    for channel, r, c in middle:
        x, y = cnn.cell("view.cellRect(...argument)", [channel, r, c])
        value = record["maps"][0, list(record["channels"]).index(channel), r, c]
        drawn = pixels[int(y), int(x)].astype(int)
        assert np.abs(drawn - colour(value, -hi, hi, "RdBu_r")).max() <= CLOSE, (channel, r, c)
    assert "labelled" in cnn.texts("cnn-maps-view cnn-badge")
    check_the_faint_image(cnn, record)
