"""A trained model looked at without fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tb_cnnviz.capture import architecture, filters, layer_kinds, layer_tree
from tb_cnnviz.capture import probe as probes
from tb_cnnviz.capture.feature_maps import FeatureMaps
from tb_cnnviz.capture.operations import MAX_BYTES
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.fit import Offsets, session_record
from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter


def snapshot(
    model: Any,
    log_dir: str | Path,
    probe: Any,
    step: int = 0,
    *,
    class_names: Sequence[str] | None = None,
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
        probe: images as for `CNNViz`: an array [images, height, width, channels] or as the model takes it, a list or
            dict of arrays for several inputs, or a pair (x, y).
        step: where it stands on the time axis; several snapshots of one run need ascending steps.
        class_names: one for each class of the output.
        probe_display: (mean, std) that undoes a normalisation, or a callable that turns x into pictures.
        max_images, max_channels: the most images and the most channels of a layer to keep.
        max_bytes: the most bytes of maps; fewer channels, then images, are kept where they would not fit.
        max_operation_bytes: the most bytes of the whole inputs and outputs that the Lab computes with: float16, then the
            smallest layers alone are kept where all would not fit, and a notice names the others.

    Raises:
        ValueError: for a probe that does not fit the model, or a negative step.
    """
    arguments.whole("max_operation_bytes", max_operation_bytes)
    if step < 0:
        raise ValueError(f"step: {step} given; a step counts optimizer updates and starts at 0")
    if not model.built:
        x = probe[0] if isinstance(probe, tuple) and len(probe) == 2 else probe
        model(keras.tree.map_structure(lambda a: np.asarray(a[:1]), x), training=False)
    images = probes.read(probe, probes.input_shapes(model), max_images, probes.input_names(model))
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
    described = architecture.model_record(model, placed, maps.seen, class_names=class_names)
    with RunWriter(log_dir) as writer:
        write = writer.records.write
        write(session_record(step, Offsets()))
        writer.write_model(described, step)
        write(probes.record(images, step, probe_display))
        for item in placed:
            if layer_kinds.has_kernels(item.layer):
                write(filters.record(item.layer, item.path, step))
        for record in maps.records(step) + maps.operations.records:
            write(record)
        said: list[tuple[str, str | None]] = [("filters", each) for each in filters.notices(placed)]
        said += [("feature maps", maps.notice), ("operations", maps.operations.notice)]
        for part, message in said:
            if message is not None:
                write(Record("notices", step, attributes={"part": part, "message": message}))
