"""A computation whose operations stand in TensorFlow's graph once, however often the graph runs it.

A network of some hundred layers has some hundred tensors to look at. Made anew for each, the operations that do so are
many times those of the network, and a compiled step waits for every one of them when it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras


def shared(run: Callable[..., Any], *inputs: tuple[Sequence[int | None], str]) -> Callable[..., Any]:
    """`run`, as a function that a graph of TensorFlow calls; where nothing is built, and on other backends, `run` itself.

    Not for XLA, which would compile it for each call.

    Args:
        run: a computation on tensors alone, that writes nothing.
        inputs: shape and dtype of each; lengths that differ from call to call are None.
    """
    if keras.config.backend() != "tensorflow":
        return run
    import tensorflow as tf

    function = tf.function(
        run,
        input_signature=[tf.TensorSpec(shape, dtype) for shape, dtype in inputs],
        autograph=False,
        experimental_attributes={"_noinline": True},  # inlined, it would stand in the graph as often as it is called
    )
    return lambda *given: run(*given) if tf.executing_eagerly() else function(*given)
