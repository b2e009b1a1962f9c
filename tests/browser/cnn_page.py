"""The CNN tab in TensorBoard, as a test sees it: opens a state by its URL, finds cells, reads pixels and the legend."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image
from playwright.sync_api import Frame, Page

PATIENCE_MS = 30_000
WRITTEN_MS = 300
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

#: Errors of TensorBoard's own page, which are there without our plugin too.
_FOREIGN = re.compile(r"fonts\.g|favicon|net::ERR_(INTERNET|NAME|CONNECTION|TUNNEL|PROXY)|google", re.IGNORECASE)


class CnnPage:
    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on(
            "console", lambda message: message.type == "error" and self._complain(message.text, message.location["url"])
        )
        page.on("pageerror", lambda error: self._complain(str(error), ""))

    def _complain(self, text: str, url: str) -> None:
        if not _FOREIGN.search(text + url):
            self.complaints.append(f"{text} ({url})")

    def open(self, **state: Any) -> None:
        """Go to a state of the page: view, run, layer, step, …; a view's own keys as filters__scale.

        TensorBoard is loaded the first time; afterwards only the address changes, as by a link inside the page.
        """
        pairs = [f"p.cnnviz.{key.replace('__', '.')}={quote(str(value), safe='')}" for key, value in state.items()]
        target = f"#cnnviz&{'&'.join(pairs)}"
        if self.page.url.startswith(self.address):
            # The page writes its own changes to the address within a quarter of a second, and would win until then.
            self.page.wait_for_timeout(WRITTEN_MS)
            # What a pointer at rest draws over the picture would stay.
            self.page.mouse.move(0, 0)
            self.page.evaluate("target => { location.hash = target }", target)
        else:
            self.page.goto(f"{self.address}/{target}")
        self.frame.wait_for_selector(f"cnn-{state['view']}-view", timeout=PATIENCE_MS)

    @property
    def frame(self) -> Frame:
        handle = self.page.wait_for_selector("iframe", timeout=PATIENCE_MS)
        assert handle is not None
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def wait(self, expression: str, argument: Any = None) -> Any:
        """Until an expression in the tab's frame is true; `view` in it is the current view's element."""
        body = f"(argument) => {{ const view = ({_FIND_VIEW})(); return view ? ({expression}) : null; }}"
        return self.frame.wait_for_function(body, arg=argument, timeout=PATIENCE_MS).json_value()

    def cell(self, expression: str, argument: Any, down: float = 0.5) -> tuple[float, float]:
        """A point of a rectangle that the current view gives, in pixels of the whole page: half-way across, `down` of
        its height below its top."""
        rect = self.wait(expression, argument)
        box = self.page.query_selector("iframe").bounding_box()  # type: ignore[union-attr]
        assert box is not None
        return box["x"] + rect["x"] + rect["width"] / 2, box["y"] + rect["y"] + rect["height"] * down

    def pixels(self) -> np.ndarray:
        """What is on the screen as uint8 [height, width, 3]."""
        return np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"))

    def press(self, key: str) -> None:
        """Press a key with the tab's frame in focus."""
        self.frame.locator("cnn-view-layout [slot=title]").first.click()
        self.page.keyboard.press(key)

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(60)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.frame.locator(selector).all_inner_texts()]

    def rows(self) -> dict[str, str]:
        """Names and values of every list of the view: the legend, and what stands beside a picture."""
        names, values = self.texts("dl dt"), self.texts("dl dd")
        return dict(zip(names, values, strict=True))


_FIND_VIEW = """() => {
  const search = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (/^CNN-[A-Z]+-VIEW$/.test(element.tagName)) return element;
      const inside = element.shadowRoot && search(element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  return search(document);
}"""


def number(text: str) -> float:
    """A number as the page writes it: true minus, thin forms of powers of ten."""
    plain = text.split("\n")[0].replace("−", "-").replace("≥", "").replace("≤", "").strip()
    found = re.fullmatch(r"([+-]?[0-9.]+)(?:·10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?", plain)
    assert found, text
    exponent = int((found[2] or "⁰").translate(SUPERSCRIPTS))
    return float(found[1]) * 10.0**exponent


def colour(value: float, lo: float, hi: float, table: str) -> np.ndarray:
    """The colour of a value by matplotlib's table: int [3]; the rule stands in docs/page.md."""
    import matplotlib

    if np.isnan(value):
        return np.array([0xFF, 0x00, 0xC8])
    index = int(np.clip(np.floor((float(value) - lo) * (256 / (hi - lo))), 0, 255))
    return np.array(matplotlib.colormaps[table](index, bytes=True)[:3], int)
