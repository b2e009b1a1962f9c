"""JAX: the calls of the whole model in a training step, to be made again in a branch beside it.

XLA decides what to compute together by who reads it: one reader more of a tensor between two layers may change how the
user's own step rounds. So nothing between the layers is read. At recorded steps the forward pass is made again, from
what the model was called with: values that the step is given (weights, images, states of random numbers). They leave
the differentiated function behind the model's non-trainable variables, and are taken off before Keras' step is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.repeated_calls import RepeatedCalls
from tb_cnnviz.capture.hook import Guard, Hook


@dataclass
class _ModelCall:
    """One call of `stateless_call`: the leaves of its arguments, in which `places` are those of `tensors`.

    `is_given` says of each tensor whether the step got it as it is, once the step is done.
    """

    structure: Any
    leaves: list[Any]
    places: list[int]
    tensors: list[Any]
    is_given: list[bool] = field(default_factory=list)


class ModelCalls(RepeatedCalls):
    """On JAX."""

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs, inside of the hooks of those who make the calls again."""
        return [
            Hook(self._model, "stateless_call", lambda method: self._wrap_call(method, guard)),
            Hook(self._model, "stateless_compute_loss", self._wrap_loss),
            Hook(self._model, "train_step", lambda method: self._wrap_step(method, guard)),
        ]

    def trace(self) -> Any:
        """What is being traced here."""
        return private.trace_on_jax()

    def shielded(self, due: Any) -> list[list[Any]]:
        """At the step's end: the tensors of each call, for a branch that runs when the scalar `due` is true.

        What the step has computed is read through a selection: a branch of XLA decides the memory layout of what it
        reads as it is. What the step was given has its layout.
        """
        return [
            [
                tensor if is_given else ops.where(due, tensor, ops.zeros_like(tensor))
                for tensor, is_given in zip(call.tensors, call.is_given, strict=True)
            ]
            for call in self._made or []
        ]

    def _make_again(self, call: _ModelCall, tensors: list[Any]) -> None:
        import jax

        leaves = list(call.leaves)
        for place, value in zip(call.places, tensors, strict=True):
            leaves[place] = value
        args, kwargs = jax.tree_util.tree_unflatten(call.structure, leaves)
        with self._inside():
            self._model.stateless_call(*args, **kwargs)

    def _wrap_step(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def train_step(state: Any, data: Any) -> Any:
            self._made = []
            logs, (trainable, fixed, *others) = method(state, data)
            own = len(self._model.non_trainable_variables)
            with guard():
                self._bring_out(fixed[own:], (state, data))
            return logs, (trainable, fixed[:own], *others)

        return train_step

    def _wrap_call(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def stateless_call(trainable: Any, fixed: Any, *args: Any, **kwargs: Any) -> Any:
            if self._made is None or self.repeater is not None:
                return method(trainable, fixed, *args, **kwargs)
            own = len(self._model.non_trainable_variables)
            riding, fixed = list(fixed[own:]), list(fixed[:own])
            with guard():
                call = _call_with((list(trainable), fixed, *args), kwargs)
                riding += call.tensors
                self._made.append(call)
            with self._inside():
                outputs, fixed, *losses = method(trainable, fixed, *args, **kwargs)
            return outputs, [*fixed, *riding], *losses

        return stateless_call

    def _wrap_loss(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Keras' own step passes the variables on through the computation of the loss, which makes a new list."""

        def stateless_compute_loss(trainable: Any, fixed: Any, *args: Any, **kwargs: Any) -> Any:
            own = len(self._model.non_trainable_variables)
            loss, (trainable, kept, *others) = method(trainable, fixed[:own], *args, **kwargs)
            return loss, (trainable, [*kept, *fixed[own:]], *others)

        return stateless_compute_loss

    def _bring_out(self, riding: Any, given: Any) -> None:
        """The calls' tensors are from now on those that came out of the differentiated function."""
        import jax

        calls, self._made = self._made or [], []
        if len(riding) != sum(len(call.tensors) for call in calls):
            return  # a train_step of the user's own that does not give back what it gets
        known = {id(leaf) for leaf in jax.tree_util.tree_leaves(given)}
        left = iter(riding)
        for call in calls:
            call.tensors = [next(left) for _ in call.places]
            call.is_given = [id(tensor) in known for tensor in call.tensors]
        self._made = calls


def _call_with(args: tuple[Any, ...], kwargs: dict[str, Any]) -> _ModelCall:
    import jax

    leaves, structure = jax.tree_util.tree_flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    tensors = [leaves[i] for i in places]
    return _ModelCall(structure, [None if i in set(places) else leaf for i, leaf in enumerate(leaves)], places, tensors)
