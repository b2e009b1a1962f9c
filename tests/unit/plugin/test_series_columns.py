"""Series against an oracle that holds one dictionary of rows and writes each record into it in turn."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.plugin.columns import MalformedSeries, as_float, join, table_of_record
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import ColumnFilter
from tb_cnnviz.plugin.series import SeriesCache, as_record
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord

LOSS = st.floats(width=32)


@st.composite
def losses(draw: st.DrawFn) -> Record:
    steps = draw(st.lists(st.integers(0, 30), min_size=0, max_size=8))
    loss = draw(st.lists(LOSS, min_size=len(steps), max_size=len(steps)))
    arrays = {
        "step": np.array(steps, np.int64),
        "loss": np.array(loss, np.float32),
        "examples": np.array(steps, np.int64) * 32,
    }
    if draw(st.booleans()):  # logs of earlier versions have none
        arrays["wall_time"] = 1.7e9 + arrays["step"] / 3
    return Record("losses", max(steps, default=0), arrays=arrays)


@given(st.lists(losses(), max_size=6))
def test_losses_of_a_repeated_step_are_the_later_ones(records: list[Record]) -> None:
    rows: dict[int, float] = {}
    times: dict[int, float] = {}
    for record in records:
        steps = record.arrays["step"].tolist()
        rows.update(zip(steps, record.arrays["loss"].tolist(), strict=True))
        times.update(zip(steps, record.arrays.get("wall_time", np.full(len(steps), np.nan)).tolist(), strict=True))
    table = join([table_of_record(record) for record in records])
    assert table.steps.tolist() == sorted(rows)
    if rows:
        np.testing.assert_array_equal(
            table.columns["loss"], np.array([rows[step] for step in sorted(rows)], np.float32)
        )
        assert as_float(table.columns["examples"]).dtype == np.float64
        assert table.columns["examples"].tolist() == [step * 32 for step in sorted(rows)]
        expected = np.array([times[step] for step in sorted(rows)])
        nowhere = np.full(len(rows), np.nan, np.float32)
        np.testing.assert_array_equal(table.columns.get("wall_time", nowhere), expected)
        if "wall_time" in table.columns:
            np.testing.assert_array_equal(table.absent.get("wall_time", np.zeros(len(rows))), np.isnan(expected))


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.dictionaries(st.sampled_from(["loss", "val_loss", "f1"]), LOSS)), max_size=8
    )
)
def test_epochs_say_which_metrics_were_not_logged(logged: list[tuple[int, dict[str, float]]]) -> None:
    records = [
        Record("epochs", step, arrays={"values": np.array(list(metrics.values()), np.float32)},
               attributes={"names": list(metrics), "epoch": step // 3}, wall_time=1e9 + step)
        for step, metrics in logged
    ]  # fmt: skip
    table = join([table_of_record(record) for record in records])
    rows = dict(logged)
    if rows:
        assert table.columns["wall_time"].tolist() == [1e9 + step for step in sorted(rows)]
    assert table.steps.tolist() == sorted(rows)
    for name in {name for _, metrics in logged for name in metrics}:
        column = table.columns[name]
        for row, step in enumerate(sorted(rows)):
            logged_here = name in rows[step]
            assert logged_here != bool(table.absent.get(name, np.zeros(len(rows)))[row])
            np.testing.assert_equal(column[row], np.float32(rows[step][name]) if logged_here else np.nan)


@pytest.mark.parametrize(
    "record",
    [
        Record("losses", 0),
        Record("losses", 0, arrays={"step": np.arange(3), "loss": np.zeros(2, np.float32)}),
        Record("losses", 0, arrays={"step": np.zeros((1, 2), np.int64), "loss": np.zeros((1, 2), np.float32)}),
        Record("losses", 0, arrays={"step": np.zeros(2, np.float32), "loss": np.zeros(2, np.float32)}),
        Record("losses", 0, arrays={"step": np.arange(2), "learning_rate": np.zeros(2, np.float32)}),
        Record("epochs", 0, arrays={"values": np.zeros(2, np.float32)}, attributes={"names": ["a"]}),
        Record("epochs", 0, arrays={"values": np.zeros(1, np.float32)}, attributes={"names": [1]}),
        Record("epochs", 0, arrays={"values": np.zeros(1, np.float32)}, attributes={"names": "a"}),
        Record("epochs", 0, attributes={"names": []}),
        Record("gradients", 0),
        Record("gradients", 0, arrays={"norm": np.zeros(3, np.float32), "min": np.zeros(2, np.float32)}),
        Record("gradient_norms", 0, arrays={"step": np.arange(3)}),
        Record("gradient_norms", 0, arrays={"step": np.arange(3), "norm": np.zeros(3, np.float32)}),
        Record("gradient_norms", 0, arrays={"step": np.arange(3), "norm": np.zeros((2, 3), np.float32)}),
        Record("gradient_norms", 0, arrays={"step": np.zeros(3), "norm": np.zeros((3, 3), np.float32)}),
        Record("gradient_norms", 0, arrays={"step": -np.arange(3), "norm": np.zeros((3, 3), np.float32)}),
    ],
)
def test_records_that_do_not_fit_are_refused(record: Record) -> None:
    with pytest.raises(MalformedSeries):
        table_of_record(record)


def gradients(step: int, variables: int, start: int = 100, bins: int = 3) -> Record:
    rng = np.random.default_rng(step * 7 + variables)
    arrays: dict[str, np.ndarray] = {"norm": rng.normal(size=variables).astype(np.float32)}
    arrays["zeros"] = rng.integers(0, 99, variables)
    arrays["histogram"] = rng.integers(1, 99, (variables, bins)).astype(np.uint32)
    return Record("gradients", step, arrays=arrays, attributes={"bin_start": start})


class Log:
    """A run that a test adds records to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = LogIndex({"": str(folder)})

    def add(self, *records: Record) -> RunIndex:
        with closing(RecordWriter(self.folder / "run")) as writer:
            for record in records:
                writer.write(record)
        self.index.refresh()
        return self.index["run"]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def ask(
    cache: SeriesCache,
    run: RunIndex,
    kind: str,
    *columns: str,
    points: int | None = None,
    variable: int | None = None,
    layer: str | None = None,
    place: str | None = None,
) -> Record:
    series = cache.get("run", run, kind, columns)
    return as_record(run, kind, series, columns, points, ColumnFilter(variable, layer, place))


def watched(monkeypatch: pytest.MonkeyPatch, run: RunIndex) -> list[int]:
    """The steps of what is read from now on."""
    reads: list[int] = []
    read_entry, read_many = type(run).read_entry, type(run).read_many

    def one(self: RunIndex, entry: IndexEntry) -> Record:
        reads.append(entry.step)
        return read_entry(self, entry)

    def many(self: RunIndex, entries: Sequence[IndexEntry]) -> Iterator[Record | DamagedRecord]:
        reads.extend(entry.step for entry in entries)
        return read_many(self, entries)

    monkeypatch.setattr(type(run), "read_entry", one)
    monkeypatch.setattr(type(run), "read_many", many)
    return reads


def test_one_variable_is_its_column_of_all(log: Log) -> None:
    logged = [gradients(step, 3, 100 - step, 4) for step in range(6)]
    for item in logged:
        item.arrays["histogram"][1, [0, 3]] = 0
    cache, run = SeriesCache(), log.add(*logged)
    record = ask(cache, run, "gradients", "norm", "histogram", variable=1)
    assert record.arrays["norm"].ravel().tolist() == [item.arrays["norm"][1] for item in logged]
    start, counts = record.attributes["bin_start"], record.arrays["histogram"]
    assert (start, counts.shape) == (96, (6, 1, 7))
    for row, item in enumerate(logged):
        expected = np.zeros(7, np.uint32)
        at = 100 - row + 1 - start
        expected[at : at + 2] = item.arrays["histogram"][1, 1:3]
        assert counts[row, 0].tolist() == expected.tolist()
    steps = {variable: ask(cache, run, "gradients", "norm", points=5, variable=variable) for variable in range(3)}
    for variable, thinned in steps.items():
        norms = [item.arrays["norm"][variable] for item in logged]
        assert {int(np.argmin(norms)), int(np.argmax(norms))} <= set(thinned.arrays["step"].astype(int).tolist())


def norms(first: int, steps: int, variables: int) -> Record:
    rng = np.random.default_rng(first + variables)
    arrays = {
        "step": np.arange(first, first + steps),
        "batch": np.zeros(steps, np.int32),
        "norm": rng.normal(size=(steps, variables)).astype(np.float32),
    }
    return Record("gradient_norms", first + steps - 1, arrays=arrays)


def test_records_of_many_steps_are_rows_of_one_series(log: Log) -> None:
    # The second one was logged again from step 3 on; the last but one is of another model.
    logged = [norms(0, 4, 3), norms(3, 5, 3), norms(8, 2, 2), norms(8, 4, 3)]
    run = log.add(*logged)
    record = ask(SeriesCache(), run, "gradient_norms")
    rows: dict[int, list[float]] = {}
    for item in (logged[0], logged[1], logged[3]):
        rows |= dict(zip(item.arrays["step"].tolist(), item.arrays["norm"].tolist(), strict=True))
    assert record.arrays["step"].tolist() == list(rows)
    assert record.arrays["norm"].tolist() == list(rows.values())
    assert record.attributes["left_out"]["other_shape"] == 1
    one = ask(SeriesCache(), run, "gradient_norms", "norm", variable=2)
    assert one.arrays["norm"].ravel().tolist() == [row[2] for row in rows.values()]
    read = open_log(log.folder)["run"].read("gradient_norms")
    assert read["step"].tolist() == list(rows)
    assert read["norm"].tolist() == list(rows.values())


def statistics(kind: str, step: int, rows: list[tuple[str, str]], start: int = 200) -> Record:
    rng = np.random.default_rng(step)
    described = [{"layer": layer, "place": place, "channels": 2, "saturation": None} for layer, place in rows]
    first = "norm" if kind == "errors" else "mean"
    arrays: dict[str, np.ndarray] = {
        "rows": np.frombuffer(json.dumps(described).encode(), np.uint8),
        first: rng.normal(size=len(rows)).astype(np.float32),
        "zeros": rng.integers(0, 99, len(rows)),
        "histogram": rng.integers(1, 99, (len(rows), 3)).astype(np.uint32),
        "channel_mean": rng.normal(size=2 * len(rows)).astype(np.float32),
    }
    return Record(kind, step, arrays=arrays, attributes={"bin_start": start})


ROWS = [("a", "output"), ("a", "pre_activation"), ("b", "output")]


@pytest.mark.parametrize("kind", ["activations", "errors"])
@pytest.mark.parametrize(
    ("layer", "place", "places"),
    [(None, None, [0, 1, 2]), ("a", None, [0, 1]), ("a", "pre_activation", [1]), (None, "output", [0, 2])],
)
def test_rows_are_chosen_by_layer_and_place(
    log: Log, kind: str, layer: str | None, place: str | None, places: list[int]
) -> None:
    logged = [statistics(kind, step, ROWS) for step in range(30)]
    first, run = ("norm" if kind == "errors" else "mean"), log.add(*logged)
    record = ask(SeriesCache(), run, kind, first, "zeros", "histogram", layer=layer, place=place)
    assert [(row["layer"], row["place"]) for row in record.attributes["rows"]] == [ROWS[i] for i in places]
    for name in (first, "zeros", "histogram"):
        expected = np.stack([item.arrays[name][places] for item in logged])
        np.testing.assert_array_equal(record.arrays[name], expected)
    thinned = ask(SeriesCache(), run, kind, first, layer=layer, place=place, points=5).arrays["step"]
    values = np.stack([item.arrays[first][places] for item in logged])
    assert {int(values.min(axis=1).argmin()), int(values.max(axis=1).argmax())} <= set(thinned.astype(int).tolist())


def test_records_of_other_rows_than_the_newest_are_counted(log: Log) -> None:
    run = log.add(statistics("errors", 0, ROWS), statistics("errors", 1, ROWS[::-1]), statistics("errors", 2, ROWS))
    record = ask(SeriesCache(), run, "errors", "norm")
    assert record.arrays["step"].tolist() == [0, 2]
    assert record.attributes["left_out"] == {"unreadable": 0, "other_shape": 1}


@pytest.mark.parametrize("rows", [b"[", b"{}", b"[1, 2, 3]", b'[{"layer": 1}]', b"[" * 100_000, b" " * (2 << 20), None])
def test_rows_that_cannot_be_read_cost_their_record(log: Log, rows: bytes | None) -> None:
    bad = statistics("errors", 1, ROWS)
    if rows is None:
        del bad.arrays["rows"]  # type: ignore[attr-defined]
    else:
        bad.arrays["rows"] = np.frombuffer(rows, np.uint8)  # type: ignore[index]
    record = ask(SeriesCache(), log.add(statistics("errors", 0, ROWS), bad), "errors", "norm")
    assert record.arrays["step"].tolist() == [0]
    assert record.attributes["left_out"] == {"unreadable": 1, "other_shape": 0}


def test_a_row_that_is_not_there_is_refused(log: Log) -> None:
    run = log.add(statistics("errors", 0, ROWS), gradients(0, 2))
    for kind, wish, status in (
        ("errors", {"layer": "c"}, 404),
        ("errors", {"layer": "b", "place": "pre_activation"}, 404),
        ("errors", {"variable": 0}, 400),
        ("gradients", {"layer": "a"}, 400),
        ("gradients", {"place": "output"}, 400),
    ):
        with pytest.raises(HttpError) as refused:
            ask(SeriesCache(), run, kind, **wish)  # type: ignore[arg-type]
        assert refused.value.status == status


def test_a_variable_that_is_not_there_is_refused(log: Log) -> None:
    run = log.add(gradients(0, 2), Record("losses", 0, arrays={"step": np.arange(1), "loss": np.zeros(1, np.float32)}))
    with pytest.raises(HttpError, match="variables are 0 to 1") as refused:
        ask(SeriesCache(), run, "gradients", variable=2)
    assert refused.value.status == 404
    with pytest.raises(HttpError, match="gradients have variables") as refused:
        ask(SeriesCache(), run, "losses", variable=0)
    assert refused.value.status == 400


def test_histograms_share_the_bins_that_any_row_uses(log: Log) -> None:
    logged = [gradients(0, 2, 100, 3), gradients(1, 2, 90, 4), gradients(2, 2, 200, 1)]
    record = ask(SeriesCache(), log.add(*logged), "gradients")
    start, counts = record.attributes["bin_start"], record.arrays["histogram"]
    assert (start, counts.shape) == (90, (3, 2, 111))
    for row, item in enumerate(logged):
        expected = np.zeros((2, 509), np.int64)
        at = item.attributes["bin_start"]
        expected[:, at : at + item.arrays["histogram"].shape[1]] = item.arrays["histogram"]
        found = np.zeros((2, 509), np.int64)
        found[:, start : start + counts.shape[2]] = counts[row]
        np.testing.assert_array_equal(found, expected)
    assert set(ask(SeriesCache(), log.index["run"], "gradients", "norm").arrays) == {"step", "norm"}


def test_a_hostile_bin_start_gives_no_bins_and_no_error(log: Log) -> None:
    for start in (-1, 508, 10**30):
        run = log.add(gradients(0, 2, start))
        record = ask(SeriesCache(), run, "gradients")
        assert record.arrays["histogram"].shape == (1, 2, 0)


def test_polling_reads_only_what_is_new(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = SeriesCache()
    run = log.add(*(gradients(step, 3) for step in range(20)))
    reads = watched(monkeypatch, run)
    ask(cache, run, "gradients", "norm")
    assert reads == [19, *range(20)], "the newest one first: it says how large the series is"
    reads.clear()
    ask(cache, run, "gradients", "norm", "zeros", points=5)
    assert reads == []
    run = log.add(gradients(19, 3), gradients(20, 3))
    record = ask(cache, run, "gradients", "norm")
    assert reads == [19, 20]
    assert record.arrays["step"].tolist() == list(range(21))


def test_a_series_larger_than_the_cache_is_kept_by_the_columns_asked_for(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("norm", "mean", "min", "max", "zeros")
    logged = [
        Record("gradients", step, arrays={name: np.full(50, step * 10 + place, np.float32) for place, name in enumerate(names)})
        for step in range(40)
    ]  # fmt: skip
    run, column = log.add(*logged), 40 * 50 * 4
    cache = SeriesCache(cache_bytes=3 * column + 1000)
    reads = watched(monkeypatch, run)

    def read_for(*columns: str) -> int:
        reads.clear()
        record = ask(cache, run, "gradients", *columns)
        for name in columns or names:
            expected = [[step * 10 + names.index(name)] * 50 for step in range(40)]
            np.testing.assert_array_equal(record.arrays[name], expected)
        assert sum(series.nbytes for series in cache._series.values()) <= 3 * column + 1000
        return len(reads)

    assert read_for("norm", "zeros") >= 40
    assert read_for("zeros", "norm") == 0
    assert read_for("mean") >= 40, "three fit"
    assert read_for("mean", "norm", "zeros") == 0
    assert read_for("min") >= 40, "four do not: the others are given up"
    assert read_for("min", "norm") == 0
    assert read_for() >= 40, "all do not fit, and are answered all the same"
    run = log.add(*logged[:1])
    assert read_for("max") >= 41


def test_the_cache_keeps_no_entry_of_the_index(log: Log) -> None:
    cache, run = SeriesCache(), log.add(*(gradients(step, 2) for step in range(9)))
    assert len(cache.get("run", run, "gradients").entries) == 9
    assert [series.entries for series in cache._series.values()] == [()]


def test_reading_keeps_no_whole_records_in_memory(log: Log) -> None:
    record_bytes = 40 * 500 * 4
    run = log.add(*(gradients(step, 40, 0, 500) for step in range(300)))
    cache = SeriesCache()
    for columns in (("norm",), ("norm", "histogram")):
        tracemalloc.start()
        ask(cache, run, "gradients", *columns, variable=0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 300 * record_bytes / 8, columns


def test_a_series_that_takes_long_is_read_over_several_requests(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tb_cnnviz.plugin.series._BATCH", 2)
    monkeypatch.setattr("tb_cnnviz.plugin.reading_time.READING_SECONDS", 0.0)
    cache, run = SeriesCache(), log.add(*(gradients(step, 2) for step in range(5)))
    for done in (2, 4):
        with pytest.raises(HttpError, match=f"{done} of 5 records were read") as refused:
            ask(cache, run, "gradients", "norm")
        assert refused.value.status == 503
    assert ask(cache, run, "gradients", "norm").arrays["step"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(HttpError, match="1 of 5 records"):
        ask(cache, run, "gradients", "histogram")


def test_a_series_too_large_in_all_its_columns_is_answered_for_one(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    run, cache = log.add(*(gradients(step, 100) for step in range(5))), SeriesCache(cache_bytes=3000)
    monkeypatch.setattr("tb_cnnviz.plugin.series.MAX_SERIES_BYTES", 5 * 100 * 9 + 100)
    for _ in range(2):
        with pytest.raises(HttpError, match="would take"):
            ask(cache, run, "gradients")
        assert ask(cache, run, "gradients", "norm").arrays["norm"].shape == (5, 100)


def test_growing_record_by_record_equals_the_rows_written_in_turn(log: Log) -> None:
    cache = SeriesCache()
    rng = np.random.default_rng(5)
    rows: dict[float, np.float32] = {}
    for _ in range(12):
        steps = rng.integers(0, 40, 12)
        loss = rng.normal(size=12).astype(np.float32)
        rows.update(zip(steps.tolist(), loss, strict=True))
        run = log.add(Record("losses", int(steps.max()), arrays={"step": steps, "loss": loss}))
        for record in (ask(cache, run, "losses"), ask(SeriesCache(), run, "losses")):
            assert record.arrays["step"].tolist() == sorted(rows)
            np.testing.assert_array_equal(record.arrays["loss"], [rows[step] for step in sorted(rows)])


def test_a_model_that_changed_back_is_shown_whole_however_often_it_was_polled(log: Log) -> None:
    widths = [2, 2, 3, 2, 3, 3, 2]
    polled = SeriesCache()
    for step, width in enumerate(widths):
        run = log.add(gradients(step, width))
        for cache in (polled, SeriesCache()):
            record = ask(cache, run, "gradients", "norm", "histogram")
            same = [at for at in range(step + 1) if widths[at] == width]
            assert record.arrays["step"].tolist() == same
            assert record.arrays["histogram"].shape[:2] == (len(same), width)
            left_out = record.attributes.get("left_out", {"other_shape": 0})["other_shape"]
            assert left_out == step + 1 - len(same)
            for row, at in enumerate(same):
                np.testing.assert_array_equal(record.arrays["norm"][row], gradients(at, width).arrays["norm"])
                np.testing.assert_array_equal(record.arrays["histogram"][row], gradients(at, width).arrays["histogram"])


def test_a_series_too_large_is_not_read_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    run = log.add(gradients(0, 2))
    cache = SeriesCache()
    monkeypatch.setattr("tb_cnnviz.plugin.series.MAX_SERIES_BYTES", 1)
    with pytest.raises(HttpError, match="at most 1"):
        cache.get("run", run, "gradients")
    monkeypatch.setattr(type(run), "read_entry", None)
    monkeypatch.setattr(type(run), "read_many", None)
    run = log.add(gradients(1, 2))
    with pytest.raises(HttpError, match="at most 1"):
        cache.get("run", run, "gradients")


def test_a_run_that_was_replaced_is_read_anew(log: Log) -> None:
    cache = SeriesCache()
    ask(cache, log.add(gradients(0, 2), gradients(1, 2)), "gradients")
    for path in (log.folder / "run").iterdir():
        path.unlink()
    run = log.add(gradients(5, 3), gradients(6, 3), gradients(7, 3))
    record = ask(cache, run, "gradients", "norm")
    assert record.arrays["step"].tolist() == [5, 6, 7]
    assert record.arrays["norm"].shape == (3, 3)


def test_what_cannot_be_read_is_counted_never_drawn(log: Log) -> None:
    good = {"step": np.arange(3), "loss": np.ones(3, np.float32)}
    bad = {"step": np.arange(3), "loss": np.ones(2, np.float32)}
    record = ask(SeriesCache(), log.add(Record("losses", 0, arrays=bad), Record("losses", 2, arrays=good)), "losses")
    assert record.attributes["left_out"] == {"unreadable": 1, "other_shape": 0}
    assert record.arrays["step"].tolist() == [0, 1, 2]
    record = ask(SeriesCache(), log.add(gradients(0, 2), gradients(1, 3)), "gradients", "norm")
    assert record.attributes["left_out"] == {"unreadable": 0, "other_shape": 1}
    assert record.arrays["norm"].shape == (1, 3)


def test_missing_metrics_keep_their_places_when_thinned(log: Log) -> None:
    records = []
    for step in range(100):
        names = ["loss", "val_loss"] if step % 10 == 0 else ["loss"]
        values = np.full(len(names), step, np.float32)
        records.append(Record("epochs", step, arrays={"values": values}, attributes={"names": names, "epoch": step}))
    record = ask(SeriesCache(), log.add(*records), "epochs", "loss", "val_loss", points=12)
    absent = [row for row, step in enumerate(record.arrays["step"]) if step % 10]
    assert record.attributes["missing"] == {"val_loss": absent}
    assert np.flatnonzero(np.isnan(record.arrays["val_loss"])).tolist() == absent


def test_the_cache_gives_up_the_least_recent_and_stays_right(log: Log) -> None:
    run = log.add(*(gradients(step, 50) for step in range(30)), Record("epochs", 0, arrays={"values": np.zeros(0, "f4")}, attributes={"names": []}))  # fmt: skip
    cache = SeriesCache(cache_bytes=1)
    for _ in range(2):
        assert ask(cache, run, "gradients", "norm").arrays["norm"].shape == (30, 50)
        assert len(cache._series) == 0


def test_an_unknown_column_and_an_oversized_answer_are_refused(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    run = log.add(gradients(0, 2), gradients(1, 2))
    for columns, status in ((("nothing",), 404), (("norm", "nothing"), 404)):
        with pytest.raises(HttpError) as refused:
            ask(SeriesCache(), run, "gradients", *columns)
        assert refused.value.status == status
    monkeypatch.setattr("tb_cnnviz.plugin.chosen_rows.MAX_ANSWER_BYTES", 10)
    for name in ("norm", "histogram"):
        with pytest.raises(HttpError) as refused:
            ask(SeriesCache(), run, "gradients", name)
        assert (refused.value.status, "at most 10" in refused.value.reason) == (400, True)


def test_a_series_that_would_fill_memory_is_refused(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        Record("epochs", step, arrays={"values": np.zeros(1, "f4")}, attributes={"names": [f"metric {step}"]})
        for step in range(60)
    ]
    run = log.add(*records)
    assert len(ask(SeriesCache(), run, "epochs").arrays) == 62  # a column each, steps and times
    monkeypatch.setattr("tb_cnnviz.plugin.series.MAX_SERIES_BYTES", 60 * 61 * 9 - 1)
    with pytest.raises(HttpError, match="at most"):
        ask(SeriesCache(), run, "epochs")


def test_a_series_without_rows_is_an_empty_answer(log: Log) -> None:
    nothing: dict[str, Any] = {"step": np.zeros(0, np.int64), "loss": np.zeros(0, np.float32)}
    record = ask(SeriesCache(), log.add(Record("losses", 0, arrays=nothing)), "losses", points=5)
    assert record.arrays["step"].tolist() == []
    assert record.attributes == {"points": 0, "of": 0}
