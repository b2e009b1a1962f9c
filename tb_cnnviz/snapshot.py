"""A trained model looked at without fit."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tb_cnnviz.capture.backends.compiling import as_tensors
from tb_cnnviz.capture.network import architecture, layer_kinds, layer_tree
from tb_cnnviz.capture.network import probe as probes
from tb_cnnviz.capture.network.forward import refusal
from tb_cnnviz.capture.network.model_inputs import input_names, input_shapes
from tb_cnnviz.capture.quantities import filters
from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps
from tb_cnnviz.capture.quantities.operations import MAX_BYTES
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.offsets import Offsets
from tb_cnnviz.loggers.session import session_record
from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter


def snapshot(
    model: Any,
    log_dir: str | Path,
    probe: Any,
    step: int = 0,
    *,
    class_names: Sequence[str] | None = None,
    channel_order: str = "rgb",
    probe_display: Any = None,
    max_images: int = 8,
    max_channels: int = 64,
    max_bytes: int = 64 << 20,
    max_operation_bytes: int = MAX_BYTES,
) -> None:
    """Log a model as it is: its layers, every convolution's kernel, the probe, its feature maps and predictions, and
    what convolutions and pooling layers did to its first image.

    The model is run once over the probe with training=False; nothing of it changes, and it need not be compiled.

    Args:
        model: a Keras model.
        log_dir: the run's folder.
        probe: images as for `CNNViz`, in any form that the model takes in fit and predict, or a pair (x, y).
        step: where it stands on the time axis; several snapshots of one run need ascending steps.
        class_names: one for each class of the output.
        channel_order: what the three channels of an image are to the model, "rgb" or "bgr".
        probe_display: (mean, std) that undoes a normalisation, or a callable that turns x into pictures; both in the
            model's own channel order.
        max_images, max_channels: the most images and the most channels of a layer to keep.
        max_bytes: the most bytes of maps; fewer channels, then images, are kept where they would not fit.
        max_operation_bytes: the most bytes of the whole inputs and outputs that the Lab computes with: float16, then the
            smallest layers alone are kept where all would not fit, and a notice names the others.

    Raises:
        ValueError: for a probe that the model does not take, a negative step, or another channel_order.
    """
    arguments.whole("max_operation_bytes", max_operation_bytes)
    if step < 0:
        raise ValueError(f"step: {step} given; a step counts optimizer updates and starts at 0")
    order = arguments.channel_order(channel_order)
    if not model.built:
        model(as_tensors(probes.read(probe, (), 1).x), training=False)
    images = probes.read(probe, input_shapes(model), max_images, input_names(model), functools.partial(refusal, model))
    placed = layer_tree.leaves(model)
    maps = FeatureMaps(
        model,
        placed,
        images,
        layers=None,
        max_images=max_images,
        max_channels=max_channels,
        max_bytes=max_bytes,
        max_operation_bytes=max_operation_bytes,
    )
    described = architecture.model_record(model, placed, maps.seen, class_names=class_names, channel_order=order)
    with RunWriter(log_dir) as writer:
        write = writer.records.write
        write(session_record(step, Offsets()))
        writer.write_model(described, step)
        write(probes.record(images, step, probe_display, order))
        for item in placed:
            if layer_kinds.has_kernels(item.layer):
                write(filters.record(item.layer, item.path, step))
        for record in maps.records(step) + maps.operations.records:
            write(record)
        said: list[tuple[str, str | None]] = [("the probe", probes.left_out_of(images))]
        said += [("filters", each) for each in filters.notices(placed)]
        said += [("feature maps", maps.notice), ("operations", maps.operations.notice)]
        for part, message in said:
            if message is not None:
                write(Record("notices", step, attributes={"part": part, "message": message}))
