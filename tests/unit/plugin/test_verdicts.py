"""Verdicts as the plugin answers them: bounds of time, size and memory, what is kept, and logs that say nonsense."""

from __future__ import annotations

import json
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_cnnviz.analysis.doctor import Diagnosis
from tb_cnnviz.analysis.verdict import Series, Verdict, Words
from tb_cnnviz.eventlog.encoding import Payload, Snapshot, encode
from tb_cnnviz.eventlog.finding import own_records
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import judging, verdict_answer, verdict_cache
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.judging import judge_run
from tb_cnnviz.plugin.verdict_answer import judged, not_judged
from tb_cnnviz.plugin.verdict_cache import VerdictCache

MODEL = {"name": "net", "layers": [], "variables": [], "parameters": 0}
WORDS = Words("rule", "source", "otherwise", "suggestion")


def record(kind: str, at: int, **arrays: np.ndarray) -> bytes:
    kept = tuple(Payload(name, array.dtype.name, array.shape, array.tobytes()) for name, array in arrays.items())
    return b"".join(frame(encode(Snapshot(kind, at, None, 1.7e9, "{}", kept))))


def text(value: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def losses(first: int, count: int) -> bytes:
    steps = np.arange(first, first + count)
    return record("losses", int(steps[-1]), step=steps, loss=np.geomspace(2, 0.1, count).astype(np.float32))


def indexed(folder: Path, content: bytes) -> RunIndex:
    (folder / "cnnviz.1.h.1.records").write_bytes(content)
    index = RunIndex("run")
    index.refresh(own_records(str(folder)))
    return index


def a_training(folder: Path) -> RunIndex:
    return indexed(folder, record("model", 0, json=text(MODEL)) + losses(0, 50) + losses(50, 50))


def test_a_run_without_verdicts_says_how_much_was_looked_at(tmp_path: Path) -> None:
    answer = judge_run("run", a_training(tmp_path))
    assert (answer.not_judged, answer.verdicts, answer.worst) == (None, [], None)
    assert (answer.steps, answer.least_steps, answer.rules > 10) == (100, 40, True)


def test_a_log_without_a_training_is_not_judged(tmp_path: Path) -> None:
    answer = judge_run("run", indexed(tmp_path, record("model", 0, json=text(MODEL))))
    assert answer.not_judged is not None
    assert "no training" in answer.not_judged


def test_a_log_that_takes_too_long_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SECONDS", -1.0)
    answer = judge_run("run", a_training(tmp_path))
    assert "seconds" in str(answer.not_judged)


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 1000), ("MAX_RECORDS", 1)])
def test_a_log_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    index = a_training(tmp_path)
    assert not judging.is_too_large(index)
    monkeypatch.setattr(judging, limit, value)
    assert "too large" in str(judge_run("run", index).not_judged)


def test_a_fault_on_a_log_tells_no_more_than_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Diagnosis:
        raise ValueError("in /home/somebody/secret")

    monkeypatch.setattr(judging, "diagnose", fail)
    assert judge_run("run", a_training(tmp_path)).not_judged == "its log cannot be made sense of (ValueError)"


def test_channels_that_a_row_says_and_no_array_has_take_no_memory(tmp_path: Path) -> None:
    """The newest record says 2^24 channels; an older one has an array of channels."""

    def activations(at: int, channels: int, **arrays: np.ndarray) -> bytes:
        row = {"layer": "a", "place": "output", "channels": channels, "saturation": None}
        names = ("mean", "std", "min", "max", "count", "zeros", "saturated", "nan", "inf")
        columns = {name: np.ones(1, np.float32) for name in names}
        return record("activations", at, rows=text([row]), **columns, **arrays)

    content = record("model", 0, json=text(MODEL)) + losses(0, 50)
    content += activations(0, 2, channel_mean=np.ones(2, np.float32)) + activations(1, 2**24)
    index = indexed(tmp_path, content)
    tracemalloc.start()
    try:
        answer = judge_run("run", index)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.not_judged is None
    assert peak < 32 << 20


def test_what_the_doctor_says_is_bounded_and_ids_stay_within_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=5000)
    values[[17, 300]] = np.nan, 99
    series = Series.of("loss", np.arange(5000), values, 1.5)
    layers = [f"layer{i}" for i in range(500)]
    verdicts = [
        Verdict(
            "frozen", "error", "x" * 500, WORDS, layers=layers, evidence=series, measured=np.inf, consequences=(1, 9)
        ),
        *(Verdict("frozen", "warning", "x" * 500, WORDS, causes=(0,)) for _ in range(9)),
    ]
    diagnosis = Diagnosis("run", 5000, 21, None, verdicts)  # type: ignore[arg-type]
    whole = judged("run", diagnosis)
    assert (len(whole.verdicts), whole.total) == (10, 10)
    first = whole.verdicts[0]
    assert (len(first.layers), first.layers_total, first.consequences) == (64, 500, [1, 9])
    assert first.evidence is not None
    assert first.evidence.total == 5000
    assert len(first.evidence.values) == len(first.evidence.steps) <= 200
    for step, value in zip(first.evidence.steps, first.evidence.values, strict=True):
        np.testing.assert_equal(value, values[step])
    assert {17, 300} <= set(first.evidence.steps)
    monkeypatch.setattr(verdict_answer, "MAX_BYTES", len(to_json(whole.verdicts[0])) + 2000)
    cut = judged("run", diagnosis)
    assert 1 < len(cut.verdicts) < 9
    assert (cut.total, cut.verdicts[0].consequences) == (10, [1])
    assert json.loads(to_json(cut))["verdicts"][0]["measured"] == "Infinity"


def test_a_run_is_judged_once_for_each_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(name: str, index: RunIndex) -> Any:
        nonlocal count
        count += 1
        return not_judged(name, "x" * 500)

    monkeypatch.setattr(verdict_cache, "judge_run", counted)
    index, cache = a_training(tmp_path), VerdictCache(kept_bytes=2000)
    texts = {cache.get("run", index) for _ in range(3)}
    assert (count, len(texts)) == (1, 1)
    with (tmp_path / "cnnviz.1.h.1.records").open("ab") as file:
        file.write(losses(100, 10))
    index.refresh(own_records(str(tmp_path)))
    cache.get("run", index)
    assert count == 2
    for name in "abc":  # which take more than is kept
        cache.get(name, index)
    cache.get("run", index)
    assert count == 6
    cache.keep({})
    cache.get("run", index)
    assert count == 7


def test_one_run_is_judged_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(name: str, index: RunIndex) -> Any:
        begun.set()
        go_on.wait(30)
        return not_judged(name, "")

    monkeypatch.setattr(verdict_cache, "judge_run", slow)
    monkeypatch.setattr("tb_cnnviz.plugin.limiter.WAIT_SECONDS", 0.05)
    index, cache = a_training(tmp_path), VerdictCache()
    thread = threading.Thread(target=cache.get, args=("run", index))
    thread.start()
    assert begun.wait(30)
    with pytest.raises(HttpError) as refused:
        cache.get("other", index)
    assert refused.value.status == 503
    go_on.set()
    thread.join(30)
    assert cache.get("run", index)
