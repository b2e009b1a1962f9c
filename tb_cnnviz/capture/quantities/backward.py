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

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.autodiff import Tap, derivatives
from tb_cnnviz.capture.backends.compiling import Values, compiled
from tb_cnnviz.capture.hook import Hook, hooked
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.architecture import shape_of
from tb_cnnviz.capture.network.forward import inference
from tb_cnnviz.capture.network.layer_tree import PlacedLayer

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


class TappedLayers:
    """Taps what the layers give while the loss is computed.

    Attributes:
        tapped: all that was tapped, in its order.
        calls: number of calls by path, in the order of the first ones.
        out_of_reach: paths of layers that were called inside a loop, a condition or a vectorised map.
    """

    def __init__(self, tap: Tap) -> None:
        self.tapped: list[Point] = []
        self.calls: dict[str, int] = {}
        self.out_of_reach: set[str] = set()
        self._tap = tap
        self._taken = 0

    def hook(self, item: PlacedLayer) -> Hook:
        """On the layer's `call`."""

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if private.is_for_shapes():
                    return original(*args, **kwargs)
                self.calls[item.path] = self.calls.get(item.path, 0) + 1
                return self._call(item, lambda: original(*args, **kwargs))

            return call

        return layer_kinds.on_call(item.layer, wrap)

    def _call(self, item: PlacedLayer, run: Callable[[], Any]) -> Any:
        activated: list[tuple[list[Point], Any]] = []
        if private.is_rematerialised(item.layer):  # what is computed again for the derivative is another tensor
            self.out_of_reach.add(item.path)

        def wrap(activation: Callable[..., Any]) -> Callable[..., Any]:
            def activate(z: Any, *args: Any, **kwargs: Any) -> Any:
                z, points = self._tapped(item, [z], is_pre_activation=True)
                activated.append((points, activation(*z, *args, **kwargs)))
                return activated[-1][1]

            return activate

        with hooked([Hook(item.layer, "activation", wrap)] if _fuses_activation(item.layer) else []):
            result = run()
        if activated and activated[-1][1] is result:  # what the layer gives is its activation's output
            self.tapped += activated[-1][0]
            return result
        leaves, points = self._tapped(item, tree.flatten(result), is_pre_activation=False)
        self.tapped += points
        return tree.pack_sequence_as(result, leaves) if tree.is_nested(result) else leaves[0]

    def _tapped(
        self, item: PlacedLayer, tensors: list[Any], *, is_pre_activation: bool
    ) -> tuple[list[Any], list[Point]]:
        """What to go on with in the place of tensors, and where they were tapped."""
        made, points = list(tensors), []
        for place, tensor in enumerate(tensors):
            tapped = self._tap(tensor) if _is_float(tensor) else None
            if tapped is not None:
                made[place] = tapped
                points.append(Point(item, is_pre_activation, self._taken, shape_of(tensor), private.has_logits(tapped)))
                self._taken += 1
            elif _is_float(tensor):
                self.out_of_reach.add(item.path)
        return made, points


class Backward:
    """The backward pass of a model's own loss over inputs and labels, compiled once where the backend compiles.

    Args:
        model: built and compiled.
        placed: the layers whose error is wanted.
        x, y: example input and labels: arrays or nests of arrays, as fit gets them; y may be None.

    Attributes:
        wanted: paths of the layers that are watched.
        watch: what was seen while the pass was traced; before the first call on JAX and PyTorch it is missing.
        points: one for each layer whose error is known, in the order of their first calls; missing as well.
        unknown: paths of the layers whose error is not known although they were called; missing as well.
    """

    watch: TappedLayers
    points: list[Point]
    unknown: list[str]

    def __init__(self, model: Any, placed: Sequence[PlacedLayer], x: Any, y: Any) -> None:
        wanted = [item for item in placed if layer_kinds.role(item.layer) not in _PASSES_ON and not item.is_inside]
        self.wanted = [item.path for item in wanted]

        def run(values: Values, x: Any, y: Any, scale: Any) -> list[Any]:
            state = values or [(v, v.value) for v in model.trainable_variables if v.regularizer is not None]

            def loss(tap: Tap) -> Any:
                self.watch = TappedLayers(tap)
                with ExitStack() as stack:  # anew for each call: nothing of one trace may reach the next
                    stack.enter_context(private.compiled_loss_kept(model))
                    stack.enter_context(keras.StatelessScope(state, collect_losses=True, initialize_variables=False))
                    stack.enter_context(hooked([self.watch.hook(item) for item in wanted]))
                    total = keras.ops.sum(_loss(model, x, None if isinstance(y, tuple) and not y else y))
                return keras.ops.cast(total, "float32") * scale

            with inference(model):
                value, found = derivatives(loss)
            self.points, self.unknown = _chosen(self.watch, found)
            errors = [found[point.number] for point in self.points]
            return [value, *[None if each is None else keras.ops.cast(each, "float32") for each in errors]]

        with private.variables_initialized():
            self._run = compiled(model, run, x, _nest(y), _SCALE)

    def __call__(self, x: Any, y: Any, scale: float) -> tuple[Any, list[Any | None]]:
        """The loss and its derivative at each of `points`, both times `scale`; None where it does not depend on it."""
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


def _chosen(watch: TappedLayers, found: Sequence[Any | None]) -> tuple[list[Point], list[str]]:
    """One point of each layer: of what it gives, the first tensor that the loss depends on; and paths without one.

    A first call may be made for its shape alone, and of a recurrent layer the state may be used and not the output. A
    layer has an error of zero only where no call of it was out of reach.
    """
    points: list[Point] = []
    unknown: list[str] = []
    for path in watch.calls:
        mine = [point for point in watch.tapped if point.placed.path == path]
        connected = [point for point in mine if found[point.number] is not None]
        if connected or (mine and path not in watch.out_of_reach):
            points.append((connected or mine)[0])
        elif path in watch.out_of_reach:
            unknown.append(path)
    return points, unknown


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
    if layer_kinds.role(layer) in ("activation", "recurrent") or activation is keras.activations.linear:
        return False
    return callable(activation)


def _is_float(value: Any) -> bool:
    return bool(keras.ops.is_tensor(value)) and "float" in keras.backend.standardize_dtype(value.dtype)
