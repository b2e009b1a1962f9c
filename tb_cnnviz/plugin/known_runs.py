"""All runs that there are: those of the index, and those of which TensorBoard's scalars alone are known."""

from __future__ import annotations

from collections.abc import Mapping

from tb_cnnviz.eventlog.index import RunIndex
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown
from tb_cnnviz.plugin.scalar_runs import ScalarRun, ScalarRuns
from tb_cnnviz.plugin.watched_index import WatchedIndex


class KnownRuns:
    """Runs by name. A run of ours has scalars too, in the same folders: it is the index's alone."""

    def __init__(self, index: WatchedIndex, scalars: ScalarRuns) -> None:
        self._index = index
        self._scalars = scalars

    def newest(self) -> tuple[Mapping[str, RunIndex], Mapping[str, ScalarRun]]:
        """Both, after looking for what is new."""
        recorded = self._index.runs()
        return recorded, _without(self._scalars.runs(), recorded)

    def find(self, name: str, *, newest: bool = False) -> RunIndex | ScalarRun:
        """The run of this name, among those known or after looking for what is new.

        Raises:
            HttpError: 404 where there is none.
        """
        recorded = self._index.runs() if newest else self._index.known_runs()
        if name in recorded:
            return recorded[name]
        scalars = self._scalars.runs() if newest else self._scalars.known_runs()
        if name in scalars:
            return scalars[name]
        count = len(recorded) + len(_without(scalars, recorded))
        raise HttpError(404, f"run: {shown(name)} is not among the {count} runs below the log directory")


def _without(scalars: Mapping[str, ScalarRun], recorded: Mapping[str, RunIndex]) -> dict[str, ScalarRun]:
    return {name: run for name, run in scalars.items() if name not in recorded}
