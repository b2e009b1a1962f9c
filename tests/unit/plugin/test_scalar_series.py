"""Tables and curves of scalars, from a data provider that lies, fails or has very much."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tensorboard.data.provider import Run, ScalarDatum, ScalarTimeSeries

from tb_cnnviz.plugin import scalar_runs, scalar_series
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.scalar_reader import ScalarReader
from tb_cnnviz.plugin.scalar_runs import ScalarRuns
from tb_cnnviz.plugin.scalar_series import MAX_CELLS, ScalarSeries
from tb_cnnviz.plugin.scalar_table import table_of, updates_of


def point(step: int, value: float, wall_time: float = 1.0) -> ScalarDatum:
    return ScalarDatum(step=step, wall_time=wall_time, value=value)


class Memory:
    """A data provider over points by run and tag; counts what it is asked."""

    def __init__(self, points: Mapping[str, Mapping[str, list[ScalarDatum]]]) -> None:
        self.points = points
        self.asked: list[str] = []
        self.fails = False
        self.broken_run = ""

    def list_scalars(self, ctx: Any, **_: Any) -> Any:
        self._ask("list_scalars")
        return {run: {tag: _about(points) for tag, points in tags.items()} for run, tags in self.points.items()}

    def list_runs(self, ctx: Any, **_: Any) -> Any:
        return [Run(run_id=run, run_name=run, start_time=0.5) for run in self.points]

    def list_tensors(self, ctx: Any, **_: Any) -> Any:
        return {}

    def read_scalars(self, ctx: Any, *, downsample: int, run_tag_filter: Any, **_: Any) -> Any:
        self._ask("read_scalars")
        runs, tags = run_tag_filter.runs, run_tag_filter.tags
        if self.broken_run in runs:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return {
            run: {tag: held[-downsample:] for tag, held in of_run.items() if tag in tags}
            for run, of_run in self.points.items()
            if run in runs
        }

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if self.fails:
            raise OSError("the reader is gone")


def _about(points: list[ScalarDatum]) -> ScalarTimeSeries:
    return ScalarTimeSeries(
        max_step=max(each.step for each in points),
        max_wall_time=max(each.wall_time for each in points),
        plugin_content=b"",
        description="",
        display_name="",
    )


def both(provider: Any) -> tuple[ScalarRuns, ScalarSeries]:
    reader = ScalarReader(provider)
    return ScalarRuns(reader), ScalarSeries(reader)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scalar_runs, "REFRESH_SECONDS", 0.0)


def test_columns_of_different_steps_share_rows_and_say_what_is_missing() -> None:
    series = {
        "loss": [point(0, 3.0, 10), point(1, 2.0, 20), point(1, np.nan, 21), point(4, np.inf, 40)],
        "val_loss": [point(1, 5.0, 25)],
        "none": [],
    }
    table = table_of(series, counts_epochs=True)
    assert table.steps.tolist() == [0, 1, 4]
    np.testing.assert_array_equal(table.columns["loss"], [3.0, np.nan, np.inf])
    np.testing.assert_array_equal(table.columns["val_loss"], [np.nan, 5.0, np.nan])
    np.testing.assert_array_equal(table.columns["wall_time"], [10, 25, 40])
    np.testing.assert_array_equal(table.columns["epoch"], [0, 1, 4])
    assert {name: mask.tolist() for name, mask in table.absent.items()} == {
        "val_loss": [True, False, True],
        "none": [True, True, True],
    }, "a NaN that was logged is not missing"
    assert "epoch" not in table_of(series, counts_epochs=False).columns
    assert len(table_of({}, counts_epochs=True).steps) == 0


def test_updates_are_those_of_the_epochs_own_validation() -> None:
    losses = [point(0, 3.0, 10.5), point(1, np.nan, 20.5), point(2, 2.0, 30.5), point(3, 1.0, 40.5)]
    evaluations = [
        point(100, 3.0, 10.4),
        point(200, np.nan, 20.4),
        point(300, 2.0, 30.3),
        point(300, 9.0, 30.4),  # somebody's own evaluation between the two: epoch 2 cannot be told
        point(400, 1.0, 40.5),
        point(400, 5.0, 99.0),  # after training
    ]
    found = updates_of(losses, evaluations[::-1])
    assert [(each.step, each.value) for each in found] == [(0, 100.0), (1, 200.0), (3, 400.0)]
    assert updates_of(losses, []) == []
    assert updates_of([], evaluations) == []


def test_a_reader_that_fails_costs_one_warning_and_no_run(fresh: None, caplog: pytest.LogCaptureFixture) -> None:
    provider = Memory({"x/train": {"epoch_loss": [point(0, 1.0)]}})
    runs, series = both(provider)
    assert list(runs.runs()) == ["x"]
    provider.fails = True
    with caplog.at_level(logging.WARNING, logger="tb_cnnviz"):
        for _ in range(3):
            assert list(runs.runs()) == ["x"], "what was known stays"
            assert series.curves(runs.runs().values()) == {}
        with pytest.raises(HttpError) as refused:
            series.record(runs.runs()["x"], "epochs", [], None)
    assert refused.value.status == 503
    assert len(caplog.records) == 1
    provider.fails = False
    assert series.curves(runs.runs().values())["x"] is not None


def test_a_missing_reader_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    runs, _ = both(None)
    with caplog.at_level(logging.WARNING, logger="tb_cnnviz"):
        assert runs.runs() == {}
    assert len(caplog.records) == 1


def test_nothing_is_read_again_before_there_is_more(fresh: None) -> None:
    provider = Memory({f"x{number}/train": {"epoch_loss": [point(0, number)]} for number in range(1000)})
    runs, series = both(provider)
    curves = series.curves(runs.runs().values())
    assert [curves[f"x{number}"].values for number in (0, 999)] == [[0.0], [999.0]]  # type: ignore[union-attr]
    reads = provider.asked.count("read_scalars")
    assert reads <= 1000 / 50
    series.curves(runs.runs().values())
    series.record(runs.runs()["x1"], "epochs", [], None)
    series.record(runs.runs()["x1"], "epochs", [], None)
    assert provider.asked.count("read_scalars") == reads + 1
    provider.points["x1/train"]["epoch_loss"].append(point(1, 7.0, 2.0))
    assert series.curves(runs.runs().values())["x1"].values == [1.0, 7.0]  # type: ignore[union-attr]
    assert provider.asked.count("read_scalars") == reads + 2
    assert len(series.record(runs.runs()["x1"], "epochs", [], None).arrays["step"]) == 2


def test_curves_for_which_there_is_no_time_follow_later(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Memory({f"x{number}/train": {"epoch_loss": [point(0, number)]} for number in range(120)})
    runs, series = both(provider)
    clock = iter(range(1000))
    monkeypatch.setattr(scalar_series.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(scalar_series, "CURVES_SECONDS", 1.5)  # one batch, then time is up
    found = runs.runs()
    assert [len(series.curves(found.values())) for _ in range(4)] == [50, 100, 120, 120]


def test_a_run_that_the_reader_cannot_convert_costs_no_other_its_curve() -> None:
    provider = Memory({f"x{number}/train": {"epoch_loss": [point(0, number)]} for number in range(9)})
    provider.broken_run = "x4/train"
    runs, series = both(provider)
    assert set(series.curves(runs.runs().values())) == {f"x{number}" for number in range(9)} - {"x4"}


def test_a_table_of_many_tags_asks_for_fewer_points_and_says_so() -> None:
    many = {f"t{tag:03}": [point(step * 200 + tag, 1.0) for step in range(1000)] for tag in range(200)}
    runs, series = both(Memory({"x": many}))
    record = series.record(runs.runs()["x"], "epochs", [], None)
    attributes = record.attributes
    assert attributes["sampled"]
    assert attributes["points_per_tag"] == MAX_CELLS // 200**2
    assert len(record.arrays["step"]) * 200 <= MAX_CELLS
    assert (attributes["step_is"], attributes["tags"], len(attributes["plain"])) == ("unknown", 200, 200)
    alone = series.record(runs.runs()["x"], "epochs", ["t007"], None)
    assert alone.attributes["points_per_tag"] == 1000 == len(alone.arrays["t007"])


@pytest.mark.parametrize(("hint", "points"), [(None, 1000), (50, 50), (0, 10_000), (10**9, 10_000)])
def test_points_are_as_many_as_the_reader_was_told_to_keep(hint: int | None, points: int) -> None:
    assert ScalarReader(None, {} if hint is None else {"scalars": hint}).points == points
