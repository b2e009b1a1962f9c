"""A kind's records over all steps as one record of columns, kept between requests so that polling reads only what is new."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.index import IndexEntry, RunIndex
from tb_cnnviz.plugin.chosen_rows import chosen_rows, refuse_large
from tb_cnnviz.plugin.columns import GRADIENTS, HISTOGRAM, LOSSES, MalformedSeries, Table, join, joined_bytes, rows_of
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.query import shown
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import untrim

KINDS = ("losses", "epochs", "gradients")
CACHE_BYTES = 64 << 20
MAX_SERIES_BYTES = 512 << 20

#: What an entry costs to be held.
_ENTRY_BYTES = 300

#: So many records are read before their rows are joined: rows one by one take several times their numbers' room.
_BATCH = 1024


@dataclass(frozen=True)
class Series:
    """What is known of one kind of one run.

    Args:
        entries: the records read so far, in the order in which they were logged.
        tables: their rows, by the number of variables (0 for kinds that have none): a run whose model changed has
            more than one, and the newest record says which is shown.
        width: the number of variables of the newest record.
        counts: how many records went into each table.
        unreadable: records that are damaged or have not the arrays that their kind needs.
        too_large: bytes that the tables would take, where these are above MAX_SERIES_BYTES; there are none then.
    """

    entries: Sequence[IndexEntry] = ()
    tables: Mapping[int, Table] = field(default_factory=dict)
    width: int = 0
    counts: Mapping[int, int] = field(default_factory=dict)
    unreadable: int = 0
    too_large: int = 0

    @property
    def table(self) -> Table:
        """The rows that are shown."""
        return self.tables.get(self.width) or join([])

    @property
    def other_shape(self) -> int:
        """Records that are not shown, for they are of another number of variables."""
        return sum(count for width, count in self.counts.items() if width != self.width)

    @property
    def nbytes(self) -> int:
        return sum(table.nbytes for table in self.tables.values()) + len(self.entries) * _ENTRY_BYTES


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
        if known.too_large:
            raise Refused(400, f"the series would take {known.too_large} bytes; at most {MAX_SERIES_BYTES}")
        return known

    def _shrink(self) -> None:
        total = sum(series.nbytes for series in self._series.values())
        while total > self._cache_bytes and self._series:
            _, given_up = self._series.popitem(last=False)
            total -= given_up.nbytes


def as_record(
    run: RunIndex, kind: str, series: Series, columns: Sequence[str], points: int | None, variable: int | None = None
) -> Record:
    """The columns asked for (all where none are) over the steps kept, as one record.

    Args:
        variable: of gradients, the place of the only variable asked for: columns are [m, 1] then.

    Raises:
        Refused: 404 for a column or a variable that the series has not, 400 for an answer above MAX_ANSWER_BYTES and
            for a variable of a kind that has none.
    """
    table = series.table if variable is None else _of_variable(kind, series, variable)
    chosen = list(columns) or _all_columns(kind, table, run)
    _refuse_unknown(kind, table, chosen)
    rows, arrays, attributes = chosen_rows(table, chosen, points)
    if series.unreadable or series.other_shape:
        attributes["left_out"] = {"unreadable": series.unreadable, "other_shape": series.other_shape}
    if HISTOGRAM in chosen:
        attributes["bin_start"], arrays[HISTOGRAM] = _histograms(run, series, rows, variable)
    last = series.entries[-1] if series.entries else None
    step = int(table.steps[-1]) if len(table.steps) else 0
    return Record(kind, step, None, arrays, attributes, last.wall_time if last else 0.0)


def _extended(known: Series, run: RunIndex, entries: Sequence[IndexEntry]) -> Series:
    count = len(known.entries)
    if list(entries[:count]) != list(known.entries):
        known, count = Series(), 0
    for start in range(count, len(entries), _BATCH):
        if not known.too_large:
            known = _with_batch(known, run, entries[start : start + _BATCH], start)
    return replace(known, entries=entries)


def _with_batch(known: Series, run: RunIndex, entries: Sequence[IndexEntry], first: int) -> Series:
    unreadable, width, counts = known.unreadable, known.width, Counter(known.counts)
    new: dict[int, list[Table]] = {}
    for number, entry in enumerate(entries, first):
        try:
            table = rows_of(run.read_entry(entry), number)
        except (DamagedRecord, MalformedSeries):
            unreadable += 1
            continue
        width = table.columns["norm"].shape[1] if entry.kind == "gradients" else 0
        new.setdefault(width, [known.tables[width]] if width in known.tables else []).append(table)
        counts[width] += 1
    parts = {**{key: [table] for key, table in known.tables.items()}, **new}
    size = sum(joined_bytes(tables) for tables in parts.values())
    if size > MAX_SERIES_BYTES:
        return Series(too_large=size)
    tables = {**known.tables, **{key: join(tables) for key, tables in new.items()}}
    return Series((), tables, width, counts, unreadable)


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


def _of_variable(kind: str, series: Series, variable: int) -> Table:
    if kind != "gradients":
        raise Refused(400, f"variable: given for {kind}; only gradients have variables")
    if variable >= series.width:
        raise Refused(404, f"variable: {variable} given; variables are 0 to {series.width - 1}")
    table = series.table
    return replace(table, columns={name: column[:, [variable]] for name, column in table.columns.items()})


def _histograms(run: RunIndex, series: Series, rows: np.ndarray, variable: int | None) -> tuple[int, np.ndarray]:
    """First bin, and counts uint32 [rows, variables, bins]: read for the rows kept only, since they are large."""
    kept = slice(None) if variable is None else slice(variable, variable + 1)
    variables = len(range(series.width)[kept])
    whole = [_histogram(run, series.entries[source], series.width) for source in series.table.sources[rows]]
    read = [_used(start, counts[kept]) for start, counts in whole]
    used = [(start, start + counts.shape[1]) for start, counts in read if counts.any()]
    start, stop = (min(a for a, _ in used), max(b for _, b in used)) if used else (0, 0)
    refuse_large(len(rows) * variables * (stop - start) * 4)
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


def _used(start: int, counts: np.ndarray) -> tuple[int, np.ndarray]:
    """Without the bins at both ends that no variable uses."""
    bins = np.flatnonzero(counts.any(axis=0))
    return (start + int(bins[0]), counts[:, bins[0] : bins[-1] + 1]) if bins.size else (start, counts[:, :0])
