"""What a log had to leave out, and what it cost, stands on the page wherever something of it is drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tb_cnnviz import open_log
from tests.browser.cnn_page import CnnPage
from tests.fixtures.make_limited_log import LAYER, MAX_LOG_BYTES, RUN
from tests.support.tensorboard_process import tensorboard

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limited")
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "tests.fixtures.make_limited_log", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture
def page(browser: Browser, limited: Path) -> Iterator[CnnPage]:
    with tensorboard("--logdir", str(limited), "--reload_interval", "5") as server:
        with closing(browser.new_page(viewport={"width": 1440, "height": 900})) as opened:
            cnn = CnnPage(opened, server.address)
            yield cnn
        assert not cnn.complaints


def test_nothing_is_left_out_silently(page: CnnPage, limited: Path) -> None:
    run = open_log(limited)[RUN]
    last = run.steps("filters", LAYER)[-1]
    filters = run.read("filters", LAYER, last)
    maps = run.read("feature_maps", LAYER, last)
    cost = run.read("cost", None, run.steps("cost")[-1])
    kept, channels = len(filters["kernel"]), len(maps["channels"])
    assert 1 <= kept < filters["of"] == 128
    assert 1 <= channels < maps["of"] == 128
    assert cost["thinning"] > 1
    assert cost["max_log_bytes"] == MAX_LOG_BYTES

    page.open(view="filters", run=RUN, layer=LAYER)
    page.wait("view.dataset.state === 'ready'")
    assert page.texts("cnn-filters-view [slot=subtitle]")[0].startswith(f"{kept} of 128 filters, 3×3 on 16 channels")
    assert f"{kept} of 128 filters" in page.texts("cnn-filters-view cnn-badge")
    assert page.wait("view.shown.order.filters.length") == kept
    share = round(100 * cost["logging_s"] / cost["training_s"])
    shown = page.texts("cnn-run-cost summary b")
    assert shown[0] == f"{share} %"
    assert float(shown[1].split()[0]) == pytest.approx(cost["log_bytes"] / 1024, abs=0.6)
    assert page.texts("cnn-run-cost .limit") == [
        f"! Pictures are taken {cost['thinning']} times more rarely than wanted: the log nears its limit, max_log_bytes."
    ]
    page.frame.locator("cnn-run-cost summary").click()
    assert page.texts("cnn-run-cost dt")[:3] == ["until step", "training", "logging"]

    page.open(view="maps", run=RUN, layer=LAYER)
    page.wait("view.state")
    assert page.texts("cnn-maps-view [slot=subtitle]")[0].startswith(f"{channels} of 128 channels")
    assert f"kept {channels} of 128" in page.texts("cnn-maps-view cnn-badge")

    page.open(view="lab", run=RUN, layer=LAYER)
    page.frame.wait_for_selector(f"text={kept} of 128 filters of this layer were logged")
