"""Runs that keras.callbacks.TensorBoard alone wrote, in a real TensorBoard, compared with what fit returned."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from tests.fixtures.make_logs import EPOCHS, KERAS_RUN, STEPS
from tests.integration.conftest import ROUTE, Board
from tests.support.eventually import eventually
from tests.support.fits import make, train

KERAS = f"mnist/{KERAS_RUN}"
HOSTILE = "stock/<b onclick='x'>%2e%2e&a=b#\u202egnol"


def listed(board: Board) -> list[dict[str, Any]]:
    return board.ask("runs").json["runs"]


def row(board: Board, name: str) -> dict[str, Any] | None:
    return next((each for each in listed(board) if each["name"] == name), None)


def settled(board: Board) -> dict[str, Any]:
    """The row of the run in the shared log as soon as TensorBoard has read all of it."""
    return eventually(
        lambda: row(board, KERAS), lambda seen: seen and seen["curve"] and seen["curve"]["total"] == EPOCHS
    )


def test_such_a_run_is_listed_once_and_behind_those_with_records(board: Board) -> None:
    seen = settled(board)
    names = [each["name"] for each in listed(board)]
    sources = [each["source"] for each in listed(board)]
    assert sources == sorted(sources), "records come before scalars"
    assert len(names) == len(set(names))
    assert not {f"mnist/{run}/{part}" for run in ("adam", "keras") for part in ("train", "validation")} & set(names)
    assert row(board, "mnist/adam")["source"] == "records"
    assert (seen["source"], seen["kinds"], seen["last_step"]) == ("scalars", ["losses", "epochs"], EPOCHS - 1)
    assert 0 < seen["first_wall_time"] <= seen["last_wall_time"]
    history = json.loads((board.logdir / KERAS / "history.json").read_text())
    assert seen["curve"]["metric"] == "val_loss"
    np.testing.assert_allclose(seen["curve"]["values"], history["val_loss"], rtol=1e-6)


def test_its_epochs_are_those_that_fit_returned(board: Board) -> None:
    settled(board)
    history = json.loads((board.logdir / KERAS / "history.json").read_text())
    ((entry, arrays),) = board.ask("series", run=KERAS, kind="epochs").arrays()
    assert entry["attributes"]["step_is"] == "epoch"
    assert not entry["attributes"]["sampled"]
    assert set(arrays) == {*history, "learning_rate", "epoch", "updates", "step", "wall_time"}
    assert arrays["step"].tolist() == arrays["epoch"].tolist() == list(range(EPOCHS))
    for name, values in history.items():
        np.testing.assert_allclose(arrays[name], values, rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(arrays["learning_rate"], [1e-3] * EPOCHS, rtol=1e-6)
    assert arrays["updates"].tolist() == [STEPS // EPOCHS * epoch for epoch in range(1, EPOCHS + 1)]
    ((_, one),) = board.ask("series", run=KERAS, kind="epochs", column=["val_loss", "epoch"]).arrays()
    assert set(one) == {"step", "val_loss", "epoch"}


def test_its_losses_are_running_means_of_the_epoch(board: Board) -> None:
    settled(board)
    history = json.loads((board.logdir / KERAS / "history.json").read_text())
    ((entry, arrays),) = board.ask("series", run=KERAS, kind="losses").arrays()
    assert (entry["attributes"]["step_is"], entry["attributes"]["loss_is"]) == ("batch", "running mean")
    assert arrays["step"].tolist() == list(range(1, STEPS + 1))
    ends = np.arange(1, EPOCHS + 1) * (STEPS // EPOCHS) - 1
    np.testing.assert_allclose(arrays["loss"][ends], history["loss"], rtol=1e-6)
    ((entry, thinned),) = board.ask("series", run=KERAS, kind="losses", column="loss", points=8).arrays()
    assert len(thinned["step"]) <= 8 < entry["attributes"]["of"] == STEPS
    assert {arrays["loss"].min(), arrays["loss"].max()} <= set(thinned["loss"])


def test_its_details_need_no_model(board: Board) -> None:
    settled(board)
    detail = board.ask("run", run=KERAS).json
    assert detail["model"] is None
    steps = {kind["kind"]: kind["groups"][0]["steps"] for kind in detail["kinds"]}
    assert steps == {"losses": list(range(1, STEPS + 1)), "epochs": list(range(EPOCHS))}


def test_settings_and_cost_of_a_run_with_records_stand_in_the_list(board: Board) -> None:
    adam = row(board, "mnist/adam")
    model = board.ask("run", run="mnist/adam").json["model"]
    assert adam["optimizer"] == model["optimizer"] == "Adam"
    assert adam["hparams"] == model["hparams"]
    assert adam["hparams"]["learning_rate"] == pytest.approx(1e-3)
    assert adam["hparams_total"] == len(model["hparams"])
    step = board.steps("mnist/adam", "cost")[-1]
    ((entry, _),) = board.ask("records", run="mnist/adam", kind="cost", step=step).arrays()
    assert adam["cost"] == entry["attributes"]["logging_s"] / entry["attributes"]["training_s"]


def test_an_answer_that_is_still_true_is_not_sent_again(board: Board) -> None:
    settled(board)
    first = board.ask("series", run=KERAS, kind="epochs")
    path = f"{ROUTE}series?run={KERAS}&kind=epochs"
    assert board.fetch(path, headers={"If-None-Match": first.headers["ETag"]}).status == 304


@pytest.mark.parametrize(
    ("status", "query"),
    [
        (404, f"run?run={KERAS}/train"),
        (404, f"run?run={KERAS}/../keras"),
        (404, f"run?run={KERAS}/"),
        (404, f"series?run={KERAS}&kind=gradients"),
        (404, f"series?run={KERAS}&kind=scalars"),
        (404, f"series?run={KERAS}&kind=epochs&column=epoch_loss"),
        (404, f"series?run={KERAS}/validation&kind=epochs"),
        (404, f"records?run={KERAS}&kind=epochs&step=0"),
        (400, f"series?run={KERAS}&kind=epochs&variable=0"),
        (400, f"series?run={KERAS}&kind=epochs&points=4"),
        (400, f"series?run={KERAS}&run=mnist/adam&kind=epochs"),
    ],
)
def test_what_cannot_be_answered_says_why(board: Board, status: int, query: str) -> None:
    settled(board)
    answer = board.fetch(ROUTE + query)
    assert answer.status == status, answer.body[:300]
    assert set(answer.json) == {"error", "reason"}
    assert str(board.logdir) not in answer.body.decode()


class AskAtEachEpoch(keras.callbacks.Callback):
    """Waits at each epoch's end until both boards show it."""

    def __init__(self, boards: dict[str, Board], stock: keras.callbacks.TensorBoard) -> None:
        super().__init__()
        self.boards, self.stock, self.values = boards, stock, []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for writer in self.stock._writers.values():  # Keras itself writes every two minutes
            writer.flush()
        self.values.append(logs["val_loss"])
        for board in self.boards.values():
            eventually(
                lambda board=board: row(board, HOSTILE),
                lambda seen: seen and seen["kinds"] and seen["last_step"] == epoch,
            )
            seen = eventually(lambda board=board: epochs(board), lambda arrays: len(arrays["step"]) == epoch + 1)
            np.testing.assert_allclose(seen["val_loss"], self.values, rtol=1e-6)


def epochs(board: Board) -> dict[str, np.ndarray]:
    board.ask("runs")  # which is what looks for more
    ((_, arrays),) = board.ask("series", run=HOSTILE, kind="epochs").arrays()
    return arrays


def test_a_run_with_a_hostile_name_grows_while_it_trains(boards: dict[str, Board]) -> None:
    folder = next(iter(boards.values())).logdir / HOSTILE
    stock = keras.callbacks.TensorBoard(folder)
    asking = AskAtEachEpoch(boards, stock)
    model = make()
    x, y = np.zeros((8, 12, 12, 3), np.float32), np.zeros(8, np.int32)
    train(model, [stock, asking], epochs=2, validation_data=(x, y))
    assert len(asking.values) == 2
