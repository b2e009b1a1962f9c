"""The stock tabs show their part of a run, and no step is lost from any tab when a run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.fixtures.make_logs import EPOCHS, ROOT, STEPS
from tests.integration.conftest import READERS, Board
from tests.integration.train_again import BATCHES
from tests.integration.train_again import EPOCHS as EPOCHS_AGAIN
from tests.support.eventually import eventually

WAYS = ("again", "restored")
PARTS = {"train": "", "validation": "val_"}
Steps = dict[tuple[str, str, str], set[int]]
ENVIRONMENT = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def stock(board: Board, tab: str, route: str, **query: str) -> Any:
    answer = board.fetch(f"/data/plugin/{tab}/{route}?{urlencode(query)}")
    assert answer.status == 200, answer.body[:300]
    return answer.json


def points(board: Board, tab: str, run: str, tag: str) -> list[Any]:
    sample = {"sample": "0"} if tab == "images" else {}
    return stock(board, tab, tab, run=run, tag=tag, **sample)


def steps_in_every_tab(board: Board, run: str) -> Steps:
    """Steps by (tab, run or its subfolder, tag or layer): of the three stock tabs, and of every kind in our own."""
    seen: Steps = {}
    for tab in ("scalars", "histograms", "images"):
        for name, tags in stock(board, tab, "tags").items():
            if name == run or name.startswith(run + "/"):
                for tag in tags:
                    listed = points(board, tab, name, tag)
                    seen[tab, name, tag] = {int(item["step"] if tab == "images" else item[1]) for item in listed}
    answer = board.ask("run", run=run)
    for kind in answer.json["kinds"] if answer.status == 200 else []:
        for group in kind["groups"]:
            for layer in group["layers"] or [""]:
                seen["cnnviz", kind["kind"], layer] = set(group["steps"])
    return seen


def test_scalars_overlay_those_of_keras(board: Board) -> None:
    tags = eventually(
        lambda: stock(board, "scalars", "tags"), lambda seen: {f"mnist/adam/{part}" for part in PARTS} <= set(seen)
    )
    ((_, epochs),) = board.ask("series", run="mnist/adam", kind="epochs").arrays()
    for part, prefix in PARTS.items():
        run = f"mnist/adam/{part}"
        assert {"epoch_loss", "epoch_accuracy"} <= set(tags[run])
        for metric in ("loss", "accuracy"):
            listed = points(board, "scalars", run, f"epoch_{metric}")
            assert [step for _, step, _ in listed] == list(range(EPOCHS))
            np.testing.assert_allclose([value for *_, value in listed], epochs[prefix + metric], rtol=1e-6)


def test_histograms_count_every_weight_and_gradient(board: Board) -> None:
    tags = eventually(lambda: stock(board, "histograms", "tags").get("mnist/adam"))
    sizes = {item["path"]: item["size"] for item in board.ask("run", run="mnist/adam").json["model"]["variables"]}
    for path, size in sizes.items():
        for tag in (tag for tag in tags if path in tag):
            for _, step, buckets in points(board, "histograms", "mnist/adam", tag):
                assert 0 <= step <= STEPS
                assert sum(count for *_, count in buckets) == pytest.approx(size), tag
    matched = {path for path in sizes for tag in tags if path in tag}
    assert matched == set(sizes)
    assert len(tags) >= 2 * len(sizes), "one histogram of the weights and one of the gradient for every variable"


def test_images_show_filters_and_maps_of_every_convolution(board: Board) -> None:
    tags = eventually(lambda: stock(board, "images", "tags").get("mnist/adam"))
    for layer in ("conv1", "conv2", "conv3"):
        mine = [tag for tag in tags if layer in tag]
        assert len(mine) >= 2, (layer, list(tags))
        for tag in mine:
            listed = points(board, "images", "mnist/adam", tag)
            assert len(listed) >= EPOCHS
            picture = board.fetch(f"/data/plugin/images/individualImage?{listed[-1]['query']}")
            assert picture.status == 200
            assert picture.body.startswith(b"\x89PNG")


def test_hparams_have_a_session_for_each_run(board: Board) -> None:
    body = '{"startIndex": 0, "sliceSize": 50, "allowedStatuses": ["STATUS_SUCCESS"], "colParams": []}'
    headers = {"Content-Type": "application/json"}

    def sessions() -> dict[str, dict[str, Any]]:
        answer = board.fetch("/data/plugin/hparams/session_groups", "POST", headers, body)
        groups = answer.json.get("sessionGroups", []) if answer.status == 200 else []
        return {session["name"]: group["hparams"] for group in groups for session in group["sessions"]}

    seen = eventually(sessions, lambda seen: {"mnist/adam", "mnist/sgd"} <= set(seen))
    assert seen["mnist/adam"]["optimizer"] == "adam"
    assert seen["mnist/sgd"]["optimizer"] == "sgd"


def test_the_tab_is_active_by_the_small_event_file_alone(board: Board) -> None:
    assert board.fetch("/data/plugins_listing").json["cnnviz"]["enabled"]


@pytest.fixture(scope="module")
def continued(boards: dict[str, Board], logdir: Path) -> dict[tuple[str, str], tuple[Steps, Steps]]:
    """By way and reader, what every tab shows of a run before and after it went on.

    `again`: a second fit of the same model, seen while its process still lives. `restored`: a fit that broke off in
    its third epoch, and one in a new process that BackupAndRestore gave the weights of the first one's last epoch.
    """
    again = _start("twice", logdir / "again", stdin=subprocess.PIPE)
    restored = _start("restored", logdir / "restored", "fail")
    try:
        assert any("first" in line for line in again.stdout)
        assert "stopped on purpose" in restored.communicate()[0]
        before = _see(boards, EPOCHS_AGAIN // 2)
        again.stdin.write("\n")
        again.stdin.flush()
        restored = _start("restored", logdir / "restored")
        assert any("second" in line for line in again.stdout)
        output = restored.communicate()[0]
        assert restored.returncode == 0, output[-3000:]
        after = _see(boards, EPOCHS_AGAIN)
        return {key: (before[key], after[key]) for key in before}
    finally:
        for process in (again, restored):
            with process:
                process.kill()


def _start(way: str, run: Path, *more: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.train_again", way, str(run), *more]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, **output, **options)


def _see(boards: dict[str, Board], epochs: int) -> dict[tuple[str, str], Steps]:
    return {(way, reader): _when_complete(board, way, epochs) for way in WAYS for reader, board in boards.items()}


def _when_complete(board: Board, run: str, epochs: int) -> Steps:
    """The steps in every tab, once all tabs have those of the last epoch."""
    losses = ("scalars", f"{run}/validation", "epoch_loss")

    def complete(seen: Steps) -> bool:
        pictures = [steps for (tab, *_), steps in seen.items() if tab in ("histograms", "images")]
        return (
            len(seen.get(losses, ())) >= epochs
            and bool(pictures)
            and all(epochs - 1 in steps for steps in pictures)
            and epochs * BATCHES in seen.get(("cnnviz", "epochs", ""), ())
        )

    return eventually(lambda: steps_in_every_tab(board, run), complete)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reader", READERS)
def test_no_step_disappears_when_a_run_goes_on(
    way: str, reader: str, continued: dict[tuple[str, str], tuple[Steps, Steps]]
) -> None:
    before, after = continued[way, reader]
    lost = {place: steps - after.get(place, set()) for place, steps in before.items()}
    assert {place: steps for place, steps in lost.items() if steps} == {}
    assert {tab for tab, *_ in before} == {"scalars", "histograms", "images", "cnnviz"}
    filters = after["cnnviz", "filters", "digit_network/conv1"]
    assert {0, EPOCHS_AGAIN * BATCHES} <= filters
    for place, steps in after.items():
        if place[0] in ("scalars", "histograms", "images"):
            assert steps >= set(range(EPOCHS_AGAIN)), place


@pytest.mark.parametrize("way", WAYS)
def test_losses_go_on_from_where_they_were(way: str, continued: object, board: Board) -> None:
    ((_, arrays),) = board.ask("series", run=way, kind="losses").arrays()
    np.testing.assert_array_equal(arrays["step"], np.arange(EPOCHS_AGAIN * BATCHES))
    np.testing.assert_array_equal(arrays["epoch"], np.repeat(np.arange(EPOCHS_AGAIN), BATCHES))
