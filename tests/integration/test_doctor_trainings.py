"""The doctor on real trainings: three sick ones and three healthy ones, and with `-m full` all of tests/support."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tb_cnnviz.analysis.doctor import diagnose
from tb_cnnviz.analysis.run_folders import open_run, run_folders
from tb_cnnviz.healthy import assert_healthy
from tests.support.doctor_cases import CASES

ROOT = Path(__file__).parents[2]
FEW = ("plain_with_momentum", "raw_pixels_normalised_inside", "recurrent", "biases_below", "no_softmax", "adam_half")
#: docs/doctor.md names them: what the doctor says of them is not right.
STAY_WRONG: frozenset[str] = frozenset()

#: A folder with doctor_bench in it: trainings kept apart from this repository, with labels of their own.
BENCH = os.environ.get("TB_CNNVIZ_DOCTOR_BENCH")


def trained(name: str, folder: Path) -> tuple[set[str], tuple[str, ...]]:
    from tests.support.doctor_cases import run

    made = run(name, folder)
    return made.expected, made.layer


def check(name: str, folder: Path) -> None:
    expected, layers = trained(name, folder)
    if not expected:
        assert_healthy(folder)
        return
    (run,) = run_folders(folder)
    alarms = [verdict for verdict in diagnose(open_run(run)).verdicts if verdict.is_alarm]
    right = [verdict for verdict in alarms if verdict.kind in expected]
    assert right, [(v.kind, v.layer, v.finding) for v in alarms]
    places = {str(path).split("/")[-1] for v in right for path in (v.layer, *v.layers)}
    assert not layers or places & set(layers), places


@pytest.mark.parametrize("name", FEW)
def test_verdicts_of_a_few_trainings(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(set(CASES) - set(FEW) - STAY_WRONG))
def test_verdicts_of_all_trainings(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.full
@pytest.mark.skipif(BENCH is None, reason="TB_CNNVIZ_DOCTOR_BENCH names no folder with doctor_bench in it")
def test_the_trainings_that_are_kept_apart(tmp_path: Path) -> None:
    """At least 95 % of the sick are detected, 80 % by an accepted kind and place; at most 2 % of the healthy raise an alarm."""
    command = tmp_path / "tb-cnnviz"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tb_cnnviz.command_line.main "$@"\n')
    command.chmod(0o755)
    out = tmp_path / "logs"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "KERAS_BACKEND": "tensorflow"}
    arguments = ["--set", "all", "--out", str(out), "--doctor", str(command)]
    done = subprocess.run(
        [sys.executable, f"{BENCH}/doctor_bench/run.py", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    import json

    scores = json.loads((out / "scores-all.json").read_text())["scores"].values()
    sick, healthy = [s for s in scores if s["sick"]], [s for s in scores if not s["sick"]]
    placed = [s for s in sick if "layer" in s]
    assert sum(s["detected"] for s in sick) >= 0.95 * len(sick), done.stdout
    assert sum(s["category"] for s in sick) >= 0.8 * len(sick), done.stdout
    assert sum(s["layer"] for s in placed) >= 0.8 * len(placed), done.stdout
    assert sum(s["detected"] for s in healthy) <= 0.02 * len(healthy), done.stdout
