"""A kind's records over all steps as one record of columns, kept between requests so that polling reads only what is new."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.index import IndexEntry, RunIndex
from tb_cnnviz.plugin import reading_time
from tb_cnnviz.plugin.chosen_rows import chosen_rows
from tb_cnnviz.plugin.columns import HISTOGRAM, LOSSES, STATISTICS, MalformedSeries, Table, join, joined_bytes, rows_of
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.query import Wish, shown
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.series_histograms import histograms
from tb_cnnviz.plugin.series_layout import Layout, bytes_of, chosen_places, layout_of, said_of, size_of
from tb_cnnviz.records import Record

KINDS = ("losses", "epochs", *STATISTICS)
CACHE_BYTES = 32 << 20
MAX_SERIES_BYTES = 512 << 20

#: So many records are read before their rows are joined: rows one by one take several times their numbers' room.
_BATCH = 1024

#: What a table needs for a row beside its columns: its step, and the record that it came from.
_ROW_BYTES = 16


@dataclass(frozen=True)
class Series:
    """What is known of one kind of one run.

    Args:
        entries: the records read, in the order in which they were logged; a series at rest has none, they are large.
        read: how many records were read, and the hash of their entries.
        held: the columns that the tables hold, where they hold not all of them.
        tables: their rows, by what their columns belong to: a run whose model changed has more than one, and the newest
            record says which is shown.
        layout: of the newest record.
        counts: how many records went into each table.
        unreadable: records that are damaged or have not the arrays that their kind needs.
        too_large: bytes that the tables would take, where these are above MAX_SERIES_BYTES; there are none then.
    """

    entries: Sequence[IndexEntry] = ()
    read: tuple[int, int] = (0, hash(()))
    held: frozenset[str] | None = None
    tables: Mapping[Layout, Table] = field(default_factory=dict)
    layout: Layout = 0
    counts: Mapping[Layout, int] = field(default_factory=dict)
    unreadable: int = 0
    too_large: int = 0

    @property
    def table(self) -> Table:
        """The rows that are shown."""
        return self.tables.get(self.layout) or join([])

    @property
    def other_shape(self) -> int:
        """Records that are not shown, for their columns belong to other variables or rows."""
        return sum(count for layout, count in self.counts.items() if layout != self.layout)

    @property
    def nbytes(self) -> int:
        return sum(table.nbytes + bytes_of(layout) for layout, table in self.tables.items())

    def holds(self, columns: Collection[str] | None) -> bool:
        """Whether it has these columns, None for all, as far as they are logged; or is too large for as many."""
        if self.too_large:
            return columns is None or (self.held is not None and self.held.issubset(columns))
        return self.held is None or (columns is not None and self.held.issuperset(columns))


class SeriesCache:
    """Series by run and kind, the least recently asked for given up first. Safe to use from several threads.

    A series of statistics that is larger than half the cache is kept with the columns that were asked for alone.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, str], Series] = OrderedDict()

    def get(
        self, name: str, run: RunIndex, kind: str, columns: Collection[str] = (), time: ReadingTime | None = None
    ) -> Series:
        """The series of everything that the index knows now.

        Args:
            columns: those that it must hold, as far as they are logged; empty for all.
            time: how long it may be read; READING_SECONDS from now where it is not given.

        Raises:
            Refused: 400 for a series above MAX_SERIES_BYTES; 503 where the time is up, and the next request goes on.
        """
        time = time or ReadingTime(reading_time.READING_SECONDS)
        entries = run.entries(kind)
        names = STATISTICS.get(kind, ())
        wanted = frozenset(names).intersection(columns) | {names[0]} if columns and names else None
        with self._lock:
            known = self._series.get((name, kind)) or Series()
        if not known.read[0] or not _goes_on(known, entries) or not known.holds(wanted):
            known = Series(held=self._held(known, run, entries, wanted))
        if known.read[0] != len(entries):
            known = _extended(known, run, entries, time)
        with self._lock:
            self._series[name, kind] = known
            self._series.move_to_end((name, kind))
            self._shrink()
        if known.too_large:
            raise Refused(400, f"the series would take {known.too_large} bytes; at most {MAX_SERIES_BYTES}")
        if known.read[0] < len(entries):
            time.check(known.read[0], len(entries))
        return replace(known, entries=entries)

    def _held(
        self, known: Series, run: RunIndex, entries: Sequence[IndexEntry], wanted: frozenset[str] | None
    ) -> frozenset[str] | None:
        """The columns to read: all where they fit, else those asked for, with those held before where these fit."""
        if wanted is None or not entries:
            return None
        try:
            columns = rows_of(run.read_entry(entries[-1])).columns
        except (DamagedRecord, MalformedSeries):
            return wanted
        choices = (None, self._cache_bytes // 2), (wanted | (known.held or frozenset()), self._cache_bytes)
        for held, room in choices:
            size = sum(column.nbytes for name, column in columns.items() if held is None or name in held)
            if (size + _ROW_BYTES) * len(entries) <= room:
                return held
        return wanted

    def _shrink(self) -> None:
        total = sum(series.nbytes for series in self._series.values())
        while total > self._cache_bytes and self._series:
            _, given_up = self._series.popitem(last=False)
            total -= given_up.nbytes


def as_record(
    run: RunIndex,
    kind: str,
    series: Series,
    columns: Sequence[str],
    points: int | None,
    wish: Wish = Wish(),  # noqa: B008
    time: ReadingTime | None = None,
) -> Record:
    """The columns asked for (all where none are) over the steps kept, as one record.

    Args:
        series: holds these columns.
        wish: which variables or rows are asked for: columns are [m, so many] then.
        time: how long histograms may be read; READING_SECONDS from now where it is not given.

    Raises:
        Refused: 404 for a column, variable or row that the series has not, 400 for an answer above MAX_ANSWER_BYTES and
            for a wish that the kind does not know, 503 where the time is up.
    """
    places = chosen_places(kind, series.layout, wish)
    table = series.table if places is None else _of_places(series.table, places)
    chosen = list(columns) or _all_columns(kind, table)
    _refuse_unknown(kind, table, chosen)
    rows, arrays, attributes = chosen_rows(table, chosen, points)
    if series.unreadable or series.other_shape:
        attributes["left_out"] = {"unreadable": series.unreadable, "other_shape": series.other_shape}
    if rows_said := said_of(series.layout, places):
        attributes["rows"] = rows_said
    if HISTOGRAM in chosen:
        kept = [series.entries[source] for source in table.sources[rows]]
        time = time or ReadingTime(reading_time.READING_SECONDS)
        attributes["bin_start"], arrays[HISTOGRAM] = histograms(run, kept, size_of(series.layout), places, time)
    last = series.entries[-1] if series.entries else None
    step = int(table.steps[-1]) if len(table.steps) else 0
    return Record(kind, step, None, arrays, attributes, last.wall_time if last else 0.0)


def _goes_on(known: Series, entries: Sequence[IndexEntry]) -> bool:
    """Whether the records read are still the first of these."""
    count, seen = known.read
    return count <= len(entries) and _hash(entries[:count]) == seen


def _hash(entries: Sequence[IndexEntry]) -> int:
    return hash(tuple(entries))


def _extended(known: Series, run: RunIndex, entries: Sequence[IndexEntry], time: ReadingTime) -> Series:
    """With the records that were not read yet, until the time is up."""
    read = known.read[0]
    while read < len(entries) and not (time.is_up and read > known.read[0]):
        batch = entries[read : read + _BATCH]
        if not known.too_large:
            known = replace(_with_batch(known, run, batch, read), held=known.held, read=known.read)
        read += len(batch)
    return replace(known, read=(read, _hash(entries[:read])))


def _with_batch(known: Series, run: RunIndex, entries: Sequence[IndexEntry], first: int) -> Series:
    unreadable, layout, counts = known.unreadable, known.layout, Counter(known.counts)
    new: dict[Layout, list[Table]] = {}
    for number, record in enumerate(run.read_many(entries), first):
        try:
            if isinstance(record, DamagedRecord):
                raise record
            table, layout = rows_of(record, number, known.held), layout_of(record)
        except (DamagedRecord, MalformedSeries):
            unreadable += 1
            continue
        new.setdefault(layout, [known.tables[layout]] if layout in known.tables else []).append(table)
        counts[layout] += 1
    parts = {**{key: [table] for key, table in known.tables.items()}, **new}
    size = sum(joined_bytes(tables) + bytes_of(key) for key, tables in parts.items())
    if size > MAX_SERIES_BYTES:
        return Series(too_large=size)
    tables = {**known.tables, **{key: join(tables) for key, tables in new.items()}}
    return Series((), (0, 0), None, tables, layout, counts, unreadable)


def _all_columns(kind: str, table: Table) -> list[str]:
    first = [name for name in ("loss", "norm") if name in table.columns]
    names = first + [name for name in table.columns if name not in first]
    return [*names, HISTOGRAM] if kind in STATISTICS and len(table.steps) else names


def _refuse_unknown(kind: str, table: Table, chosen: Sequence[str]) -> None:
    known = LOSSES if kind == "losses" else (*STATISTICS[kind], HISTOGRAM) if kind in STATISTICS else ()
    for name in chosen:
        if name not in table.columns and not (name == HISTOGRAM and kind in STATISTICS):
            listed = ", ".join(shown(column) for column in list(known or table.columns)[:20])
            raise Refused(404, f"column: {shown(name)} is not logged in {kind}; columns are {listed}")


def _of_places(table: Table, places: list[int]) -> Table:
    return replace(table, columns={name: column[:, places] for name, column in table.columns.items()})
