"""The series and the curve of a run of scalars, read from TensorBoard's reader and kept until it has more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tb_cnnviz.plugin import run_list
from tb_cnnviz.plugin.bounded_cache import BoundedCache
from tb_cnnviz.plugin.chosen_rows import chosen_rows
from tb_cnnviz.plugin.columns import Table
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.http_schema import Curve
from tb_cnnviz.plugin.query import shown
from tb_cnnviz.plugin.scalar_reader import ScalarReader
from tb_cnnviz.plugin.scalar_runs import ScalarRun, Source
from tb_cnnviz.plugin.scalar_table import Datum, table_of, updates_of
from tb_cnnviz.records import Record

CACHE_BYTES = 32 << 20

#: Rows times columns of a table: tags need not have their steps in common.
MAX_CELLS = 2_000_000

#: New curves are read for so long, a batch of runs at a time; the others follow with the next look.
CURVES_SECONDS = 1.0
_BATCH = 50

Key = tuple[str, str, tuple[str, ...]]


class _Wish(NamedTuple):
    name: str
    metric: str
    run: ScalarRun

    @property
    def source(self) -> Source:
        return self.run.columns["epochs"][self.metric]


class ScalarSeries:
    """Tables and curves, read again only where the reader has more. Safe to use from several threads."""

    def __init__(self, reader: ScalarReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._tables: BoundedCache[Key, tuple[object, Table]] = BoundedCache(CACHE_BYTES, lambda kept: kept[1].nbytes)
        self._curves: dict[str, tuple[Source, Curve | None]] = {}

    def record(self, run: ScalarRun, kind: str, columns: Sequence[str], points: int | None) -> Record:
        """The columns asked for (all where none are) over the steps kept, as one record.

        Raises:
            HttpError: 404 for a column that the run has not, 400 for an answer that is too large, 503 where
                TensorBoard's reader fails.
        """
        named = _asked(run, kind, columns)
        table = self.table(run, kind, named)
        extra = [name for name in ("epoch", "updates", "wall_time") if name in table.columns and name not in named]
        chosen = list(columns) or sorted([*named, *extra], key=lambda name: name != "loss")
        _, arrays, attributes = chosen_rows(table, chosen, points)
        attributes |= self._origin(run, kind, named, table)
        step = int(table.steps[-1]) if len(table.steps) else 0
        return Record(kind, step, None, arrays, attributes, run.last_wall_time)

    def table(self, run: ScalarRun, kind: str, named: Sequence[str]) -> Table:
        """Columns of a kind, at most `points_per_tag` values of each.

        Raises:
            HttpError: 503 where TensorBoard's reader fails.
        """
        sources = {name: run.columns[kind][name] for name in named}
        key, version = (run.name, kind, tuple(named)), (*sources.values(), run.updates)
        known, table = self._tables.get(key) or (None, None)
        if table is None or known != version:
            updates = run.updates if kind == "epochs" and "val_loss" in sources else None
            table = self._read(sources, updates, counts_epochs=kind == "epochs" and run.is_keras)
            self._tables.put(key, (version, table))
        return table

    def curves(self, runs: Iterable[ScalarRun]) -> Mapping[str, Curve | None]:
        """The curve of each run for the run list; None where there is none yet, or where the time was up."""
        wanted = [_Wish(run.name, metric, run) for run in runs if (metric := _metric(run)) is not None]
        with self._lock:
            before = self._curves
        known = {wish.name: before[wish.name] for wish in wanted if wish.name in before}
        new = [wish for wish in wanted if wish.name not in known or known[wish.name][0] != wish.source]
        deadline = time.monotonic() + CURVES_SECONDS
        for start in range(0, len(new), _BATCH):
            if time.monotonic() < deadline:
                known |= self._read_curves(new[start : start + _BATCH])
        with self._lock:
            self._curves = known
        return {name: curve for name, (_, curve) in known.items()}

    def points_per_tag(self, columns: int) -> int:
        """So many points of each of so many tags are asked for: what the reader keeps, if they fit into one table."""
        return max(1, min(self._reader.points, MAX_CELLS // max(1, columns * columns)))

    def _read(self, sources: Mapping[str, Source], updates: Source | None, *, counts_epochs: bool) -> Table:
        wanted = [*sources.values(), *([updates] if updates else [])]
        runs, tags = {source.run for source in wanted}, {source.tag for source in wanted}
        found = self._reader.read(runs, tags, self.points_per_tag(len(sources))) if sources else {}
        if found is None:
            raise HttpError(
                503, "TensorBoard's own reader of scalars fails; its output in the terminal has the details"
            )
        series: dict[str, Sequence[Datum]] = {
            name: found.get(source.run, {}).get(source.tag, ()) for name, source in sources.items()
        }
        if updates:
            evaluations = found.get(updates.run, {}).get(updates.tag, ())
            series["updates"] = updates_of(series["val_loss"], evaluations)
        return table_of(series, counts_epochs=counts_epochs)

    def _read_curves(self, wanted: Sequence[_Wish]) -> dict[str, tuple[Source, Curve | None]]:
        runs, tags = {wish.source.run for wish in wanted}, {wish.source.tag for wish in wanted}
        found = self._reader.read(runs, tags, self._reader.points)
        if found is None and len(wanted) > 1:  # a point that the reader cannot convert costs its own run alone
            return {name: curve for wish in wanted for name, curve in self._read_curves([wish]).items()}
        curves: dict[str, tuple[Source, Curve | None]] = {}
        for wish in wanted:
            points = (found or {}).get(wish.source.run, {}).get(wish.source.tag)
            if points:
                table = table_of({wish.metric: points}, counts_epochs=wish.run.is_keras)
                curves[wish.name] = wish.source, run_list.curve(table)
        return curves

    def _origin(self, run: ScalarRun, kind: str, named: Sequence[str], table: Table) -> dict[str, Any]:
        points = self.points_per_tag(len(named))
        counts = [len(table.steps) - int(table.absent[name].sum() if name in table.absent else 0) for name in named]
        said: dict[str, Any] = {
            "points_per_tag": points,
            "sampled": any(count >= points for count in counts),
            "tags": len(run.columns[kind]),
        }
        if kind == "losses":
            return {"step_is": "batch", "loss_is": "running mean", **said}
        plain = [name for name in named if name in run.plain]
        return {
            "step_is": "epoch" if run.is_keras else "unknown",
            "plain": plain,
            **said,
            "tags_left_out": run.left_out,
        }


def _asked(run: ScalarRun, kind: str, columns: Sequence[str]) -> list[str]:
    """The columns with tags of their own that an answer needs: those asked for, or all."""
    held = run.columns[kind]
    derived = ["wall_time"]
    if kind == "epochs":
        derived += ["epoch"] * run.is_keras + ["updates"] * (run.updates is not None)
    for name in columns:
        if name not in held and name not in derived:
            listed = ", ".join(shown(column) for column in [*held, *derived][:20])
            raise HttpError(404, f"column: {shown(name)} is not logged in {kind}; columns are {listed}")
    asked = [name for name in columns if name in held]
    if "updates" in columns and "val_loss" not in asked:
        asked = []
    return asked or list(held)


def _metric(run: ScalarRun) -> str | None:
    return run_list.metric_of(run.columns.get("epochs", {}))
