"""A real Chromium on a real TensorBoard over the shared log."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.cnn_page import CnnPage
from tests.fixtures.make_logs import shared_logs
from tests.support.tensorboard_process import tensorboard

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--force-color-profile=srgb",
)


@pytest.fixture(scope="session")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared log, or the one that TB_CNNVIZ_BROWSER_LOG names, such as the demo's."""
    given = os.environ.get("TB_CNNVIZ_BROWSER_LOG")
    return Path(given).resolve() if given else shared_logs(tmp_path_factory.getbasetemp() / "shared-logs")


@pytest.fixture(scope="session")
def address(logdir: Path) -> Iterator[str]:
    with tensorboard("--logdir", str(logdir), "--reload_interval", "5") as server:
        yield server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium here: scripts/find_chromium.sh says how to get one"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def cnn(browser: Browser, address: str) -> Iterator[CnnPage]:
    """A page on the CNN tab; the test fails where the console says an error or the CSP refuses something."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    opened = CnnPage(page, address)
    yield opened
    page.close()
    assert not opened.complaints
