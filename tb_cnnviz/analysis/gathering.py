"""From a run of a log to the arrays that the rules look at. Reads a bounded number of records, however long the run is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_cnnviz.analysis.evidence import (
    Activations,
    BatchStatistics,
    Epochs,
    Errors,
    Evidence,
    Gradients,
    Losses,
    Probe,
    Row,
    Samples,
)
from tb_cnnviz.analysis.place_table import PlaceTable
from tb_cnnviz.analysis.sampled_steps import sampled_steps
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import Record

#: Records of each kind of statistic that are read of a run at most.
STATISTICS = 96
#: The same for records that tell little more with each one.
PICTURES = 24
_PREDICTIONS_BYTES = 4 << 20
_ROW_VALUES = ("mean", "std", "min", "max", "count")
_CHANNEL_VALUES = ("channel_mean", "channel_std")


class NothingToJudge(ValueError):
    """A run without a model record, or without a loss, gradient or activation."""


def gather(run: Run, progress: Callable[[int], None] | None = None) -> Evidence:
    """The evidence of one run.

    Args:
        progress: is told after each record how many were read.

    Raises:
        NothingToJudge: where the log has no model record, or nothing of a training.
    """
    model = run.model
    if model is None:
        raise NothingToJudge(f"run {run.name!r} has no model record that can be read, so there is nothing to judge")
    reader = _Reader(run, progress)
    with np.errstate(all="ignore"):  # NaN and infinity are what rules look for
        evidence = _evidence(reader, model)
    if evidence.losses is None and evidence.epochs is None and evidence.gradients is None:
        raise NothingToJudge(
            f"run {run.name!r} holds no losses and no gradients: it was not trained while it was logged"
        )
    return evidence


def _evidence(reader: _Reader, model: ModelRecord) -> Evidence:
    return Evidence(
        model,
        losses=_losses(reader),
        epochs=_epochs(reader),
        gradients=_gradients(reader, [variable.size for variable in model.variables]),
        samples=_samples(reader, len(model.variables)),
        activations=_activations(reader),
        errors=_errors(reader),
        probe=_probe(reader),
        inputs=_batches(reader, "input"),
        labels=_batches(reader, "label"),
    )


class _Reader:
    """Reads what is there and passes over what is damaged: the log says that in its notices."""

    def __init__(self, run: Run, progress: Callable[[int], None] | None) -> None:
        self._run = run
        self._progress = progress
        self._count = 0

    def read(self, kind: str, step: int | None) -> dict[str, Any] | None:
        try:
            found = self._run.read(kind, None, step)
        except (KeyError, DamagedRecord):
            return None
        self._count += 1
        if self._progress is not None:
            self._progress(self._count)
        return found

    def records(self, kind: str, at_most: int) -> tuple[list[int], list[dict[str, Any]]]:
        if kind not in self._run.kinds:
            return [], []
        found = [(step, self.read(kind, step)) for step in sampled_steps(self._run.steps(kind), at_most)]
        sound = [(step, record) for step, record in found if record is not None]
        return [step for step, _ in sound], [record for _, record in sound]

    def columns(self, kind: str, at_most: int) -> list[Record]:
        """Records as they were written, with a column for each array: `Run.read` takes them apart by layer, which takes longer."""
        if kind not in self._run.kinds:
            return []
        found = []
        for step in sampled_steps(self._run.steps(kind), at_most):
            try:
                found.append(self._run.record(kind, step))
            except (KeyError, DamagedRecord):
                continue
            self._count += 1
            if self._progress is not None:
                self._progress(self._count)
        return found


def _losses(reader: _Reader) -> Losses | None:
    record = reader.read("losses", None)
    if record is None or not len(record["step"]):
        return None
    step = record["step"].astype(np.int64)
    last = np.append(step[1:] != step[:-1], True)  # of batches that share a step, the one whose update was applied
    size = len(step)
    columns = {
        name: np.asarray(record.get(name, np.full(size, np.nan)), np.float64) for name in ("loss", "learning_rate")
    }
    epoch = np.asarray(record.get("epoch", np.zeros(size)), np.int64)
    before = np.diff(np.append(-1, np.flatnonzero(last))) - 1
    return Losses(step[last], columns["loss"][last], columns["learning_rate"][last], epoch[last], before)


def _epochs(reader: _Reader) -> Epochs | None:
    record = reader.read("epochs", None)
    if record is None or not len(record["step"]):
        return None
    metrics = {
        name: np.asarray(values, np.float64)
        for name, values in record.items()
        if name not in ("step", "epoch") and isinstance(values, np.ndarray)
    }
    return Epochs(record["step"].astype(np.int64), metrics)


def _gradients(reader: _Reader, sizes: Sequence[int]) -> Gradients | None:
    names = ("norm", "min", "max", "weight_norm", "update_norm", "zeros", "nan", "inf")
    sound = [
        record
        for record in reader.columns("gradients", STATISTICS)
        if all(name in record.arrays and record.arrays[name].shape == (len(sizes),) for name in names)
    ]
    if not sound or not len(sizes):
        return None
    table = {name: np.stack([record.arrays[name] for record in sound]).astype(np.float64) for name in names}
    return Gradients(
        np.array([record.step for record in sound], np.int64),
        norm=table["norm"],
        largest=np.maximum(abs(table["min"]), abs(table["max"])),
        update=table["update_norm"],
        weight=table["weight_norm"],
        zeros=table["zeros"] / np.maximum(sizes, 1),
        not_finite=table["nan"] + table["inf"],
    )


def _samples(reader: _Reader, variables: int) -> Samples | None:
    steps, records = reader.records("gradient_samples", PICTURES)
    sound = [
        (step, record)
        for step, record in zip(steps, records, strict=True)
        if len(record["counts"]) == variables and all(name in record for name in ("gradient", "update", "value"))
    ]
    if not sound or not variables:
        return None
    cosine = np.stack([_by_variable(r, _cosine) for _, r in sound])
    spread = np.stack([_by_variable(r, _spread) for _, r in sound])
    return Samples(np.array([s for s, _ in sound], np.int64), cosine, spread)


def _by_variable(record: dict[str, Any], arithmetic: Callable[[dict[str, np.ndarray]], float]) -> np.ndarray:
    ends = np.cumsum(record["counts"])
    parts = []
    for begin, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        parts.append(arithmetic({n: record[n][begin:end].astype(np.float64) for n in ("gradient", "update", "value")}))
    return np.array(parts)


def _cosine(sample: dict[str, np.ndarray]) -> float:
    with np.errstate(all="ignore"):
        length = np.linalg.norm(sample["gradient"]) * np.linalg.norm(sample["update"])
        return float(sample["gradient"] @ sample["update"] / length) if length > 0 else np.nan


def _spread(sample: dict[str, np.ndarray]) -> float:
    value = sample["value"]
    with np.errstate(all="ignore"):
        rms = np.sqrt(np.mean(value**2)) if len(value) > 1 else np.nan
        return float(np.std(value) / rms) if rms > 0 else 0.0 if rms == 0 else np.nan


def _activations(reader: _Reader) -> Activations | None:
    table = PlaceTable.of(reader.columns("activations", STATISTICS))
    if table is None:
        return None
    return Activations(table.steps, {place: _row(table, place) for place in table.places})


def _row(table: PlaceTable, place: tuple[str, str]) -> Row:
    def column(name: str) -> np.ndarray:
        return table.by_row(name, place)

    count = np.where(column("count") > 0, column("count"), np.nan)
    channels = table.channels[place]
    has_saturation = np.array([row.get("saturation") is not None for row in table.said[place]])
    return Row(
        **{name: column(name) for name in _ROW_VALUES},
        zeros=column("zeros") / count,
        saturated=np.where(has_saturation, column("saturated") / count, np.nan),
        slope=column("slope_rms"),
        not_finite=column("nan") + column("inf"),
        **{name: table.by_channel(name, place) for name in _CHANNEL_VALUES},
        channel_zeros=table.by_channel("channel_zeros", place) / (count[:, None] / max(channels, 1)),
    )


def _errors(reader: _Reader) -> Errors | None:
    records = reader.columns("errors", PICTURES)
    table = PlaceTable.of(records)
    if table is None:
        return None
    connected = [place for place in table.places if any(row.get("connected", True) for row in table.said[place])]
    return Errors(
        table.steps,
        np.array([_number(values.get("loss_value")) for values in table.attributes]),
        {layer: table.by_row("norm", (layer, place)) for layer, place in connected},
        {
            layer: table.by_row("nan", (layer, place)) + table.by_row("inf", (layer, place))
            for layer, place in connected
        },
    )


def _probe(reader: _Reader) -> Probe:
    record = reader.read("probe", None) or {}
    names = [name for name in record if name == "x" or (name.startswith("x_") and name[2:].isdigit())]
    x = [record[name] for name in names if _has_images(record[name])]
    y = record.get("y")
    steps, records = reader.records("predictions", PICTURES)
    kept = [
        (step, np.asarray(record["y_pred"], np.float64))
        for step, record in zip(steps, records, strict=True)
        if _has_images(record.get("y_pred")) and record["y_pred"].nbytes <= _PREDICTIONS_BYTES
    ]
    return Probe(x, y if _has_images(y) else None, [s for s, _ in kept], [p for _, p in kept])


def _has_images(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.ndim > 0 and array.size > 0


def _batches(reader: _Reader, part: str) -> BatchStatistics | None:
    """Statistics of the training batch's inputs or labels; older logs hold none."""
    steps, records = reader.records("batches", STATISTICS)
    chosen = [np.flatnonzero([p == part for p in record.get("parts", ())]) for record in records]
    width = max((len(places) for places in chosen), default=0)
    sound = [each for each in zip(steps, records, chosen, strict=True) if len(each[2]) == width]
    if not width:
        return None

    def table(name: str) -> np.ndarray:
        return np.stack([np.asarray(record[name], np.float64)[places] for _, record, places in sound])

    counts = [
        c for _, record, _ in sound if part == "label" and isinstance(c := record.get("class_counts"), np.ndarray)
    ]
    has_classes = len(counts) == len(sound) and len({c.shape for c in counts}) == 1
    shares = np.stack(counts).astype(np.float64) if has_classes else None
    return BatchStatistics(
        np.array([step for step, _, _ in sound], np.int64),
        [str(sound[0][1]["names"][place]) for place in sound[0][2]],
        mean=table("mean"),
        std=table("std"),
        min=table("min"),
        max=table("max"),
        not_finite=table("nan") + table("inf"),
        class_share=shares / np.maximum(shares.sum(1, keepdims=True), 1) if shares is not None else None,
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
