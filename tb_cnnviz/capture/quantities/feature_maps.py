"""What each layer makes of the probe: maps of convolutions, pooling layers and dense layers, and the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_cnnviz.capture.backends.host import axis_second, to_numpy
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.architecture import outputs_by_path, shape_of
from tb_cnnviz.capture.network.forward import Call, Forward, ForwardTrace
from tb_cnnviz.capture.network.layer_tree import PlacedLayer, listed
from tb_cnnviz.capture.network.probe import Probe
from tb_cnnviz.capture.quantities.operations import MAX_BYTES, Operations
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import quantise_maps

Shape = tuple[int, ...]

#: Two float32 beside each map.
_RANGE_BYTES = 8


@dataclass(frozen=True)
class Kept:
    """How much of the maps is kept: the first `images` images and the first `channels` channels of each layer."""

    images: int
    channels: int


@dataclass(frozen=True)
class _Wanted:
    """A layer whose maps are logged: where its tensors stand among the pass' results, and the axis of their channels."""

    path: str
    output: int
    axis: int
    input: int | None = None
    input_layer: str | None = None


def choose_kept(shapes: Sequence[Shape], images: int, channels: int, budget: int) -> Kept:
    """The most images and channels, at most as many as given, whose eight-bit maps fit into `budget` bytes.

    Channels are halved down to 16, then images down to 1, then channels down to 1.

    Args:
        shapes: of each layer's maps, [channels, *spatial].
    """

    def size(kept: Kept) -> int:
        return sum(kept.images * min(kept.channels, s[0]) * (int(np.prod(s[1:])) + _RANGE_BYTES) for s in shapes)

    kept = Kept(images, channels)
    while size(kept) > budget and kept != Kept(1, 1):
        if kept.channels > 16 or kept.images == 1:
            kept = Kept(kept.images, max(kept.channels // 2, 1))
        else:
            kept = Kept(max(kept.images // 2, 1), kept.channels)
    return kept


class FeatureMaps:
    """Runs the probe through the model and makes records of what the layers gave.

    Args:
        model: built.
        placed: all of its layers, see `layer_tree.leaves`.
        probe: the images.
        layers: paths to log; None for all that have maps.
        max_images, max_channels: the most to keep of each layer.
        max_bytes: the most bytes of maps, statistics of channels and predictions at one step; fewer channels and images
            are kept where they would not fit.
        max_operation_bytes: the most bytes of operations at one step.

    Attributes:
        kept: what is kept.
        operations: what convolutions and pooling layers did to the first image, in the pass of the latest `records`.
        seen: the watched pass, for the model record.
    """

    def __init__(
        self,
        model: Any,
        placed: Sequence[PlacedLayer],
        probe: Probe,
        *,
        layers: set[str] | None,
        max_images: int,
        max_channels: int,
        max_bytes: int,
        max_operation_bytes: int = MAX_BYTES,
    ) -> None:
        self._probe = probe
        self._layers = layers
        self._wanted: list[_Wanted] = []
        self._outputs = 0
        self.operations = Operations(max_operation_bytes)
        self._forward = Forward(model, placed, probe.x, self._choose)
        if not hasattr(self._forward, "seen"):
            self._forward(probe.x)
        self.seen: ForwardTrace = self._forward.seen
        self.kept = choose_kept(
            self._shapes(), min(max_images, probe.images), max_channels, max_bytes - self._bytes_beside_maps()
        )

    def _choose(self, seen: ForwardTrace) -> list[Any]:
        """The tensors to fetch; noted in `_wanted` by their place in the list."""
        tensors: list[Any] = list(seen.outputs)
        self._outputs, self._wanted = len(tensors), []
        makers = _makers(seen)
        for path, call in outputs_by_path(seen):
            layer = call.placed.layer
            if not _has_maps(call) or not self._is_asked(path):
                continue
            axis = layer_kinds.channels_at(layer, len(call.outputs[0].shape))
            place, input_place, input_layer = len(tensors), None, None
            tensors.append(call.outputs[0])
            if layer_kinds.role(layer) == "pooling" and call.inputs:
                input_layer = self._logged_source(makers[id(call)])
                if input_layer is None:
                    input_place = len(tensors)
                    tensors.append(call.inputs[0])
            self._wanted.append(_Wanted(path, place, axis, input_place, input_layer))
        self.operations.choose(seen, self._is_asked, tensors)
        return tensors

    def _logged_source(self, maker: Call | None) -> str | None:
        """The path of a call whose output is among the logged maps."""
        if maker is None:
            return None
        logged = _has_maps(maker) and self._is_asked(maker.placed.path)
        return maker.placed.path if logged else None

    def _is_asked(self, path: str) -> bool:
        return self._layers is None or path in self._layers

    def _shapes(self) -> list[Shape]:
        calls = dict(outputs_by_path(self.seen))
        found: list[Shape] = []
        for wanted in self._wanted:
            call = calls[wanted.path]
            tensors = [call.outputs[0]] + ([call.inputs[0]] if wanted.input is not None else [])
            found += [_channels_first(shape_of(tensor), wanted.axis) for tensor in tensors]
        return found

    def _bytes_beside_maps(self) -> int:
        """Of what each picture step has beside the maps: statistics of all channels, and the predictions."""
        calls = dict(outputs_by_path(self.seen))
        channels = sum(_channels_first(shape_of(calls[w.path].outputs[0]), w.axis)[0] for w in self._wanted)
        predictions = sum(int(np.prod([n or 1 for n in shape_of(t)])) for t in self.seen.outputs)
        return 4 * self._probe.images * (4 * channels + predictions)

    @property
    def notice(self) -> str | None:
        """What to tell of layers whose output is too large in axes to be a map; None where there are none."""
        asked = [(path, call) for path, call in outputs_by_path(self.seen) if call.outputs and self._is_asked(path)]
        deep = [path for path, call in asked if layer_kinds.has_maps(call.placed.layer, 1) and not _has_maps(call)]
        return f"{listed(deep)}: no maps, since the output has more than three spatial axes" if deep else None

    @property
    def layers(self) -> list[str]:
        """Paths of the layers that are logged."""
        return [wanted.path for wanted in self._wanted]

    def records(self, step: int) -> list[Record]:
        """One forward pass: a `feature_maps` record for each layer, and the `predictions`."""
        results = [to_numpy(t) for t in self._forward(self._probe.x)]
        self.operations.take(results, step)
        return [self._layer_record(wanted, results, step) for wanted in self._wanted] + self._predictions(results, step)

    def _layer_record(self, wanted: _Wanted, results: list[np.ndarray], step: int) -> Record:
        maps = axis_second(results[wanted.output], wanted.axis)
        arrays = {**self._keep(maps), **channel_statistics(maps)}
        attributes: dict[str, Any] = {"of": maps.shape[1]}
        if wanted.input is not None:
            before = axis_second(results[wanted.input], wanted.axis)
            arrays |= {f"input_{name}": array for name, array in self._keep(before).items()}
            attributes["input_of"] = before.shape[1]
        if wanted.input_layer is not None:
            attributes["input_layer"] = wanted.input_layer
        return Record("feature_maps", step, wanted.path, arrays, attributes)

    def _keep(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        kept = maps[: self.kept.images, : self.kept.channels]
        return {**quantise_maps(kept), "channels": np.arange(kept.shape[1], dtype=np.int32)}

    def _predictions(self, results: list[np.ndarray], step: int) -> list[Record]:
        arrays = {"y_pred" if i == 0 else f"y_pred_{i}": results[i].astype(np.float32) for i in range(self._outputs)}
        return [Record("predictions", step, arrays=arrays)] if arrays else []


def _has_maps(call: Call) -> bool:
    return bool(call.outputs) and layer_kinds.has_maps(call.placed.layer, len(call.outputs[0].shape))


def _channels_first(shape: Sequence[int | None], axis: int) -> Shape:
    """Of a tensor without batch axis, an unknown length as 1; `axis` counts that of the batch."""
    known = [n or 1 for n in shape] or [1]
    channels = known.pop(axis if axis < 0 else axis - 1)
    return (channels, *known)


def _makers(seen: ForwardTrace) -> dict[int, Call | None]:
    """For each call (by id) the one whose first output is its first input; the latest, where a layer gives back its input."""
    made: dict[int, Call] = {}
    found: dict[int, Call | None] = {}
    for call in seen.calls:
        found[id(call)] = made.get(id(call.inputs[0])) if call.inputs else None
        made.update({id(tensor): call for tensor in call.outputs[:1]})
    return found


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def channel_statistics(maps: np.ndarray) -> dict[str, np.ndarray]:
    """mean, min, max and share of exact zeros of each image's channels, float32 [images, channels]."""
    flat = maps.reshape(*maps.shape[:2], -1)
    return {
        "mean": flat.mean(axis=2, dtype=np.float64).astype(np.float32),
        "min": flat.min(axis=2),
        "max": flat.max(axis=2),
        "zeros": (flat == 0).mean(axis=2, dtype=np.float64).astype(np.float32),
    }
