"""A run that holds records of ours, as the routes ask it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import reading_time, run_list
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.http_schema import RunDetail
from tb_cnnviz.plugin.model_texts import ModelTexts
from tb_cnnviz.plugin.query import ColumnFilter
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.run_pages import RowCache
from tb_cnnviz.plugin.series import SeriesCache, as_record
from tb_cnnviz.plugin.settings import SettingsCache
from tb_cnnviz.plugin.verdict_cache import VerdictCache
from tb_cnnviz.records import Record

#: Numbers of indexes and files are this process's own.
_PROCESS = os.urandom(8).hex()


@dataclass(frozen=True)
class RecordedCaches:
    """What is kept of these runs between requests."""

    series: SeriesCache = field(default_factory=SeriesCache)
    settings: SettingsCache = field(default_factory=SettingsCache)
    models: ModelTexts = field(default_factory=ModelTexts)
    rows: RowCache = field(default_factory=RowCache)
    verdicts: VerdictCache = field(default_factory=VerdictCache)

    def keep(self, names: Mapping[str, object]) -> None:
        """Let go of runs that are gone."""
        self.settings.keep(names)
        self.rows.keep(names)
        self.verdicts.keep(names)


class RecordedRun:
    """A `RunSource`."""

    def __init__(self, name: str, index: RunIndex, caches: RecordedCaches) -> None:
        self._name, self._index, self._caches = name, index, caches

    @property
    def kinds(self) -> list[str]:
        return self._index.kinds

    def row(self, time: ReadingTime) -> bytes:
        return self._caches.rows.get(self._name, self._index, lambda: self._new_row(time))

    def _new_row(self, time: ReadingTime) -> tuple[bytes, bool]:
        """The row, and whether it holds until the run changes."""
        epochs, is_known = None, True
        try:
            epochs = self._caches.series.get(self._name, self._index, "epochs", time=time).table
        except HttpError as refused:  # one run's series must not cost the list of all
            is_known = refused.status != 503
        settings = self._caches.settings.get(self._name, self._index)
        return to_json(run_list.summary(self._name, self._index, epochs, settings)), is_known

    def detail(self) -> RunDetail:
        return run_list.detail(self._name, self._index, self._caches.models.get(self._index))

    def verdicts_version(self) -> Iterable[object]:
        return _PROCESS, self._index.generation, self._index.revision

    def verdicts(self) -> bytes:
        return self._caches.verdicts.get(self._name, self._index)

    def records(self) -> RunIndex:
        return self._index

    def series_version(self, kind: str, wish: ColumnFilter) -> Iterable[object]:
        return _PROCESS, self._index.generation, self._index.logged(kind).files

    def series(self, kind: str, columns: Sequence[str], points: int | None, wish: ColumnFilter) -> Record:
        time = ReadingTime(reading_time.READING_SECONDS)
        series = self._caches.series.get(self._name, self._index, kind, columns, time)
        return as_record(self._index, kind, series, columns, points, wish, time)
