"""README's pictures, taken from the demo: the page as a newcomer finds it.

`make pictures` trains the demo where it has not been and runs this; nothing else does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.cnn_page import CnnPage
from tests.support.tensorboard_process import tensorboard

PICTURES = Path(__file__).parents[2] / "docs" / "images"
#: Logs of `make demo DATA=photos` and of `make demo`.
LOGDIRS = {"photos": os.environ.get("TB_CNNVIZ_PHOTO_RUNS", ""), "digits": os.environ.get("TB_CNNVIZ_DIGIT_RUNS", "")}
HINTS_READ = "localStorage.setItem('cnnviz.hints-read', JSON.stringify(%s))"
VIEWS = ["model", "filters", "maps", "lab", "gradients", "compare"]

pytestmark = pytest.mark.skipif(not all(LOGDIRS.values()), reason="TB_CNNVIZ_PHOTO_RUNS, TB_CNNVIZ_DIGIT_RUNS not set")


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    photo_runs, digit_runs = (str(Path(LOGDIRS[name]).resolve()) for name in ("photos", "digits"))
    with tensorboard("--logdir", photo_runs) as photos, tensorboard("--logdir", digit_runs) as digits:
        yield {"photos": photos.address, "digits": digits.address}


@pytest.mark.parametrize(
    ("name", "data", "dark", "state"),
    [
        ("model", "photos", False, {"view": "model", "run": "adam", "layer": "conv4"}),
        ("filters", "photos", False, {"view": "filters", "run": "adam", "channel": 0, "filters__story": 1}),
        ("filters-matrix-dark", "photos", True, {"view": "filters", "run": "adam", "layer": "conv2"}),
        ("maps", "photos", False, {"view": "maps", "run": "adam", "image": 0}),
        ("lab-pooling", "photos", False, {"view": "lab", "run": "adam", "layer": "pool1", "lab__window": 3}),
        ("lab-convolution", "photos", False, {"view": "lab", "run": "adam", "layer": "conv1"}),
        ("gradients", "photos", False, {"view": "gradients", "run": "adam", "runB": "sgd", "layer": "conv1"}),
        ("compare", "digits", False, {"view": "compare", "run": "adam", "compare__align": "epoch"}),
    ],
)
def test_take(
    browser: Browser, addresses: dict[str, str], name: str, data: str, dark: bool, state: dict[str, object]
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1440, "height": 924})
    page.add_init_script(HINTS_READ % VIEWS)
    cnn = CnnPage(page, addresses[data])
    cnn.open(**state)
    cnn.wait("view.dataset.state === 'ready' || view.state || view.shown")
    if dark:
        page.evaluate("document.body.classList.add('dark-mode')")
    page.wait_for_timeout(3000)
    page.screenshot(path=PICTURES / f"{name}.png")
    page.close()
    assert not cnn.complaints
