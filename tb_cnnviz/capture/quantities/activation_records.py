"""What the device summed up of a step's activations as a record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tb_cnnviz.capture.quantities.activation_rows import Row
from tb_cnnviz.capture.quantities.activation_statistics import ChannelBins
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import from_raw, trim

_COUNTS = ("zeros", "saturated", "nan", "inf")


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def as_record(
    rows: Sequence[Row], bins: ChannelBins, seen: Mapping[str, np.ndarray], step: int, said: Mapping[str, Any]
) -> Record:
    """Rows of layers that were not called in the step are left out.

    Args:
        seen: columns as `together` gives them.
        said: further attributes.
    """
    starts = np.cumsum([0, *(row.channels for row in rows)])
    called = [i for i in range(len(rows)) if seen["count"][i] > 0]
    channels = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in called] or [np.zeros(0, np.int64)])
    begin, histogram = trim(from_raw(seen["raw"][called].astype(np.int64)))
    each = [_row(seen, slice(starts[i], starts[i + 1]), int(seen["count"][i])) for i in called]
    described = json.dumps([rows[i].described() for i in called])
    mean, squares, least, largest = seen["moments"][:, channels]
    positions = np.repeat(seen["count"][called], [rows[i].channels for i in called])
    arrays: dict[str, np.ndarray] = {
        "rows": np.frombuffer(described.encode(), np.uint8),
        **{name: np.array([row[name] for row in each], np.float32) for name in ("mean", "std", "min", "max")},
        **{name: np.array([row[name] for row in each], np.int64) for name in ("count", *_COUNTS)},
        "slope_rms": np.sqrt(seen["slope"][called]).astype(np.float32),
        "histogram": histogram,
        "sampled": seen["sampled"][called].astype(np.int32),
        "channel_mean": mean,
        "channel_std": np.sqrt(squares / np.maximum(positions, 1)).astype(np.float32),
        "channel_min": least,
        "channel_max": largest,
        **{f"channel_{name}": seen["counts"][k, channels].astype(np.int64) for k, name in enumerate(_COUNTS)},
        "channel_histogram": seen["channel_raw"][channels].astype(np.uint32),
        "channel_edges": bins.edges(),
    }
    attributes = {"bin_start": begin, "source": "training batch", "exact": bool((arrays["sampled"] == 1).all())}
    return Record("activations", step, arrays=arrays, attributes={**attributes, **said})


def _row(seen: Mapping[str, np.ndarray], channels: slice, positions: int) -> dict[str, float]:
    """All channels together: each has as many values as another."""
    mean, squares, least, largest = seen["moments"][:, channels].astype(np.float64)
    whole = mean.mean()
    return {
        "count": positions * len(mean),
        "mean": whole,
        "std": np.sqrt((squares / positions + (mean - whole) ** 2).mean()),
        "min": np.fmin.reduce(least),
        "max": np.fmax.reduce(largest),
        **dict(zip(_COUNTS, seen["counts"][:, channels].astype(np.int64).sum(axis=1), strict=True)),
    }
