"""A log whose names are markup, scripts, paths, bidi controls and 10 kB of text, through all six views."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
from tests.browser.cnn_page import CnnPage
from tests.fixtures.make_logs import shared_logs
from tests.support.tensorboard_process import tensorboard

VIEWS = ("model", "filters", "maps", "lab", "gradients", "compare")
MARKUP = '"><img class="hostile" src=x onerror="top.executed=1"><script>top.executed=2<'
LONG = "y" * 10_000
#: Right-to-left override, and no end of it.
BIDI = "\u202edeified\u2067"
TEMPLATE = "{{constructor.constructor('top.executed=3')()}}${top.executed=4}"
NAMES = [LONG, MARKUP, BIDI, "../../../etc/passwd", "__proto__", TEMPLATE, "javascript:top.executed=5//", "a\nb\0c", "'-->]]>&lt;b&gt;<b class=hostile>"]  # fmt: skip
RUN, OTHER = f"{MARKUP.replace('/', '')}", f"{BIDI}/{'/'.join(['x' * 200] * 4)}"

#: Texts that the log gives as they stand, beside a name alone.
WHOLE = [f"{BIDI}: {BIDI} was given up"]

#: What is wrong with the tab's document; an empty list where nothing is.
FAULTS = r"""(whole) => {
  const faults = [];
  const texts = [];
  const long = [];
  const visit = (root) => {
    if (root.querySelector(".hostile")) faults.push("a name became an element");
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) visit(element.shadowRoot);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (walker.currentNode.data.includes("\u202e")) texts.push(walker.currentNode);
      if (walker.currentNode.data.includes("yyyyyyyyyyyy")) long.push(walker.currentNode.parentElement);
    }
  };
  visit(document);
  if (Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) > innerWidth) faults.push("the document scrolls sideways");
  const isIsolated = (element) => /isolate|plaintext/.test(getComputedStyle(element).unicodeBidi);
  for (const element of long)
    if (element && element.getBoundingClientRect().height > 160) faults.push(`a long name fills ${element.tagName}.${element.className}`);
  const flatText = (node) =>
    node.nodeType === Node.TEXT_NODE ? node.data
    : /^(STYLE|SCRIPT)$/.test(node.nodeName) ? ""
    : [...(node.assignedNodes?.() ?? (node.shadowRoot ?? node).childNodes)].map(flatText).join("");
  for (const text of texts) {
    let element = text.parentElement;
    if (!element || /^(STYLE|TITLE|OPTION)$/.test(element.tagName) || element.getClientRects().length === 0) continue;
    if (!whole.includes(text.data) && text.data.replaceAll(/[\u2068][^\u2069]*\u2069+/g, "").includes("\u202e") && text.data.trim().search(/^\S*$/) < 0)
      faults.push(`${element.tagName}.${element.className} has a bidi name beside other text: ${text.data.slice(0, 90)}`);
    // Up the tree as it is laid out, through slots and shadow roots.
    const outer = (of) => of.assignedSlot ?? of.parentElement ?? of.getRootNode().host;
    const flows = (of) => /^(inline|contents)$/.test(getComputedStyle(of).display);
    while (flows(element) && !isIsolated(element) && outer(element)) element = outer(element);
    if (flows(element)) continue;
    const beside = flatText(element).trim().replaceAll(/\s+/g, " ");
    if (beside !== text.data.trim().replaceAll(/\s+/g, " ")) faults.push(`a bidi name is not isolated in ${element.tagName}.${element.className}: ${beside.slice(0, 90)}`);
  }
  return [...new Set(faults)];
}"""

#: The tabs, the scrubber and the view, each seen where it stands.
UNSEEN = r"""() => {
  const found = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("[role=tab], cnn-scrubber, cnn-view-layout, cnn-runs, cnn-strip")) found.push(element);
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  const unseen = found.filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width < 20 || box.height < 10 || box.left < -1 || box.top < -1 || box.left + 20 > innerWidth || box.top + 20 > innerHeight;
  });
  const layout = found.find((element) => element.tagName === "CNN-VIEW-LAYOUT")?.getBoundingClientRect();
  return { seen: found.length, unseen: unseen.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)} ${JSON.stringify(element.getBoundingClientRect())}`),
    share: layout ? layout.height / innerHeight : 0 };
}"""


def write_hostile(folder: Path, source: RunIndex, longest: str) -> list[str]:
    """The source's records under hostile names; returns the paths of its layers, in order."""
    model = json.loads(source.read("model", None, 0).arrays["json"].tobytes())
    paths = [layer["path"] for layer in sorted(model["layers"], key=lambda layer: layer["role"] != "convolution")]
    names = dict(zip(paths, [longest, *NAMES[1:]], strict=False))
    with closing(RecordWriter(folder)) as writer:
        for entry in source.entries():
            record = source.read_entry(entry)
            arrays, attributes = dict(record.arrays), dict(record.attributes)
            if record.kind == "model":
                arrays["json"] = np.frombuffer(json.dumps(hostile_model(model, names)).encode(), np.uint8)
            if "input_layer" in attributes:
                attributes["input_layer"] = names[attributes["input_layer"]]
            if record.kind == "epochs":
                attributes["names"] = [*attributes["names"], *NAMES]
                arrays["values"] = np.concatenate([arrays["values"], np.arange(len(NAMES), dtype=np.float32)])
            layer = names[record.layer] if record.layer is not None else None
            writer.write(Record(record.kind, record.step, layer, arrays, attributes, record.wall_time))
        for name in NAMES:
            writer.write(Record("notices", 0, attributes={"part": name, "message": f"{name} was given up"}))
    return list(names.values())


def hostile_model(model: dict, names: dict[str, str]) -> dict:  # type: ignore[type-arg]
    layers = [
        {**layer, "path": names[layer["path"]], "name": names[layer["path"]], "inbound": [names[path] for path in layer["inbound"]]}
        for layer in model["layers"]
    ]  # fmt: skip
    variables = [
        {**item, "layer": names[item["layer"]], "path": f"{names[item['layer']]}/{item['role']}"}
        for item in model["variables"]
    ]
    hostile = {name: name for name in NAMES}
    return {**model, "name": MARKUP, "layers": layers, "variables": variables, "optimizer": MARKUP, "loss": LONG,
            "class_names": [*NAMES, "last"], "hparams": {**hostile, **model["hparams"]}, "keras_version": BIDI}  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[tuple[CnnPage, list[str]]]:
    """A page on such a log, and the layers of its run; it fails where the console complained or a dialog opened."""
    logdir = tmp_path_factory.mktemp("hostile")
    index = LogIndex({"": str(shared_logs(tmp_path_factory.getbasetemp() / "shared-logs"))})
    index.refresh()
    layers = write_hostile(logdir / RUN, index["adam"], LONG)
    write_hostile(logdir / OTHER, index["sgd"], LONG)
    dialogs: list[str] = []
    with tensorboard("--logdir", str(logdir)) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.on("dialog", lambda dialog: dialogs.append(dialog.message) or dialog.dismiss())
        cnn = CnnPage(page, server.address)
        yield cnn, layers
        page.close()
    assert not dialogs
    assert not cnn.complaints


def _wrong(cnn: CnnPage, where: str) -> list[str]:
    cnn.page.wait_for_timeout(700)
    wrong = [f"{where}: {fault}" for fault in cnn.frame.evaluate(FAULTS, WHOLE)]
    places = cnn.frame.evaluate(UNSEEN)
    assert places["seen"] >= len(VIEWS) + 2
    wrong += [f"{where}: out of sight: {element}" for element in places["unseen"]]
    if places["share"] < 0.3:
        wrong.append(f"{where}: the view has {places['share']:.0%} of the height")
    if cnn.page.evaluate("top.executed ?? null") is not None:
        wrong.append(f"{where}: a name was executed")
    return wrong


def test_hostile_names_are_only_text_in_every_view(hostile: tuple[CnnPage, list[str]]) -> None:
    cnn, layers = hostile
    wrong: list[str] = []
    for width in (1440, 700):
        cnn.page.set_viewport_size({"width": width, "height": 900})
        for view in VIEWS:
            for layer in layers[:3] if width == 1440 else layers[:1]:
                cnn.open(view=view, run=RUN, runB=OTHER, layer=layer, step="last")
                cnn.wait("view.isConnected")
                wrong += _wrong(cnn, f"{view} at {width} px, layer {layer[:12]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_notices_of_a_hostile_log_are_only_text(hostile: tuple[CnnPage, list[str]]) -> None:
    cnn, layers = hostile
    cnn.page.set_viewport_size({"width": 1440, "height": 900})
    cnn.open(view="filters", run=RUN, layer=layers[1], step="last")
    cnn.frame.evaluate("document.querySelector('cnn-app').dispatchEvent(new CustomEvent('show-notices'))")
    cnn.frame.get_by_text("was given up").first.wait_for()
    assert not _wrong(cnn, "notices")
    cnn.page.keyboard.press("Escape")


def test_the_check_sees_what_is_wrong(hostile: tuple[CnnPage, list[str]]) -> None:
    cnn, layers = hostile
    cnn.open(view="model", run=RUN, layer=layers[1])
    add = "html => { const e = document.createElement('div'); e.id = 'bad'; e.innerHTML = html; document.body.prepend(e); }"
    for html, fault in (
        ('<b class="hostile"></b>', "became an element"),
        ('<p style="width: 5000px">a</p>', "sideways"),
        (f"<p>run <i>{BIDI}</i> has 3</p>", "not isolated"),
        (f'<p style="width: 90px; overflow-wrap: anywhere">{LONG}</p>', "long name fills"),
        (f"<p>run {BIDI} has 3</p>", "beside other text"),
    ):
        cnn.frame.evaluate(add, html)
        assert any(fault in said for said in cnn.frame.evaluate(FAULTS, WHOLE)), fault
        cnn.frame.evaluate("document.querySelector('#bad').remove()")
