"""A callback that runs a probe through the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network import probe as probes
from tb_cnnviz.capture.network.forward import refusal
from tb_cnnviz.capture.network.model_inputs import input_names, input_shapes, shapes_of
from tb_cnnviz.capture.network.networks import why_it_fails
from tb_cnnviz.capture.network.probe_display import check_display
from tb_cnnviz.capture.quantities import operations
from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps
from tb_cnnviz.eventlog.record_size import bytes_in_log
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.beginning import do_without_passes
from tb_cnnviz.loggers.context import FirstLook, FitProbe
from tb_cnnviz.loggers.feature_map_recorder import FeatureMapRecorder
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.logged_fit import LoggedFit
from tb_cnnviz.loggers.logger import Logger


class ProbeLogger(Logger):
    """A `Logger` with a probe. The arguments are those of `CNNViz`."""

    def __init__(
        self,
        log_dir: str | Path,
        probe: Any = None,
        *,
        feature_maps: bool = True,
        errors: bool = False,
        probe_display: Any = None,
        max_images: int = 8,
        max_channels: int = 64,
        max_operation_bytes: int = operations.MAX_BYTES,
        **settings: Any,
    ) -> None:
        super().__init__(log_dir, **settings)
        self.probe = probe
        self.feature_maps, self.errors = feature_maps, errors
        self.probe_display = check_display(probe_display)
        self.max_images = arguments.whole("max_images", max_images)
        self.max_channels = arguments.whole("max_channels", max_channels)
        self.max_operation_bytes = arguments.whole("max_operation_bytes", max_operation_bytes)
        self._images: probes.Probe | None = None
        self._without: str | None = None  # why there is none

    def needs_first_batch(self) -> bool:
        if super().needs_first_batch():
            return True
        return (self.feature_maps or self.errors) and (self.probe is None or not input_shapes(self.model))

    def check(self, batch: Any) -> None:
        super().check(batch)
        self._images, self._without = None, None
        if self.probe is not None:
            shapes = input_shapes(self.model)
            if not shapes and batch is not None:
                shapes = shapes_of(probes.unpacked(batch)[0])
            if not shapes and self.is_entering:
                return  # a model without inputs of its own: its first batch tells more
            self._images = probes.read(self.probe, shapes, self.max_images, input_names(self.model), self._refusal)
        elif batch is not None:
            try:
                self._images = probes.of_batch(batch, self.max_images, input_names(self.model))
            except probes.NotUsable as why:
                self._without = f"no probe was given, and the first training batch cannot be one: {why}"

    def fit_probe(self) -> FitProbe:
        return FitProbe(self._images, self.probe is not None)

    def _refusal(self, x: Any) -> str | None:
        return refusal(self.model, x) if self.model.built else None

    def look(self, fit: LoggedFit, log: FitLog, budget: dict[str, int]) -> FirstLook:
        if self._images is None or not self.feature_maps:
            return super().look(fit, log, budget)
        try:
            maps = self._feature_maps(log, self._images, budget[FeatureMapRecorder.name])
        except Exception as error:
            if self.probe is None and self._images.left_out:
                self._without = f"the model cannot be run on the first training batch by itself: {in_one_line(error)}"
                self._images = None
                return super().look(fit, log, budget)
            reason = why_it_fails(log.model, self._images.x)
            if reason is None:  # the model is not to blame
                raise
            is_unexpected = self.probe is not None and not isinstance(error, NotImplementedError)
            do_without_passes(fit, log, reason, is_unexpected=is_unexpected)
            return FirstLook()
        return FirstLook(maps.seen, maps)

    def _feature_maps(self, log: FitLog, images: probes.Probe, max_bytes: int) -> FeatureMaps:
        return FeatureMaps(
            log.model,
            log.placed,
            images,
            layers=log.asked,
            max_images=self.max_images,
            max_channels=self.max_channels,
            max_bytes=max_bytes,
            max_operation_bytes=log.budget.for_a_step(self.max_operation_bytes),
        )

    def describe(self, log: FitLog) -> None:
        if self._without is not None:
            log.notice(_PART, f"{self._without}; give probe=(x, y) to have feature maps and errors")
        if self._images is not None:
            with log.guard(_PART):
                self._write_probe(log, self._images)

    def _write_probe(self, log: FitLog, images: probes.Probe) -> None:
        record = probes.record(images, log.step(), self.probe_display, self.settings.channel_order)
        size = bytes_in_log(record)
        if 4 * size > log.budget.left:
            log.notice(
                _PART,
                f"its images are not logged: they take {size} bytes, more than a quarter of what max_log_bytes leaves",
            )
            return
        log.write(record, size)
        left_out = probes.left_out_of(images)
        if left_out is not None:
            log.notice(_PART, left_out)


#: What notices call it.
_PART = "the probe"
