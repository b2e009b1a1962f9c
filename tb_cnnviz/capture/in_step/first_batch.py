"""The first training batch, seen before it is trained on, and still trained on."""

from __future__ import annotations

import functools
import itertools
import types
from typing import Any

import keras
from keras import tree


class DataError(Exception):
    """The data raised: an error of theirs, or StopIteration where there is no batch."""

    def __init__(self, raised: Exception) -> None:
        super().__init__(str(raised))
        self.raised = raised


class NotPossible(Exception):
    """The data of this fit cannot be looked at beforehand; says why."""


class NotCallable(NotPossible):
    """The model cannot be called on a batch; says what it raises."""


def peek(data: Any, steps: int) -> tuple[Any, Any]:
    """Look at the next batch of fit's data.

    Args:
        data: what fit or `train_on_batch` hands to the training step: an iterator, on PyTorch a list of batches; None
            where no training step is running.
        steps: how many batches the training step will take from it (steps_per_execution).

    Returns:
        The batch, (x, y, …) as train_step gets it; and data of the same kind that give this batch and those that
        follow, for one call of the training step.

    Raises:
        NotPossible: on TensorFlow for iterators other than a plain tf.data one of tensors; nothing was taken from it
            then.
        DataError: where there is no batch, or the data raise for another reason.
    """
    if data is None:
        raise NotPossible("no batch of this loop comes by, but by `model.train_on_batch` between two of its events")
    backend = keras.config.backend()
    if backend == "torch":
        return data[0], data
    if backend == "jax" or isinstance(data, types.GeneratorType):  # the latter from `train_on_batch`
        batch = _next(data)
        return batch, itertools.chain([batch], data)
    import tensorflow as tf

    if not isinstance(data, tf.data.Iterator):
        raise NotPossible(f"the data come from a {type(data).__name__}")
    spec = data.element_spec
    known = (tf.TensorSpec, tf.RaggedTensorSpec, tf.SparseTensorSpec, type(tf.type_spec_from_value(None)))
    if not all(isinstance(each, known) for each in tree.flatten(spec)):
        raise NotPossible("the data are not tensors")
    taken: list[Any] = []  # the dataset is made before: what fails after a batch was taken loses it
    rest = itertools.islice(data, steps - 1)  # not one more: it would be lost to the next call
    batches = functools.partial(itertools.chain, taken, rest)
    again = tf.data.Dataset.from_generator(batches, output_signature=spec)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.inject_prefetch = False
    again = again.with_options(options)
    taken.append(_next(data))
    return taken[0], iter(again)


def _next(data: Any) -> Any:
    try:
        return next(data)
    except Exception as error:
        raise DataError(error) from error


def build_model(model: Any, x: Any) -> None:
    """Build a model that knows its input shape only now, by tracing it as the training step would.

    Raises:
        NotCallable: where it raises.
    """
    if model.built:
        return
    if keras.config.backend() != "tensorflow":  # fit builds it there
        return
    import tensorflow as tf

    def spec(t: Any) -> Any:
        is_plain = isinstance(t, tf.Tensor)
        return tf.TensorSpec((None, *t.shape[1:]), t.dtype) if is_plain else tf.type_spec_from_value(t)

    specs = tree.map_structure(spec, x, none_is_leaf=False)
    try:
        tf.function(lambda data: model(data, training=False), autograph=False).get_concrete_function(specs)
    except Exception as error:  # no call, or one that takes something else: its train_step may do without
        raise NotCallable(f"calling the model on its first batch raises {type(error).__name__}") from error
