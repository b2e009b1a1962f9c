"""The first training batch, seen before it is trained on, and still trained on."""

from __future__ import annotations

import itertools
from typing import Any

import keras
from keras import tree


class NotPossible(Exception):
    """The data of this fit cannot be looked at beforehand; says why."""


def peek(iterator: Any, steps: int) -> tuple[Any, Any]:
    """Look at the next batch of fit's iterator.

    Args:
        iterator: what fit hands to the training step.
        steps: how many batches the training step will take from it (steps_per_execution).

    Returns:
        The batch, (x, y, …) as train_step gets it; and an iterator of the same kind and element types that gives this
        batch and those that follow, for one call of the training step.

    Raises:
        NotPossible: for iterators other than a plain tf.data one of dense tensors; nothing was taken from it then.
        StopIteration: where there is no batch.
    """
    if keras.config.backend() != "tensorflow":
        raise NotPossible(f"the {keras.config.backend()} backend is not supported yet")
    import tensorflow as tf

    if not isinstance(iterator, tf.data.Iterator):
        raise NotPossible(f"the data come from a {type(iterator).__name__}")
    spec = iterator.element_spec
    if not all(isinstance(each, tf.TensorSpec) for each in tree.flatten(spec)):
        raise NotPossible("the data are not dense tensors")
    batch = next(iterator)
    rest = itertools.islice(iterator, steps - 1)  # not one more: it would be lost to the next call
    again = tf.data.Dataset.from_generator(lambda: itertools.chain([batch], rest), output_signature=spec)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.inject_prefetch = False
    return batch, iter(again.with_options(options))


def build_model(model: Any, x: Any) -> None:
    """Build a model that knows its input shape only now, by tracing it as the training step would."""
    if model.built:
        return
    if keras.config.backend() != "tensorflow":
        raise NotPossible(f"the {keras.config.backend()} backend is not supported yet")
    import tensorflow as tf

    specs = tree.map_structure(lambda t: tf.TensorSpec((None, *t.shape[1:]), t.dtype), x)
    tf.function(lambda data: model(data, training=False), autograph=False).get_concrete_function(specs)
