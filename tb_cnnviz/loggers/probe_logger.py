"""A callback that runs a probe through the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from tb_cnnviz.capture import operations
from tb_cnnviz.capture import probe as probes
from tb_cnnviz.capture.feature_maps import FeatureMaps
from tb_cnnviz.capture.forward import Pass
from tb_cnnviz.capture.networks import why_it_fails
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.error_part import ErrorPart
from tb_cnnviz.loggers.feature_map_part import FeatureMapPart
from tb_cnnviz.loggers.fit import Fit
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
        **settings: Any,
    ) -> None:
        super().__init__(log_dir, **settings)
        self.probe = probe
        self.feature_maps, self.errors = feature_maps, errors
        self.probe_display = probes.check_display(probe_display)
        self.max_images = arguments.whole("max_images", max_images)
        self.max_channels = arguments.whole("max_channels", max_channels)
        self._images: probes.Probe | None = None

    def _needs_first_batch(self) -> bool:
        if super()._needs_first_batch():
            return True
        return (self.feature_maps or self.errors) and (self.probe is None or not probes.input_shapes(self.model))

    def _check(self, batch: Any) -> None:
        super()._check(batch)
        self._images = None
        x, y = (None, None) if batch is None else keras.utils.unpack_x_y_sample_weight(batch)[:2]
        if self.probe is not None:
            shapes = probes.input_shapes(self.model) or probes.shapes_of(x)
            self._images = probes.read(self.probe, shapes, self.max_images, probes.input_names(self.model))
        elif x is not None:
            self._images = probes.first_images(x, y, self.max_images)
        for part in self._parts:
            if isinstance(part, ErrorPart):
                part.probe = self._images

    def _look(self, fit: Fit, batch: Any) -> Pass | None:
        if self._images is None or not self.feature_maps:
            return super()._look(fit, batch)
        try:
            maps = self._maps(fit, self._images)
        except Exception as error:
            reason = why_it_fails(fit.model, self._images.x)
            if reason is None:  # the model is not to blame
                raise
            is_unexpected = self.probe is not None and not isinstance(error, NotImplementedError)
            self._do_without_passes(fit, reason, is_unexpected=is_unexpected)
            return None
        for part in self._parts:
            if isinstance(part, FeatureMapPart):
                part.maps = maps
            elif isinstance(part, ErrorPart):
                part.kept = maps.kept
        return maps.seen

    def _maps(self, fit: Fit, images: probes.Probe) -> FeatureMaps:
        return FeatureMaps(
            fit.model,
            fit.placed,
            images,
            layers=fit.asked,
            max_images=self.max_images,
            max_channels=self.max_channels,
            max_bytes=next(part.max_bytes for part in self._parts if isinstance(part, FeatureMapPart)),
            max_operation_bytes=step_bytes(operations.MAX_BYTES, fit.bytes_left),
        )

    def _describe(self, fit: Fit) -> None:
        if self._images is not None:
            with fit.guard("the probe"):
                record = probes.record(self._images, fit.step(), self.probe_display)
                if 4 * bytes_in_log(record) <= fit.bytes_left:
                    fit.write(record)
                else:
                    fit.notice(
                        "the probe",
                        f"its images are not logged: they take {bytes_in_log(record)} bytes, more than a quarter of what "
                        "max_log_bytes leaves",
                    )
