"""The tab named CNN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorboard.plugins import base_plugin
from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin import limiter
from tb_cnnviz.plugin.binary_routes import BinaryRoutes
from tb_cnnviz.plugin.guard import Handler, allowed_hosts, guarded
from tb_cnnviz.plugin.json_routes import JsonRoutes
from tb_cnnviz.plugin.known_runs import KnownRuns
from tb_cnnviz.plugin.limiter import Limiter
from tb_cnnviz.plugin.roots import log_roots
from tb_cnnviz.plugin.scalar_reader import ScalarReader
from tb_cnnviz.plugin.scalar_runs import ScalarRuns
from tb_cnnviz.plugin.scalar_series import ScalarSeries
from tb_cnnviz.plugin.sending import Answers
from tb_cnnviz.plugin.static_files import StaticFiles
from tb_cnnviz.plugin.watched_index import WatchedIndex


class CnnVizPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """Serves the page and what the runs below TensorBoard's log directory hold."""

    plugin_name = "cnnviz"

    def __init__(self, context: base_plugin.TBContext) -> None:
        roots = log_roots(context.logdir, getattr(context.flags, "logdir_spec", None))
        self._index = WatchedIndex(roots)
        self._reader = ScalarReader(context.data_provider, context.sampling_hints)
        self._scalars = ScalarRuns(self._reader, [prefix for prefix, _ in roots], self._index.known_runs)

    def get_plugin_apps(self) -> dict[str, Callable[..., object]]:
        known, answers = KnownRuns(self._index, self._scalars, ScalarSeries(self._reader)), Answers()
        json_routes, binary_routes = JsonRoutes(known, answers), BinaryRoutes(known, answers)
        hosts, requests = allowed_hosts(), Limiter(limiter.REQUESTS, "requests")
        routes = {
            "/runs": json_routes.runs,
            "/run": json_routes.run,
            "/records": binary_routes.records,
            "/series": binary_routes.series,
            "/weights": binary_routes.weights,
            "/verdicts": json_routes.verdicts,
        }
        apps = {route: guarded(_limited(handler, requests), hosts) for route, handler in routes.items()}
        return {**apps, "/*": guarded(StaticFiles().serve, hosts)}

    def is_active(self) -> bool:
        """Whether a run holds a records file. TensorBoard itself asks first whether any run's events name cnnviz."""
        return self._index.any_known()

    def frontend_metadata(self) -> Any:
        # The page asks for what is new by itself; a reload by TensorBoard would only throw its state away.
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="CNN", disable_reload=True)


def _limited(handler: Handler, requests: Limiter) -> Handler:
    def handle(request: Request) -> Response:
        with requests.taken():
            return handler(request)

    return handle
