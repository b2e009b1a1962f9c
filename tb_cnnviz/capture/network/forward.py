"""One forward pass over the probe with every layer watched: what went in, what came out, and in which order.

The pass runs with training=False inside a StatelessScope, so that neither moving statistics nor random states can
change, whatever a layer does. Modules of PyTorch inside a layer are in evaluation mode meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import tree

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.compiling import Values, as_tensors, compiled
from tb_cnnviz.capture.hook import Hook, hooked
from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.layer_tree import PlacedLayer


@dataclass(frozen=True)
class Call:
    """One call of a layer: its tensors, in graph mode symbolic ones."""

    placed: PlacedLayer
    inputs: list[Any]
    outputs: list[Any]


@dataclass(frozen=True)
class ForwardTrace:
    """A watched forward pass: the model's inputs and outputs, and the calls in the order in which they happened.

    `x` is the inputs in the nest in which the model took them.
    """

    inputs: list[Any]
    outputs: list[Any]
    calls: list[Call]
    x: Any = None

    @property
    def tensors(self) -> list[tuple[list[Any], list[Any]]]:
        """What went into each call, and what came out."""
        return [(call.inputs, call.outputs) for call in self.calls]


def trace_forward(
    model: Any,
    placed: Sequence[PlacedLayer],
    x: Any,
    values: Values = None,
    see: Callable[[Any], Any] = lambda tensor: tensor,
) -> ForwardTrace:
    """Call the model on `x` and watch the layers.

    `values` are pairs of a variable and the value to use for it. `see` gives what the pass has of each tensor, at the
    time when it goes into a layer or comes out.
    """
    calls: list[Call] = []

    def seen(nest: Any) -> list[Any]:
        return [see(tensor) for tensor in _tensors(nest)]

    def watch(item: PlacedLayer) -> Hook:
        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if private.is_for_shapes():
                    return original(*args, **kwargs)
                inputs = seen((args, kwargs))
                result = original(*args, **kwargs)
                calls.append(Call(item, inputs, seen(result)))
                return result

            return call

        return layer_kinds.on_call(item.layer, wrap)

    scope = keras.StatelessScope(state_mapping=values)
    with hooked([watch(item) for item in placed if not item.is_inside]), inference(model), scope:
        inputs = seen(x)
        outputs = seen(model(x, training=False))
    return ForwardTrace(inputs, outputs, calls, x)


@contextlib.contextmanager
def inference(model: Any) -> Iterator[None]:
    """Keras does not warn of what it warns of when the model trains; on PyTorch nothing is differentiated, and every
    module is in evaluation mode until the end."""
    with _said_before():
        if keras.config.backend() == "torch":
            with _evaluating(model):
                yield
        else:
            yield


@contextlib.contextmanager
def _said_before() -> Iterator[None]:
    """Warnings of Keras' own go nowhere. Filters stay as they are: a change of them would let all be said again."""
    before = warnings.showwarning

    def show(message: Any, category: Any, filename: str, *args: Any, **kwargs: Any) -> None:
        if not filename.startswith(_KERAS):
            before(message, category, filename, *args, **kwargs)

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:
            warnings.showwarning = before


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    import torch

    flags = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        for module, is_training in flags:
            module.training = is_training


_KERAS = os.path.dirname(keras.__file__)


class Forward:
    """A forward pass that gives chosen tensors, compiled once where the backend compiles.

    Args:
        model: built.
        placed: the layers to watch.
        x: example input: an array or a nest of arrays, as the model takes it.
        choose: picks the tensors to return from the pass; called once, while the pass is traced.

    Attributes:
        seen: the pass as it was traced. Its tensors have shapes; in graph mode they have no values.
    """

    seen: ForwardTrace

    def __init__(
        self, model: Any, placed: Sequence[PlacedLayer], x: Any, choose: Callable[[ForwardTrace], list[Any]]
    ) -> None:
        def run(values: Values, x: Any) -> list[Any]:
            self.seen = trace_forward(model, placed, x, values)
            return choose(self.seen)

        self._run = compiled(model, run, x)

    def __call__(self, x: Any) -> list[Any]:
        """The chosen tensors for `x`, as the backend has them."""
        return list(self._run(x))


def pass_over_zeros(model: Any, placed: Sequence[PlacedLayer]) -> ForwardTrace | None:
    """A watched pass where there are no images; None where the model does not say what it takes."""
    try:
        zeros = [np.zeros((1, *t.shape[1:]), t.dtype) for t in tree.flatten(model.inputs)]
        x = zeros[0] if len(zeros) == 1 else tree.pack_sequence_as(model.inputs, zeros)
        forward = Forward(model, placed, x, lambda seen: seen.outputs)
        return getattr(forward, "seen", None) or trace_forward(
            model, placed, tree.map_structure(keras.ops.convert_to_tensor, x)
        )
    except Exception:  # axes of unknown length, a subclassed model, a model that takes no zeros
        return None


def refusal(model: Any, x: Any) -> str | None:
    """Why the model does not take `x`, as Keras says it; None where it does."""
    try:
        trace_forward(model, [], as_tensors(x))
    except Exception as error:
        return in_one_line(error)
    return None


def _tensors(nest: Any) -> list[Any]:
    return [item for item in tree.flatten(nest) if keras.ops.is_tensor(item) or hasattr(item, "shape")]
