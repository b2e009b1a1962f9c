"""What keras.ops has not: the derivatives of a number with respect to tensors that are met on the way to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tb_cnnviz.capture.backends import private

#: Marks a tensor as one to differentiate with respect to, and gives what to go on with in its place. None where that is
#: not possible: the tensor belongs to the inside of a loop, of a condition or of a vectorised map.
Tap = Callable[[Any], Any | None]


def derivatives(compute: Callable[[Tap], Any]) -> tuple[Any, list[Any | None]]:
    """A number, and its derivative with respect to each tapped tensor.

    The derivative is taken with respect to a zero added to the tensor (on TensorFlow to the tensor itself): no variable
    is differentiated, and nothing is left in a variable's `.grad`.

    Args:
        compute: gives a scalar of float32; calls the tap that it gets for each tensor, in the same order whenever it is
            called. On JAX it is called twice.

    Returns:
        The number, and for each tap that was possible, in their order, a tensor of the tapped one's shape and dtype, or
        None where the number does not depend on it.
    """
    return {"tensorflow": _by_tape, "jax": _by_grad, "torch": _by_autograd}[keras.config.backend()](compute)


def _by_tape(compute: Callable[[Tap], Any]) -> tuple[Any, list[Any | None]]:
    """The tensor itself is watched: one added to a zero would lose the logits that Keras' softmax puts on its output."""
    import tensorflow as tf

    points: list[Any] = []
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

    def tap(z: Any) -> Any | None:
        if tf.is_symbolic_tensor(z) if graph is None else getattr(z, "graph", None) is not graph:
            return None
        tape.watch(z)
        points.append(z)
        return z

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        value = compute(tap)
    found = tape.gradient(value, points)
    return value, [None if each is None else tf.convert_to_tensor(each) for each in found]


def _by_autograd(compute: Callable[[Tap], Any]) -> tuple[Any, list[Any | None]]:
    import torch

    points: list[Any] = []

    def tap(z: Any) -> Any | None:
        if private.is_vectorised_on_torch(z):
            return None
        points.append(torch.zeros_like(z, requires_grad=True))
        return private.with_mask_of(z, z + points[-1])

    with torch.enable_grad():
        value = compute(tap)
        if not points or not value.requires_grad:
            return value.detach(), [None] * len(points)
        return value.detach(), list(torch.autograd.grad(value, points, allow_unused=True))


def _by_grad(compute: Callable[[Tap], Any]) -> tuple[Any, list[Any | None]]:
    import jax
    import jax.numpy as jnp

    is_possible: list[bool] = []

    def measured() -> list[Any]:
        points: list[Any] = []
        level = private.level_on_jax(jnp.zeros(()))

        def tap(z: Any) -> Any | None:
            is_possible.append(private.level_on_jax(z) is level)
            if not is_possible[-1]:
                return None
            points.append(z)
            return z

        return [compute(tap), *points]

    traced = jax.make_jaxpr(measured)()
    zeros = [jnp.zeros(shape.shape, shape.dtype) for shape in traced.out_avals[1:]]

    def with_zeros(zeros: list[Any]) -> Any:
        possible, left = iter(is_possible), iter(zeros)
        return compute(lambda z: private.with_mask_of(z, z + next(left)) if next(possible) else None)

    value, found = jax.value_and_grad(with_zeros)(zeros)
    needed = _needed(traced.jaxpr)
    return value, [
        each if var in needed else None for var, each in zip(map(id, traced.jaxpr.outvars[1:]), found, strict=True)
    ]


def _needed(jaxpr: Any) -> set[int]:
    """What the first output of a traced computation depends on."""
    needed = {id(jaxpr.outvars[0])}
    for equation in reversed(jaxpr.eqns):
        if any(id(var) in needed for var in equation.outvars):
            needed.update(id(var) for var in equation.invars)
    return needed
