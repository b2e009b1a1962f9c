"""Join the records of a series into columns: one row a step, the later record of a step winning."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tb_cnnviz.records import Record
from tb_cnnviz.records.kinds import Form, series_of
from tb_cnnviz.records.metric_names import LEARNING_RATE, column_of, taken_beside
from tb_cnnviz.records.record import MAX_STEP

HISTOGRAM = "histogram"


#: Metrics of a run's epochs; those that are met later are left out, but for the two that stand for a run.
MAX_METRICS = 4096
#: About what a column takes beside its numbers.
COLUMN_BYTES = 200
#: Columns of which that is not counted: no kind but epochs has more.
_FEW = 16

_ALWAYS = ("loss", "val_loss")


class MalformedSeries(ValueError):
    """A record that has not the arrays that its kind needs."""


class LargeSeries(ValueError):
    """A record whose rows would take `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True)
class Table:
    """Rows of one or many records.

    Args:
        steps: int64 [rows]. Of one record in its order; of joined ones strictly ascending.
        columns: name to float32, float64 or whole numbers from 0 in their least room, [rows, ...]; NaN where a row's
            record had no such column.
        absent: name to bool [rows]: where a row's record had no such column; names with no such row are left out.
        sources: int64 [rows]: the number of the record from which the row came.
        left_out: metrics that a record held beside those here, the most of any.
    """

    steps: np.ndarray
    columns: Mapping[str, np.ndarray]
    absent: Mapping[str, np.ndarray]
    sources: np.ndarray
    left_out: int = 0

    @property
    def nbytes(self) -> int:
        arrays = [self.steps, self.sources, *self.columns.values(), *self.absent.values()]
        return sum(array.nbytes for array in arrays) + COLUMN_BYTES * max(0, len(self.columns) - _FEW)


def table_of_record(
    record: Record,
    source: int = 0,
    held: Collection[str] | None = None,
    metrics: Collection[str] = (),
    most_bytes: float = math.inf,
) -> Table:
    """The rows of a record of a kind of `SERIES` (without their histogram).

    Args:
        held: of statistics, the columns to keep beside their first; None for all.
        metrics: of epochs, the columns that other records have; all have MAX_METRICS together.
        most_bytes: that the rows may take.

    Raises:
        MalformedSeries: when arrays are missing, their shapes do not fit each other, or a step is no count.
        LargeSeries: when its rows would take more bytes.
    """
    series, left_out = series_of(record.kind), 0
    if series.form in (Form.BATCHES, Form.STEPS):
        size = 16 * _size(record, "step") + 8 * sum(_size(record, name) for name in series.names)
        if size > most_bytes:
            raise LargeSeries(size)
        read = _batches if series.form is Form.BATCHES else _steps
        steps, columns = read(record, series.names)
    elif series.form is Form.METRICS:
        steps, columns, left_out = _metrics(record, metrics)
    else:
        steps, columns = _statistics(record, series.names, held)
    if len(steps) and not 0 <= steps.min() <= steps.max() <= MAX_STEP:
        raise MalformedSeries(f"a step is below 0 or above {MAX_STEP}")
    return Table(steps, columns, {}, np.full(len(steps), source, np.int64), left_out)


def join(tables: Sequence[Table]) -> Table:
    """All rows by ascending step; of rows with equal steps, the last one.

    Args:
        tables: in the order in which they were logged; columns of one name have rows of one shape.
    """
    steps = _concatenate([table.steps for table in tables], np.int64)
    sources = _concatenate([table.sources for table in tables], np.int64)
    keep = _last_of_each(steps)
    columns: dict[str, np.ndarray] = {}
    absent: dict[str, np.ndarray] = {}
    for name, shape in _shapes(tables).items():
        columns[name] = np.concatenate([_column(table, name, shape) for table in tables])[keep]
        if all(name in table.columns and name not in table.absent for table in tables):
            continue
        mask = np.concatenate([_absent(table, name) for table in tables])[keep]
        if mask.any():
            absent[name] = mask
    left_out = max((table.left_out for table in tables), default=0)
    return Table(steps[keep], columns, absent, sources[keep], left_out)


def as_float(column: np.ndarray) -> np.ndarray:
    """Whole numbers as float64: a browser reads 64-bit integers as BigInt; counts below 2^53 are exact."""
    return column if column.dtype in (np.float32, np.float64) else column.astype(np.float64)


def joined_bytes(tables: Sequence[Table]) -> int:
    """Bytes that `join` takes at most; few small records can ask for much, each with another metric."""
    rows = sum(len(table.steps) for table in tables)
    return rows * sum(8 * math.prod(shape) + 1 for shape in _shapes(tables).values())


def _shapes(tables: Sequence[Table]) -> dict[str, tuple[int, ...]]:
    return {name: column.shape[1:] for table in tables for name, column in table.columns.items()}


def _column(table: Table, name: str, shape: tuple[int, ...]) -> np.ndarray:
    column = table.columns.get(name)
    return np.full((len(table.steps), *shape), np.nan, np.float32) if column is None else column


def _absent(table: Table, name: str) -> np.ndarray:
    if name in table.absent:
        return table.absent[name]
    return np.full(len(table.steps), name not in table.columns)


def _last_of_each(steps: np.ndarray) -> np.ndarray | slice:
    """The places of the last row of each step, by step."""
    if (steps[1:] > steps[:-1]).all():
        return slice(None)  # as it is as a rule: nothing is copied
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    last = np.ones(len(ordered), bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return order[last]


def _concatenate(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


Rows = tuple[np.ndarray, dict[str, np.ndarray]]


def _batches(record: Record, names: Sequence[str]) -> Rows:
    steps = _array(record, "step", 1)
    if steps.dtype.kind not in "iu":
        raise MalformedSeries("step is not of whole numbers")
    columns = {name: _real(record.arrays[name]) for name in names if name in record.arrays}
    if names[0] not in columns or any(column.shape != steps.shape for column in columns.values()):
        raise MalformedSeries(f"{names[0]} is missing, or the columns differ in length")
    return steps.astype(np.int64), columns


def _steps(record: Record, names: Sequence[str]) -> Rows:
    steps = _array(record, "step", 1)
    if steps.dtype.kind not in "iu":
        raise MalformedSeries("step is not of whole numbers")
    columns = {name: _real(_array(record, name, 2)) for name in names}
    if any(len(column) != len(steps) for column in columns.values()):
        raise MalformedSeries("the columns differ in length")
    return steps.astype(np.int64), columns


def _metrics(record: Record, metrics: Collection[str]) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    names, values = record.attributes.get("names"), _array(record, "values", 1)
    if not isinstance(names, list) or len(names) != len(values) or not all(isinstance(name, str) for name in names):
        raise MalformedSeries("names do not fit the values")
    values = _real(values.copy())  # a view would keep the whole record in memory
    taken = taken_beside(record.arrays)
    columns: dict[str, np.ndarray] = {}
    left, left_out = MAX_METRICS - len(metrics), 0
    for place, name in enumerate(names):
        column = column_of(name, taken)
        is_new = column not in metrics and column not in columns
        if is_new and left <= 0 and column not in _ALWAYS:
            left_out += 1
            continue
        columns[column] = values[place : place + 1]
        left -= is_new
    rate = record.arrays.get(LEARNING_RATE)
    if rate is not None and rate.shape == (1,):
        columns[LEARNING_RATE] = _real(rate.copy())
    epoch = record.attributes.get("epoch")
    if isinstance(epoch, int | float) and abs(epoch) < 2**53:
        columns["epoch"] = np.array([epoch], np.float64)
    columns["wall_time"] = np.array([record.wall_time], np.float64)
    return np.array([record.step], np.int64), columns, left_out


def _statistics(record: Record, names: Sequence[str], held: Collection[str] | None) -> Rows:
    first = _array(record, names[0], 1)
    columns = {name: record.arrays[name] for name in names if name in record.arrays}
    if any(column.shape != first.shape for column in columns.values()):
        raise MalformedSeries("the columns differ in length")
    # Copies: a view would keep the whole record in memory.
    kept = [name for name in columns if held is None or name == names[0] or name in held]
    return np.array([record.step], np.int64), {name: _real(columns[name])[None].copy() for name in kept}


def _size(record: Record, name: str) -> int:
    return record.arrays[name].size if name in record.arrays else 0


def _array(record: Record, name: str, dimensions: int) -> np.ndarray:
    array = record.arrays.get(name)
    if array is None or array.ndim != dimensions:
        raise MalformedSeries(f"{name} is missing or has not {dimensions} dimension")
    return array


def _real(array: np.ndarray) -> np.ndarray:
    """As it is kept: floats as they are, whole numbers in the least room. `as_float` is what a browser gets."""
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind in "ui" and array.size and array.min() >= 0:
        return array.astype(np.min_scalar_type(array.max()))
    return array.astype(np.float64)
