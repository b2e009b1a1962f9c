"""All runs that there are: those of the index, and those of which TensorBoard's scalars alone are known."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown
from tb_cnnviz.plugin.recorded_run import RecordedCaches, RecordedRun
from tb_cnnviz.plugin.run_pages import RECORDS, SCALARS, Place
from tb_cnnviz.plugin.run_source import RunSource
from tb_cnnviz.plugin.scalar_runs import ScalarRun, ScalarRuns
from tb_cnnviz.plugin.scalar_series import ScalarSeries
from tb_cnnviz.plugin.scalar_source import ScalarSource
from tb_cnnviz.plugin.watched_index import WatchedIndex


class KnownRuns:
    """Runs by name. A run of ours has scalars too, in the same folders: it is the index's alone."""

    def __init__(self, index: WatchedIndex, scalars: ScalarRuns, series: ScalarSeries) -> None:
        self._index = index
        self._scalars = scalars
        self._series = series
        self._caches = RecordedCaches()

    def newest(self) -> dict[Place, RunSource]:
        """Every run by its place in the list of runs, after looking for what is new."""
        recorded = self._index.runs()
        scalars = _without(self._scalars.runs(), recorded)
        self._caches.keep(recorded)
        curves = functools.cache(lambda: self._series.curves(scalars.values()))
        found: dict[Place, RunSource] = {
            (RECORDS, name): RecordedRun(name, run, self._caches) for name, run in recorded.items()
        }
        return found | {(SCALARS, name): ScalarSource(run, self._series, curves) for name, run in scalars.items()}

    def find(self, name: str, *, newest: bool = False) -> RunSource:
        """The run of this name, among those known or after looking for what is new.

        Raises:
            HttpError: 404 where there is none.
        """
        recorded = self._index.runs() if newest else self._index.known_runs()
        if name in recorded:
            return RecordedRun(name, recorded[name], self._caches)
        scalars = self._scalars.runs() if newest else self._scalars.known_runs()
        if name in scalars:
            return ScalarSource(scalars[name], self._series)
        count = len(recorded) + len(_without(scalars, recorded))
        raise HttpError(404, f"run: {shown(name)} is not among the {count} runs below the log directory")


def _without(scalars: Mapping[str, ScalarRun], recorded: Mapping[str, RunIndex]) -> dict[str, ScalarRun]:
    return {name: run for name, run in scalars.items() if name not in recorded}
