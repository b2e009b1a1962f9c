"""The doctor's verdicts on the page: the line, its way to the evidence, the list, the marks at runs and layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tb_cnnviz import open_log
from tb_cnnviz.analysis.doctor import diagnose
from tests.browser.cnn_page import PATIENCE_MS, CnnPage
from tests.browser.test_access import AXE, CUT, RULES, settled
from tests.fixtures.make_verdict_log import EPOCHS, HEALTHY, RATE, STEPS_AN_EPOCH, UNSCALED, verdict_logs
from tests.support.tensorboard_process import tensorboard

LAYER = "digit_network/conv1"
VIEWS = ("model", "filters", "maps", "lab", "gradients", "compare")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return verdict_logs(tmp_path_factory.getbasetemp() / "verdict-logs")


@pytest.fixture(scope="module")
def page(browser: Browser, judged: Path) -> Iterator[CnnPage]:
    with tensorboard("--logdir", str(judged), "--reload_interval", "5") as server:
        with closing(browser.new_page(viewport={"width": 1440, "height": 900})) as opened:
            cnn = CnnPage(opened, server.address)
            yield cnn
        assert not cnn.complaints


def said(judged: Path, run: str) -> list[dict[str, Any]]:
    return list(diagnose(open_log(judged)[run]).as_json()["verdicts"])


def marks(cnn: CnnPage, places: str) -> dict[str, str]:
    """The severity of the mark at each place that has one, by the first line of its title."""
    found = cnn.frame.locator(places).evaluate_all(
        "found => found.map(each => [each.title.split('\\n')[0], each.querySelector('.severity')?.classList[1] ?? ''])"
    )
    return {name: severity for name, severity in found if severity}


@pytest.mark.parametrize("view", VIEWS)
def test_a_healthy_run_has_one_quiet_line_in_every_view(page: CnnPage, view: str) -> None:
    page.open(view=view, run=HEALTHY)
    line = page.frame.locator("cnn-verdict-bar .line")
    expect(line).to_have_text(
        re.compile(rf"No verdict: \d+ rules on {STEPS_AN_EPOCH * EPOCHS} steps"), timeout=PATIENCE_MS
    )
    assert line.count() == 1
    assert page.frame.locator("cnn-strip .severity").count() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_sick_run_names_its_cause_in_every_view(page: CnnPage, judged: Path, view: str) -> None:
    page.open(view=view, run=UNSCALED)
    line = page.frame.locator("cnn-verdict-bar .line")
    expect(line).to_contain_text("unscaled input", timeout=PATIENCE_MS)
    verdicts = said(judged, UNSCALED)
    assert line.count() == sum(not each["causes"] for each in verdicts)
    errors = sum(each["severity"] == "error" for each in verdicts)
    expect(line).to_contain_text(f"and {len(verdicts) - 1} more, {errors} errors")
    assert verdicts[0]["finding"] in line.inner_text()


@pytest.mark.parametrize(
    ("run", "view", "options"),
    [(RATE, "gradients", {"gradients.quantity": "ratio"}), (UNSCALED, "lab", {"lab.mode": "activation"})],
)
def test_the_line_leads_to_view_layer_and_step(page: CnnPage, run: str, view: str, options: dict[str, str]) -> None:
    page.open(view="model", run=run, layer="digit_network/conv3")
    evidence = page.frame.locator("cnn-verdict-bar .evidence").first
    expect(evidence).to_contain_text("conv1, step 0", timeout=PATIENCE_MS)
    evidence.focus()
    page.page.keyboard.press("Enter")
    page.frame.wait_for_selector(f"cnn-{view}-view", timeout=PATIENCE_MS)
    settled(page)
    chosen = page.wait("Object.fromEntries(view.session.raw)")
    assert chosen == {"view": view, "run": run, "layer": LAYER, "step": "0", **options}
    assert page.wait("[view.session.layer.path, view.session.step]") == [LAYER, 0]


def test_the_list_holds_all_that_the_doctor_says(page: CnnPage, judged: Path) -> None:
    page.open(view="model", run=UNSCALED)
    page.frame.locator("cnn-verdict-bar button.link").click(timeout=PATIENCE_MS)
    items = page.frame.locator("cnn-verdicts-dialog li")
    verdicts = said(judged, UNSCALED)
    assert items.count() == len(verdicts)
    lefts = []
    for at, verdict in enumerate(verdicts):
        text = items.nth(at).inner_text()
        for field in ("severity", "finding", "rule", "source", "otherwise", "suggestion"):
            assert verdict[field].lower() in text.lower(), field
        assert verdict["kind"].replace("_", " ") in text
        lefts.append(items.nth(at).bounding_box()["x"])  # type: ignore[index]
    for verdict in verdicts:
        for cause in verdict["causes"]:
            assert lefts[cause] < lefts[verdict["id"]] or lefts[cause] == max(lefts)
    dead = next(each for each in verdicts if each["kind"] == "dead_units")
    page.page.keyboard.press("1")  # keys of the page rest while the list is open
    items.nth(dead["id"]).get_by_role("button").click()
    page.frame.wait_for_selector("cnn-maps-view", timeout=PATIENCE_MS)
    expect(page.frame.locator("cnn-verdicts-dialog dialog")).to_be_hidden()
    settled(page)
    assert page.wait("[view.session.layer.path, view.session.step]") == [dead["layer"], dead["step"]]


def test_runs_and_layers_with_an_alarm_carry_its_sign(page: CnnPage, judged: Path) -> None:
    page.open(view="gradients", run=RATE)
    worst = {run: diagnose(open_log(judged)[run]).worst for run in (HEALTHY, RATE, UNSCALED)}
    expect(page.frame.locator("cnn-runs .severity")).to_have_count(2, timeout=PATIENCE_MS)
    assert marks(page, "cnn-runs button.row") == {run: each for run, each in worst.items() if each}
    by_layer: dict[str, set[str]] = {}
    for verdict in said(judged, RATE):
        for layer in {verdict["layer"], *verdict["layers"]} - {None}:
            by_layer.setdefault(layer, set()).add(verdict["severity"])
    expected = {layer: "error" if "error" in found else "warning" for layer, found in by_layer.items()}
    found = {title.split(" ")[0]: each for title, each in marks(page, "cnn-strip button").items()}
    assert found == expected
    tile = page.frame.locator(f"cnn-strip button[title^='{LAYER}']")
    assert "Verdicts: rate too high, dead units" in (tile.get_attribute("title") or "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_line_and_list_break_no_rule_of_wcag(page: CnnPage, theme: str) -> None:
    page.open(view="gradients", run=RATE)
    page.page.evaluate("dark => document.body.classList.toggle('dark-mode', dark)", theme == "dark")
    page.wait("document.documentElement.classList.contains('dark-mode') === argument", theme == "dark")
    settled(page)
    link = page.frame.locator("cnn-verdict-bar button.link")
    link.wait_for(timeout=PATIENCE_MS)
    page.frame.evaluate(AXE.read_text("utf-8"))
    for is_open in (False, True):
        if is_open:
            link.click()
        result = page.frame.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
        assert len(result["passes"]) > 10
        assert not [(rule["id"], node["html"]) for rule in result["violations"] for node in rule["nodes"]]
    page.page.keyboard.press("Escape")
    page.page.evaluate("document.body.classList.remove('dark-mode')")


@pytest.mark.parametrize("size", [(700, 700), (720, 450)], ids=["700 px", "200 % zoom"])
def test_the_view_keeps_its_room_in_a_small_window(page: CnnPage, size: tuple[int, int]) -> None:
    page.page.set_viewport_size({"width": size[0], "height": size[1]})
    page.open(view="gradients", run=UNSCALED)
    page.frame.locator("cnn-verdict-bar .evidence").first.wait_for(timeout=PATIENCE_MS)
    settled(page)
    assert page.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.wait("view.getBoundingClientRect().height") >= page.frame.evaluate("innerHeight") / 2
    assert not page.frame.evaluate(CUT)
    page.page.set_viewport_size({"width": 1440, "height": 900})


def test_the_heatmap_is_marked_where_a_verdict_begins(page: CnnPage, judged: Path) -> None:
    """At the row of each layer that an alarm means, at its step; a click leads to that step."""
    alarms = [each for each in said(judged, UNSCALED) if each["severity"] != "note"]
    wanted = {
        (path, each["step"])
        for each in alarms
        for path in {each["layer"], *each["layers"]} - {None}
        if each["step"] is not None
    }
    page.open(view="gradients", run=UNSCALED, step="last")
    page.wait("view.shown?.quantity === 'gradient' && view.dataset.state === 'ready'")
    marks = page.frame.locator("cnn-step-heatmap[data-map=A] .mark")
    expect(marks.first).to_be_visible(timeout=PATIENCE_MS)
    titles = marks.evaluate_all("found => found.map(each => each.title)")
    paths = page.wait("view.shown.panels[0].rows.map(r => r.path)")
    rows = marks.evaluate_all(
        "found => found.map(each => Math.round(parseFloat(each.style.top) / parseFloat(each.style.height)))"
    )
    steps = [int(found[1]) for title in titles if (found := re.search(r"since step (\d+)", title))]
    assert len(steps) == len(rows)
    found = {(paths[row], step) for row, step in zip(rows, steps, strict=True)}
    assert found >= {(path, step) for path, step in wanted if path in paths}
    assert all(any(each["finding"] in title for each in alarms) for title in titles)
    marks.first.click()
    page.wait("view.session.step === argument", steps[0])
