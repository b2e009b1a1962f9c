"""The backpropagated error of each layer on the labelled probe: statistics of all of it, and maps to look at.

The error of a layer is δ = ∂L/∂z, the derivative of the loss L by the layer's pre-activation output z. By the chain
rule it comes from the layers behind: δ = (∂z'/∂a)ᵀ δ' ⊙ f'(z) where a = f(z) goes into the next layer's z' (Goodfellow,
Bengio, Courville, Deep Learning, MIT Press 2016, section 6.5). It is ŷ − y, over the number of images, only for pairs
such as softmax with cross-entropy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.capture.backends.host import axis_second, to_numpy
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.architecture import loss_name
from tb_cnnviz.capture.network.layer_tree import PlacedLayer, listed
from tb_cnnviz.capture.network.probe import Probe
from tb_cnnviz.capture.quantities.backward import Backward, Point
from tb_cnnviz.capture.quantities.feature_maps import Kept, choose_kept
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import histogram, trim
from tb_cnnviz.records.quantisation import quantise_errors

#: Under mixed_float16 the loss is multiplied by it, as LossScaleOptimizer begins, and by less where that overflows.
LOSS_SCALE = 2.0**15
_SMALLER = 2.0**-4


class Errors:
    """Runs the labelled probe forward and back and makes records of the errors.

    Args:
        model: built and compiled with a loss.
        placed: the layers to look at, see `layer_tree.leaves`.
        probe: the images and their labels.
        kept: the most images and channels of the maps to keep, so that they are those of the feature maps; None for
            the other limits alone.
        max_images, max_channels, max_bytes: limits of the maps of one step.

    Attributes:
        kept: what is kept of the maps.
    """

    def __init__(
        self,
        model: Any,
        placed: Sequence[PlacedLayer],
        probe: Probe,
        *,
        kept: Kept | None,
        max_images: int,
        max_channels: int,
        max_bytes: int,
    ) -> None:
        self._probe = probe
        self._loss = loss_name(getattr(model, "loss", None))
        self._is_half = any(item.layer.compute_dtype == "float16" for item in placed)
        self._scale = LOSS_SCALE if self._is_half else 1.0
        self._inside = [item.path for item in placed if item.is_inside]
        self._backward = Backward(model, placed, probe.x, probe.y)
        self._value = float("nan")
        self._errors: list[np.ndarray] = []
        self._is_connected: list[bool] = []
        self.take()
        shapes = [e.shape[1:] for e, point in zip(self._errors, self._points, strict=True) if _has_maps(point)]
        most = kept or Kept(min(max_images, probe.images), max_channels)
        self.kept = choose_kept(shapes, most.images, most.channels, max_bytes)

    @property
    def is_empty(self) -> bool:
        """Is there no layer whose error is known?"""
        return not self._points

    @property
    def _points(self) -> list[Point]:
        return self._backward.points

    @property
    def notices(self) -> list[str]:
        """What to tell once: layers that no error reaches, and those that cannot be looked at."""
        whys = list(zip(self._points, self._is_connected, strict=True))
        apart = [p.placed.path for p, is_in in whys if _why_not(p, is_in) == UNRELATED]
        bypassed = [p.placed.path for p, is_in in whys if _why_not(p, is_in) == BYPASSED]
        inside = [*self._backward.unknown, *self._inside]
        never = [path for path in self._backward.wanted if path not in self._backward.watch.calls]
        said = []
        if apart:
            said.append(f"the loss does not depend on the output of {listed(apart)}: their error is zero")
        if bypassed:
            said.append(
                f"{listed(bypassed)}: {BYPASSED}, from before it, so it is not on the loss' path and has no error of its own: "
                "the one to look at is that of the layer before"
            )
        if inside:
            said.append(
                f"{listed(inside)} run inside a loop or a vectorised map, where no error can be taken: it is not known"
            )
        if never:
            said.append(f"{listed(never)} are never called when the model runs: no error is taken there")
        return said

    def take(self) -> None:
        """Run the pass at the present weights; the records are of the latest one."""
        while True:
            value, errors = self._backward(self._probe.x, self._probe.y, self._scale)
            taken = [None if each is None else to_numpy(each) for each in errors]
            overflowed = any(each is not None and not np.isfinite(each).all() for each in taken)
            if self._scale == 1 or not overflowed:
                break
            self._scale = max(self._scale * _SMALLER, 1.0)
        self._value = float(to_numpy(value)) / self._scale
        self._is_connected = [each is not None for each in taken]
        self._errors = [self._canonical(each, point) for each, point in zip(taken, self._backward.points, strict=True)]

    def _canonical(self, error: np.ndarray | None, point: Point) -> np.ndarray:
        """float32 [images, channels, *spatial]."""
        if error is None:
            error = np.zeros((self._probe.images, *[n or 1 for n in point.shape]), np.float32)
        scaled = error / np.float32(self._scale)
        channels = axis_second(scaled, layer_kinds.channels_at(point.placed.layer, scaled.ndim))
        return channels if channels.ndim > 1 else channels.reshape(-1, 1)

    @np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
    def statistics(self, step: int) -> Record:
        """The `errors` record: a row for each layer, of all images and channels."""
        rows = [
            {
                "layer": point.placed.path,
                "place": "pre_activation" if point.is_pre_activation else "output",
                "channels": error.shape[1],
                "calls": self._backward.watch.calls[point.placed.path],
                "connected": is_connected,
                "why": _why_not(point, is_connected),
            }
            for point, error, is_connected in zip(self._points, self._errors, self._is_connected, strict=True)
        ]
        start, counts = trim(np.stack([histogram(error) for error in self._errors]))
        by_channel = [_channel_norms(error) for error in self._errors]
        columns = [_row(error, norms) for error, norms in zip(self._errors, by_channel, strict=True)]
        arrays = {name: np.array([c[name] for c in columns], dtype) for name, dtype in _COLUMNS.items()}
        arrays |= {
            "rows": np.frombuffer(json.dumps(rows).encode(), np.uint8),
            "histogram": counts,
            "sampled": np.ones(len(rows), np.int32),
            "channel_norm": np.concatenate(by_channel).astype(np.float32),
        }
        attributes: dict[str, Any] = {
            "source": "probe",
            "loss": self._loss,
            "loss_value": self._value if np.isfinite(self._value) else str(self._value),
            "images": self._probe.images,
            "bin_start": start,
        }
        if self._is_half:
            attributes["loss_scale"] = self._scale
        return Record("errors", step, arrays=arrays, attributes=attributes)

    def maps(self, step: int) -> list[Record]:
        """The `error_maps` records: of convolutions, pooling layers and dense layers, as feature maps are."""
        records = []
        for point, error in zip(self._points, self._errors, strict=True):
            if not _has_maps(point):
                continue
            kept = error[: self.kept.images, : self.kept.channels]
            arrays = {**quantise_errors(kept), "channels": np.arange(kept.shape[1], dtype=np.int32)}
            place = "pre_activation" if point.is_pre_activation else "output"
            attributes = {"of": error.shape[1], "place": place, "source": "probe", "loss": self._loss}
            records.append(Record("error_maps", step, point.placed.path, arrays, attributes))
        return records


#: Why a layer is not on the loss' path.
UNRELATED = "the loss does not depend on it"
BYPASSED = "the loss takes its logits"


def _why_not(point: Point, is_connected: bool) -> str | None:
    if is_connected:
        return None
    return BYPASSED if point.has_logits else UNRELATED


_COLUMNS = {
    "norm": np.float32,
    "mean": np.float32,
    "min": np.float32,
    "max": np.float32,
    "count": np.int64,
    "zeros": np.int64,
    "nan": np.int64,
    "inf": np.int64,
}


def _row(error: np.ndarray, channel_norms: np.ndarray) -> dict[str, float]:
    """Statistics of one layer's error; min and max of its finite values, NaN where there are none."""
    finite = error if np.isfinite(error).all() else error[np.isfinite(error)]
    with np.errstate(invalid="ignore", over="ignore"):
        return {
            "norm": np.sqrt(np.square(channel_norms).sum()),
            "mean": error.mean(dtype=np.float64),
            "min": finite.min() if finite.size else np.nan,
            "max": finite.max() if finite.size else np.nan,
            "count": error.size,
            "zeros": error.size - np.count_nonzero(error),
            "nan": np.isnan(error).sum(),
            "inf": np.isinf(error).sum(),
        }


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def _channel_norms(error: np.ndarray) -> np.ndarray:
    """Euclidean norm of each channel over all images, float64 [channels]."""
    flat = error.reshape(*error.shape[:2], -1)
    squares: np.ndarray = np.einsum("ics,ics->c", flat, flat, dtype=np.float64)
    return np.asarray(np.sqrt(squares))


def _has_maps(point: Point) -> bool:
    return layer_kinds.has_maps(point.placed.layer, len(point.shape) + 1)
