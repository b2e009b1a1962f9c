"""The index of every root, kept fresh by the requests that need it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from tb_cnnviz.eventlog.index import LogIndex, RunIndex

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
        self._refreshing = threading.Lock()
        self._runs: Mapping[str, RunIndex] | None = None
        self._fresh_until = -1.0

    def runs(self) -> Mapping[str, RunIndex]:
        """Every run, as fresh as `REFRESH_SECONDS` allow.

        While one request refreshes, others are answered from what is known; only before the first scan they wait.
        """
        if time.monotonic() >= self._fresh_until and self._refreshing.acquire(blocking=self._runs is None):
            try:
                self._refresh_if_due()
            finally:
                self._refreshing.release()
        return self._runs or {}

    def known_runs(self) -> Mapping[str, RunIndex]:
        """Every run that is known now; looks for runs only where nothing was looked for before."""
        return self._runs if self._runs is not None else self.runs()

    def any_known(self) -> bool:
        """Whether there are runs, as far as is known now; a first or stale look goes on in a thread of its own."""
        if time.monotonic() >= self._fresh_until and not self._refreshing.locked():
            threading.Thread(target=self._refresh_in_background, name="cnnviz-index", daemon=True).start()
        return bool(self._runs)

    def _refresh_in_background(self) -> None:
        try:
            self.runs()
        except Exception:
            _log.exception("looking for runs failed")

    def _refresh_if_due(self) -> None:
        if time.monotonic() < self._fresh_until:
            return
        runs: dict[str, RunIndex] = {}
        for index in self._indexes:
            index.refresh()
            for name, run in index.items():
                runs.setdefault(name, run)
        self._runs = runs
        self._fresh_until = time.monotonic() + REFRESH_SECONDS


def _index(prefix: str, directory: str) -> LogIndex | None:
    try:
        return LogIndex({prefix: directory})
    except ValueError as error:  # a remote folder must not cost the tab the local ones
        _log.warning("the tab CNN leaves out a log directory: %s", error)
        return None
