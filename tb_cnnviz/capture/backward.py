"""One backward pass over the labelled probe: the derivative of the loss by what each layer computes.

Like the forward pass it runs with training=False inside a StatelessScope: no weight, moving statistic, random state,
metric or gradient of the model changes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import tree

from tb_cnnviz.capture import layer_kinds, private
from tb_cnnviz.capture.architecture import shape_of
from tb_cnnviz.capture.autodiff import Tap, derivatives
from tb_cnnviz.capture.compiling import Values, compiled
from tb_cnnviz.capture.forward import inference
from tb_cnnviz.capture.hook import Hook, hooked
from tb_cnnviz.capture.layer_tree import PlacedLayer

#: Roles of layers that only pass values on in inference mode: their error is that of the next layer's input.
_PASSES_ON = ("input", "dropout", "reshape")


@dataclass(frozen=True)
class Point:
    """Where the derivative is taken: at a layer's pre-activation output, or at its output where it fuses no activation.

    `number` is its place among the tapped tensors, `shape` is without the batch axis. `has_logits`: Keras knows what it
    was computed from, and a cross-entropy takes that in its place.
    """

    placed: PlacedLayer
    is_pre_activation: bool
    number: int
    shape: list[int | None]
    has_logits: bool = False


class Watch:
    """Taps each layer's first call while the loss is computed.

    Attributes:
        points: in the order of the calls.
        calls: number of calls by path.
        impossible: paths of layers that run inside a loop, a condition or a vectorised map.
    """

    def __init__(self, tap: Tap) -> None:
        self.points: list[Point] = []
        self.calls: dict[str, int] = {}
        self.impossible: list[str] = []
        self._tap = tap
        self._tapped = 0

    def hook(self, item: PlacedLayer) -> Hook:
        """On the layer's `call`."""

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                self.calls[item.path] = self.calls.get(item.path, 0) + 1
                if self.calls[item.path] > 1:
                    return original(*args, **kwargs)
                return self._first_call(item, lambda: original(*args, **kwargs))

            return call

        return Hook(item.layer, "call", wrap)

    def _first_call(self, item: PlacedLayer, run: Callable[[], Any]) -> Any:
        activated: list[tuple[Point | None, Any]] = []

        def wrap(activation: Callable[..., Any]) -> Callable[..., Any]:
            def activate(z: Any, *args: Any, **kwargs: Any) -> Any:
                z, point = self._tapped_tensor(item, z, is_pre_activation=True)
                activated.append((point, activation(z, *args, **kwargs)))
                return activated[-1][1]

            return activate

        with hooked([Hook(item.layer, "activation", wrap)] if _fuses_activation(item.layer) else []):
            result = run()
        if activated and activated[-1][1] is result:  # what the layer gives is its activation's output
            point = activated[-1][0]
        else:
            result, point = self._tapped_result(item, result)
        if point is not None:
            self.points.append(point)
        elif any(map(_is_float, tree.flatten(result))):
            self.impossible.append(item.path)
        return result

    def _tapped_result(self, item: PlacedLayer, result: Any) -> tuple[Any, Point | None]:
        """The first tensor of floats that the layer gives."""
        leaves = tree.flatten(result)
        for i, leaf in enumerate(leaves):
            if _is_float(leaf):
                leaves[i], point = self._tapped_tensor(item, leaf, is_pre_activation=False)
                return (tree.pack_sequence_as(result, leaves) if tree.is_nested(result) else leaves[0]), point
        return result, None

    def _tapped_tensor(self, item: PlacedLayer, z: Any, *, is_pre_activation: bool) -> tuple[Any, Point | None]:
        tapped = self._tap(z) if _is_float(z) else None
        if tapped is None:
            return z, None
        self._tapped += 1
        point = Point(item, is_pre_activation, self._tapped - 1, shape_of(z), private.has_logits(tapped))
        return tapped, point


class Backward:
    """The backward pass of a model's own loss over inputs and labels, compiled once where the backend compiles.

    Args:
        model: built and compiled.
        placed: the layers whose error is wanted.
        x, y: example input and labels: arrays or nests of arrays, as fit gets them; y may be None.

    Attributes:
        wanted: paths of the layers that are watched.
        watch: what was seen while the pass was traced; before the first call on JAX and PyTorch it is missing.
    """

    watch: Watch

    def __init__(self, model: Any, placed: Sequence[PlacedLayer], x: Any, y: Any) -> None:
        wanted = [item for item in placed if layer_kinds.role(item.layer) not in _PASSES_ON]
        self.wanted = [item.path for item in wanted]

        def run(values: Values, x: Any, y: Any, scale: Any) -> list[Any]:
            state = values or [(v, v.value) for v in model.trainable_variables if v.regularizer is not None]

            def loss(tap: Tap) -> Any:
                self.watch = Watch(tap)
                with ExitStack() as stack:  # anew for each call: nothing of one trace may reach the next
                    stack.enter_context(private.compiled_loss_kept(model))
                    stack.enter_context(keras.StatelessScope(state, collect_losses=True, initialize_variables=False))
                    stack.enter_context(hooked([self.watch.hook(item) for item in wanted]))
                    total = keras.ops.sum(_loss(model, x, None if isinstance(y, tuple) and not y else y))
                return keras.ops.cast(total, "float32") * scale

            with inference(model):
                value, found = derivatives(loss)
            errors = [found[point.number] for point in self.watch.points]
            return [value, *[None if each is None else keras.ops.cast(each, "float32") for each in errors]]

        with private.variables_initialized():
            self._run = compiled(model, run, x, _nest(y), _SCALE)

    def __call__(self, x: Any, y: Any, scale: float) -> tuple[Any, list[Any | None]]:
        """The loss and its derivative at each of `watch.points`, both times `scale`; None where it does not depend on it."""
        with private.variables_initialized():
            value, *errors = self._run(x, _nest(y), _SCALE * scale)
        return value, errors


_SCALE = np.ones((), np.float32)

#: In the place of labels that there are not: a nest without tensors.
_NONE: tuple[()] = ()


def _nest(y: Any) -> Any:
    return _NONE if y is None else y


class NoLoss(Exception):
    """There is nothing to differentiate."""


def has_own_loss(model: Any) -> bool:
    """Does the model say itself how its loss is computed? It may then need no labels."""
    return type(model).compute_loss is not keras.Model.compute_loss


def _loss(model: Any, x: Any, y: Any) -> Any:
    """As training computes it, regularisation and `add_loss` included, in inference mode and without sample weights."""
    predicted = model(x, training=False)
    if getattr(model, "loss", None) is None and not has_own_loss(model) and not model.losses:
        raise NoLoss("the model was compiled without a loss, and adds none; give compile() a loss")
    compute = type(model).compute_loss  # the class' own: what stands on the instance may record
    takes_mode = "training" in inspect.signature(compute).parameters
    return compute(model, x, y, predicted, None, **({"training": False} if takes_mode else {}))


def _fuses_activation(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    if layer_kinds.role(layer) == "activation" or activation is keras.activations.linear:
        return False
    return callable(activation)


def _is_float(value: Any) -> bool:
    return bool(keras.ops.is_tensor(value)) and "float" in keras.backend.standardize_dtype(value.dtype)
