"""A kind's records over all steps as one record of columns, kept between requests so that polling reads only what is new."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tb_cnnviz.eventlog.index_entry import IndexEntry, LoggedRecords
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import reading_time
from tb_cnnviz.plugin.bounded_cache import BoundedCache
from tb_cnnviz.plugin.chosen_rows import chosen_rows
from tb_cnnviz.plugin.columns import HISTOGRAM, MalformedSeries, Table, join, table_of_record
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import ColumnFilter, shown
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.series_histograms import histograms
from tb_cnnviz.plugin.series_layout import Layout, bytes_of, chosen_places, said_of, size_of
from tb_cnnviz.plugin.series_reading import MAX_RECORD_BYTES, Reading
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import Form, series_of

CACHE_BYTES = 32 << 20
#: While a series is made, its parts take as much again.
MAX_SERIES_BYTES = 256 << 20

_BATCH = 1024

#: What a table needs for a row beside its columns: its step, and the record that it came from.
_ROW_BYTES = 16

#: By file, in the order of their age, how many records were read.
Files = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Series:
    """What is known of one kind of one run.

    Args:
        entries: the records read, in the order in which they were logged; a series at rest has none, they are large.
        read: how many records were read.
        generation: of the index that they were read from.
        files: of which files they are.
        held: the columns that the tables hold, where they hold not all of them.
        tables: their rows, by what their columns belong to: a run whose model changed has more than one, and the newest
            record says which is shown.
        layout: of the newest record.
        counts: how many records went into each table.
        unreadable: records that are damaged or have not the arrays that their kind needs.
        too_large: bytes that the tables would take, where these are above MAX_SERIES_BYTES; there are none then.
    """

    entries: Sequence[IndexEntry] = ()
    read: int = 0
    generation: int = -1
    files: Files = ()
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
    """Series by run and kind. Safe to use from several threads.

    A series of statistics that is larger than half the cache is kept with the columns that were asked for alone.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache_bytes = cache_bytes
        self._series: BoundedCache[tuple[str, str], Series] = BoundedCache(cache_bytes, lambda series: series.nbytes)

    def get(
        self, name: str, run: RunIndex, kind: str, columns: Collection[str] = (), time: ReadingTime | None = None
    ) -> Series:
        """The series of everything that the index knows now.

        Args:
            columns: those that it must hold, as far as they are logged; empty for all.
            time: how long it may be read; READING_SECONDS from now where it is not given.

        Raises:
            HttpError: 400 for a series above MAX_SERIES_BYTES; 503 where the time is up, and the next request goes on.
        """
        time = time or ReadingTime(reading_time.READING_SECONDS)
        logged = run.logged(kind)
        series = series_of(kind)
        is_wide = series.form is Form.STATISTICS
        wanted = frozenset(series.names).intersection(columns) | {series.names[0]} if columns and is_wide else None
        known = self._series.get((name, kind)) or Series()
        if not known.read or not _goes_on(known, run, logged.files) or not known.holds(wanted):
            known = Series(held=self._held(known, run, logged, wanted))
        if known.read != len(logged):
            known = _extended(known, run, logged, time)
        self._series.put((name, kind), known)
        if known.too_large:
            raise HttpError(400, f"the series would take {known.too_large} bytes; at most {MAX_SERIES_BYTES}")
        if known.read < len(logged):
            self._refuse_endless(known, len(logged))
            time.check(known.read, len(logged))
        return replace(known, entries=logged)

    def _refuse_endless(self, known: Series, records: int) -> None:
        """What is too large to be kept would be read from the first record on by each request, and never to the last."""
        if known.nbytes > self._cache_bytes:
            raise HttpError(
                400,
                f"{known.read} of {records} records are as much as is read in the time of a request, and {known.nbytes} "
                f"bytes; at most {self._cache_bytes} are kept for the next one: ask for fewer columns",
            )

    def _held(
        self, known: Series, run: RunIndex, entries: LoggedRecords, wanted: frozenset[str] | None
    ) -> frozenset[str] | None:
        """The columns to read: all where they fit, else those asked for, with those held before where these fit."""
        if wanted is None or not len(entries):
            return None
        newest = entries[-1]
        if newest.length > MAX_RECORD_BYTES:
            return wanted
        try:
            columns = table_of_record(run.read_entry(newest)).columns
        except (DamagedRecord, MalformedSeries):
            return wanted
        choices = (None, self._cache_bytes // 2), (wanted | (known.held or frozenset()), self._cache_bytes)
        for held, room in choices:
            size = sum(column.nbytes for name, column in columns.items() if held is None or name in held)
            if (size + _ROW_BYTES) * len(entries) <= room:
                return held
        return wanted


def as_record(
    run: RunIndex,
    kind: str,
    series: Series,
    columns: Sequence[str],
    points: int | None,
    wish: ColumnFilter = ColumnFilter(),  # noqa: B008
    time: ReadingTime | None = None,
) -> Record:
    """The columns asked for (all where none are) over the steps kept, as one record.

    Args:
        series: holds these columns.
        wish: which variables or rows are asked for: columns are [m, so many] then.
        time: how long histograms may be read; READING_SECONDS from now where it is not given.

    Raises:
        HttpError: 404 for a column, variable or row that the series has not, 400 for an answer above MAX_ANSWER_BYTES and
            for a wish that the kind does not know, 503 where the time is up.
    """
    places = chosen_places(kind, series.layout, wish)
    table = series.table if places is None else _of_places(series.table, places)
    chosen = list(columns) or _all_columns(kind, table)
    _refuse_unknown(kind, table, chosen)
    rows, arrays, attributes = chosen_rows(table, chosen, points)
    if series.unreadable or series.other_shape or table.left_out:
        attributes["left_out"] = {"unreadable": series.unreadable, "other_shape": series.other_shape}
        if table.left_out:
            attributes["left_out"]["metrics"] = table.left_out
    if rows_said := said_of(series.layout, places):
        attributes["rows"] = rows_said
    if HISTOGRAM in chosen and series_of(kind).has_histogram:
        kept = [series.entries[source] for source in table.sources[rows]]
        time = time or ReadingTime(reading_time.READING_SECONDS)
        attributes["bin_start"], arrays[HISTOGRAM] = histograms(run, kept, size_of(series.layout), places, time)
    last = series.entries[-1] if series.entries else None
    step = int(table.steps[-1]) if len(table.steps) else 0
    return Record(kind, step, None, arrays, attributes, last.wall_time if last else 0.0)


def _goes_on(known: Series, run: RunIndex, files: Files) -> bool:
    """Whether the records read are still the first of those in these files: a file only ever has more."""
    count = len(known.files)
    is_same = known.generation == run.generation and files[: count - 1] == known.files[:-1]
    return is_same and len(files) >= count and _begins(files[count - 1], known.files[-1])


def _begins(file: tuple[int, int], read: tuple[int, int]) -> bool:
    return file[0] == read[0] and file[1] >= read[1]


def _first(files: Files, count: int) -> Files:
    """Of which files so many records are, the first of all."""
    kept = []
    for number, records in files:
        if count > 0:
            kept.append((number, min(records, count)))
        count -= records
    return tuple(kept)


def _extended(known: Series, run: RunIndex, logged: LoggedRecords, time: ReadingTime) -> Series:
    """With the records that were not read yet, until the time is up."""
    read, reading = known.read, Reading(known.tables, known.layout, known.counts, known.held, MAX_SERIES_BYTES)
    reading.too_large = known.too_large
    while read < len(logged) and not reading.too_large and not (time.is_up and read > known.read):
        read += reading.read(run, logged[read : read + _BATCH], read, time)
    if reading.too_large:
        return Series((), len(logged), run.generation, logged.files, known.held, too_large=reading.too_large)
    unreadable, tables = known.unreadable + reading.unreadable, reading.tables()
    files = _first(logged.files, read)
    return Series((), read, run.generation, files, known.held, tables, reading.layout, reading.counts, unreadable)


def _all_columns(kind: str, table: Table) -> list[str]:
    first = [name for name in ("loss", "norm") if name in table.columns]
    names = first + [name for name in table.columns if name not in first]
    return [*names, HISTOGRAM] if series_of(kind).has_histogram and len(table.steps) else names


def _refuse_unknown(kind: str, table: Table, chosen: Sequence[str]) -> None:
    series = series_of(kind)
    known = (*series.names, HISTOGRAM) if series.has_histogram else series.names
    for name in chosen:
        if name not in table.columns and not (name == HISTOGRAM and series.has_histogram):
            listed = ", ".join(shown(column) for column in list(known or table.columns)[:20])
            raise HttpError(404, f"column: {shown(name)} is not logged in {kind}; columns are {listed}")


def _of_places(table: Table, places: list[int]) -> Table:
    return replace(table, columns={name: column[:, places] for name, column in table.columns.items()})
