"""Metrics named like columns of ours, in Compare: their values are theirs, and the axis is the axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter
from tests.browser.cnn_page import CnnPage
from tests.browser.test_compare import show, table
from tests.support.tensorboard_process import tensorboard

NAMES = ("loss", "step", "epoch", "wall_time", "examples", "batch loss")
STEPS = (4, 8, 12)


@pytest.fixture(scope="module")
def named(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CnnPage]:
    log = tmp_path_factory.mktemp("named")
    for shift, run in enumerate(("a", "b")):
        with RunWriter(log / run) as writer:
            for epoch, step in enumerate(STEPS):
                values = [100.0 * (at + 1) - 10 * epoch - shift for at in range(len(NAMES))]
                attributes = {"names": [*NAMES, *(f"val_{name}" for name in NAMES)], "epoch": epoch}
                arrays = {"values": np.array([*values, *(value + 0.5 for value in values)], np.float32)}
                writer.records.write(Record("epochs", step, None, arrays, attributes, 1.7e9 + 60 * epoch))
    with tensorboard("--logdir", str(log), "--reload_interval", "5") as server:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        opened = CnnPage(page, server.address)
        yield opened
        page.close()
        assert not opened.complaints


@pytest.mark.parametrize(("align", "at"), [("step", "12"), ("epoch", "3")])
def test_compare_draws_them_over_the_true_axis(named: CnnPage, align: str, at: str) -> None:
    for place, name in enumerate(NAMES):
        column = name if name in ("loss", "examples") else f"metric:{name}"
        show(named, compare__metric=column, compare__part="validation", compare__align=align)
        for shift, run in enumerate(("a", "b")):
            cells = table(named)[run]
            assert float(cells["best"]) == pytest.approx(100 * (place + 1) - 20 - shift + 0.5), (name, cells)
            assert float(cells["train"]) == pytest.approx(100 * (place + 1) - 20 - shift), (name, cells)
            assert cells["at"] == at, (name, cells)
