"""The index of every root, kept fresh by the requests that need it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import user_cache
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.refreshed import Refreshed

REFRESH_SECONDS = 1.0
#: A first look at a large log is answered after so long with the runs that were scanned; the others follow.
LOOK_SECONDS = 5.0
#: Some thousand runs are looked at in this time.
QUICK_SECONDS = 0.1

_log = logging.getLogger("tb_cnnviz")


class WatchedIndex:
    """Runs by name, looked for again at most once in `REFRESH_SECONDS`. Safe to use from several threads.

    Args:
        roots: pairs of (prefix of the runs' names, directory). Where two roots hold a run of the same name, the first
            one's is shown.
    """

    def __init__(self, roots: Sequence[tuple[str, str]]) -> None:
        self._is_complete = True
        self._indexes = [index for prefix, directory in roots if (index := _index(prefix, directory)) is not None]
        self._runs = Refreshed(self._look, lambda: REFRESH_SECONDS if self._is_complete else 0.0, QUICK_SECONDS)

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
        was_complete = self._is_complete
        is_complete, runs = True, dict[str, RunIndex]()
        for index in self._indexes:
            is_complete &= index.refresh(LOOK_SECONDS)
            for name, run in index.items():
                runs.setdefault(name, run)
        self._is_complete = is_complete
        if was_complete and not is_complete:
            threading.Thread(target=self._look_on, name="cnnviz-index-on", daemon=True).start()
        return runs

    def _look_on(self) -> None:
        """A large log is shown run by run, as far as it is scanned."""
        try:
            while not self._is_complete:
                self._runs.get()
                time.sleep(0.01)  # where another thread looks
        except Exception:
            _log.exception("looking for runs failed")


def _index(prefix: str, directory: str) -> LogIndex | None:
    try:
        return LogIndex({prefix: directory}, user_cache())
    except ValueError as error:  # a remote folder must not cost the tab the local ones
        _log.warning("the tab CNN leaves out a log directory: %s", error)
        return None
