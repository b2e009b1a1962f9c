"""Scalars of several tags as one table of columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tb_cnnviz.plugin.columns import Table


class Datum(Protocol):
    """A point as TensorBoard's data provider gives it."""

    @property
    def step(self) -> int: ...

    @property
    def wall_time(self) -> float: ...

    @property
    def value(self) -> float: ...


class Point(NamedTuple):
    step: int
    wall_time: float
    value: float


def updates_of(losses: Sequence[Datum], evaluations: Sequence[Datum]) -> list[Point]:
    """The optimizer's updates at the end of each epoch whose validation is among the evaluations.

    Keras logs each validation twice, first by the optimizer's iterations and then by the epoch: the newest evaluation
    that is not younger than the epoch's point and has its value is the same one.

    Args:
        losses: the validation's loss by epoch.
        evaluations: the same by the optimizer's iterations.
    """
    ordered = sorted(evaluations, key=lambda point: point.wall_time)
    times = [point.wall_time for point in ordered]
    found = []
    for point in losses:
        place = bisect_right(times, point.wall_time)
        if place and np.array_equal(ordered[place - 1].value, point.value, equal_nan=True):
            found.append(Point(point.step, point.wall_time, float(ordered[place - 1].step)))
    return found


def table_of(series: Mapping[str, Sequence[Datum]], *, counts_epochs: bool) -> Table:
    """One row for every step that any column has, and `wall_time`: when the row's last value was logged.

    Args:
        series: column to its points. Of points with one step, the last one holds.
        counts_epochs: whether a step is an epoch, which the column `epoch` says then.
    """
    places = {name: np.array([point.step for point in points], np.int64) for name, points in series.items()}
    steps = np.unique(np.concatenate([*places.values(), np.zeros(0, np.int64)]))
    wall_time = np.full(len(steps), -np.inf)
    columns: dict[str, np.ndarray] = {}
    absent: dict[str, np.ndarray] = {}
    for name, points in series.items():
        rows = np.searchsorted(steps, places[name])
        columns[name] = np.full(len(steps), np.nan)
        columns[name][rows] = [point.value for point in points]
        np.fmax.at(wall_time, rows, np.array([point.wall_time for point in points], np.float64))
        missing = np.ones(len(steps), bool)
        missing[rows] = False
        if missing.any():
            absent[name] = missing
    if counts_epochs:
        columns["epoch"] = steps.astype(np.float64)
    columns["wall_time"] = wall_time
    return Table(steps, columns, absent, np.zeros(len(steps), np.int64))
