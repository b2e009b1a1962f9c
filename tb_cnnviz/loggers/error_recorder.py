"""The backpropagated error of each layer on the labelled probe: statistics often, maps at picture steps."""

from __future__ import annotations

from math import inf
from typing import Any

from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps
from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network.probe import Probe
from tb_cnnviz.capture.quantities.backward import NoLoss, has_own_loss
from tb_cnnviz.capture.quantities.errors import Errors
from tb_cnnviz.loggers.context import FitContext, FitProbe
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.records import Record
from tb_cnnviz.schedule import Schedule

#: Of the overhead: what passes between two pictures may take.
_SHARE = 1 / 4


class ErrorRecorder(Recorder):
    """Logs the error of every layer that is asked for.

    Statistics come at picture steps, and between them at the steps of `rhythm`: at each of them where the schedule
    gives the stride, else at those that a quarter of `overhead` allows by the measured time of a pass. Maps come at
    picture steps, of the same images and channels as the feature maps where there are such.
    """

    name = "errors"
    is_pictures = True
    needs_pass = True

    def __init__(
        self,
        schedule: Schedule,
        rhythm: StatisticsStride,
        overhead: float,
        *,
        max_images: int,
        max_channels: int,
    ) -> None:
        self._is_given = schedule.statistics_stride is not None
        self._rhythm = rhythm
        self._overhead = overhead
        self._limits = {"max_images": max_images, "max_channels": max_channels}
        self._errors: Errors | None = None
        self._due: RecordingSteps | None = None
        self._step = self._with_maps_at = -1
        self._is_stale = False
        self._ran = 0
        self._cost_s: float | None = None

    def wanted_bytes(self, fit: FitLog, probe: FitProbe) -> float:
        return 0 if _is_said_of_the_probe(probe) or _obstacle(fit.model, probe.images) else inf

    def begin(self, context: FitContext) -> None:
        fit, images = context.fit, context.probe.images
        if _is_said_of_the_probe(context.probe):
            return
        obstacle = _obstacle(context.model, images)
        if obstacle is not None or images is None:
            fit.notice(self.name, f"the backpropagated error is not logged: {obstacle}")
            return
        made = self._errors_of(context, images)
        if isinstance(made, str):
            fit.notice(self.name, f"the backpropagated error is not logged: {made}")
            return
        self._errors = made
        self._due = self._rhythm.join(fit, self.name, 0.0)  # outside the training step
        for said in self._errors.notices:
            fit.notice(self.name, said)
        if self._errors.is_empty:
            self._errors = None

    def _errors_of(self, context: FitContext, probe: Probe) -> Errors | str:
        """The errors, or why there are none."""
        kept, most = context.maps.kept if context.maps is not None else None, context.budget[self.name]
        try:
            return Errors(context.model, list(context.layers), probe, kept=kept, max_bytes=most, **self._limits)
        except NoLoss as why:
            return str(why)
        except Exception as error:
            if probe.y is None:
                reason = "the probe has no labels, and without them the model's own loss cannot be computed"
            elif not context.probe.is_given and probe.left_out:
                reason = "the loss of the first training batch cannot be computed by itself"
            else:
                raise
            return f"{reason} ({in_one_line(error)}); give probe=(x, y) to have it"

    def pictures(self, fit: FitLog, step: int, *, is_full: bool) -> list[Record]:
        if self._errors is None or self._with_maps_at == step:
            return []
        self._rhythm.pictures_at(fit, step)
        fresh = self._statistics(self._errors, step)
        self._with_maps_at = step
        return [*fresh, *self._errors.maps(step)]

    def forget_pictures(self) -> None:
        self._with_maps_at, self._is_stale = -1, True

    def steps_ran(self, fit: FitLog, count: int) -> None:
        if self._errors is None:
            return
        self._ran += count
        self._rhythm.steps_ran(fit, self.name, count)
        if not self._is_due(fit) or not (self._is_given or self._is_affordable(fit)):
            return
        step = fit.step()
        begun = fit.clock.now()
        for record in self._statistics(self._errors, step):
            fit.write(record)
        self._cost_s = fit.clock.now() - begun
        fit.between_pictures_s += self._cost_s

    def _statistics(self, errors: Errors, step: int) -> list[Record]:
        """Nothing where the step has them: its maps are then of the same pass."""
        self._ran = 0
        if self._step == step and not self._is_stale:
            return []
        errors.take()
        self._step, self._is_stale = step, False
        return [errors.statistics(step)]

    def _is_due(self, fit: FitLog) -> bool:
        """Has a step of the rhythm come since the last statistics? Counted here: the device would make it wait."""
        assert self._due is not None
        last = self._step - fit.offsets.iterations - self._due.first
        now = last + self._ran // fit.count.batches_per_step
        return now // self._due.stride > last // self._due.stride

    def _is_affordable(self, fit: FitLog) -> bool:
        spent = fit.between_pictures_s + (self._cost_s or 0.0)
        return spent <= _SHARE * self._overhead * fit.clock.training_s / fit.budget.thinning


def _is_said_of_the_probe(probe: FitProbe) -> bool:
    """Does the callback's notice of the probe say why there are no errors?"""
    return not probe.is_given and (probe.images is None or bool(probe.images.lost))


def _obstacle(model: Any, images: Probe | None) -> str | None:
    if images is None:
        return "there is no probe to compute the loss of"
    needs_labels = getattr(model, "loss", None) is not None and not has_own_loss(model)
    if images.y is None and needs_labels:
        return "the probe has no labels, so there is no loss to differentiate; give probe=(x, y) to have it"
    return None
