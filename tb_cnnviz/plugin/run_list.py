"""What /runs and /run say of a run, from its index and its epochs, or from its scalars where it has no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import Written
from tb_cnnviz.plugin.columns import Table
from tb_cnnviz.plugin.decimation import thin
from tb_cnnviz.plugin.http_schema import Curve, KindSteps, LayerSteps, Notice, RunDetail, RunSummary
from tb_cnnviz.plugin.scalar_runs import ScalarRun
from tb_cnnviz.plugin.settings import Settings, bounded
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.metric_names import LEARNING_RATE, OWN_COLUMNS

CURVE_POINTS = 64
MAX_NOTICES = 1000

#: What the run list draws, the first that a run has; one metric for all runs keeps their curves comparable.
_PREFERRED = ("val_loss", "loss")


def summary(name: str, run: RunIndex, epochs: Table | None, settings: Settings) -> RunSummary:
    """One row of the run list; `epochs` is the table of its kind epochs."""
    return RunSummary(
        name=name,
        source="records",
        kinds=run.kinds,
        first_wall_time=run.first_wall_time,
        last_wall_time=run.last_wall_time,
        last_step=run.last_step,
        records=run.records,
        bytes=run.bytes,
        notices=run.notice_count,
        curve=curve(epochs) if epochs is not None else None,
        optimizer=settings.optimizer,
        hparams=dict(settings.hparams),
        hparams_total=settings.total,
        cost=settings.cost,
    )


def scalar_summary(run: ScalarRun, curve: Curve | None) -> RunSummary:
    """The row of a run of which the scalars alone are known."""
    return RunSummary(
        name=run.name,
        source="scalars",
        kinds=run.kinds,
        first_wall_time=run.first_wall_time,
        last_wall_time=run.last_wall_time,
        last_step=run.last_step,
        records=0,
        bytes=0,
        notices=0,
        curve=curve,
        optimizer=None,
        hparams=bounded(run.hparams),
        hparams_total=len(run.hparams),
        cost=None,
    )


def detail(name: str, run: RunIndex, model: Written | None) -> RunDetail:
    """Everything about a run but its records; `model` is its newest, as JSON."""
    said = run.notices
    notices = [Notice(notice.file, notice.offset, notice.reason) for notice in said[-MAX_NOTICES:]]
    if len(said) > MAX_NOTICES:
        notices.insert(0, Notice("", 0, f"{len(said) - MAX_NOTICES} earlier notices are not listed"))
    kinds = [KindSteps(kind, _groups(run, kind)) for kind in run.kinds]
    return RunDetail(name, model, kinds, notices, run.last_wall_time)  # type: ignore[arg-type]


def scalar_detail(run: ScalarRun, steps: Mapping[str, list[int]]) -> RunDetail:
    """What is known of such a run; `steps` are those of each kind."""
    kinds = [KindSteps(kind, [LayerSteps([], steps[kind])]) for kind in run.kinds]
    return RunDetail(run.name, None, kinds, [], run.last_wall_time)


def curve(epochs: Table) -> Curve | None:
    """The metric that stands for the run, or None before the first epoch ended."""
    metric = metric_of(epochs.columns)
    if metric is None:
        return None
    rows = np.flatnonzero(~epochs.absent[metric]) if metric in epochs.absent else np.arange(len(epochs.steps))
    number = epochs.columns.get("epoch", np.full(len(epochs.steps), np.nan))[rows]
    number = np.where(np.isfinite(number), number, np.arange(len(rows))).astype(np.int64)
    values = epochs.columns[metric][rows]
    kept = thin(values, CURVE_POINTS)
    return Curve(metric, number[kept].tolist(), values[kept].astype(np.float64).tolist(), len(rows))


def metric_of(columns: Iterable[str]) -> str | None:
    """The metric that stands for a run with these columns, or None where they hold none."""
    metrics = [name for name in columns if name not in OWN_COLUMNS and name != LEARNING_RATE]
    return next((name for name in (*_PREFERRED, *metrics) if name in metrics), None)


def _groups(run: RunIndex, kind: str) -> list[LayerSteps]:
    """Layers that were logged at the same steps together: there are as a rule few such groups."""
    if not KINDS[kind].has_layer:
        return [LayerSteps([], run.steps(kind))]
    layers: dict[tuple[int, ...], list[str]] = {}
    for layer in run.layers(kind):
        layers.setdefault(tuple(run.steps(kind, layer)), []).append(layer)
    return [LayerSteps(names, list(steps)) for steps, names in layers.items()]
