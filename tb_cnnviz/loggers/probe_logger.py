"""A callback that runs a probe through the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network import probe as probes
from tb_cnnviz.capture.network.forward import ForwardTrace, refusal
from tb_cnnviz.capture.network.model_inputs import input_names, input_shapes, shapes_of
from tb_cnnviz.capture.network.networks import why_it_fails
from tb_cnnviz.capture.network.probe_display import check_display
from tb_cnnviz.capture.quantities import operations
from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.error_recorder import ErrorRecorder
from tb_cnnviz.loggers.feature_map_recorder import FeatureMapRecorder
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.limits import bytes_in_log, step_bytes
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

    def _needs_first_batch(self) -> bool:
        if super()._needs_first_batch():
            return True
        return (self.feature_maps or self.errors) and (self.probe is None or not input_shapes(self.model))

    def _check(self, batch: Any) -> None:
        super()._check(batch)
        self._images, self._without = None, None
        if self.probe is not None:
            shapes = input_shapes(self.model)
            if not shapes and batch is not None:
                shapes = shapes_of(probes.unpacked(batch)[0])
            if not shapes and not self._parts:
                return  # a model without inputs of its own: its first batch tells more
            self._images = probes.read(self.probe, shapes, self.max_images, input_names(self.model), self._refusal)
        elif batch is not None:
            try:
                self._images = probes.of_batch(batch, self.max_images, input_names(self.model))
            except probes.NotUsable as why:
                self._without = f"no probe was given, and the first training batch cannot be one: {why}"
        self._give_to_errors()

    def _give_to_errors(self) -> None:
        for part in self._parts:
            if isinstance(part, ErrorRecorder):
                part.probe, part.is_given = self._images, self.probe is not None

    def _refusal(self, x: Any) -> str | None:
        return refusal(self.model, x) if self.model.built else None

    def _look(self, fit: FitLog, batch: Any) -> ForwardTrace | None:
        if self._images is None or not self.feature_maps:
            return super()._look(fit, batch)
        try:
            maps = self._feature_maps(fit, self._images)
        except Exception as error:
            if self.probe is None and self._images.left_out:
                self._without = f"the model cannot be run on the first training batch by itself: {in_one_line(error)}"
                self._images = None
                self._give_to_errors()
                return super()._look(fit, batch)
            reason = why_it_fails(fit.model, self._images.x)
            if reason is None:  # the model is not to blame
                raise
            is_unexpected = self.probe is not None and not isinstance(error, NotImplementedError)
            self._do_without_passes(fit, reason, is_unexpected=is_unexpected)
            return None
        for part in self._parts:
            if isinstance(part, FeatureMapRecorder):
                part.maps = maps
            elif isinstance(part, ErrorRecorder):
                part.kept = maps.kept
        return maps.seen

    def _feature_maps(self, fit: FitLog, images: probes.Probe) -> FeatureMaps:
        return FeatureMaps(
            fit.model,
            fit.placed,
            images,
            layers=fit.asked,
            max_images=self.max_images,
            max_channels=self.max_channels,
            max_bytes=next(part.max_bytes for part in self._parts if isinstance(part, FeatureMapRecorder)),
            max_operation_bytes=step_bytes(self.max_operation_bytes, fit.bytes_left),
        )

    def _describe(self, fit: FitLog) -> None:
        if self._without is not None:
            fit.notice(_PART, f"{self._without}; give probe=(x, y) to have feature maps and errors")
        if self._images is not None:
            with fit.guard(_PART):
                self._write_probe(fit, self._images)

    def _write_probe(self, fit: FitLog, images: probes.Probe) -> None:
        record = probes.record(images, fit.step(), self.probe_display, self.channel_order)
        if 4 * bytes_in_log(record) > fit.bytes_left:
            fit.notice(
                _PART,
                f"its images are not logged: they take {bytes_in_log(record)} bytes, more than a quarter of what "
                "max_log_bytes leaves",
            )
            return
        fit.write(record)
        left_out = probes.left_out_of(images)
        if left_out is not None:
            fit.notice(_PART, left_out)


#: What notices call it.
_PART = "the probe"
