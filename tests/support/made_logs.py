"""Logs made of numbers, through the real writer: a sound training of a small network, and whatever is changed of it.

Three kernels: `conv` (8 filters of 3 × 3, ReLU), `hidden` (16 units, tanh), `out` (4 classes, softmax). 200 steps in four
epochs, statistics at every eighth; the loss falls from guessing to a tenth of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import tb_cnnviz
from tb_cnnviz.analysis.doctor import Diagnosis, diagnose
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.gathering import gather
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import LayerRecord, ModelRecord, Record, VariableRecord

STEPS, EPOCHS, CLASSES, STRIDE = 200, 4, 4, 8
BATCH = 32
CHANNELS = {"conv": 8, "hidden": 16, "out": CLASSES}
SHAPES = {"conv": [3, 3, 1, 8], "hidden": [288, 16], "out": [16, CLASSES]}
#: Values of a batch in each channel.
VALUES = {"conv": BATCH * 36, "hidden": BATCH, "out": BATCH}
LAYERS = tuple(CHANNELS)


def layer_records() -> list[LayerRecord]:
    return [
        LayerRecord("input", "input", "InputLayer", "input", output_shape=[6, 6, 1]),
        LayerRecord(
            "conv", "conv", "Conv2D", "convolution", ["input"], output_shape=[6, 6, 8], activation="relu", parameters=80
        ),
        LayerRecord("flatten", "flatten", "Flatten", "reshape", ["conv"], output_shape=[288]),
        LayerRecord(
            "hidden", "hidden", "Dense", "dense", ["flatten"], output_shape=[16], activation="tanh", parameters=4624
        ),
        LayerRecord(
            "out", "out", "Dense", "dense", ["hidden"], output_shape=[CLASSES], activation="softmax", parameters=68
        ),
    ]


@dataclass
class Rows:
    """What a layer gives, at each statistics step: [steps] and [steps, channels]."""

    mean: np.ndarray
    std: np.ndarray
    channel_mean: np.ndarray
    channel_std: np.ndarray
    zeros: np.ndarray  #: share by channel
    saturated: np.ndarray  #: share
    bad: np.ndarray  #: values that are NaN


def falling_loss(end: float = 0.1) -> np.ndarray:
    """From guessing to that part of it, with noise."""
    rng = np.random.default_rng(0)
    course = end + (1 - end) * np.exp(-np.arange(STEPS) / 30)
    return np.log(CLASSES) * course * rng.uniform(0.9, 1.1, STEPS)


def flat_loss() -> np.ndarray:
    return np.log(CLASSES) * np.random.default_rng(1).uniform(0.97, 1.03, STEPS)


def _rows(layer: str, count: int) -> Rows:
    rng = np.random.default_rng(len(layer))
    channels = CHANNELS[layer]
    zeros = rng.uniform(0.3, 0.6, (count, channels)) if layer == "conv" else np.zeros((count, channels))
    mean = np.full((count, channels), 1 / CLASSES) if layer == "out" else rng.normal(0, 0.1, (count, channels))
    std = np.full((count, channels), 0.35)
    return Rows(mean.mean(1), np.full(count, 0.5), mean, std, zeros, np.full(count, 0.05), np.zeros(count))


@dataclass
class MadeLog:
    """Change what a test is about, then `write`, `evidence` or `diagnosis`."""

    layers: list[LayerRecord] = field(default_factory=layer_records)
    shapes: dict[str, list[int]] = field(default_factory=lambda: dict(SHAPES))
    loss_name: str = "sparse_categorical_crossentropy"
    loss_config: dict[str, Any] | None = None
    optimizer: str = "SGD"
    hparams: dict[str, Any] = field(default_factory=dict)
    loss: np.ndarray = field(default_factory=falling_loss)
    rate: float = 0.1
    batches_before: int = 0  #: skipped ones, before each step
    accuracy: float | None = 0.9
    validation: list[float] = field(default_factory=lambda: [1.0, 0.6, 0.4, 0.3])
    validation_accuracy: list[float] | None = None
    norm: dict[str, np.ndarray] = field(default_factory=lambda: {x: np.full(STEPS // STRIDE, 0.1) for x in LAYERS})
    weight: dict[str, np.ndarray] = field(default_factory=lambda: {x: np.full(STEPS // STRIDE, 5.0) for x in LAYERS})
    update: dict[str, np.ndarray] = field(default_factory=lambda: {x: np.full(STEPS // STRIDE, 0.01) for x in LAYERS})
    gradient_nan: dict[str, np.ndarray] = field(default_factory=lambda: {x: np.zeros(STEPS // STRIDE) for x in LAYERS})
    cosine: float = -0.9  #: of update and gradient
    alike: tuple[str, ...] = ()  #: kernels whose weights are all the same
    alike_until: int = STEPS  #: the step from which they are not
    rows: dict[str, Rows] = field(default_factory=lambda: {x: _rows(x, STEPS // STRIDE) for x in LAYERS})
    slopes: dict[str, float] | None = None  #: of activations; None: not recorded
    errors: dict[str, float] = field(default_factory=lambda: {"conv": 0.2, "hidden": 0.3, "out": 0.3})
    x: np.ndarray = field(
        default_factory=lambda: np.random.default_rng(2).normal(0, 1, (8, 6, 6, 1)).astype(np.float32)
    )
    y: np.ndarray = field(default_factory=lambda: (np.arange(8) % CLASSES).astype(np.int64))
    probe_loss: float = 0.1
    predictions: np.ndarray = field(default_factory=lambda: np.eye(CLASSES)[np.arange(8) % CLASSES] * 0.87 + 0.0325)
    steps: int = STEPS

    @property
    def statistics_steps(self) -> list[int]:
        return list(range(0, STEPS, STRIDE))

    def write(self, folder: Path) -> Path:
        writer = RecordWriter(folder)
        for record in self.records():
            if record.step < self.steps:
                writer.write(record)
        writer.close()
        return folder

    def evidence(self, folder: Path) -> Evidence:
        return gather(tb_cnnviz.open_log(self.write(folder))["."])

    def diagnosis(self, folder: Path) -> Diagnosis:
        return diagnose(tb_cnnviz.open_log(self.write(folder))["."])

    def records(self) -> list[Record]:
        made = [self._model(), self._probe()]
        for place, step in enumerate(self.statistics_steps):
            made += [
                self._gradients(place, step),
                self._samples(step),
                self._activations(place, step),
                self._errors(step),
            ]
            made.append(Record("predictions", step, arrays={"y_pred": self.predictions.astype(np.float32)}))
        for epoch in range(EPOCHS):
            made += [self._losses(epoch), self._epoch(epoch)]
        return sorted(made, key=lambda record: record.step)

    def _model(self) -> Record:
        variables = [
            VariableRecord(f"{x}/kernel", x, "kernel", self.shapes[x], "float32", int(np.prod(self.shapes[x])))
            for x in LAYERS
        ]
        model = ModelRecord("net", self.layers, variables, 4772, self.optimizer, self.loss_name, self.hparams)
        model = replace(model, loss_config=self.loss_config)
        return Record("model", 0, arrays={"json": np.frombuffer(model.to_json(), np.uint8)})

    def _probe(self) -> Record:
        arrays = {"x": self.x, "y": self.y, "display": np.zeros((8, 6, 6, 1), np.uint8)}
        return Record("probe", 0, arrays=arrays, attributes={"labelled": True, "display_range": [0.0, 1.0]})

    def _gradients(self, place: int, step: int) -> Record:
        def column(values: dict[str, np.ndarray]) -> np.ndarray:
            return np.array([values[x][place] for x in LAYERS], np.float32)

        sizes = np.array([np.prod(self.shapes[x]) for x in LAYERS])
        norm, bad = column(self.norm), column(self.gradient_nan).astype(np.int64)
        arrays = {
            "norm": norm, "mean": norm * 0, "min": -norm, "max": norm, "weight_norm": column(self.weight),
            "update_norm": column(self.update), "zeros": np.zeros(3, np.int64), "nan": bad, "inf": bad * 0,
            "histogram": (sizes - bad)[:, None].astype(np.uint32), "sampled": np.ones(3, np.int32),
        }  # fmt: skip
        return Record(
            "gradients", step, arrays=arrays, attributes={"bin_start": 250, "source": "training batch", "exact": True}
        )

    def _samples(self, step: int) -> Record:
        rng = np.random.default_rng(step)
        parts: dict[str, list[np.ndarray]] = {"gradient": [], "update": [], "value": []}
        for layer in LAYERS:
            along, across = np.linalg.qr(rng.normal(size=(64, 2)))[0].T
            parts["gradient"].append(along)
            parts["update"].append(self.cosine * along + np.sqrt(1 - self.cosine**2) * across)
            parts["value"].append(
                np.full(64, 0.1) if layer in self.alike and step < self.alike_until else rng.normal(size=64)
            )
        arrays = {name: np.concatenate(values).astype(np.float32) for name, values in parts.items()}
        arrays |= {"counts": np.full(3, 64, np.int32), "indices": np.tile(np.arange(64), 3)}
        return Record("gradient_samples", step, arrays=arrays, attributes={"source": "training batch"})

    def _activations(self, place: int, step: int) -> Record:
        arrays: dict[str, np.ndarray] = {}
        saturation = {"conv": None, "hidden": "slope below 0.05", "out": None}
        names = [{"layer": x, "place": "output", "channels": CHANNELS[x], "saturation": saturation[x]} for x in LAYERS]
        counts = np.array([CHANNELS[x] * VALUES[x] for x in LAYERS], np.int64)
        rows = [self.rows[x] for x in LAYERS]
        by_channel = [
            np.round(row.zeros[place] * VALUES[x]).astype(np.int64) for x, row in zip(LAYERS, rows, strict=True)
        ]
        for name in ("mean", "std"):
            arrays[name] = np.array([getattr(row, name)[place] for row in rows], np.float32)
        arrays |= {"min": arrays["mean"] - 3, "max": arrays["mean"] + 3, "count": counts}
        arrays["zeros"] = np.array([each.sum() for each in by_channel], np.int64)
        shares = np.array([row.saturated[place] for row in rows])
        arrays["saturated"] = np.round(np.where([saturation[x] is None for x in LAYERS], 0, shares) * counts).astype(
            np.int64
        )
        arrays["nan"] = np.array([row.bad[place] for row in rows], np.int64)
        arrays["inf"] = np.zeros(3, np.int64)
        arrays |= {"histogram": counts[:, None].astype(np.uint32), "sampled": np.ones(3, np.int32)}
        if self.slopes is not None:
            arrays["slope_rms"] = np.array([self.slopes.get(x, np.nan) for x in LAYERS], np.float32)
        for name in ("channel_mean", "channel_std"):
            arrays[name] = np.concatenate([getattr(row, name)[place] for row in rows]).astype(np.float32)
        arrays["channel_zeros"] = np.concatenate(by_channel)
        arrays["rows"] = np.frombuffer(json.dumps(names).encode(), np.uint8)
        attributes = {"bin_start": 254, "source": "training batch", "exact": True}
        return Record("activations", step, arrays=arrays, attributes=attributes)

    def _errors(self, step: int) -> Record:
        rows = [
            {"layer": x, "place": "pre_activation", "channels": CHANNELS[x], "calls": 1, "connected": True, "why": None}
            for x in LAYERS
        ]
        norm = np.array([self.errors[x] for x in LAYERS], np.float32)
        none = np.zeros(3, np.int64)
        arrays = {
            "rows": np.frombuffer(json.dumps(rows).encode(), np.uint8), "norm": norm, "mean": norm * 0, "min": -norm,
            "max": norm, "count": none + 100, "zeros": none, "nan": none, "inf": none, "sampled": np.ones(3, np.int32),
            "histogram": np.full((3, 1), 100, np.uint32), "channel_norm": np.zeros(sum(CHANNELS.values()), np.float32),
        }  # fmt: skip
        attributes = {
            "bin_start": 254,
            "source": "probe",
            "loss": self.loss_name,
            "loss_value": self.probe_loss,
            "images": 8,
        }
        return Record("errors", step, arrays=arrays, attributes=attributes)

    def _losses(self, epoch: int) -> Record:
        each = STEPS // EPOCHS
        steps = np.arange(epoch * each, (epoch + 1) * each)
        times = self.batches_before + 1
        arrays = {
            "step": np.repeat(steps, times), "batch": np.tile(np.arange(times, dtype=np.int32), each),
            "loss": np.repeat(self.loss[steps], times).astype(np.float32),
            "learning_rate": np.full(each * times, self.rate, np.float32), "epoch": np.full(each * times, epoch, np.int32),
            "examples": np.repeat((steps + 1) * BATCH, times),
        }  # fmt: skip
        return Record("losses", int(steps[-1]), arrays=arrays)

    def _epoch(self, epoch: int) -> Record:
        each = STEPS // EPOCHS
        values = {
            "loss": float(self.loss[epoch * each : (epoch + 1) * each].mean()),
            "val_loss": self.validation[epoch],
        }
        if self.accuracy is not None:
            values["accuracy"] = self.accuracy
        if self.validation_accuracy is not None:
            values["val_accuracy"] = self.validation_accuracy[epoch]
        arrays = {"values": np.array(list(values.values()), np.float32)}
        return Record(
            "epochs", (epoch + 1) * each - 1, arrays=arrays, attributes={"names": list(values), "epoch": epoch}
        )


def unlearned(**changes: Any) -> MadeLog:
    """A training whose loss stays at that of guessing."""
    made = MadeLog(
        loss=flat_loss(),
        accuracy=0.25,
        validation=[1.39, 1.39, 1.39, 1.39],
        probe_loss=float(np.log(CLASSES)),
        **changes,
    )
    made.predictions = np.full((8, CLASSES), 1 / CLASSES)
    return made


def spike(at: int, factor: float, until: int = STEPS) -> np.ndarray:
    """A norm of 0.1 at each statistics step, and so many times as much between two steps."""
    course = np.full(STEPS // STRIDE, 0.1)
    course[at // STRIDE : until // STRIDE] *= factor
    return course
