"""CNNViz and the four callbacks that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tb_cnnviz.capture.quantities.operations import MAX_BYTES
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.activation_recorder import ActivationRecorder
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.loggers.batch_recorder import BatchRecorder
from tb_cnnviz.loggers.doctor import Doctor
from tb_cnnviz.loggers.error_recorder import ErrorRecorder
from tb_cnnviz.loggers.feature_map_recorder import FeatureMapRecorder
from tb_cnnviz.loggers.filter_recorder import FilterRecorder
from tb_cnnviz.loggers.gradient_norm_recorder import GradientNormRecorder
from tb_cnnviz.loggers.gradient_recorder import GradientRecorder
from tb_cnnviz.loggers.logger import Logger
from tb_cnnviz.loggers.loss_recorder import LossRecorder
from tb_cnnviz.loggers.metric_recorder import MetricRecorder
from tb_cnnviz.loggers.probe_logger import ProbeLogger
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.settings import Settings
from tb_cnnviz.loggers.statistics_stride import StatisticsStride
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Schedule


class CNNViz(ProbeLogger):
    """Logs what happens inside a convolutional network while `model.fit` trains it.

    Writes a run that `tensorboard --logdir` shows in its tab CNN, and in Scalars, Histograms, Images and HParams.
    The weights come out bit for bit as without it. However fit ends, nothing of it stays on the model; a fault of its
    own costs one warning and the part that it names, never the training.

    A fit into a folder that holds a log goes on where that log ended. Gradients and losses are taken from the training
    batch itself, without a second pass; filters, feature maps, predictions and the backpropagated error from the model
    between two batches.

    A loop of your own around `model.train_on_batch` is logged likewise, with the events of
    `keras.callbacks.CallbackList([CNNViz(…)], model=model)` (docs/capture.md, a loop of your own).

    Example:

    ```python
    model.fit(x, y, epochs=5, callbacks=[tb_cnnviz.CNNViz("runs/adam", probe=(x_test[:8], y_test[:8]))])
    ```

    Args:
        log_dir: the run's folder. Runs side by side in one folder are compared.
        probe: the images that feature maps are made of, in any form that fit takes: arrays of numpy, pandas or any
            backend (with the batch axis, uint8 or float, channels first or last; an axis of length 1 at the end may be
            missing), a list, tuple or dict of them for several inputs, or a pair (x, y) with labels. A list of single
            images will do where the model has one input. A pair of plain arrays for a model of two inputs is taken as
            those; give ((x1, x2), y) to label it. Defaults to the first images of the first training batch; what of
            them a log cannot hold, such as text, is left out with a notice.
        every: when to take pictures: a number of steps, "epoch", "auto" or a `Schedule`. The first and the last step
            are always logged. "auto" takes them at steps 1, 2, 3, 4, 6, 8, 11, 16, 23, 32 and at epoch ends, as long as
            all of the fit after the first step's take less than 1.5 seconds, and otherwise as many as `overhead` allows,
            with room left for epoch ends. A number of steps is kept for gradients too. Otherwise these are recorded at
            every one of the first 32 steps, or of the first three seconds where steps are slow, while that takes less
            than half a second, and less than `overhead` of a short fit; then as often as half of `overhead` allows,
            in a short fit a little more often. Defaults to "auto".
        layers: names or paths of the layers whose filters, feature maps and activations are logged. Defaults to all.
        filters: log the kernel and bias of every convolution. Defaults to True.
        feature_maps: log what convolutions, pooling layers and dense layers make of the probe; at the first and the
            last step and at epoch ends with pictures also the whole input and output of convolutions and pooling
            layers for its first image, within `max_operation_bytes` (docs/log_format.md, operations). Defaults to True.
        activations: log what convolutions, dense, pooling, normalisation and activation layers make of the training
            batch, at the steps of the gradients: histogram, mean, deviation, extremes, exact zeros, saturated values,
            NaN and Inf, of the whole layer and by channel; of a layer that fuses an activation also of what enters
            that. Under XLA the forward pass is made again at these steps, else not. Defaults to True.
        batches: log mean, deviation, extremes, NaN and Inf of the inputs and labels that the model is trained on, and how
            many labels are of each class, at the steps of the gradients. Taken from the arguments of the training
            step, before preprocessing layers of the model. Defaults to True.
        gradients: log histogram, norm, mean, extremes, zeros, NaN and Inf of the gradient that the optimizer receives
            (before clipping) for every trainable variable, and the norm of the update that it applies. Defaults to True.
        exact_histograms: count every element in the histograms of gradients. By default those of a variable of a
            million elements or more are of an evenly strided sample, and say so; all other numbers are of every element
            in any case. Exact ones cost about 2 ms of processor time for a million elements at each step that is
            recorded. Defaults to False.
        gradient_samples: log gradient, value and update of up to 256 fixed weights of each variable too, at the steps
            of the gradients: 20 bytes a weight and step. Defaults to True.
        errors: where the probe is labelled, log the backpropagated error of each layer, δ = ∂L/∂z: the derivative of the
            compiled loss L on the probe by the layer's pre-activation output z. Statistics come at picture steps and
            as often between them as the gradients', where a quarter of `overhead` allows; maps of convolutions,
            pooling and dense layers at picture steps. One pass of the probe forward and back, with training=False, so
            batch normalization uses its moving statistics and dropout drops nothing. Defaults to True.
        doctor: judge the fit while it runs, by what was logged: True warns once of each verdict of severity error or
            warning (docs/doctor.md), "stop" also ends the fit where one of severity error was found. It looks after 32, 64,
            128 … batches, at epoch ends and when fit is over; all looks but the last take at most a quarter of `overhead`.
            Needs a local log_dir. Defaults to False.
        losses: log each batch's loss and learning rate, and Keras' metrics by epoch. Defaults to True.
        hparams: your own hyper-parameters, beside those of the optimizer: text, numbers, True or False by name.
        class_names: one for each class of the output.
        channel_order: what the three channels of an image are to the model: "rgb", or "bgr" as for networks that come
            from Caffe. Pictures of the probe and kernels that are folded to colours are drawn after it. Defaults to
            "rgb".
        probe_display: how to turn a normalised probe back into pictures: (mean, std), or a callable from the array
            [images, height, width, channels] to one of 0 … 1, 0 … 255 or uint8. Both are in the model's own channel
            order; with "bgr" the pictures are turned to RGB afterwards. By default floats are shown over
            their whole range, which is logged.
        overhead: the share of training time that logging may take where the schedule does not fix it, half for pictures
            and half for statistics; callbacks of one fit share it. Defaults to 0.03.
        max_images: images of the probe to keep. Defaults to 8.
        max_channels: channels of each layer to keep; statistics are of all. Defaults to 64.
        max_bytes_per_step: of filters, feature maps and maps of the error: fewer channels and images are kept where
            they would not fit. Defaults to 8 MiB.
        max_operation_bytes: of the whole inputs and outputs that the Lab computes with, at one step: float16, then the
            smallest layers alone are kept where all would not fit, and a notice names the others. Defaults to 4 MiB.
        max_log_bytes: of the run's records, those of earlier fits too: as they fill up, logging gets rarer. Nothing is
            deleted. Only losses and the first and the last step may go beyond it (docs/log_format.md, limits). Defaults
            to 2 GiB.
        writer: a `tb_cnnviz.run_writer.RunWriter` that you close yourself. By default the callbacks of one fit that
            have the same log_dir share one, which is closed when fit ends.

    Raises:
        ValueError: for an argument that is not accepted, and at the start of fit for a probe that Keras does not let
            the model take, or the name of a layer that it does not have.
    """

    def __init__(
        self,
        log_dir: str | Path,
        probe: Any = None,
        *,
        every: int | str | Schedule = "auto",
        layers: Sequence[str] | None = None,
        filters: bool = True,
        feature_maps: bool = True,
        activations: bool = True,
        batches: bool = True,
        gradients: bool = True,
        exact_histograms: bool = False,
        gradient_samples: bool = True,
        errors: bool = True,
        losses: bool = True,
        doctor: bool | str = False,
        hparams: Mapping[str, Scalar] | None = None,
        class_names: Sequence[str] | None = None,
        channel_order: str = "rgb",
        probe_display: Any = None,
        overhead: float = 0.03,
        max_images: int = 8,
        max_channels: int = 64,
        max_bytes_per_step: int = 8 << 20,
        max_operation_bytes: int = MAX_BYTES,
        max_log_bytes: int = 2 << 30,
        writer: RunWriter | None = None,
    ) -> None:
        super().__init__(
            log_dir,
            probe,
            every=every,
            layers=layers,
            feature_maps=feature_maps,
            errors=errors,
            hparams=hparams,
            class_names=class_names,
            channel_order=channel_order,
            probe_display=probe_display,
            overhead=overhead,
            max_images=max_images,
            max_channels=max_channels,
            max_bytes_per_step=max_bytes_per_step,
            max_operation_bytes=max_operation_bytes,
            max_log_bytes=max_log_bytes,
            writer=writer,
        )
        self.filters, self.activations, self.gradients, self.losses = filters, activations, gradients, losses
        self.batches, self.doctor = batches, arguments.doctor(doctor)
        self.exact_histograms, self.gradient_samples = exact_histograms, gradient_samples

    def make_doctor(self) -> Doctor | None:
        return Doctor(self.settings.overhead, stops=self.doctor == "stop") if self.doctor else None

    def make_recorders(self) -> list[Recorder]:
        settings = self.settings
        rhythm = StatisticsStride(settings.schedule, settings.overhead)
        errors = ErrorRecorder(
            settings.schedule, rhythm, settings.overhead, max_images=self.max_images, max_channels=self.max_channels
        )
        chosen: list[tuple[bool, list[Recorder]]] = [
            (self.filters, [FilterRecorder(self.settings.channel_order)]),
            (self.feature_maps, [FeatureMapRecorder()]),
            (self.gradients, _of_gradients(rhythm, settings, self.exact_histograms, self.gradient_samples)),
            (self.activations, [ActivationRecorder(rhythm)]),
            (self.batches, [BatchRecorder(rhythm)]),
            (self.errors, [errors]),
            (self.losses, [LossRecorder(), MetricRecorder()]),
        ]
        return [recorder for is_wanted, recorders in chosen if is_wanted for recorder in recorders]


class FilterLogger(Logger):
    """Logs the kernel and bias of every convolution. Arguments as for `CNNViz`."""

    def make_recorders(self) -> list[Recorder]:
        return [FilterRecorder(self.settings.channel_order)]


class FeatureMapLogger(ProbeLogger):
    """Logs what the layers make of the probe, and statistics of the training batch and what they make of it.

    Arguments as for `CNNViz`.
    """

    def __init__(
        self,
        log_dir: str | Path,
        probe: Any = None,
        *,
        activations: bool = True,
        batches: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(log_dir, probe, **settings)
        self.activations, self.batches = activations, batches

    def make_recorders(self) -> list[Recorder]:
        rhythm = StatisticsStride(self.settings.schedule, self.settings.overhead)
        activations = [ActivationRecorder(rhythm)] if self.activations else []
        return [FeatureMapRecorder(), *activations, *([BatchRecorder(rhythm)] if self.batches else [])]


class GradientLogger(Logger):
    """Logs the gradient of every trainable variable and the update that is applied. Arguments as for `CNNViz`."""

    def __init__(
        self,
        log_dir: str | Path,
        *,
        exact_histograms: bool = False,
        gradient_samples: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(log_dir, **settings)
        self.exact_histograms, self.gradient_samples = exact_histograms, gradient_samples

    def make_recorders(self) -> list[Recorder]:
        rhythm = StatisticsStride(self.settings.schedule, self.settings.overhead)
        return _of_gradients(rhythm, self.settings, self.exact_histograms, self.gradient_samples)


def _of_gradients(rhythm: StatisticsStride, settings: Settings, exact: bool, samples: bool) -> list[Recorder]:
    """Where the schedule does not say which steps gradients are recorded at, their norms are at every step."""
    every = [GradientNormRecorder()] if settings.schedule.statistics_stride is None else []
    return [GradientRecorder(rhythm, exact=exact, samples=samples), *every]


class LossLogger(Logger):
    """Logs each batch's loss and learning rate, and metrics by epoch. Arguments as for `CNNViz`."""

    def make_recorders(self) -> list[Recorder]:
        return [LossRecorder(), MetricRecorder()]
