"""The frame: state in the URL, scrubber, keys, dark mode, narrow windows, live runs."""

from __future__ import annotations

from pathlib import Path

from tb_cnnviz import open_log
from tests.browser.cnn_page import PATIENCE_MS, CnnPage
from tests.browser.test_pictures import layers_of, show_filters

SCREENSHOTS = Path(__file__).parents[2] / "test-results"


def test_the_state_survives_a_reload_inside_tensorboard(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    step = open_log(logdir)["sgd"].steps("filters", layer)[2]
    show_filters(cnn, "sgd", layer, step)
    cnn.page.reload()
    cnn.wait(
        "view.shown && view.shown.run === 'sgd' && view.shown.layer === argument[0] && view.shown.step === argument[1]",
        [layer, step],
    )


def test_arrow_keys_walk_the_logged_steps_and_write_them_to_the_url(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[0]
    steps = open_log(logdir)["adam"].steps("filters", layer)
    show_filters(cnn, "adam", layer, steps[0])
    cnn.press("ArrowRight")
    cnn.wait("view.shown.step === argument", steps[1])
    cnn.page.wait_for_function(
        "argument => location.hash.includes(`p.cnnviz.step=${argument}`)", arg=steps[1], timeout=PATIENCE_MS
    )
    cnn.press("3")
    cnn.wait("view.tagName === 'CNN-MAPS-VIEW' && view.state !== null && view.state.a.step === argument", steps[1])


def test_steps_logged_and_kept_are_said(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[0]
    count = len(open_log(logdir)["adam"].steps("filters", layer))
    show_filters(cnn, "adam", layer, 0)
    cnn.frame.get_by_text(f"{count} logged, {count} kept").wait_for(timeout=PATIENCE_MS)


def test_chrome_is_dark_with_tensorboard_and_data_colours_stay(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    show_filters(cnn, "adam", layer, 0)
    x, y = cnn.cell("view.cellAt(argument)", {"filter": 0, "input": 0, "row": 0, "column": 0})
    light = cnn.pixels()
    cnn.page.evaluate("document.body.classList.add('dark-mode')")
    cnn.page.wait_for_timeout(500)
    dark = cnn.pixels()
    assert dark[round(y), round(x)].tolist() == light[round(y), round(x)].tolist()
    assert dark.mean() < light.mean() / 2
    SCREENSHOTS.mkdir(exist_ok=True)
    cnn.page.screenshot(path=SCREENSHOTS / "filters-dark.png")


def test_a_narrow_window_scrolls_nothing_sideways(cnn: CnnPage, logdir: Path) -> None:
    cnn.page.set_viewport_size({"width": 800, "height": 700})
    for view in ("filters", "maps"):
        cnn.open(view=view, run="adam")
        cnn.page.wait_for_timeout(800)
        assert cnn.frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        cnn.page.screenshot(path=SCREENSHOTS / f"{view}-narrow.png")


def test_two_runs_stand_side_by_side(cnn: CnnPage, logdir: Path) -> None:
    layer = layers_of(logdir, "filters")[1]
    cnn.open(view="filters", run="adam", runB="sgd", layer=layer, step="last")
    panels = cnn.wait(
        "view.dataset.state === 'ready' && view.shown && view.shown.panels.length > 1 && view.shown.panels.map(p => p.id)"
    )
    assert {"A", "B"} <= set(panels)


def test_a_first_visit_shows_something(cnn: CnnPage) -> None:
    cnn.page.goto(f"{cnn.address}/#cnnviz")
    cnn.wait("view.dataset.state === 'ready' || view.state")
    cnn.page.wait_for_timeout(500)
    SCREENSHOTS.mkdir(exist_ok=True)
    cnn.page.screenshot(path=SCREENSHOTS / "first-visit.png")


def test_a_view_left_behind_asks_for_nothing_and_says_nothing(cnn: CnnPage, logdir: Path) -> None:
    """Activation of one layer, then Maps of another that was not measured, then the Lab again: no false error."""
    run = max(open_log(logdir).values(), key=lambda each: len(each.steps("activations")))
    activated = next(each for each in run.layers if each.role == "convolution")
    pooled = next(each for each in run.layers if each.role == "pooling")
    cnn.open(view="lab", run=run.name, layer=activated.path, lab__mode="activation", step=run.steps("activations")[-2])
    cnn.wait("view.state && view.state.mode === 'activation'")
    refused: list[str] = []
    cnn.page.on("response", lambda answer: answer.status >= 400 and refused.append(answer.url))
    cnn.press("3")
    cnn.wait("view.tagName === 'CNN-MAPS-VIEW' && view.state")
    cnn.frame.locator("cnn-strip").get_by_text(pooled.name, exact=True).click()
    cnn.wait("view.tagName === 'CNN-MAPS-VIEW' && view.state && view.session.layer.path === argument", pooled.path)
    cnn.press("4")
    cnn.wait("view.tagName === 'CNN-LAB-VIEW' && view.state && view.state.mode !== 'activation'")
    assert cnn.frame.get_by_role("alert").count() == 0
    assert not refused
