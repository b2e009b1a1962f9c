"""The verdicts that the plugin answers in a real TensorBoard are those of `diagnose` on the same log."""

from __future__ import annotations

import math
import shutil
from typing import Any

import pytest

from tb_cnnviz import open_log
from tb_cnnviz.analysis.doctor import diagnose
from tests.fixtures.make_verdict_log import EPOCHS, HEALTHY, RATE, STEPS_AN_EPOCH, UNSCALED, verdict_logs
from tests.integration.conftest import Board
from tests.support.eventually import eventually

PLACE = "judged"
REAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@pytest.fixture
def judged(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Board:
    made = verdict_logs(tmp_path_factory.getbasetemp() / "verdict-logs")
    if not (board.logdir / PLACE).exists():
        shutil.copytree(made, board.logdir / PLACE)
    names = {f"{PLACE}/{run}" for run in (HEALTHY, RATE, UNSCALED)}
    eventually(lambda: {run["name"] for run in board.ask("runs").json["runs"]}, names.issubset)
    return board


@pytest.mark.parametrize("run", [HEALTHY, RATE, UNSCALED])
def test_verdicts_are_those_of_the_doctor(judged: Board, run: str) -> None:
    name = f"{PLACE}/{run}"
    answer = judged.ask("verdicts", run=name)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    found, expected = answer.json, diagnose(open_log(judged.logdir)[name]).as_json()
    assert (found["not_judged"], found["least_steps"], found["total"]) == (None, 40, len(expected["verdicts"]))
    assert found["steps"] == STEPS_AN_EPOCH * EPOCHS
    for field in ("run", "steps", "rules", "worst"):
        assert found[field] == expected[field], field
    assert [kind(each) for each in found["verdicts"]] == [kind(each) for each in expected["verdicts"]]
    for one, other in zip(found["verdicts"], expected["verdicts"], strict=True):
        assert (one.pop("layers_total"), one.pop("evidence")) == (len(other["layers"]), evidence(other.pop("evidence")))
        assert one == {field: REAL.get(value, value) if field in ("measured", "limit") else value for field, value in other.items()}  # fmt: skip
    assert bool(found["verdicts"]) == (run != HEALTHY)


def kind(verdict: dict[str, Any]) -> str:
    return str(verdict["kind"])


def evidence(series: dict[str, Any] | None) -> dict[str, Any] | None:
    """As the plugin writes it; series of this log are short."""
    if series is None:
        return None
    assert len(series["steps"]) <= 200
    values = [REAL.get(value, value) for value in series["values"]]
    return {**series, "values": values, "limit": REAL.get(series["limit"], series["limit"]), "total": len(values)}


def test_the_causes_of_sick_runs_are_named_with_layer_and_step(judged: Board) -> None:
    """By what the trainings are, not by what the doctor says."""
    for run, cause in ((RATE, "rate_too_high"), (UNSCALED, "unscaled_input")):
        verdicts = judged.ask("verdicts", run=f"{PLACE}/{run}").json["verdicts"]
        first = verdicts[0]
        assert (first["kind"], first["layer"], first["step"]) == (cause, "digit_network/conv1", 0)
        assert first["measured"] > first["limit"] > 0
        assert math.isfinite(first["measured"])
        assert verdicts[0]["consequences"] == [each["id"] for each in verdicts if 0 in each["causes"]]


def test_an_answer_that_is_still_true_is_not_sent_again(judged: Board) -> None:
    name = f"{PLACE}/{RATE}"
    first = judged.ask("verdicts", run=name)
    assert first.headers["Cache-Control"] == "private, no-cache"
    path = f"/data/plugin/cnnviz/verdicts?run={name}"
    again = judged.fetch(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    other = judged.ask("verdicts", run=f"{PLACE}/{HEALTHY}")
    assert other.headers["ETag"] != first.headers["ETag"]


def test_a_run_of_scalars_alone_has_none_and_says_why(judged: Board) -> None:
    eventually(lambda: [run["name"] for run in judged.ask("runs").json["runs"]], lambda names: "mnist/keras" in names)
    answer = judged.ask("verdicts", run="mnist/keras").json
    assert answer["verdicts"] == []
    assert "scalars alone" in answer["not_judged"]


@pytest.mark.parametrize(("status", "query"), [(400, {}), (404, {"run": "none"}), (400, {"run": "mnist/adam", "x": 1})])
def test_what_cannot_be_answered_says_why(judged: Board, status: int, query: dict[str, Any]) -> None:
    answer = judged.ask("verdicts", **query)
    assert answer.status == status
    assert answer.json["reason"]
