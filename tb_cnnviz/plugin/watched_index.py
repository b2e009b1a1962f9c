"""The index of every root, kept fresh by the requests that need it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from tb_cnnviz.eventlog.index import LogIndex, RunIndex
from tb_cnnviz.eventlog.index_cache import user_cache
from tb_cnnviz.plugin.refreshed import Refreshed

REFRESH_SECONDS = 1.0

_log = logging.getLogger("tb_cnnviz")


class WatchedIndex:
    """Runs by name, looked for again at most once in `REFRESH_SECONDS`. Safe to use from several threads.

    Args:
        roots: pairs of (prefix of the runs' names, directory). Where two roots hold a run of the same name, the first
            one's is shown.
    """

    def __init__(self, roots: Sequence[tuple[str, str]]) -> None:
        self._indexes = [index for prefix, directory in roots if (index := _index(prefix, directory)) is not None]
        self._runs = Refreshed(self._look, lambda: REFRESH_SECONDS)

    def runs(self) -> Mapping[str, RunIndex]:
        """Every run, as fresh as `REFRESH_SECONDS` allow."""
        return self._runs.get()

    def known_runs(self) -> Mapping[str, RunIndex]:
        """Every run that is known now; looks for runs only where nothing was looked for before."""
        return self._runs.known()

    def any_known(self) -> bool:
        """Whether there are runs, as far as is known now; a first or stale look goes on in a thread of its own."""
        return bool(self._runs.glance())

    def _look(self) -> Mapping[str, RunIndex]:
        runs: dict[str, RunIndex] = {}
        for index in self._indexes:
            index.refresh()
            for name, run in index.items():
                runs.setdefault(name, run)
        return runs


def _index(prefix: str, directory: str) -> LogIndex | None:
    try:
        return LogIndex({prefix: directory}, user_cache())
    except ValueError as error:  # a remote folder must not cost the tab the local ones
        _log.warning("the tab CNN leaves out a log directory: %s", error)
        return None
