"""README's pictures, taken from the demo on photographs: the page as a newcomer finds it after `make demo DATA=photos`.

`make pictures` trains the demo where it has not been and runs this; nothing else does.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.cnn_page import CnnPage
from tests.support.tensorboard_process import tensorboard

PICTURES = Path(__file__).parents[2] / "docs" / "images"
LOGDIR = os.environ.get("TB_CNNVIZ_PHOTO_RUNS", "")

pytestmark = pytest.mark.skipif(not LOGDIR, reason="TB_CNNVIZ_PHOTO_RUNS names no log of `make demo DATA=photos`")


@pytest.mark.parametrize(
    ("name", "dark", "state"),
    [
        ("filters", False, {"view": "filters", "run": "adam", "channel": 0, "filters__story": 1}),
        ("maps", False, {"view": "maps", "run": "adam", "image": 0}),
        ("filters-matrix-dark", True, {"view": "filters", "run": "adam", "layer": "conv2"}),
    ],
)
def test_take(browser: Browser, name: str, dark: bool, state: dict[str, object]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tensorboard("--logdir", LOGDIR) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 924})
        cnn = CnnPage(page, server.address)
        cnn.open(**state)
        cnn.wait("view.dataset.state === 'ready' || view.state")
        if dark:
            page.evaluate("document.body.classList.add('dark-mode')")
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / f"{name}.png")
        page.close()
        assert not cnn.complaints
