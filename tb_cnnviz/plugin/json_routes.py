"""The routes /runs and /run: what there is, and /verdicts: what the doctor says of it.

The first two look for what is new; the other routes serve what these have named.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin import query, run_pages
from tb_cnnviz.plugin.answers import json_answer, not_modified, text_answer
from tb_cnnviz.plugin.etag import etag_of
from tb_cnnviz.plugin.http_schema import SCHEMA_VERSION, RunPage
from tb_cnnviz.plugin.known_runs import KnownRuns
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.run_pages import page_of
from tb_cnnviz.plugin.sending import Answers
from tb_cnnviz.version import __version__


class JsonRoutes:
    def __init__(self, runs: KnownRuns, answers: Answers) -> None:
        self._runs = runs
        self._answers = answers

    def runs(self, request: Request) -> Response:
        """Runs, those with records first, by name: as many as fit into an answer."""
        query.only(request, ("after",))
        runs, time = self._runs.newest(), ReadingTime(run_pages.PAGE_SECONDS)
        rows, following = page_of(sorted(runs), query.after(request), lambda place: runs[place].row(time))
        return self._sent(request, RunPage(SCHEMA_VERSION, __version__, rows, len(runs), following))  # type: ignore[arg-type]

    def run(self, request: Request) -> Response:
        """One run's model, its logged steps and its notices."""
        query.only(request, ("run",))
        return self._sent(request, self._runs.find(query.one(request, "run"), newest=True).detail())

    def verdicts(self, request: Request) -> Response:
        """What the doctor says of one run."""
        query.only(request, ("run",))
        name = query.one(request, "run")
        run = self._runs.find(name)
        etag = etag_of(f"verdicts {name}", run.verdicts_version())
        if held := not_modified(request, etag):
            return held
        body = run.verdicts()
        return self._answers.sent(
            request, len(body), lambda: text_answer(request, body, "application/json", etag, compress=True)
        )

    def _sent(self, request: Request, value: Any) -> Response:
        response = json_answer(request, value)
        return self._answers.sent(request, int(response.headers["Content-Length"]), lambda: response)
