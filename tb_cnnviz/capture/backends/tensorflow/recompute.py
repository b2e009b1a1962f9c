"""TensorFlow under XLA: the calls of the whole model in a training step, to be made again in a branch beside it.

As on JAX (see `model_calls`) nothing between the layers is read. The variables have in the second pass the values that
they had when the model was called; what it assigns goes nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops, tree

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.repeated_calls import RepeatedCalls
from tb_cnnviz.capture.hook import Guard, Hook

#: Operations of a graph that give what the compiled step is given.
_GIVEN = frozenset(["Placeholder", "ReadVariableOp", "_Arg"])


@dataclass
class _ModelCall:
    """What the model was called with, as a nest and as a list, and the values that its variables had."""

    arguments: Any
    flat: list[Any]
    variables: list[Any]
    values: list[Any]


class GraphCalls(RepeatedCalls):
    """On TensorFlow; methods as of `ModelCalls`."""

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs, inside of the hooks of those who make the calls again."""
        return [
            Hook(self._model, "call", lambda method: self._wrap_call(method, guard)),
            Hook(self._model, "train_step", self._wrap_step),
        ]

    def trace(self) -> Any:
        """What is being traced here."""
        return private.graph_on_tensorflow()

    def shielded(self, due: Any) -> list[list[Any]]:
        """At the step's end: the tensors of each call's arguments, for a branch that runs when `due` is true."""
        return [[_shielded(due, item) for item in call.flat] for call in self._made or []]

    def _make_again(self, call: _ModelCall, tensors: list[Any]) -> None:
        args, kwargs = tree.pack_sequence_as(call.arguments, tensors)
        pairs = list(zip(call.variables, call.values, strict=True))
        with keras.StatelessScope(state_mapping=pairs), self._inside(), private.drawn_apart_on_tensorflow():
            self._model(*args, **kwargs)

    def _wrap_step(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def train_step(*args: Any) -> Any:
            self._made = []
            return method(*args)

        return train_step

    def _wrap_call(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._made is None or self.repeater is not None or kwargs.get("training") is False:
                return method(*args, **kwargs)
            with guard():
                variables = self._model.variables
                values = [private.as_it_is_on_tensorflow(variable) for variable in variables]
                arguments = (args, kwargs)
                self._made.append(_ModelCall(arguments, tree.flatten(arguments), variables, values))
            with self._inside():
                return method(*args, **kwargs)

        return call


def _shielded(due: Any, item: Any) -> Any:
    import tensorflow as tf

    if not tf.is_symbolic_tensor(item) or item.op.type in _GIVEN:
        return item
    return ops.where(due, item, ops.zeros_like(item))
