"""A computation over a model, compiled once where the backend compiles, and never where the model runs eagerly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import tree

#: Pairs of a variable and the value to use for it; None for each variable's own.
Values = Sequence[tuple[Any, Any]] | None


def compiled(model: Any, run: Callable[..., Any], *example: Any) -> Callable[..., Any]:
    """`run(values, *inputs)` as a function of the inputs alone.

    On TensorFlow it is traced here, on JAX at the first call; on PyTorch it runs anew each time.

    Args:
        model: built.
        run: a computation on tensors that leaves the model as it is; `values` are those of its variables to use.
        example: inputs as later calls give them: arrays or nests of arrays.

    Returns:
        A function of inputs of the example's shapes, which it converts to tensors.
    """
    return _converting(_compiled(model, run, example))


def _compiled(model: Any, run: Callable[..., Any], example: tuple[Any, ...]) -> Callable[..., Any]:
    if getattr(model, "run_eagerly", False) or keras.config.backend() == "torch":
        return lambda *inputs: run(None, *inputs)
    if keras.config.backend() == "jax":
        return _on_jax(model, run)
    import tensorflow as tf

    specs = tree.map_structure(_spec, example, none_is_leaf=False)
    jit = bool(getattr(model, "jit_compile", False))
    traced = tf.function(lambda *inputs: run(None, *inputs), autograph=False, jit_compile=jit)
    return traced.get_concrete_function(*specs)  # type: ignore[no-any-return]


def _spec(value: Any) -> Any:
    """TensorFlow: of an array, or of a ragged or sparse tensor."""
    import tensorflow as tf

    is_composite = tf.is_tensor(value) and not isinstance(value, tf.Tensor)
    return tf.type_spec_from_value(value) if is_composite else tf.TensorSpec(value.shape, value.dtype)


def _on_jax(model: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    import jax

    variables = list(model.variables)
    jitted = jax.jit(lambda values, *inputs: run(list(zip(variables, values, strict=True)), *inputs))
    return lambda *inputs: jitted([v.value for v in variables], *inputs)


def _converting(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *inputs: function(*as_tensors(inputs))


def as_tensors(nest: Any) -> Any:
    """Arrays as the backend's tensors; what is text or nothing stays as it is."""
    return tree.map_structure(
        lambda leaf: keras.ops.convert_to_tensor(leaf) if hasattr(leaf, "dtype") else leaf, nest, none_is_leaf=False
    )
