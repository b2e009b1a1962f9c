"""Keras' metrics by epoch, and the learning rates beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record
from tb_cnnviz.records.metric_names import LEARNING_RATE


class MetricRecorder(Recorder):
    """Logs Keras' own metrics at the end of each epoch, and as stock scalars under Keras' own names."""

    name = "metrics"

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        values = {name: float(value) for name, value in logs.items()}
        beside = {}
        for name, rate in learning_rates(fit).items():
            if name == LEARNING_RATE and name in logs and has_metric(fit.model, name):
                beside[name] = np.array([rate], np.float32)
            else:
                values.setdefault(name, rate)
        with np.errstate(over="ignore"):
            arrays = {"values": np.array(list(values.values()), np.float32), **beside}
        fit.write(Record("epochs", step, arrays=arrays, attributes={"names": list(values), "epoch": fit.logged_epoch}))
        for name, value in values.items():
            folder = "validation" if name.startswith("val_") else "train"
            fit.writer.stock.scalar(f"epoch_{name.removeprefix('val_')}", value, fit.logged_epoch, folder)


def has_metric(model: Any, name: str) -> bool:
    """Whether a metric of the model has this name; those that were compiled stand in one that holds them."""
    held = [inner for metric in model.metrics for inner in (metric, *(getattr(metric, "metrics", None) or ()))]
    return any(getattr(metric, "name", None) == name for metric in held)


def learning_rates(fit: FitLog) -> dict[str, float]:
    """`learning_rate` of the optimizer that is used, of several ones `learning_rate/d_optimizer` and so on."""
    used = fit.used_optimizers
    found: dict[str, float] = {}
    for named in used:
        with contextlib.suppress(Exception):  # JAX: another optimizer's variables are wherever the model keeps them
            name = "learning_rate" if len(used) == 1 else f"learning_rate/{named.name}"
            found[name] = float(to_numpy(innermost(named.optimizer).learning_rate))
    return found
