"""CNNViz and the four callbacks that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

import tb_cnnviz
from tb_cnnviz import schedule
from tb_cnnviz.capture import architecture, first_batch, layer_tree, probe
from tb_cnnviz.capture.feature_maps import FeatureMaps
from tb_cnnviz.capture.forward import Pass
from tb_cnnviz.capture.gradients import innermost
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.eventlog.resume import last_session
from tb_cnnviz.fit import Fit, offsets
from tb_cnnviz.hparams import optimizer_hparams
from tb_cnnviz.parts import FeatureMapPart, FilterPart, GradientPart, LossPart, Part
from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Moment, Schedule

Every = int | str | Schedule
Scalar = str | float | int | bool


class Logger(keras.callbacks.Callback):
    """What the callbacks have in common: one fit, from its first batch to however it ends."""

    def __init__(
        self,
        log_dir: str | Path,
        *,
        every: Every = "auto",
        layers: Iterable[str] | None = None,
        hparams: Mapping[str, Scalar] | None = None,
        class_names: Sequence[str] | None = None,
        overhead: float = 0.03,
        max_bytes_per_step: int = 8 << 20,
        max_log_bytes: int = 2 << 30,
        writer: RunWriter | None = None,
    ) -> None:
        super().__init__()
        self.log_dir = Path(log_dir)
        self.schedule = schedule.parse(every)
        self.layers = None if layers is None else [layers] if isinstance(layers, str) else list(layers)
        self.hparams = dict(hparams or {})
        self.class_names = class_names
        self.overhead = _positive("overhead", overhead)
        self.max_bytes_per_step = int(_positive("max_bytes_per_step", max_bytes_per_step))
        self.max_log_bytes = int(_positive("max_log_bytes", max_log_bytes))
        self._given_writer = writer
        self._parts: list[Part] = []
        self._fit: Fit | None = None
        self._step: InstrumentedStep | None = None

    def _make_parts(self) -> list[Part]:
        raise NotImplementedError

    # What only the callbacks with a probe do.

    _wants_first_batch = False

    def _check_probe(self) -> None:
        """Raise ValueError early for a probe that does not fit."""

    def _look(self, fit: Fit, batch: Any) -> Pass | None:
        """A watched pass for the model record."""
        return _pass_over_zeros(fit)

    # Keras' events.

    def on_train_begin(self, logs: Any = None) -> None:
        self._close()
        self._fit, self._ended = None, False
        self._first_epoch: int | None = None
        self._epoch = 0
        if self.model.built:
            self._asked(layer_tree.leaves(self.model))
            self._check_probe()
        self._step = InstrumentedStep.of_fit(self.model)
        self._step.before_first.append(self._begin)
        self._step.on_abort.append(self._abort)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        self._batch = -1
        if self._first_epoch is None:
            self._first_epoch = epoch
        if self._fit is not None:
            self._fit.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._step is not None:
            self._step.arm()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        fit = self._fit
        if fit is None:
            return
        ran, self._batch = batch - self._batch, batch
        with fit.clock.logging(), fit.guard("schedule"):
            self._ran += ran
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.steps_ran(fit, ran)
            if self.schedule.due(self._moment(fit, epoch_end=False)):
                self._take_pictures(fit, is_full=False)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        fit = self._fit
        if fit is None:
            return
        with fit.clock.logging(), fit.guard("epoch ends"):
            moment = self._moment(fit, epoch_end=True)
            if epoch == self._first_epoch or self.schedule.due(moment):
                self._take_pictures(fit, is_full=True)
            step = fit.step()
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.drain(fit)
                    part.epoch_ended(fit, step, dict(logs or {}))
            fit.writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        fit = self._fit
        if fit is not None:
            with fit.guard("the end of fit"):
                self._take_pictures(fit, is_full=True)
                self._drain(fit)
                if fit.writer.first_to_say("end", fit.token):
                    fit.writer.stock.end_hparams(succeeded=True)
        self._close()

    # The life of one fit.

    def _begin(self, iterator: Any) -> Any:
        """Before the first batch, when every other callback has restored what it had to restore."""
        model, batch = self.model, None
        why_no_batch = ""
        if self._wants_first_batch or not model.built:
            try:
                batch, iterator = first_batch.peek(iterator, int(model.steps_per_execution))
                x = keras.utils.unpack_x_y_sample_weight(batch)[0]
                first_batch.build_model(model, x)
            except first_batch.NotPossible as error:
                why_no_batch = str(error)
        placed = layer_tree.leaves(model)
        asked = self._asked(placed)
        writer = self._given_writer or RunWriter(self.log_dir)
        fit = Fit(model, writer, placed, asked, token=self._step, epoch=self._epoch)
        self._check_probe()
        self._fit = fit
        self._parts, self._last_step, self._ran = self._make_parts(), None, 0
        self._last_ran = 0
        self._pictures_s = self._cost_s = 0.0
        with fit.clock.logging(), fit.guard("this callback"):
            self._used = writer.bytes_there()
            log = last_session(writer.log_dir)
            fit.offsets = offsets(int(innermost(model.optimizer).iterations), self._first_epoch or 0, log)
            if why_no_batch and self._wants_first_batch:
                fit.turn_off(
                    "feature maps", f"no probe was given, and the first batch cannot be looked at: {why_no_batch}"
                )
            self._describe(fit, batch)
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.begin(fit, self._step)
            self._step.on_fault.append(lambda error: fit.turn_off("gradients and losses", str(error)))
            self._take_pictures(fit, is_full=True)
        return iterator

    def _describe(self, fit: Fit, batch: Any) -> None:
        """The session and the model, once however many callbacks share the log."""
        seen = None
        with fit.guard("feature maps"):
            seen = self._look(fit, batch)
        step = fit.step()
        hparams = {**optimizer_hparams(fit.model), **self.hparams}
        with fit.guard("the model record"):
            record = architecture.model_record(
                fit.model, fit.placed, seen, hparams=hparams, class_names=self.class_names
            )
            if fit.writer.first_to_say("model", fit.token):
                attributes = {
                    "iterations_offset": fit.offsets.iterations,
                    "epoch_offset": fit.offsets.epoch,
                    "tb_cnnviz": tb_cnnviz.__version__,
                    "backend": keras.config.backend(),
                }
                fit.write(Record("session", step, attributes=attributes))
                text = record.to_json()
                fit.write(Record("model", step, arrays={"json": np.frombuffer(text, np.uint8)}))
                fit.writer.stock.model(text, step)
                fit.writer.stock.hparams(hparams)

    def _take_pictures(self, fit: Fit, *, is_full: bool) -> None:
        step = fit.step()
        if step == self._last_step:
            return
        import time

        start = time.perf_counter()
        size = 0
        for part in self._on(fit):
            with fit.guard(part.name):
                for record in part.pictures(fit, step, is_full=is_full):
                    size += sum(array.nbytes for array in record.arrays.values())
                    fit.write(record)
        self._cost_s = time.perf_counter() - start
        self._pictures_s += self._cost_s
        self._last_step, self._last_ran = step, self._ran
        attributes = {
            "pictures_s": self._cost_s,
            "training_s": fit.clock.training_s,
            "logging_s": fit.clock.logging_s,
            "bytes": size,
        }
        fit.write(Record("cost", step, attributes=attributes))

    def _moment(self, fit: Fit, *, epoch_end: bool) -> Moment:
        per_update = getattr(innermost(self.model.optimizer), "gradient_accumulation_steps", None) or 1
        used = self._used + fit.writer.records.bytes_written
        return Moment(
            step=(self._last_step or 0) + (self._ran - self._last_ran) // per_update,
            last=self._last_step,
            epoch=fit.logged_epoch,
            epoch_end=epoch_end,
            training_s=fit.clock.training_s,
            pictures_s=self._pictures_s,
            cost_s=self._cost_s,
            overhead=self.overhead,
            thinning=schedule.thinning(used, self.max_log_bytes),
        )

    def _on(self, fit: Fit) -> list[Part]:
        return [part for part in self._parts if part.name not in fit.off]

    def _drain(self, fit: Fit) -> None:
        for part in self._on(fit):
            with fit.guard(part.name):
                part.drain(fit)

    def _abort(self) -> None:
        """An exception leaves fit: keep what was captured, hold nothing."""
        if self._fit is not None:
            with self._fit.guard("the end of fit"):
                self._drain(self._fit)
                if self._fit.writer.first_to_say("end", self._fit.token):
                    self._fit.writer.stock.end_hparams(succeeded=False)
        self._close()

    def _close(self) -> None:
        if self._step is not None:
            self._step.disarm()
        fit, self._fit, self._step = self._fit, None, None
        self._parts = []
        if fit is not None:
            with fit.guard("the end of fit"):
                fit.writer.flush()
                if self._given_writer is None:
                    fit.writer.close()

    def _asked(self, placed: list[layer_tree.PlacedLayer]) -> set[str] | None:
        """Paths of the layers to look into, by path or name."""
        if self.layers is None:
            return None
        found: set[str] = set()
        for wanted in self.layers:
            name = getattr(wanted, "name", wanted)
            paths = [item.path for item in placed if name in (item.path, item.layer.name)]
            if not paths:
                there = ", ".join(item.path for item in placed[:20])
                raise ValueError(f"layers: the model has no layer {name!r}; accepted are names or paths: {there}")
            found.update(paths)
        return found


class _WithProbe(Logger):
    """A callback that runs the probe through the model."""

    def __init__(
        self,
        log_dir: str | Path,
        probe: Any = None,
        *,
        probe_display: Any = None,
        max_images: int = 8,
        max_channels: int = 64,
        **settings: Any,
    ) -> None:
        super().__init__(log_dir, **settings)
        self.probe = probe
        self.probe_display = probe_display
        self.max_images = int(_positive("max_images", max_images))
        self.max_channels = int(_positive("max_channels", max_channels))

    @property
    def _wants_first_batch(self) -> bool:  # type: ignore[override]
        return self.probe is None and self._wants_maps

    _wants_maps = True

    def _check_probe(self) -> None:
        if self.probe is not None:
            probe.read(self.probe, self.model, self.max_images)

    def _look(self, fit: Fit, batch: Any) -> Pass | None:
        given = self.probe
        if given is None and batch is not None:
            x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
            given = (x, y) if y is not None else x
        if given is None or not self._wants_maps:
            return super()._look(fit, batch)
        images = probe.read(given, fit.model, self.max_images)
        maps = FeatureMaps(
            fit.model,
            fit.placed,
            images,
            layers=fit.asked,
            max_images=self.max_images,
            max_channels=self.max_channels,
            max_bytes=self.max_bytes_per_step,
        )
        for part in self._parts:
            if isinstance(part, FeatureMapPart):
                part.maps = maps
        with fit.guard("the probe's pictures"):
            fit.write(probe.record(images, fit.step(), self.probe_display))
        return maps.seen


class FilterLogger(Logger):
    """Logs the kernels of every convolution."""

    def _make_parts(self) -> list[Part]:
        return [FilterPart(self.max_bytes_per_step)]


class FeatureMapLogger(_WithProbe):
    """Logs what convolutions, pooling layers and dense layers make of the probe, and the predictions for it."""

    def _make_parts(self) -> list[Part]:
        return [FeatureMapPart()]


class GradientLogger(Logger):
    """Logs the gradient that the optimizer receives for every trainable variable, and the update that it applies."""

    def _make_parts(self) -> list[Part]:
        return [GradientPart(self.schedule, self.overhead)]


class LossLogger(Logger):
    """Logs each batch's loss and learning rate, and metrics by epoch."""

    def _make_parts(self) -> list[Part]:
        return [LossPart()]


class CNNViz(_WithProbe):
    """Logs what happens inside a convolutional network while `model.fit` trains it."""

    def __init__(
        self,
        log_dir: str | Path,
        probe: Any = None,
        *,
        every: Every = "auto",
        layers: Iterable[str] | None = None,
        filters: bool = True,
        feature_maps: bool = True,
        gradients: bool = True,
        errors: bool = True,
        losses: bool = True,
        hparams: Mapping[str, Scalar] | None = None,
        class_names: Sequence[str] | None = None,
        probe_display: Any = None,
        overhead: float = 0.03,
        max_images: int = 8,
        max_channels: int = 64,
        max_bytes_per_step: int = 8 << 20,
        max_log_bytes: int = 2 << 30,
        writer: RunWriter | None = None,
    ) -> None:
        super().__init__(
            log_dir,
            probe,
            every=every,
            layers=layers,
            hparams=hparams,
            class_names=class_names,
            probe_display=probe_display,
            overhead=overhead,
            max_images=max_images,
            max_channels=max_channels,
            max_bytes_per_step=max_bytes_per_step,
            max_log_bytes=max_log_bytes,
            writer=writer,
        )
        self.filters, self.gradients, self.errors, self.losses = filters, gradients, errors, losses
        self._wants_maps = feature_maps

    def _make_parts(self) -> list[Part]:
        parts: list[Part] = []
        if self.filters:
            parts.append(FilterPart(self.max_bytes_per_step // 2))
        if self._wants_maps:
            parts.append(FeatureMapPart())
        if self.gradients:
            parts.append(GradientPart(self.schedule, self.overhead))
        if self.losses:
            parts.append(LossPart())
        return parts


def _pass_over_zeros(fit: Fit) -> Pass | None:
    """A watched pass where there is no probe; None where the model does not say what it takes."""
    try:
        shapes = keras.tree.map_structure(lambda t: (1, *t.shape[1:]), fit.model.inputs)
        x = keras.tree.map_structure(lambda t: np.zeros((1, *t.shape[1:]), t.dtype), fit.model.inputs)
    except Exception:
        return None
    del shapes
    from tb_cnnviz.capture.forward import Forward

    forward = Forward(fit.model, fit.placed, x[0] if len(x) == 1 else x, lambda seen: seen.outputs)
    return forward.seen


def _positive(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{name}: {value!r} given; accepted is a number above 0")
    return value
