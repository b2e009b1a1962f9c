"""Runs of which TensorBoard's scalars alone are known, such as those of keras.callbacks.TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tb_cnnviz.plugin.refreshed import Refreshed
from tb_cnnviz.plugin.scalar_names import Naming, columns_of
from tb_cnnviz.plugin.scalar_reader import ScalarReader
from tb_cnnviz.plugin.settings import Setting

#: A look goes over every tag of every run.
REFRESH_SECONDS = 3.0
QUICK_SECONDS = 1.0


class Source(NamedTuple):
    """Where a column's values are, and how far they go: equal while nothing was added."""

    run: str
    tag: str
    last_step: int
    last_wall_time: float


@dataclass(frozen=True)
class ScalarRun:
    """A run: its columns by kind, `losses` and `epochs`, and what else is known of it. Times are seconds since the epoch.

    `updates` is the validation's loss by the optimizer's iterations, from which the updates at an epoch's end are known.
    """

    name: str
    columns: Mapping[str, Mapping[str, Source]]
    updates: Source | None
    plain: tuple[str, ...]
    is_keras: bool
    left_out: int
    first_wall_time: float
    hparams: Mapping[str, Setting]

    @property
    def kinds(self) -> list[str]:
        return list(self.columns)

    @property
    def last_wall_time(self) -> float:
        return max((source.last_wall_time for source in self._sources), default=0.0)

    @property
    def last_step(self) -> int:
        """The largest step of its epochs, and of its losses where it has no epochs yet."""
        chosen = self.columns.get("epochs") or self.columns.get("losses") or {}
        return max((source.last_step for source in chosen.values()), default=0)

    @property
    def _sources(self) -> Iterable[Source]:
        return (source for columns in self.columns.values() for source in columns.values())


class ScalarRuns:
    """Runs by name, looked for again at most once in `REFRESH_SECONDS`. Safe to use from several threads.

    Args:
        prefixes: the names of --logdir_spec.
        recorded: gives the names of runs that hold records.
    """

    def __init__(
        self, reader: ScalarReader, prefixes: Iterable[str] = (), recorded: Callable[[], Container[str]] = tuple
    ) -> None:
        self._reader = reader
        self._recorded = recorded
        self._prefixes = frozenset(prefixes) - {""}
        self._last: Mapping[str, ScalarRun] = {}
        self._runs = Refreshed(self._look, lambda: REFRESH_SECONDS, QUICK_SECONDS)

    def runs(self) -> Mapping[str, ScalarRun]:
        """Every run with scalars by name, as fresh as `REFRESH_SECONDS` allow: those that hold records too."""
        return self._runs.get()

    def known_runs(self) -> Mapping[str, ScalarRun]:
        """Every run that is known now; looks for runs only where nothing was looked for before."""
        return self._runs.known()

    def _look(self) -> Mapping[str, ScalarRun]:
        tags = self._reader.tags()
        if tags is not None:
            naming = Naming(self._prefixes, self._recorded())
            self._last = runs_of(tags, naming, self._reader.start_times(), self._reader.hparams())
        return self._last


def runs_of(
    tags: Mapping[str, Mapping[str, Any]],
    naming: Naming,
    starts: Mapping[str, float],
    hparams: Mapping[str, Mapping[str, Setting]],
) -> dict[str, ScalarRun]:
    """Runs by name, in the order of their names.

    Args:
        tags: by TensorBoard's run and tag, `max_step` and `max_wall_time`.
        naming: folds TensorBoard's runs.
        starts: when a run of TensorBoard began.
        hparams: the settings of a run of TensorBoard.
    """
    folders: dict[str, dict[str, str]] = {}
    for run in tags:
        name, folder = naming.fold(run)
        folders.setdefault(name, {})[folder] = run
    settings: dict[str, dict[str, Setting]] = {}
    for run, given in hparams.items():
        settings.setdefault(naming.fold(run)[0], {}).update(given)
    found: dict[str, ScalarRun] = {}
    for name, runs in sorted(folders.items()):
        began = [start for run in runs.values() if math.isfinite(start := starts.get(run, math.inf))]
        found[name] = _run(name, runs, tags, min(began, default=0.0), settings.get(name, {}))
    return found


def _run(
    name: str,
    runs: Mapping[str, str],
    tags: Mapping[str, Mapping[str, Any]],
    began: float,
    settings: Mapping[str, Setting],
) -> ScalarRun:
    columns = columns_of({folder: tags[run] for folder, run in runs.items()})

    def source(folder: str, tag: str) -> Source:
        about = tags[runs[folder]][tag]
        return Source(runs[folder], tag, int(about.max_step or 0), float(about.max_wall_time or 0.0))

    named = {"losses": columns.losses, "epochs": columns.epochs}
    held = {kind: {key: source(*place) for key, place in each.items()} for kind, each in named.items() if each}
    updates = source(*columns.updates) if columns.updates else None
    return ScalarRun(name, held, updates, columns.plain, columns.is_keras, columns.left_out, began, settings)
