"""A kind's records over all steps as one record of columns, kept between requests so that polling reads only what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.index import IndexEntry, RunIndex
from tb_cnnviz.plugin.columns import (
    GRADIENTS,
    HISTOGRAM,
    LOSSES,
    Block,
    MalformedSeries,
    Table,
    block,
    join,
    joined_bytes,
)
from tb_cnnviz.plugin.decimation import thin
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.query import MAX_ANSWER_BYTES, shown
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import untrim

KINDS = ("losses", "epochs", "gradients")
CACHE_BYTES = 64 << 20
MAX_SERIES_BYTES = 512 << 20

#: What a row costs to be held as a block of its own, beside its numbers.
_BLOCK_OVERHEAD = 600


@dataclass
class Series:
    """What is known of one kind of one run: the records read so far, as blocks, and the table that they make.

    A record that is damaged or has not the arrays that its kind needs is an empty block, so that blocks and entries
    stay side by side; `unreadable` counts those.
    """

    entries: Sequence[IndexEntry] = ()
    blocks: list[Block] = field(default_factory=list)
    unreadable: int = 0
    table: Table = field(default_factory=lambda: join([]))

    @property
    def nbytes(self) -> int:
        return self.table.nbytes + sum(item.nbytes + _BLOCK_OVERHEAD for item in self.blocks)


class SeriesCache:
    """Series by run and kind, the least recently asked for given up first. Safe to use from several threads."""

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, str], Series] = OrderedDict()

    def get(self, name: str, run: RunIndex, kind: str) -> Series:
        """The series of everything that the index knows now.

        Raises:
            Refused: 400 for a series above MAX_SERIES_BYTES.
        """
        entries = run.entries(kind)
        with self._lock:
            known = self._series.get((name, kind)) or Series()
        if known.entries != entries:
            known = _extended(known, run, entries)
        with self._lock:
            self._series[name, kind] = known
            self._series.move_to_end((name, kind))
            self._shrink()
        return known

    def _shrink(self) -> None:
        total = sum(series.nbytes for series in self._series.values())
        while total > self._cache_bytes and self._series:
            _, given_up = self._series.popitem(last=False)
            total -= given_up.nbytes


def as_record(run: RunIndex, kind: str, series: Series, columns: Sequence[str], points: int | None) -> Record:
    """The columns asked for (all where none are) over the steps kept, as one record.

    Raises:
        Refused: 404 for a column that the series has not, 400 for an answer above MAX_ANSWER_BYTES.
    """
    table = series.table
    chosen = list(columns) or _all_columns(kind, table, run)
    _refuse_unknown(kind, table, chosen)
    rows = np.arange(len(table.steps))
    if points is not None:
        rows = thin(_guide(table, chosen), points)
    arrays: dict[str, np.ndarray] = {"step": table.steps[rows].astype(np.float64)}
    _refuse_large(sum(table.columns[name][:1].nbytes for name in chosen if name in table.columns) * len(rows))
    arrays |= {name: table.columns[name][rows] for name in chosen if name in table.columns}
    attributes: dict[str, Any] = {"points": len(rows), "of": len(table.steps)}
    missing = {name: _places(table.missing[name], rows) for name in chosen if name in table.missing}
    if any(missing.values()):
        attributes["missing"] = {name: places for name, places in missing.items() if places}
    if series.unreadable or table.left_out:
        attributes["left_out"] = {"unreadable": series.unreadable, "other_shape": table.left_out}
    if HISTOGRAM in chosen:
        attributes["bin_start"], arrays[HISTOGRAM] = _histograms(run, series, rows)
    last = series.entries[-1] if series.entries else None
    step = int(table.steps[-1]) if len(table.steps) else 0
    return Record(kind, step, None, arrays, attributes, last.wall_time if last else 0.0)


def _extended(known: Series, run: RunIndex, entries: Sequence[IndexEntry]) -> Series:
    count = len(known.entries)
    blocks, unreadable = list(known.blocks), known.unreadable
    if list(entries[:count]) != list(known.entries):
        count, blocks, unreadable = 0, [], 0
    for entry in entries[count:]:
        try:
            blocks.append(block(run.read_entry(entry)))
        except (DamagedRecord, MalformedSeries):
            blocks.append(Block(np.zeros(0, np.int64), {}))
            unreadable += 1
    size = max(joined_bytes(blocks), sum(item.nbytes for item in blocks))
    if size > MAX_SERIES_BYTES:
        raise Refused(400, f"the series would take {size} bytes; at most {MAX_SERIES_BYTES}")
    return Series(entries, blocks, unreadable, join(blocks))


def _all_columns(kind: str, table: Table, run: RunIndex) -> list[str]:
    first = [name for name in ("loss", "norm") if name in table.columns]
    names = first + [name for name in table.columns if name not in first]
    return [*names, HISTOGRAM] if kind == "gradients" and len(table.steps) else names


def _refuse_unknown(kind: str, table: Table, chosen: Sequence[str]) -> None:
    known = {"losses": LOSSES, "gradients": (*GRADIENTS, HISTOGRAM)}.get(kind, ())
    for name in chosen:
        if name not in table.columns and not (name == HISTOGRAM and kind == "gradients"):
            listed = ", ".join(shown(column) for column in list(known or table.columns)[:20])
            raise Refused(404, f"column: {shown(name)} is not logged in {kind}; columns are {listed}")


def _guide(table: Table, chosen: Sequence[str]) -> np.ndarray:
    """The column whose extremes decide which rows are kept."""
    return next((table.columns[name] for name in chosen if name in table.columns), table.steps)


def _places(missing: np.ndarray, rows: np.ndarray) -> list[int]:
    return [int(place) for place in np.flatnonzero(np.isin(rows, missing))]


def _histograms(run: RunIndex, series: Series, rows: np.ndarray) -> tuple[int, np.ndarray]:
    """First bin, and counts uint32 [rows, variables, bins]: read for the rows kept only, since they are large."""
    variables = series.table.columns["norm"].shape[1] if "norm" in series.table.columns else 0
    read = [_histogram(run, series.entries[source], variables) for source in series.table.sources[rows]]
    used = [(start, start + counts.shape[1]) for start, counts in read if counts.any()]
    start, stop = (min(a for a, _ in used), max(b for _, b in used)) if used else (0, 0)
    _refuse_large(len(rows) * variables * (stop - start) * 4)
    joined = np.zeros((len(rows), variables, stop - start), np.uint32)
    for row, (first, counts) in enumerate(read):
        if counts.any():
            joined[row, :, first - start : first - start + counts.shape[1]] = counts
    return start, joined


def _histogram(run: RunIndex, entry: IndexEntry, variables: int) -> tuple[int, np.ndarray]:
    """First bin and counts [variables, bins] of one record; no bins where it cannot be read."""
    nothing = 0, np.zeros((variables, 0), np.uint32)
    try:
        record = run.read_entry(entry)
    except DamagedRecord:
        return nothing
    start, counts = record.attributes.get("bin_start"), record.arrays.get(HISTOGRAM)
    if not isinstance(start, int) or counts is None or counts.ndim != 2 or len(counts) != variables:
        return nothing
    try:
        untrim(start, counts[:0])
    except ValueError:
        return nothing
    return start, counts


def _refuse_large(size: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise Refused(
            400, f"the answer would hold {size} bytes; at most {MAX_ANSWER_BYTES}: ask for fewer columns or points"
        )
