"""Rows of losses that share a step, as `open_log` joins them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.run_writer import RunWriter


def losses(steps: list[int], values: list[float], batch: list[int] | None = None) -> Record:
    arrays = {"step": np.array(steps), "loss": np.array(values, np.float32)}
    if batch is not None:
        arrays["batch"] = np.array(batch, np.int32)
    return Record("losses", steps[-1], arrays=arrays)


def joined(folder: Path, *records: Record) -> list[tuple[int, int, float]]:
    writer = RunWriter(folder).take()
    for record in records:
        writer.write(record)
    writer.release()
    columns = tb_cnnviz.open_log(folder)["."].read("losses")
    return list(zip(*(columns[name].tolist() for name in ("step", "batch", "loss")), strict=True))


def test_each_micro_batch_keeps_its_row_over_several_records(tmp_path: Path) -> None:
    made = joined(tmp_path, losses([0, 0, 0, 1], [1, 2, 3, 4], [0, 1, 2, 0]), losses([1, 1, 2], [5, 6, 7], [1, 2, 0]))
    assert made == [(0, 0, 1), (0, 1, 2), (0, 2, 3), (1, 0, 4), (1, 1, 5), (1, 2, 6), (2, 0, 7)]


def test_a_restart_replaces_all_batches_of_the_steps_that_it_repeats(tmp_path: Path) -> None:
    first = losses([0, 1, 1, 2], [1, 2, 3, 4], [0, 0, 1, 0])  # at step 1 one batch was skipped
    assert joined(tmp_path, first, losses([1, 2], [5, 6], [0, 0])) == [(0, 0, 1), (1, 0, 5), (2, 0, 6)]


def test_logs_without_the_column_have_one_row_a_step(tmp_path: Path) -> None:
    assert joined(tmp_path, losses([0, 1, 1], [1, 2, 3]), losses([1, 2], [4, 5])) == [(0, 0, 1), (1, 0, 4), (2, 0, 5)]


def test_a_damaged_record_costs_itself_alone_and_is_said(tmp_path: Path) -> None:
    damaged = Record("losses", 2, arrays={"step": np.array([1, 2]), "loss": np.array([9], np.float32)})
    assert joined(tmp_path, losses([0], [1]), damaged, losses([3], [4])) == [(0, 0, 1), (3, 0, 4)]
    run = tb_cnnviz.open_log(tmp_path)["."]
    run.read("losses")
    assert ["differ in length" in str(notice) for notice in run.notices] == [True]
    with pytest.raises(DamagedRecord, match="differ in length"):
        run.read("losses", None, 2)


def test_where_all_are_damaged_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecord, match="without a column of steps"):
        joined(tmp_path, Record("losses", 0, arrays={"loss": np.zeros(1, np.float32)}))
