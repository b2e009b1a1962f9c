"""The trace of a watched pass, on any backend; where none can be had, what the tensors' identity says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import tree

from tb_cnnviz.capture.backends.dataflow import Trace, trace_by_identity
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.forward import ForwardTrace, trace_forward
from tb_cnnviz.capture.network.layer_tree import PlacedLayer


def traced(model: Any, placed: Sequence[PlacedLayer], seen: ForwardTrace) -> Trace:
    """How the values of a pass were made of each other.

    TensorFlow has it in the graph of the pass itself; where that ran eagerly, in a graph that is made for it. On JAX the
    pass is traced again, on PyTorch it is run again for its first image. Never fails.
    """
    axis = layer_kinds.channel_axis([item.layer for item in placed])
    with contextlib.suppress(Exception):  # a model may want values, or another batch size
        found = _BACKENDS[keras.config.backend()](model, placed, seen, axis)
        if found is not None and _is_of(found, seen):
            return found
    return trace_by_identity(seen.inputs, seen.tensors, seen.outputs)


def _is_of(trace: Trace, seen: ForwardTrace) -> bool:
    def numbers(calls: Any) -> list[tuple[int, int]]:
        return [(len(before), len(after)) for before, after in calls]

    same = numbers(trace.calls) == numbers(seen.tensors)
    return same and len(trace.inputs) == len(seen.inputs) and len(trace.outputs) == len(seen.outputs)


def _on_tensorflow(model: Any, placed: Sequence[PlacedLayer], seen: ForwardTrace, axis: int | None) -> Trace | None:
    import tensorflow as tf

    from tb_cnnviz.capture.backends.tensorflow import trace

    def of_graph(found: ForwardTrace) -> Trace:
        return trace.trace(found.inputs, found.tensors, found.outputs, axis)

    if tf.is_symbolic_tensor(seen.inputs[0]):
        return of_graph(seen)
    kept: list[ForwardTrace] = []
    run = tf.function(lambda x: kept.append(trace_forward(model, placed, x)), autograph=False)
    run.get_concrete_function(tree.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), seen.x))
    return of_graph(kept[-1]) if _same_layers(kept[-1], seen) else None


def _on_jax(model: Any, placed: Sequence[PlacedLayer], seen: ForwardTrace, axis: int | None) -> Trace | None:
    import jax

    from tb_cnnviz.capture.backends.jax import trace

    variables = list(model.variables)
    kept: list[ForwardTrace] = []

    def run(values: Any, x: Any) -> trace.Tensors:
        kept.append(trace_forward(model, placed, x, list(zip(variables, values, strict=True))))
        return kept[-1].inputs, kept[-1].tensors, kept[-1].outputs

    def shape(tensor: Any) -> Any:
        return jax.ShapeDtypeStruct(tuple(tensor.shape), tensor.dtype)

    arguments = [[shape(v) for v in variables], tree.map_structure(shape, seen.x)]
    found = trace.trace(run, arguments, axis)
    return found if _same_layers(kept[-1], seen) else None


def _on_torch(model: Any, placed: Sequence[PlacedLayer], seen: ForwardTrace, axis: int | None) -> Trace | None:
    from tb_cnnviz.capture.backends.torch import trace

    with trace.Recorder(axis) as recorder:
        keys = trace_forward(model, placed, tree.map_structure(lambda t: t[:1], seen.x), see=recorder.key)
    if not _same_layers(keys, seen):
        return None
    return Trace(keys.inputs, keys.tensors, keys.outputs, recorder.operations)


def _same_layers(one: ForwardTrace, other: ForwardTrace) -> bool:
    return [call.placed for call in one.calls] == [call.placed for call in other.calls]


_BACKENDS: dict[str, Callable[[Any, Sequence[PlacedLayer], ForwardTrace, int | None], Trace | None]] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
