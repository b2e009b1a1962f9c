"""The routes /runs and /run: what there is. They look for what is new; the other routes serve what these have named."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tb_cnnviz import __version__
from tb_cnnviz.eventlog.index import RunIndex
from tb_cnnviz.plugin import lookup, query, run_list
from tb_cnnviz.plugin.answers import json_answer
from tb_cnnviz.plugin.columns import Table
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.http_schema import SCHEMA_VERSION, RunList
from tb_cnnviz.plugin.series import SeriesCache
from tb_cnnviz.plugin.watched_index import WatchedIndex


class JsonRoutes:
    def __init__(self, index: WatchedIndex, series: SeriesCache) -> None:
        self._index = index
        self._series = series

    def runs(self, request: Request) -> Response:
        """Every run, by name."""
        query.only(request, ())
        rows = [run_list.summary(name, run, self._epochs(name, run)) for name, run in self._index.runs().items()]
        return json_answer(request, RunList(SCHEMA_VERSION, __version__, rows))

    def run(self, request: Request) -> Response:
        """One run's model, its logged steps and its notices."""
        query.only(request, ("run",))
        name = query.one(request, "run")
        return json_answer(request, run_list.detail(name, lookup.run(self._index.runs(), name)))

    def _epochs(self, name: str, run: RunIndex) -> Table | None:
        try:
            return self._series.get(name, run, "epochs").table
        except Refused:  # one run's series must not cost the list of all
            return None
