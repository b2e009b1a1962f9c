"""Which tensors of a training step are activations, and how each is read: of which layer, along which axis, saturated where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.forward import ForwardTrace
from tb_cnnviz.capture.network.layer_tree import PlacedLayer
from tb_cnnviz.capture.quantities import saturation
from tb_cnnviz.capture.quantities.saturation import Saturation
from tb_cnnviz.capture.quantities.slopes import Slope, slope_of

OUTPUT, PRE_ACTIVATION = "output", "pre_activation"

_MAX_OF_NAN = (
    "TensorFlow's max pooling passes over NaN: what it gives has none, and is the least float32, -3.4e38, where all of a "
    "window is NaN"
)

_ROLES = ("convolution", "dense", "pooling", "normalization", "activation", "recurrent")


@dataclass(frozen=True)
class Row:
    """One place of one layer. `axis` is that of the channels in its tensors, 1 or -1; 2 behind the steps of a sequence.

    `slope` is the derivative of its activation: where that is fused, of the pre-activation's row, else of the output's.
    """

    layer: Any
    path: str
    place: str
    channels: int
    axis: int
    saturation: Saturation | None
    slope: Slope | None = None

    def described(self) -> dict[str, Any]:
        """As a record has it."""
        said = None if self.saturation is None else str(self.saturation)
        described = {"layer": self.path, "place": self.place, "channels": self.channels, "saturation": said}
        if self.slope is not None:
            described["slope"] = self.slope.name
        if keras.config.backend() == "tensorflow" and isinstance(self.layer, layer_kinds.MAX_POOLING):
            described["note"] = _MAX_OF_NAN
        return described


@dataclass(frozen=True)
class Rows:
    """All rows of a model, and paths of layers left out: `unknown` since the shape of their output is not known, `unseen`
    since they were not called in the pass that is made for shapes."""

    rows: list[Row]
    unknown: list[str]
    unseen: list[str]


def by_layer(rows: Sequence[Row]) -> dict[int, tuple[Any, dict[str, int]]]:
    """id of a layer to the layer and its rows' numbers by place."""
    found: dict[int, tuple[Any, dict[str, int]]] = {}
    for number, row in enumerate(rows):
        found.setdefault(id(row.layer), (row.layer, {}))[1][row.place] = number
    return found


def placed_rows(placed: Sequence[PlacedLayer], seen: ForwardTrace | None) -> Rows:
    """The rows of convolutions, dense, pooling, normalisation and activation layers, and of others that fuse an activation.

    Args:
        placed: the layers to look into.
        seen: a pass through the model, for shapes; None where there was none.
    """
    shapes = (
        {id(call.placed.layer): tuple(call.outputs[0].shape) for call in seen.calls if call.outputs} if seen else {}
    )
    is_first = any(layer_kinds.is_channels_first(item.layer) for item in placed)
    rows: list[Row] = []
    unknown: list[str] = []
    unseen: list[str] = []
    for item in placed:
        layer = item.layer
        if item.is_inside or not _is_looked_into(layer):
            continue
        axis = _axis(layer, shapes.get(id(layer)), is_first)
        channels = _channels(layer, shapes.get(id(layer)), axis)
        if channels is None:
            (unknown if id(layer) in shapes else unseen).append(item.path)
            continue
        kind = saturation.of_layer(layer)
        if fuses_activation(layer):
            slope = slope_of(layer, is_of_output=False)
            rows.append(Row(layer, item.path, PRE_ACTIVATION, channels, axis, kind.pre_activation, slope))
            rows.append(Row(layer, item.path, OUTPUT, channels, axis, kind.output))
        else:
            slope = slope_of(layer, is_of_output=True)
            rows.append(Row(layer, item.path, OUTPUT, channels, axis, kind.output, slope))
    return Rows(rows, unknown, unseen)


def fuses_activation(layer: Any) -> bool:
    """Does the layer end in an activation that is not all that it does?"""
    activation = getattr(layer, "activation", None)
    is_own = layer_kinds.role(layer) in ("activation", "recurrent") or not callable(activation)
    return not is_own and not saturation.is_linear(activation)


def _is_looked_into(layer: Any) -> bool:
    role = layer_kinds.role(layer)
    return role in _ROLES or (role == "other" and callable(getattr(layer, "activation", None)))


def _axis(layer: Any, shape: tuple[int | None, ...] | None, is_first: bool) -> int:
    """1, 2 or -1. A layer that does not say it itself is taken for what the model's other layers are."""
    if layer_kinds.role(layer) == "recurrent":
        return layer_kinds.channels_at(layer, len(shape or ()))
    if getattr(layer, "data_format", None) is None and layer_kinds.role(layer) != "dense":
        own = getattr(layer, "axis", None)
        if isinstance(own, int):
            return 1 if own == 1 else -1
        return 1 if is_first and shape is not None and len(shape) > 2 else -1
    return 1 if layer_kinds.is_channels_first(layer) else -1


def _channels(layer: Any, shape: tuple[int | None, ...] | None, axis: int) -> int | None:
    if shape is not None:
        return shape[axis] if len(shape) > 1 else None
    known = getattr(layer, "filters", None) or getattr(layer, "units", None)
    return known if isinstance(known, int) else None
