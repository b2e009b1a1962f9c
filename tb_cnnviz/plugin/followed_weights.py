"""Gradient, value and update of the weights of one variable that a log follows, over all steps as one record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tb_cnnviz.eventlog.index_entry import IndexEntry, LoggedRecords
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import reading_time
from tb_cnnviz.plugin.chosen_rows import refuse_large
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import MAX_RECORDS
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.record import MAX_STEP

KIND = "gradient_samples"
#: Of records, read whole for one answer.
MAX_READ_BYTES = 512 << 20
#: A record follows up to 256 weights of a variable; what follows many more is not ours.
MAX_WEIGHTS = 4096

_COLUMNS = ("gradient", "value", "update")


class Row(NamedTuple):
    """One variable's part of a record; `gradient` is the mean of all micro-batches where there are several."""

    step: int
    indices: np.ndarray
    gradient: np.ndarray
    value: np.ndarray
    update: np.ndarray
    is_mean: bool


def followed_weights(
    run: RunIndex, variable: int, points: int | None = None, max_bytes: int = MAX_READ_BYTES
) -> Record:
    """One record with `step` float64 [m], `indices` float64 [k] and `gradient`, `value`, `update` float32 [m, k].

    Args:
        variable: its place in the model record.
        points: at most so many steps; MAX_RECORDS at most. More are thinned: the first half of them are the run's first
            steps, without a gap, and the others lie evenly over the rest.
        max_bytes: of all records that are read; where they are larger, fewer are.

    Raises:
        HttpError: 404 for a variable that the newest record has not, 400 for too large an answer, 503 where the time is up.
    """
    logged = run.logged(KIND)
    places = _last_of_each_step(logged)
    kept = _thinned(places, logged.lengths, min(points or MAX_RECORDS, MAX_RECORDS), max_bytes)
    time = ReadingTime(reading_time.READING_SECONDS)
    rows, unreadable = _rows(run, [logged[int(place)] for place in kept], variable, time)
    newest = rows[-1].indices if rows else np.zeros(0)
    same = [row for row in rows if np.array_equal(row.indices, newest)]
    refuse_large(len(same) * len(newest) * 4 * len(_COLUMNS))
    attributes: dict[str, Any] = {"points": len(same), "of": len(places)}
    if unreadable or len(same) < len(rows):
        attributes["left_out"] = {"unreadable": unreadable, "other_shape": len(rows) - len(same)}
    if any(row.is_mean for row in same):
        attributes["micro_batches"] = True
    arrays = {"step": np.array([row.step for row in same], np.float64), "indices": newest.astype(np.float64)}
    for name in _COLUMNS:
        column = [getattr(row, name) for row in same]
        arrays[name] = np.stack(column) if column else np.zeros((0, 0), np.float32)
    last = logged[int(places[-1])] if len(places) else None
    return Record(KIND, last.step if last else 0, None, arrays, attributes, last.wall_time if last else 0.0)


def _last_of_each_step(logged: LoggedRecords) -> np.ndarray:
    """Places of the records that count, by step: of a step that was logged again, the last."""
    steps = logged.steps
    known = np.flatnonzero((steps >= 0) & (steps <= MAX_STEP))
    order = known[np.argsort(steps[known], kind="stable")]
    is_last = np.append(steps[order][1:] != steps[order][:-1], True) if len(order) else np.zeros(0, bool)
    last: np.ndarray = order[is_last]
    return last


def _thinned(places: np.ndarray, lengths: np.ndarray, points: int, max_bytes: int) -> np.ndarray:
    """The first steps without a gap, then some that lie evenly, so that records of `max_bytes` are read at most."""
    mean = max(1, int(lengths[places].mean())) if len(places) else 1
    points = max(1, min(points, max_bytes // mean))
    if len(places) <= points:
        return places
    first = points // 2
    rest = np.linspace(first, len(places) - 1, points - first).round().astype(np.int64)
    chosen = np.unique(np.append(np.arange(first), rest))
    return places[chosen[np.cumsum(lengths[places[chosen]]) <= 2 * max_bytes]]


def _rows(run: RunIndex, entries: Sequence[IndexEntry], variable: int, time: ReadingTime) -> tuple[list[Row], int]:
    """What can be read, and how many records cannot."""
    rows: list[Row] = []
    unreadable = 0
    missing = 0
    for done, record in enumerate(run.read_many(entries)):
        time.check(done, len(entries))
        try:
            if isinstance(record, DamagedRecord):
                raise record
            variables = len(_array(record, "counts", 1))
            if variable >= variables:
                missing = variables
                continue
            rows.append(_row(record, variable))
            missing = 0
        except (DamagedRecord, ValueError):
            unreadable += 1
    if missing:
        raise HttpError(404, f"variable: {variable} given; variables are 0 to {missing - 1}")
    return rows, unreadable


def _row(record: Record, variable: int) -> Row:
    """A copy of the variable's part: a view would keep the whole record in memory.

    Raises:
        ValueError: where arrays do not fit each other.
    """
    counts = _array(record, "counts", 1)
    if counts.dtype.kind not in "iu" or (counts < 0).any() or int(counts.max(initial=0)) > MAX_WEIGHTS:
        raise ValueError("counts are no numbers of weights")
    ends = np.cumsum(counts.astype(np.int64))
    here = slice(int(ends[variable] - counts[variable]), int(ends[variable]))
    parts = {name: _array(record, name, 1) for name in ("indices", *_COLUMNS)}
    if any(len(part) != ends[-1] or part.dtype.kind not in "iuf" for part in parts.values()):
        raise ValueError(f"{ends[-1]} weights said")
    gradient, is_mean = parts["gradient"][here], False
    if (batches := record.arrays.get("micro_batch")) is not None and batches.shape and len(batches) > 1:
        gradient, is_mean = _mean_of_micro_batches(record, len(batches), int(ends[-1]), here), True
    gradient, value, update = (
        np.array(part, np.float32) for part in (gradient, parts["value"][here], parts["update"][here])
    )
    return Row(record.step, np.array(parts["indices"][here], np.int64), gradient, value, update, is_mean)


def _mean_of_micro_batches(record: Record, batches: int, weights: int, here: slice) -> np.ndarray:
    """What the update is made of; NaN where a micro-batch of it was not recorded."""
    micro = _array(record, "micro_gradient", 2)
    if micro.shape != (batches, weights):
        raise ValueError("micro_gradient has not a row for each micro-batch")
    mean: np.ndarray = micro[:, here].astype(np.float64).mean(axis=0)
    return mean if record.attributes.get("micro_batches") == batches else np.full(mean.shape, np.nan)


def _array(record: Record, name: str, dimensions: int) -> np.ndarray:
    array = record.arrays.get(name)
    if array is None or array.ndim != dimensions:
        raise ValueError(f"{name} is missing or has not {dimensions} dimension")
    return array
