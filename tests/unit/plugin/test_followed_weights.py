"""The weights that a log follows, one variable over all steps: against the records, thinned, damaged and hostile."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.plugin.followed_weights import followed_weights
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.records import Record

COUNTS = (3, 0, 5)
COLUMNS = ("gradient", "value", "update")


def samples(step: int, weights: tuple[int, ...] = COUNTS, seed: int | None = None, **more: np.ndarray) -> Record:
    random = np.random.default_rng(step if seed is None else seed)
    size = sum(weights)
    arrays = {
        "counts": np.array(weights, np.int32),
        "indices": np.arange(size, dtype=np.int64) * 7,
        **{name: random.normal(size=size).astype(np.float32) for name in COLUMNS},
    }
    return Record("gradient_samples", step, None, arrays | more, {"source": "training batch"})


def logged(folder: Path, *records: Record) -> RunIndex:
    with closing(RecordWriter(folder / "run")) as writer:
        for record in records:
            writer.write(record)
    index = LogIndex({"": str(folder)})
    index.refresh()
    return index["run"]


@pytest.mark.parametrize(("variable", "here"), [(0, slice(0, 3)), (1, slice(3, 3)), (2, slice(3, 8))])
def test_one_variable_is_cut_out_of_every_record(tmp_path: Path, variable: int, here: slice) -> None:
    records = [samples(step) for step in (0, 1, 4, 9)]
    answer = followed_weights(logged(tmp_path, *records), variable)
    assert answer.arrays["step"].tolist() == [0, 1, 4, 9]
    assert answer.arrays["indices"].tolist() == records[0].arrays["indices"][here].tolist()
    for name in COLUMNS:
        np.testing.assert_array_equal(answer.arrays[name], [record.arrays[name][here] for record in records])
    assert answer.attributes == {"points": 4, "of": 4}


def test_of_a_repeated_step_the_later_record_counts(tmp_path: Path) -> None:
    answer = followed_weights(logged(tmp_path, samples(0), samples(1), samples(1, seed=7), samples(2)), 0)
    assert answer.arrays["step"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(answer.arrays["value"][1], samples(1, seed=7).arrays["value"][:3])


def test_the_first_half_is_kept_without_a_gap(tmp_path: Path) -> None:
    run = logged(tmp_path, *(samples(step) for step in range(100)))
    answer = followed_weights(run, 0, points=20)
    steps = answer.arrays["step"].astype(int).tolist()
    assert steps[:11] == list(range(11))
    assert steps[-1] == 99
    assert len(steps) == 20
    assert np.ptp(np.diff(steps[10:])) <= 1
    assert answer.attributes == {"points": 20, "of": 100}


def test_no_more_bytes_are_read_than_allowed(tmp_path: Path) -> None:
    run = logged(tmp_path, *(samples(step) for step in range(64)))
    each = int(run.logged("gradient_samples").lengths[0])
    assert len(followed_weights(run, 0, max_bytes=10 * each).arrays["step"]) == 10
    assert len(followed_weights(run, 0, max_bytes=1).arrays["step"]) <= 1


def test_under_gradient_accumulation_the_gradient_is_the_mean_of_all_micro_batches(tmp_path: Path) -> None:
    micro = np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32)

    def record(step: int, rows: int) -> Record:
        made = samples(step, micro_batch=np.arange(rows, dtype=np.int32), micro_gradient=micro[:rows])
        return Record(made.kind, step, None, made.arrays, {"micro_batches": 4})

    answer = followed_weights(logged(tmp_path, record(0, 4), record(1, 3)), 2)
    np.testing.assert_allclose(answer.arrays["gradient"][0], micro[:, 3:].mean(axis=0), rtol=1e-6)
    assert np.isnan(answer.arrays["gradient"][1]).all()
    assert answer.attributes["micro_batches"] is True


@pytest.mark.parametrize(
    "more",
    [
        {"counts": np.array([9, 0, 5], np.int32)},
        {"counts": np.array([-1, 0, 9], np.int32)},
        {"counts": np.array([2**31 - 1, 0, 5], np.int32)},
        {"counts": np.array([3.0, 0.0, 5.0], np.float32)},
        {"value": np.zeros((2, 4), np.float32)},
        {"update": np.zeros(7, np.float32)},
        {"micro_batch": np.arange(2, dtype=np.int32)},
        {"micro_batch": np.arange(2, dtype=np.int32), "micro_gradient": np.zeros((3, 8), np.float32)},
    ],
)
def test_what_does_not_fit_is_left_out_and_counted(tmp_path: Path, more: dict[str, np.ndarray]) -> None:
    answer = followed_weights(logged(tmp_path, samples(0), samples(1, **more), samples(2)), 2)
    assert answer.arrays["step"].tolist() == [0, 2]
    assert answer.attributes["left_out"] == {"unreadable": 1, "other_shape": 0}


def test_records_of_other_weights_than_the_newest_are_left_out(tmp_path: Path) -> None:
    answer = followed_weights(logged(tmp_path, samples(0, (4, 4)), samples(1), samples(2)), 0)
    assert answer.arrays["step"].tolist() == [1, 2]
    assert answer.attributes["left_out"] == {"unreadable": 0, "other_shape": 1}


def test_a_variable_that_is_not_there_is_404(tmp_path: Path) -> None:
    with pytest.raises(HttpError, match="variables are 0 to 2") as refused:
        followed_weights(logged(tmp_path, samples(0)), 3)
    assert refused.value.status == 404


def test_numbers_that_are_not_finite_are_served(tmp_path: Path) -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 0, 1, 2, 3, 4], np.float32)
    answer = followed_weights(logged(tmp_path, samples(0, gradient=odd)), 0)
    np.testing.assert_array_equal(answer.arrays["gradient"][0], odd[:3])
