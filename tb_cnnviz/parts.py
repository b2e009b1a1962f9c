"""The four parts of a callback: each captures one thing during a fit and writes its records and stock summaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.capture import filters, layer_kinds
from tb_cnnviz.capture.feature_maps import FeatureMaps
from tb_cnnviz.capture.gradients import GradientCapture, is_supported, statistics_seconds
from tb_cnnviz.capture.losses import LossCapture
from tb_cnnviz.capture.mailbox import Due
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.eventlog.reader import open_log
from tb_cnnviz.fit import Fit
from tb_cnnviz.pictures import filter_grid, map_grid
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import edges, histogram, untrim
from tb_cnnviz.records.quantisation import restore_kernel, restore_maps
from tb_cnnviz.schedule import Schedule, stride_within

#: Steps after which the time of a step is known well enough to choose the stride of statistics.
_WARM_STEPS = 32


class Part:
    """One thing that is logged. Every method is called under the fit's guard for `name`."""

    name = ""

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        """Before the first batch, at the weights it will be trained from."""

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        """At a step whose pictures are due; `is_full` at the first, the last and the epochs' last steps."""
        return []

    def steps_ran(self, fit: Fit, count: int) -> None:
        """After an execution of the training step that ran `count` batches."""

    def epoch_ended(self, fit: Fit, step: int, logs: dict[str, float]) -> None:
        """After validation."""

    def drain(self, fit: Fit) -> None:
        """Write what the rings hold."""


class FilterPart(Part):
    """Kernels of convolutions.

    Args:
        max_bytes: at one step. The smallest kernels that fit are logged at every picture step, the others at the
            first and last steps and those that end an epoch.
    """

    name = "filters"

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._latest: list[Record] = []

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        chosen = [p for p in fit.placed if layer_kinds.role(p.layer) == "convolution" and fit.is_asked(p.path)]
        left = self._max_bytes
        self._always: list[Any] = []
        self._rarely: list[Any] = []
        for item in sorted(chosen, key=lambda p: filters.record_bytes(p.layer)):
            left -= filters.record_bytes(item.layer)
            (self._always if left >= 0 else self._rarely).append(item)
        if self._rarely:
            names = ", ".join(p.path for p in self._rarely)
            fit.notice(
                self.name,
                f"kernels of {names} are logged at the first and last steps and at epoch ends only: with them a step "
                f"would take more than {self._max_bytes} bytes (max_bytes_per_step)",
            )

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        items = self._always + (self._rarely if is_full else [])
        self._latest = [filters.record(item.layer, item.path, step) for item in items]
        return self._latest

    def epoch_ended(self, fit: Fit, step: int, logs: dict[str, float]) -> None:
        for record in self._latest:
            if record.step == step:
                kernel = restore_kernel(record.arrays["kernel"], record.arrays.get("scale"))
                fit.writer.stock.image(f"filters/{record.layer}", filter_grid(kernel), fit.logged_epoch)


class FeatureMapPart(Part):
    """What the layers make of the probe. `maps` is given by the callback, which needs its pass for the model record."""

    name = "feature maps"

    def __init__(self) -> None:
        self.maps: FeatureMaps | None = None
        self._latest: list[Record] = []

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        self._latest = self.maps.records(step) if self.maps is not None else []
        return self._latest

    def epoch_ended(self, fit: Fit, step: int, logs: dict[str, float]) -> None:
        for record in self._latest:
            if record.kind == "feature_maps" and record.step == step:
                arrays = record.arrays
                grid = map_grid(restore_maps(arrays["maps"], arrays.get("lo"), arrays.get("hi"))[0])
                if grid is not None:
                    fit.writer.stock.image(f"feature_maps/{record.layer}", grid, fit.logged_epoch)


class GradientPart(Part):
    """Received gradients and applied updates.

    Args:
        schedule: gives the stride, or leaves it to `overhead`.
        overhead: half of it is what statistics may take of training time.
    """

    name = "gradients"

    def __init__(self, schedule: Schedule, overhead: float) -> None:
        self._schedule, self._overhead = schedule, overhead
        self.stride = schedule.statistics_stride or 1
        self._capture: GradientCapture | None = None
        self._latest: Record | None = None
        self._since_drain = 0
        self._ran = 0
        self._thinning = 1

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        reason = is_supported(fit.model)
        if reason is not None:
            fit.turn_off(self.name, reason)
            return
        model = fit.model
        self._variables = list(model.trainable_variables)
        offset = fit.offsets.iterations
        self._due = Due(-offset % self.stride if self._schedule.statistics_stride else fit.step() - offset, self.stride)
        self._capture = GradientCapture(
            model.optimizer,
            self._variables,
            jit=bool(model.jit_compile),
            due=self._due,
            slots=2 * int(model.steps_per_execution),
        )
        step.hooks.append(self._capture.hook(lambda: fit.guard(self.name)))

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        if self._capture is not None and self._schedule.statistics_stride is None:
            self._due.set(step - fit.offsets.iterations, self.stride)
        self.drain(fit)
        return []

    def thin(self, factor: int) -> None:
        """Record `factor` times more rarely than wanted, as the log fills up."""
        self._thinning = factor

    def steps_ran(self, fit: Fit, count: int) -> None:
        if self._capture is None:
            return
        self._since_drain += count
        self._ran += count
        if self._ran >= _WARM_STEPS:
            self._choose_stride(fit)
        execution = int(fit.model.steps_per_execution)
        if self._since_drain // self.stride + -(-execution // self.stride) + 1 >= self._capture.slots:
            self.drain(fit)

    def _choose_stride(self, fit: Fit) -> None:
        """Once, when the first steps have shown what one takes; and when the log fills up."""
        wanted = self._schedule.statistics_stride
        if wanted is None:
            if self._ran - _WARM_STEPS > int(fit.model.steps_per_execution) and self._thinning == 1:
                return
            seconds = fit.clock.training_s / self._ran
            wanted = stride_within(self._overhead / 2, statistics_seconds(self._variables), seconds)
        stride = min(wanted * self._thinning, 1 << 30)
        if stride != self.stride:
            self.stride = stride
            self._due.set(self._due.first, stride)

    def drain(self, fit: Fit) -> None:
        if self._capture is None:
            return
        self._since_drain = 0
        for record in self._capture.drain(fit.offsets.iterations):
            fit.write(record)
            self._latest = record

    def epoch_ended(self, fit: Fit, step: int, logs: dict[str, float]) -> None:
        if self._capture is None:
            return
        stock, epoch = fit.writer.stock, fit.logged_epoch
        if self._latest is not None:
            counts = untrim(self._latest.attributes["bin_start"], self._latest.arrays["histogram"])
            for variable, row in zip(self._variables, counts, strict=True):
                stock.histogram(f"gradients/{variable.path}", row, edges(), epoch)
        for variable in self._variables:
            values = np.asarray(variable.numpy(), np.float32)
            stock.histogram(f"weights/{variable.path}", histogram(values), edges(), epoch)


class LossPart(Part):
    """Each batch's loss and learning rate; metrics by epoch."""

    name = "losses"

    def __init__(self) -> None:
        self._capture: LossCapture | None = None
        self._since_drain = 0
        self._rows = 0
        self._examples = 0

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        reason = is_supported(fit.model)
        if reason is not None:
            fit.turn_off(self.name, reason)
            return
        self._examples = examples_until(fit)
        self._capture = LossCapture(fit.model, slots=max(64, 2 * int(fit.model.steps_per_execution)))
        step.hooks.append(self._capture.hook(lambda: fit.guard(self.name)))

    def steps_ran(self, fit: Fit, count: int) -> None:
        if self._capture is None:
            return
        self._since_drain += count
        if self._since_drain + int(fit.model.steps_per_execution) >= self._capture.slots:
            self.drain(fit)

    def drain(self, fit: Fit) -> None:
        if self._capture is None or not self._since_drain:
            return
        self._since_drain = 0
        rows = self._capture.drain()
        m = len(rows["step"])
        if not m:
            return
        self._rows += m
        seen = self._examples + np.cumsum(rows["examples"].astype(np.int64))
        self._examples = int(seen[-1])
        steps = rows["step"].astype(np.int64) + fit.offsets.iterations
        arrays = {
            "step": steps,
            "loss": rows["loss"],
            "learning_rate": rows["learning_rate"],
            "epoch": np.full(m, fit.logged_epoch, np.int32),
            "examples": seen,
        }
        fit.write(Record("losses", int(steps[-1]), arrays=arrays))

    def epoch_ended(self, fit: Fit, step: int, logs: dict[str, float]) -> None:
        if self._capture is not None and not self._rows:
            fit.turn_off(self.name, "the model's train_step never called compute_loss, so batches have no loss to log")
        values = {name: float(value) for name, value in logs.items()}
        values.setdefault("learning_rate", float(np.asarray(fit.model.optimizer.learning_rate)))
        attributes = {"names": list(values), "epoch": fit.logged_epoch}
        fit.write(
            Record(
                "epochs", step, arrays={"values": np.array(list(values.values()), np.float32)}, attributes=attributes
            )
        )
        for name, value in values.items():
            is_validation = name.startswith("val_")
            tag = f"epoch_{name.removeprefix('val_')}"
            fit.writer.stock.scalar(tag, value, fit.logged_epoch, "validation" if is_validation else "train")


def examples_until(fit: Fit) -> int:
    """Examples that the run had seen at this fit's first step, by the log; 0 where it does not say."""
    start = fit.step()
    try:
        run = open_log(fit.writer.log_dir)["."]
        for step in reversed(run.steps("losses", None)):
            rows = run.read("losses", None, step)
            before = rows["examples"][rows["step"] < start]
            if len(before):
                return int(before[-1])
    except (KeyError, OSError, ValueError):
        pass
    return 0
