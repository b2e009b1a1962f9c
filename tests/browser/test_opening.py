"""What the page loads, and when."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Response

from tests.browser.cnn_page import PATIENCE_MS, CnnPage

STATIC = Path(__file__).parents[2] / "tb_cnnviz" / "plugin" / "static"
FIRST_VIEW_BYTES = 100_000
#: Of the six views, and of each lesson of the Lab, which is loaded when it is chosen.
VIEWS_BYTES = 250_000
LESSON_BYTES = 16_000
LESSONS = ("loss_mode", "optimizer_mode")
#: The end of a module's file name; a hash may hold a hyphen.
HASH = re.compile(r"-[\w-]{8}\.js$")


def modules(answers: list[Response]) -> list[str]:
    """Names of the page's modules that were loaded, without their hashes."""
    names = [answer.url.rsplit("/", 1)[1] for answer in answers if "/data/plugin/cnnviz/" in answer.url]
    return [HASH.sub("", name) for name in names if name.endswith(".js")]


def sent_bytes(answers: list[Response]) -> int:
    """Bytes of the modules as they are sent, compressed."""
    urls = [answer.url for answer in answers if "/data/plugin/cnnviz/" in answer.url and answer.url.endswith(".js")]
    return sum(len(urlopen(Request(url, headers={"Accept-Encoding": "gzip"})).read()) for url in urls)


def test_a_view_is_loaded_when_it_is_opened_for_the_first_time(cnn: CnnPage) -> None:
    answers: list[Response] = []
    cnn.page.on("response", lambda answer: answers.append(answer))
    cnn.open(view="model", run="adam")
    cnn.wait("view.state")
    assert sorted(modules(answers)) == ["index.js", "main", "model_view", "shared"]
    assert sent_bytes(answers) <= FIRST_VIEW_BYTES
    cnn.press("5")
    cnn.wait("view.tagName === 'CNN-GRADIENTS-VIEW'")
    cnn.press("1")
    cnn.wait("view.tagName === 'CNN-MODEL-VIEW'")
    assert sorted(modules(answers)) == ["gradients_view", "index.js", "main", "model_view", "shared"]


def test_a_chunk_is_not_asked_for_again(cnn: CnnPage) -> None:
    cnn.open(view="model", run="adam")
    cnn.wait("view.state")
    cnn.page.reload()
    cnn.wait("view.state")
    loads = cnn.wait(
        "(entries => entries.length >= 4 && entries.map(entry => [entry.name, entry.transferSize]))"
        "(performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('.js')))"
    )
    again = {name.rsplit("/", 1)[1] for name, size in loads if size > 0}
    assert again <= {"index.js"}


def test_all_modules_together_are_small() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in STATIC.glob("*.js")}
    lessons = {name: size for name, size in sizes.items() if HASH.sub("", name) in LESSONS}
    assert len(sizes) >= 8
    assert len(lessons) == len(LESSONS)
    assert max(lessons.values()) <= LESSON_BYTES, lessons
    assert sum(sizes.values()) - sum(lessons.values()) <= VIEWS_BYTES, sizes


def test_a_module_that_does_not_come_is_told_and_asked_for_again(cnn: CnnPage) -> None:
    cnn.page.route("**/filters_view-*.js", lambda route: route.abort())
    cnn.open(view="model", run="adam")
    cnn.wait("view.state")
    cnn.press("2")
    cnn.frame.get_by_text("Filters could not be loaded").wait_for(timeout=PATIENCE_MS)
    cnn.page.unroute("**/filters_view-*.js")
    cnn.frame.get_by_role("button", name="Try again").click()
    cnn.wait("view.tagName === 'CNN-FILTERS-VIEW' && view.dataset.state === 'ready'")
    assert cnn.complaints, "the request was refused on purpose, which the console says"
    cnn.complaints.clear()
