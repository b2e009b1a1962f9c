"""Join the records of a series into columns: one row a step, the later record of a step winning."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tb_cnnviz.records import Record

#: Names of the columns that a kind's records hold; those of `epochs` stand in the records themselves.
LOSSES = ("loss", "learning_rate", "epoch", "examples")
GRADIENTS = ("norm", "mean", "min", "max", "weight_norm", "update_norm", "zeros", "nan", "inf")
HISTOGRAM = "histogram"

MAX_METRICS = 512


class MalformedSeries(ValueError):
    """A record that has not the arrays that its kind needs."""


@dataclass(frozen=True)
class Block:
    """The rows of one record: `steps` int64 [rows], columns [rows, ...] of float32 or float64."""

    steps: np.ndarray
    columns: Mapping[str, np.ndarray]

    @property
    def nbytes(self) -> int:
        return self.steps.nbytes + sum(column.nbytes for column in self.columns.values())


@dataclass(frozen=True)
class Table:
    """Rows of all blocks by ascending step.

    Args:
        steps: int64 [rows], strictly ascending.
        columns: name to [rows, ...]; NaN where a record had no such column.
        missing: name to the rows that had no such column, for the columns where there are such rows.
        sources: int64 [rows]: index of the block from which the row came.
        left_out: blocks whose columns have another shape than the newest block's.
    """

    steps: np.ndarray
    columns: Mapping[str, np.ndarray]
    missing: Mapping[str, np.ndarray]
    sources: np.ndarray
    left_out: int

    @property
    def nbytes(self) -> int:
        arrays = [self.steps, self.sources, *self.columns.values(), *self.missing.values()]
        return sum(array.nbytes for array in arrays)


def block(record: Record) -> Block:
    """The rows of a record of kind losses, epochs or gradients (without its histogram).

    Raises:
        MalformedSeries: when arrays are missing or their shapes do not fit each other.
    """
    if record.kind == "losses":
        return _losses(record)
    return _epochs(record) if record.kind == "epochs" else _gradients(record)


def join(blocks: Sequence[Block]) -> Table:
    """All rows of blocks in the order in which they were logged; of rows with equal steps, the last one."""
    shapes = _shapes(blocks)
    fitting = [(number, item) for number, item in enumerate(blocks) if _fits(item, shapes)]
    steps = _concatenate([item.steps for _, item in fitting], np.int64)
    sources = np.repeat(np.array([number for number, _ in fitting], np.int64), [len(item.steps) for _, item in fitting])
    keep = _last_of_each(steps)
    columns: dict[str, np.ndarray] = {}
    missing: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        absent = np.repeat([name not in item.columns for _, item in fitting], [len(item.steps) for _, item in fitting])
        parts = [item.columns.get(name, np.full((len(item.steps), *shape), np.nan, np.float32)) for _, item in fitting]
        columns[name] = _concatenate(parts, np.float32)[keep]
        if absent.any() and absent[keep].any():
            missing[name] = np.flatnonzero(absent[keep])
    return Table(steps[keep], columns, missing, sources[keep], len(blocks) - len(fitting))


def joined_bytes(blocks: Sequence[Block]) -> int:
    """Bytes that the columns of `join` take at most; few small records can ask for much, each with another metric."""
    rows = sum(len(item.steps) for item in blocks)
    return rows * sum(8 * math.prod(shape) for shape in _shapes(blocks).values())


def _shapes(blocks: Iterable[Block]) -> dict[str, tuple[int, ...]]:
    """Shape of a row of every column, as the newest block that has it says."""
    shapes: dict[str, tuple[int, ...]] = {}
    for item in blocks:
        for name, column in item.columns.items():
            if name in shapes or len(shapes) < MAX_METRICS:
                shapes[name] = column.shape[1:]
    return shapes


def _fits(item: Block, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return all(shapes.get(name) == column.shape[1:] for name, column in item.columns.items())


def _last_of_each(steps: np.ndarray) -> np.ndarray:
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    last = np.ones(len(ordered), bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    return order[last]


def _concatenate(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _losses(record: Record) -> Block:
    steps = _array(record, "step", 1)
    if steps.dtype.kind not in "iu":
        raise MalformedSeries("step is not of whole numbers")
    columns = {name: _real(record.arrays[name]) for name in LOSSES if name in record.arrays}
    if "loss" not in columns or any(column.shape != steps.shape for column in columns.values()):
        raise MalformedSeries("loss is missing, or the columns differ in length")
    return Block(steps.astype(np.int64), columns)


def _epochs(record: Record) -> Block:
    names, values = record.attributes.get("names"), _array(record, "values", 1)
    if not isinstance(names, list) or len(names) != len(values) or not all(isinstance(name, str) for name in names):
        raise MalformedSeries("names do not fit the values")
    columns = {name: _real(values[place : place + 1]) for place, name in enumerate(names)}
    epoch = record.attributes.get("epoch")
    if isinstance(epoch, int | float) and abs(epoch) < 2**53:
        columns["epoch"] = np.array([epoch], np.float64)
    return Block(np.array([record.step], np.int64), columns)


def _gradients(record: Record) -> Block:
    norms = _array(record, "norm", 1)
    columns = {name: _real(record.arrays[name])[None] for name in GRADIENTS if name in record.arrays}
    if any(column.shape != (1, len(norms)) for column in columns.values()):
        raise MalformedSeries("the columns differ in length")
    return Block(np.array([record.step], np.int64), columns)


def _array(record: Record, name: str, dimensions: int) -> np.ndarray:
    array = record.arrays.get(name)
    if array is None or array.ndim != dimensions:
        raise MalformedSeries(f"{name} is missing or has not {dimensions} dimension")
    return array


def _real(array: np.ndarray) -> np.ndarray:
    # A browser reads 64-bit integers as BigInt, which no arithmetic takes; counts below 2^53 are exact as float64.
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
