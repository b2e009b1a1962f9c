"""The optimizers of a model, found wherever it holds them, and what a training step does with each."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.hook import Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost


@dataclass(frozen=True)
class NamedOptimizer:
    """An optimizer as the model holds it, and where: `d_optimizer`, `optimizers/0`, `generator/optimizer`."""

    name: str
    optimizer: Any


def has_keras_step(model: Any) -> bool:
    """Is the training step that of Keras, which uses the optimizer of `compile` alone?"""
    return type(model).train_step is keras.Model.train_step and "train_step" not in vars(model)


def optimizers_of(model: Any) -> list[NamedOptimizer]:
    """Those that a training step of this model can use; that of `compile` first.

    In a step of Keras' own it is that of `compile`, with those that it holds itself. In another one it is every
    optimizer that the model or one of its layers holds, as an attribute or in a dict, list, tuple or set.
    """
    found: list[NamedOptimizer] = []
    seen: set[int] = set()

    def add(name: str, optimizer: Any) -> None:
        inner = innermost(optimizer)
        if id(inner) in seen:
            return
        seen.add(id(inner))
        found.append(NamedOptimizer(name, optimizer))
        for inside, held in _held_by(inner):
            add(f"{name}/{inside}", held)

    compiled = getattr(model, "optimizer", None)
    if isinstance(compiled, keras.optimizers.Optimizer):
        add("optimizer", compiled)
    if has_keras_step(model):
        return found
    for layer in private.all_layers(model):
        folder = "" if layer is model else f"{getattr(layer, 'path', None) or layer.name}/"
        for name, held in _held_by(layer):
            add(f"{folder}{name}", held)
    return found


def _held_by(owner: Any) -> Iterator[tuple[str, Any]]:
    visited: set[int] = set()

    def inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, keras.optimizers.Optimizer):
            yield name, value
        elif isinstance(value, dict | list | tuple | set | frozenset) and id(value) not in visited:
            visited.add(id(value))
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, each in list(pairs):
                yield from inside(f"{name}/{key}", each)

    # What the user named stands before what Keras and TensorFlow keep beside it.
    for name, value in sorted(vars(owner).items(), key=lambda item: item[0].startswith("_")):
        yield from inside(name, value)


@dataclass
class Application:
    """One call of an optimizer inside a training step, before it changes a weight.

    `variables` are those that it updates, in the order of `gradients`. On JAX `state` and `weights` are the values
    that the optimizer's variables and those of the model have before and after it; elsewhere both are None.
    """

    number: int
    optimizer: Any
    gradients: list[Any]
    variables: list[Any]
    before: tuple[list[Any], list[Any]] | None = None
    after: tuple[list[Any], list[Any]] | None = None


#: Called with each application before the optimizer works; gives what is to be done after it.
Listener = Callable[[Application], Callable[[Application], None] | None]


@dataclass
class OptimizerCalls:
    """Watches the optimizers of a model in training steps of the user's own.

    An optimizer that is called while another one works, such as those that a composite holds, is part of that.

    Attributes:
        optimizers: all that are watched.
        listeners: told of each call; on JAX after it, with the values before and after.
        used: for each optimizer that was called, by its number, the variables that it got, by id.
    """

    optimizers: list[NamedOptimizer]
    listeners: list[Listener] = field(default_factory=list)
    used: dict[int, dict[int, Any]] = field(default_factory=dict)
    _here: threading.local = field(default_factory=threading.local)  # each replica of MirroredStrategy has a thread

    @property
    def names(self) -> list[str]:
        """Of those that were called, in the order of their first calls."""
        return [self.optimizers[number].name for number in self.used]

    def names_of(self, variable: Any) -> list[str]:
        """Of those that were given this variable."""
        return [self.optimizers[number].name for number, given in self.used.items() if id(variable) in given]

    def hooks(self) -> list[Hook]:
        """What to put in place while a step runs."""
        wrap_apply = self._wrap_functional_apply if keras.config.backend() == "jax" else self._wrap_apply
        found: list[Hook] = []
        for number, named in enumerate(self.optimizers):
            outer, inner = named.optimizer, innermost(named.optimizer)
            if keras.config.backend() == "jax":
                found.append(Hook(outer, "stateless_apply", functools.partial(self._wrap_stateless, number)))
            owner = outer if keras.config.backend() == "jax" else inner
            found.append(Hook(owner, "apply", functools.partial(wrap_apply, number)))
        return found

    def _begun(self, number: int, gradients: Any, variables: Any) -> Application:
        optimizer = self.optimizers[number].optimizer
        owners = private.trained_by(innermost(optimizer)) if variables is None else list(variables)
        self.used.setdefault(number, {}).update((id(v), v) for v in owners)
        return Application(number, optimizer, list(gradients), owners)

    def _wrap_apply(self, number: int, original: Callable[..., Any]) -> Callable[..., Any]:
        def apply(grads: Any, trainable_variables: Any = None) -> Any:
            if self._is_inside():
                return original(grads, trainable_variables)
            grads = list(grads)
            given = None if trainable_variables is None else list(trainable_variables)
            application = self._begun(number, grads, given)
            pending = [tell(application) for tell in self.listeners]
            result = self._run(original, grads, given)
            for then in pending:
                if then is not None:
                    then(application)
            return result

        return apply

    def _wrap_stateless(self, number: int, original: Callable[..., Any]) -> Callable[..., Any]:
        def stateless_apply(optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
            if self._is_inside():
                return original(optimizer_variables, grads, trainable_variables)
            weights, state = self._run(original, optimizer_variables, grads, trainable_variables)
            application = self._begun(number, grads, None)
            application.before = list(optimizer_variables), list(trainable_variables)
            application.after = list(state), list(weights)
            self._tell_after(application)
            return weights, state

        return stateless_apply

    def _wrap_functional_apply(self, number: int, original: Callable[..., Any]) -> Callable[..., Any]:
        """JAX: `apply` in a StatelessScope, or at once in a step that runs eagerly."""

        def apply(grads: Any, trainable_variables: Any = None) -> Any:
            if self._is_inside():
                return original(grads, trainable_variables)
            grads = list(grads)
            given = None if trainable_variables is None else list(trainable_variables)
            application = self._begun(number, grads, given)
            application.before = _values(application)
            result = self._run(original, grads, given)
            application.after = _values(application)
            self._tell_after(application)
            return result

        return apply

    def _tell_after(self, application: Application) -> None:
        for tell in self.listeners:
            then = tell(application)
            if then is not None:
                then(application)

    def _run(self, original: Callable[..., Any], *args: Any) -> Any:
        self._here.is_inside = True
        try:
            return original(*args)
        finally:
            self._here.is_inside = False

    def _is_inside(self) -> bool:
        return getattr(self._here, "is_inside", False)


def _values(application: Application) -> tuple[list[Any], list[Any]]:
    return (
        [keras.ops.convert_to_tensor(v) for v in application.optimizer.variables],
        [keras.ops.convert_to_tensor(v) for v in application.variables],
    )
