"""The routes /runs and /run: what there is. They look for what is new; the other routes serve what these have named."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tb_cnnviz import __version__
from tb_cnnviz.eventlog.index import RunIndex
from tb_cnnviz.plugin import query, run_list
from tb_cnnviz.plugin.answers import json_answer
from tb_cnnviz.plugin.columns import Table
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.http_schema import SCHEMA_VERSION, RunDetail, RunList, RunSummary
from tb_cnnviz.plugin.known_runs import KnownRuns
from tb_cnnviz.plugin.scalar_runs import ScalarRun
from tb_cnnviz.plugin.scalar_series import ScalarSeries
from tb_cnnviz.plugin.series import SeriesCache
from tb_cnnviz.plugin.settings import SettingsCache


class JsonRoutes:
    def __init__(self, runs: KnownRuns, series: SeriesCache, scalar_series: ScalarSeries) -> None:
        self._runs = runs
        self._series = series
        self._scalar_series = scalar_series
        self._settings = SettingsCache()

    def runs(self, request: Request) -> Response:
        """Every run, by name: those with records first."""
        query.only(request, ())
        recorded, scalars = self._runs.newest()
        curves = self._scalar_series.curves(scalars.values())
        self._settings.keep(recorded)
        rows = [self._summary(name, run) for name, run in recorded.items()]
        rows += [run_list.scalar_summary(run, curves.get(name)) for name, run in scalars.items()]
        return json_answer(request, RunList(SCHEMA_VERSION, __version__, rows))

    def run(self, request: Request) -> Response:
        """One run's model, its logged steps and its notices."""
        query.only(request, ("run",))
        name = query.one(request, "run")
        run = self._runs.find(name, newest=True)
        detail = self._scalar_detail(run) if isinstance(run, ScalarRun) else run_list.detail(name, run)
        return json_answer(request, detail)

    def _summary(self, name: str, run: RunIndex) -> RunSummary:
        return run_list.summary(name, run, self._epochs(name, run), self._settings.get(name, run))

    def _epochs(self, name: str, run: RunIndex) -> Table | None:
        try:
            return self._series.get(name, run, "epochs").table
        except Refused:  # one run's series must not cost the list of all
            return None

    def _scalar_detail(self, run: ScalarRun) -> RunDetail:
        tables = {kind: self._scalar_series.table(run, kind, list(columns)) for kind, columns in run.columns.items()}
        return run_list.scalar_detail(run, {kind: table.steps.tolist() for kind, table in tables.items()})
