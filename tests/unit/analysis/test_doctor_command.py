"""`tb-cnnviz doctor`: what it prints and returns; and `assert_healthy`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.analysis.verdict import KINDS, SEVERITIES
from tb_cnnviz.command_line.main import main
from tests.support.made_logs import MadeLog, spike, unlearned

VERDICT_FIELDS = {
    "id": int,
    "kind": str,
    "severity": str,
    "layer": str | None,
    "variable": str | None,
    "layers": list,
    "step": int | None,
    "measured": float | str | None,
    "limit": float | str | None,
    "finding": str,
    "rule": str,
    "source": str,
    "otherwise": str,
    "suggestion": str,
    "evidence": dict | None,
    "causes": list,
    "consequences": list,
}


def dead_network() -> MadeLog:
    made = unlearned()
    made.rows["conv"].zeros[:] = 1.0
    return made


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    MadeLog().write(tmp_path / "sound")
    dead_network().write(tmp_path / "dead")
    return tmp_path


def test_a_table_names_run_layer_step_and_what_to_do(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(runs)]) == 0
    text = capsys.readouterr().out
    dead, sound = text.split("\n\n")
    assert dead.startswith("dead: 1 verdict")
    for words in ("error", "dead_units", "conv", "since step 0", "rule: ", "source: ", "or else: ", "do: "):
        assert words in dead
    assert sound.startswith("sound: no verdict (21 rules on 200 steps)")


def test_brief_leaves_out_rule_and_source(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--brief", str(runs / "dead")]) == 0
    text = capsys.readouterr().out
    assert "do: " in text
    assert "rule: " not in text
    assert "source: " not in text


def test_json_is_of_the_schema_that_is_documented(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", str(runs)]) == 0
    said = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert said["schema"] == 1
    assert said["limits"]["dead_share"] == 0.6
    assert [run["run"] for run in said["runs"]] == ["dead", "sound"]
    assert [run["worst"] for run in said["runs"]] == ["error", None]
    verdicts = said["runs"][0]["verdicts"]
    for place, verdict in enumerate(verdicts):
        assert list(verdict) == list(VERDICT_FIELDS)
        assert all(isinstance(verdict[name], kind) for name, kind in VERDICT_FIELDS.items())  # type: ignore[arg-type]
        assert verdict["id"] == place
        assert verdict["kind"] in KINDS
        assert verdict["severity"] in SEVERITIES
        if verdict["evidence"]:
            assert len(verdict["evidence"]["steps"]) == len(verdict["evidence"]["values"])
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [name for name in VERDICT_FIELDS if f"`{name}`" not in page] == []


def test_numbers_that_are_not_finite_are_words_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeLog()
    made.loss[100:] = np.nan
    made.weight["conv"][20:] = np.nan
    made.write(tmp_path)
    assert main(["doctor", "--json", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert said["runs"][0]["verdicts"][0]["measured"] == "nan"


@pytest.mark.parametrize(
    ("run", "fail_on", "code"),
    [
        ("dead", "error", 1),
        ("dead", "warning", 1),
        ("sound", "warning", 0),
        ("warned", "error", 0),
        ("warned", "warning", 1),
    ],
)
def test_exit_code_one_where_something_so_bad_was_found(runs: Path, run: str, fail_on: str, code: int) -> None:
    MadeLog(validation=[0.5, 0.8, 0.9, 1.0]).write(runs / "warned")
    assert main(["doctor", str(runs / run), "--fail-on", fail_on]) == code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no such folder"),
        (["."], "there are no records below"),
        ([".", "--limit", "dead=3"], "accepted is NAME=VALUE with one of"),
        ([".", "--limit", "dead_share=much"], "accepted is a number"),
        ([".", "--limit", "dead_share=-1"], "accepted is a finite number above 0"),
        ([".", "--jobs", "0"], "accepted is a number of processes from 1 on"),
        (["gs://bucket/runs"], "gs://"),
    ],
)
def test_bad_use_is_code_two_and_says_why(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["doctor"], ["doctor", ".", "--fail-on", "note"], ["cure", "."]])
def test_what_the_parser_refuses_is_code_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_a_limit_can_be_set(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = unlearned()
    made.rows["conv"].zeros[:, :4] = 1.0
    made.write(runs / "half")
    assert main(["doctor", str(runs / "half"), "--json"]) == 0
    assert "dead_units" not in capsys.readouterr().out
    assert main(["doctor", str(runs / "half"), "--json", "--limit", "dead_share=0.5"]) == 0
    assert "dead_units" in capsys.readouterr().out


def test_several_folders_and_processes_say_the_same_as_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for jobs in ("1", "2"):
        assert main(["doctor", str(runs / "dead"), str(runs / "sound"), "--json", "--jobs", jobs]) == 0
    one, two = capsys.readouterr().out.split("}\n{")
    assert one + "}\n" == "{" + two
    assert [run["run"] for run in json.loads(one + "}")["runs"]] == [str(runs / "dead"), str(runs / "sound")]


def test_the_baseline_says_which_layer_left_first(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = MadeLog()
    made.norm["hidden"] = spike(96, 50)
    made.write(runs / "left")
    assert main(["doctor", str(runs / "left"), "--baseline", str(runs / "sound")]) == 0
    assert "left the band first  step 96  hidden: gradient norm 5" in capsys.readouterr().out
    assert main(["doctor", str(runs / "sound"), "--baseline", str(runs / "sound"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["departures"] == []


def test_hostile_names_reach_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    name = "conv\x1b[2J\r\n<script>\u202e"
    made = dead_network()
    made.layers = [replace(layer, path=name if layer.path == "conv" else layer.path) for layer in made.layers]
    records = made.records()
    from tb_cnnviz.eventlog.writer import RecordWriter
    from tb_cnnviz.records import Record

    writer = RecordWriter(tmp_path)
    for record in records:
        if record.kind == "activations":
            rows = json.loads(record.arrays["rows"].tobytes())
            rows[0]["layer"] = name
            text = np.frombuffer(json.dumps(rows).encode(), np.uint8)
            record = Record(
                "activations", record.step, arrays={**record.arrays, "rows": text}, attributes=record.attributes
            )
        writer.write(record)
    writer.close()
    assert main(["doctor", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "conv\\x1b[2J" in text
    assert not set(text) & {"\x1b", "\r", "\u202e"}


def test_no_progress_is_written_where_nobody_looks(runs: Path) -> None:
    command = [sys.executable, "-m", "tb_cnnviz.command_line.main", "doctor", str(runs / "sound")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tb_cnnviz.command_line import progress as module

    clock = iter(range(100))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with module.Progress(3) as progress:
        progress.records_read(1200)
        progress.run_done()
    shown: Any = capsys.readouterr().err
    assert "0 of 3 runs judged, 1,200 records of the next" in shown
    assert "1 of 3 runs judged" in shown
    assert shown.endswith("\r")


def test_assert_healthy_passes_a_sound_run_and_shows_the_table_of_a_sick_one(runs: Path) -> None:
    tb_cnnviz.assert_healthy(runs / "sound")
    with pytest.raises(AssertionError, match="dead_units"):
        tb_cnnviz.assert_healthy(runs)
    with pytest.raises(ValueError, match="fail_on: 'note' given"):
        tb_cnnviz.assert_healthy(runs, fail_on="note")
    with pytest.raises(FileNotFoundError):
        tb_cnnviz.assert_healthy(runs / "nowhere")
    (runs / "empty").mkdir()
    with pytest.raises(ValueError, match="there are no records below it"):
        tb_cnnviz.assert_healthy(runs / "empty")


def test_assert_healthy_lets_warnings_pass_where_only_errors_count(tmp_path: Path) -> None:
    MadeLog(validation=[0.5, 0.8, 0.9, 1.0]).write(tmp_path)
    tb_cnnviz.assert_healthy(tmp_path, fail_on="error")
    with pytest.raises(AssertionError, match="overfitting"):
        tb_cnnviz.assert_healthy(tmp_path)
