"""A model that cannot be run as a whole: why, and the networks in it that can."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network.forward import ForwardTrace, inference, pass_over_zeros
from tb_cnnviz.capture.network.layer_tree import PlacedLayer

#: Of a `call`, arguments that Keras gives itself.
_KERAS_GIVES = ("training", "mask")


@dataclass(frozen=True)
class SeenNetwork:
    """A functional or sequential network inside a model, its layers, and a watched pass over zeros."""

    network: Any
    placed: list[PlacedLayer]
    seen: ForwardTrace


def why_not_called(model: Any) -> str | None:
    """Why the model cannot be run over images alone, as far as its class says; None where it can."""
    if type(model).call is keras.Model.call:
        return "the model has no call of its own"
    needed = [
        name
        for name, item in inspect.signature(type(model).call).parameters.items()
        if item.default is item.empty
        and item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)
    ]
    needed = [name for name in needed[1:] if name not in _KERAS_GIVES]  # without self
    if len(needed) > 1:
        return f"the model's call takes {', '.join(needed)}, not its images alone"
    return None


def why_it_fails(model: Any, x: Any) -> str | None:
    """What the model raises when it is called on `x` without us; None where it raises nothing."""
    try:
        with inference(model), keras.StatelessScope():
            model(keras.tree.map_structure(keras.ops.convert_to_tensor, x), training=False)
    except NotImplementedError as error:
        return f"the model's call raises {in_one_line(error).removesuffix(': ')}"
    except Exception as error:
        return f"the model cannot be called on the probe: {in_one_line(error)}"
    return None


def seen_networks(model: Any, placed: Sequence[PlacedLayer]) -> list[SeenNetwork]:
    """The outermost functional and sequential networks that a model or its layers hold, as far as they are built."""
    found: list[SeenNetwork] = []
    seen: set[int] = set()

    def visit(parent: Any) -> None:
        for child in private.sublayers(parent):
            if id(child) in seen:
                continue
            seen.add(id(child))
            network = _seen(child, placed)
            if network is not None:
                found.append(network)
            else:
                visit(child)

    visit(model)
    return found


def _seen(child: Any, placed: Sequence[PlacedLayer]) -> SeenNetwork | None:
    if not isinstance(child, keras.Sequential) and not private.is_functional(child):
        return None
    if not child.built:
        return None
    inside = {id(layer) for layer in private.all_layers(child)}
    own = [item for item in placed if id(item.layer) in inside]
    over_zeros = pass_over_zeros(child, own)
    return SeenNetwork(child, own, over_zeros) if over_zeros is not None else None
