"""A log is never trusted: whatever is missing, of another shape or a lie, a run is judged or refused, and nothing breaks."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.analysis.doctor import diagnose
from tb_cnnviz.analysis.gathering import NothingToJudge
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record
from tests.support.made_logs import MadeLog, unlearned


def judged(records: list[Record]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        writer = RecordWriter(folder)
        for record in records:
            writer.write(record)
        writer.close()
        try:
            return [verdict.kind for verdict in diagnose(tb_cnnviz.open_log(folder)["."]).verdicts]
        except NothingToJudge:
            return []


def changed(record: Record, arrays: dict[str, Any], attributes: dict[str, Any] | None = None) -> Record:
    return Record(record.kind, record.step, record.layer, arrays, attributes or record.attributes, record.wall_time)


@pytest.mark.parametrize("way", ["missing", "longer", "empty", "a number", "not finite"])
def test_arrays_that_are_missing_or_of_another_shape(way: str) -> None:
    """Each array of each kind in a log of its own, at every second step; or at all."""
    sound = unlearned(steps=60).records()
    names = {(record.kind, name) for record in sound for name in record.arrays if record.kind != "model"}
    for number, (kind, name) in enumerate(sorted(names)):
        records, seen = list(sound), 0
        for place, record in enumerate(sound):
            if record.kind == kind and name in record.arrays:
                seen += 1
                if seen % 2 or number % 2:
                    records[place] = changed(record, _broken(dict(record.arrays), name, way))
        judged([record for record in records if record.step < 60])


def _broken(arrays: dict[str, np.ndarray], name: str, way: str) -> dict[str, np.ndarray]:
    array = arrays[name]
    if way == "missing":
        del arrays[name]
    elif way == "longer":
        arrays[name] = np.concatenate([array, array])
    elif way == "empty":
        arrays[name] = array[:0]
    elif way == "a number":
        arrays[name] = array.reshape(-1)[:1].reshape(())
    else:
        arrays[name] = np.full(array.shape, np.nan, np.float32)
    return arrays


@pytest.mark.parametrize("channels", [0, 7, 2**30])
def test_a_row_that_lies_about_its_channels_is_passed_over(channels: int) -> None:
    records = unlearned().records()
    for place, record in enumerate(records):
        if record.kind == "activations":
            rows = json.loads(record.arrays["rows"].tobytes())
            rows[0]["channels"] = channels
            text = np.frombuffer(json.dumps(rows).encode(), np.uint8)
            records[place] = changed(record, {**record.arrays, "rows": text})
    assert judged(records)


def test_layers_that_lead_in_a_circle_come_to_an_end() -> None:
    from dataclasses import replace

    made = unlearned()
    made.rows["conv"].zeros[:] = 1.0
    made.layers = [replace(layer, inbound=[made.layers[i - 1].path]) for i, layer in enumerate(made.layers)]
    made.layers.append(replace(made.layers[-1], path="turn", role="activation", inbound=["turn"]))
    assert judged(made.records())


def test_a_model_without_layers_or_variables_is_judged_by_its_losses() -> None:
    made = unlearned()
    made.layers = []
    records = [record for record in made.records() if record.kind in ("model", "losses", "epochs")]
    assert judged(records) == ["not_learning"]


def test_one_bad_run_does_not_hold_up_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tb_cnnviz.command_line.main import main

    MadeLog().write(tmp_path / "sound")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cnnviz.1.host.1.records").write_bytes(b"\x00" * 200)
    assert main(["doctor", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "bad: not judged" in text
    assert "sound: no verdict" in text
    assert main(["doctor", str(tmp_path / "bad")]) == 2
