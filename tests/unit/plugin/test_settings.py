"""What the list of runs says of each run's settings and cost."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.plugin.settings import MAX_BYTES, MAX_SETTINGS, Settings, SettingsCache, bounded
from tb_cnnviz.records import Record


def model(step: int, raw: Any) -> Record:
    text = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return Record("model", step, arrays={"json": np.frombuffer(text, np.uint8)})


def cost(step: int, **attributes: Any) -> Record:
    return Record("cost", step, attributes=attributes)


def run_of(folder: Path, *records: Record) -> RunIndex:
    with closing(RecordWriter(folder)) as writer:
        for record in records:
            writer.write(record)
    index = LogIndex({"": str(folder)})
    index.refresh()
    return index["."]


def test_the_newest_records_count(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        model(0, {"optimizer": "SGD", "hparams": {"learning_rate": 0.5}}),
        cost(0, training_s=10.0, logging_s=5.0),
        model(9, {"optimizer": "Adam", "hparams": {"learning_rate": 0.25, "nesterov": True, "data": "digits"}}),
        cost(9, training_s=10.0, logging_s=1),
    )
    wanted = Settings("Adam", {"learning_rate": 0.25, "nesterov": True, "data": "digits"}, 3, 0.1)
    assert SettingsCache().get("x", run) == wanted


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"\xff", b"[" * 100_000, {"optimizer": 3, "hparams": []}, {"hparams": {"a": [], "b": None}}]
)
def test_a_hostile_model_record_has_no_settings(tmp_path: Path, raw: Any) -> None:
    assert SettingsCache().get("x", run_of(tmp_path, model(0, raw))) == Settings()


@pytest.mark.parametrize(
    "attributes",
    [{}, {"training_s": 0, "logging_s": 1}, {"training_s": "1", "logging_s": 1}, {"training_s": 1e-320, "logging_s": 1e300},
     {"training_s": 1, "logging_s": 10**400}],
)  # fmt: skip
def test_a_cost_that_is_no_share_is_none(tmp_path: Path, attributes: dict[str, Any]) -> None:
    assert SettingsCache().get("x", run_of(tmp_path, cost(0, **attributes))).cost is None


def test_settings_are_bounded_in_number_and_size(tmp_path: Path) -> None:
    many = {f"key{number}": number for number in range(400)}
    assert list(bounded(many)) == [f"key{number}" for number in range(MAX_SETTINGS)]
    long = {"huge": "x" * MAX_BYTES, **{f"\u202e{number}": "y" * 900 for number in range(9)}, "small": 1}
    kept = bounded(long)
    assert len(json.dumps(kept)) <= MAX_BYTES
    assert "huge" not in kept
    assert "small" in kept
    found = SettingsCache().get("x", run_of(tmp_path, model(0, {"optimizer": "o" * 9999, "hparams": many})))
    assert (len(found.hparams), found.total, len(found.optimizer or "")) == (MAX_SETTINGS, 400, 200)


def test_records_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(tmp_path, model(0, {"optimizer": "SGD"}), cost(0, training_s=2.0, logging_s=1.0))
    cache = SettingsCache()
    first = cache.get("x", run)
    monkeypatch.setattr(RunIndex, "read_entry", None)
    assert cache.get("x", run) == first
    cache.keep({"y": run})
    with pytest.raises(TypeError):
        cache.get("x", run)
