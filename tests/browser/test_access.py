"""Everyone: WCAG 2.1 A and AA by axe-core, the keyboard, narrow windows and 200 % zoom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage

AXE = Path(__file__).parents[2] / "plugin_frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def places(logdir: Path) -> dict[str, dict[str, Any]]:
    """Each view and mode, by a name."""
    log = open_log(logdir)
    run = max(log, key=lambda name: len(log[name].steps("activations")) + len(log[name].steps("gradients")))
    other = next(name for name in log if name != run)
    layers = log[run].layers
    convolution = next(layer.path for layer in layers if layer.role == "convolution")
    pooling = next(layer.path for layer in layers if layer.role == "pooling")
    shown: dict[str, dict[str, Any]] = {
        "model": {"view": "model"},
        "graph": {"view": "model", "model__form": "graph"},
        "filters": {"view": "filters", "layer": convolution},
        "maps": {"view": "maps", "layer": convolution},
        "maps of all layers": {"view": "maps", "layer": convolution, "maps__mode": "layers"},
        "maps of all steps": {"view": "maps", "layer": convolution, "maps__mode": "steps"},
        "units": {"view": "maps", "layer": layers[-1].path},
        "convolution": {"view": "lab", "layer": convolution, "lab__mode": "convolution"},
        "pooling": {"view": "lab", "layer": pooling},
        "activation": {"view": "lab", "layer": convolution, "lab__mode": "activation"},
        "loss": {"view": "lab", "layer": layers[-1].path, "lab__mode": "loss"},
        "optimizer": {"view": "lab", "layer": convolution, "lab__mode": "optimizer"},
        "gradients": {"view": "gradients", "layer": convolution},
        "compare": {"view": "compare"},
        "two runs": {"view": "gradients", "layer": convolution, "runB": other},
    }
    return {name: {"run": run, **place} for name, place in shown.items()}


def settled(cnn: CnnPage) -> None:
    """Until the view shows what it was asked for, and nothing is on its way."""
    cnn.wait("(view.state || view.shown) && (view.session.pending === 0)")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_view_breaks_a_rule_of_wcag(cnn: CnnPage, logdir: Path, theme: str) -> None:
    broken: list[str] = []
    for name, place in places(logdir).items():
        cnn.open(**place)
        cnn.page.evaluate("dark => document.body.classList.toggle('dark-mode', dark)", theme == "dark")
        cnn.wait("document.documentElement.classList.contains('dark-mode') === argument", theme == "dark")
        settled(cnn)
        cnn.frame.evaluate(AXE.read_text("utf-8"))
        result = cnn.frame.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
        assert len(result["passes"]) > 10, name
        broken += [
            f"{name}: {rule['id']}: {node['target']} {node['html'][:200]}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("size", [(1000, 700), (700, 700), (720, 450)], ids=["1000 px", "700 px", "200 % zoom"])
def test_nothing_is_cut_off_in_a_small_window(cnn: CnnPage, logdir: Path, size: tuple[int, int]) -> None:
    """A control may be scrolled to; nothing of the page is wider than the window, and the view keeps half of it."""
    cnn.page.set_viewport_size({"width": size[0], "height": size[1]})
    for name, place in places(logdir).items():
        cnn.open(**place)
        settled(cnn)
        assert cnn.frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        height = cnn.wait("view.getBoundingClientRect().height")
        room = cnn.frame.evaluate("innerHeight")
        assert height >= room / 2, (name, height, room)
        cut = cnn.frame.evaluate(CUT)
        assert not cut, (name, cut)


#: Buttons, lists and fields whose middle lies outside the window and that cannot be scrolled to.
CUT = """() => {
  const found = [];
  const reachable = (element) => {
    for (let at = element; at; at = at.assignedSlot ?? at.parentElement ?? at.getRootNode().host) {
      const style = getComputedStyle(at);
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) return true;
    }
    return false;
  };
  const search = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) search(element.shadowRoot);
      if (!element.matches('button, select, input') || !element.checkVisibility()) continue;
      const { left, top, width, height } = element.getBoundingClientRect();
      if (width === 0) continue;
      const [x, y] = [left + width / 2, top + height / 2];
      const inside = x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
      if (!inside && !reachable(element)) found.push(element.outerHTML.slice(0, 120));
    }
  };
  search(document);
  return found;
}"""


def test_a_key_hides_a_run(cnn: CnnPage, logdir: Path) -> None:
    run = next(iter(open_log(logdir)))
    cnn.open(view="compare", run=run)
    cnn.wait("view.state")
    cnn.press("h")
    cnn.wait("view.session.state.hidden.includes(argument)", run)
    row = cnn.frame.locator(f"cnn-runs li[data-run='{run}']")
    assert "hidden" in (row.get_attribute("class") or "").split()
    cnn.press("h")
    cnn.wait("!view.session.state.hidden.includes(argument)", run)
    assert cnn.frame.get_by_role("main").count() == 1
    assert cnn.frame.get_by_role("textbox", name="step").is_visible(timeout=PATIENCE_MS)
