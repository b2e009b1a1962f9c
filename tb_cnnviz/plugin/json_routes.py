"""The routes /runs and /run: what there is. They look for what is new; the other routes serve what these have named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from tb_cnnviz.eventlog.index import RunIndex
from tb_cnnviz.plugin import query, run_list, run_pages
from tb_cnnviz.plugin.answers import json_answer, to_json
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.http_schema import SCHEMA_VERSION, Curve, RunDetail, RunPage
from tb_cnnviz.plugin.known_runs import KnownRuns
from tb_cnnviz.plugin.model_texts import ModelTexts
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.run_pages import RECORDS, Place, RowCache, page_of, places_of
from tb_cnnviz.plugin.scalar_runs import ScalarRun
from tb_cnnviz.plugin.scalar_series import ScalarSeries
from tb_cnnviz.plugin.sending import Answers
from tb_cnnviz.plugin.series import SeriesCache
from tb_cnnviz.plugin.settings import SettingsCache
from tb_cnnviz.version import __version__


class JsonRoutes:
    def __init__(self, runs: KnownRuns, series: SeriesCache, scalar_series: ScalarSeries, answers: Answers) -> None:
        self._runs = runs
        self._series = series
        self._scalar_series = scalar_series
        self._answers = answers
        self._settings = SettingsCache()
        self._models = ModelTexts()
        self._rows = RowCache()

    def runs(self, request: Request) -> Response:
        """Runs, those with records first, by name: as many as fit into an answer."""
        query.only(request, ("after",))
        recorded, scalars = self._runs.newest()
        self._settings.keep(recorded)
        self._rows.keep(recorded)
        curves: list[Mapping[str, Curve | None]] = []
        reading = ReadingTime(run_pages.PAGE_SECONDS)

        def row(place: Place) -> bytes:
            source, name = place
            if source == RECORDS:
                run = recorded[name]
                return self._rows.get(name, run, lambda: self._row(name, run, reading))
            if not curves:
                curves.append(self._scalar_series.curves(scalars.values()))
            return to_json(run_list.scalar_summary(scalars[name], curves[0].get(name)))

        places = places_of(recorded, scalars)
        rows, following = page_of(places, query.after(request), row)
        return self._sent(request, RunPage(SCHEMA_VERSION, __version__, rows, len(places), following))  # type: ignore[arg-type]

    def run(self, request: Request) -> Response:
        """One run's model, its logged steps and its notices."""
        query.only(request, ("run",))
        name = query.one(request, "run")
        run = self._runs.find(name, newest=True)
        if isinstance(run, ScalarRun):
            return self._sent(request, self._scalar_detail(run))
        return self._sent(request, run_list.detail(name, run, self._models.get(run)))

    def _row(self, name: str, run: RunIndex, reading: ReadingTime) -> tuple[bytes, bool]:
        """A row, and whether it holds until the run changes."""
        epochs, is_known = None, True
        try:
            epochs = self._series.get(name, run, "epochs", time=reading).table
        except HttpError as refused:  # one run's series must not cost the list of all
            is_known = refused.status != 503
        return to_json(run_list.summary(name, run, epochs, self._settings.get(name, run))), is_known

    def _sent(self, request: Request, value: Any) -> Response:
        response = json_answer(request, value)
        return self._answers.sent(request, int(response.headers["Content-Length"]), lambda: response)

    def _scalar_detail(self, run: ScalarRun) -> RunDetail:
        tables = {kind: self._scalar_series.table(run, kind, list(columns)) for kind, columns in run.columns.items()}
        return run_list.scalar_detail(run, {kind: table.steps.tolist() for kind, table in tables.items()})
