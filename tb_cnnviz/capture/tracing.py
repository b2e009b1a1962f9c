"""The trace of a watched pass, on any backend; where none can be had, what the tensors' identity says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import tree

from tb_cnnviz.capture import layer_kinds
from tb_cnnviz.capture.dataflow import Trace
from tb_cnnviz.capture.forward import Pass, watched
from tb_cnnviz.capture.layer_tree import PlacedLayer


def traced(model: Any, placed: Sequence[PlacedLayer], seen: Pass) -> Trace:
    """How the values of a pass were made of each other.

    TensorFlow has it in the graph of the pass itself; where that ran eagerly, in a graph that is made for it. On JAX the
    pass is traced again, on PyTorch it is run again for its first image. Never fails.
    """
    axis = layer_kinds.channel_axis([item.layer for item in placed])
    with contextlib.suppress(Exception):  # a model may want values, or another batch size
        found = _BACKENDS[keras.config.backend()](model, placed, seen, axis)
        if found is not None and _is_of(found, seen):
            return found
    keys = [([id(t) for t in call.inputs], [id(t) for t in call.outputs]) for call in seen.calls]
    return Trace([id(t) for t in seen.inputs], keys, [id(t) for t in seen.outputs])


def _is_of(trace: Trace, seen: Pass) -> bool:
    def numbers(calls: Any) -> list[tuple[int, int]]:
        return [(len(before), len(after)) for before, after in calls]

    same = numbers(trace.calls) == numbers((call.inputs, call.outputs) for call in seen.calls)
    return same and len(trace.inputs) == len(seen.inputs) and len(trace.outputs) == len(seen.outputs)


def _on_tensorflow(model: Any, placed: Sequence[PlacedLayer], seen: Pass, axis: int | None) -> Trace | None:
    import tensorflow as tf

    from tb_cnnviz.capture import trace_tensorflow

    if tf.is_symbolic_tensor(seen.inputs[0]):
        return trace_tensorflow.trace(seen, axis)
    kept: list[Pass] = []
    run = tf.function(lambda x: kept.append(watched(model, placed, x)), autograph=False)
    run.get_concrete_function(tree.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), seen.x))
    return trace_tensorflow.trace(kept[-1], axis) if _same_layers(kept[-1], seen) else None


def _on_jax(model: Any, placed: Sequence[PlacedLayer], seen: Pass, axis: int | None) -> Trace | None:
    import jax

    from tb_cnnviz.capture import trace_jax

    variables = list(model.variables)
    kept: list[Pass] = []

    def run(values: Any, x: Any) -> trace_jax.Tensors:
        kept.append(watched(model, placed, x, list(zip(variables, values, strict=True))))
        return kept[-1].inputs, [(call.inputs, call.outputs) for call in kept[-1].calls], kept[-1].outputs

    def shape(tensor: Any) -> Any:
        return jax.ShapeDtypeStruct(tuple(tensor.shape), tensor.dtype)

    arguments = [[shape(v) for v in variables], tree.map_structure(shape, seen.x)]
    found = trace_jax.trace(run, arguments, axis)
    return found if _same_layers(kept[-1], seen) else None


def _on_torch(model: Any, placed: Sequence[PlacedLayer], seen: Pass, axis: int | None) -> Trace | None:
    from tb_cnnviz.capture import trace_torch

    with trace_torch.Recorder(axis) as recorder:
        keys = watched(model, placed, tree.map_structure(lambda t: t[:1], seen.x), see=recorder.key)
    if not _same_layers(keys, seen):
        return None
    calls = [(call.inputs, call.outputs) for call in keys.calls]
    return Trace(keys.inputs, calls, keys.outputs, recorder.operations)


def _same_layers(one: Pass, other: Pass) -> bool:
    return [call.placed for call in one.calls] == [call.placed for call in other.calls]


_BACKENDS: dict[str, Callable[[Any, Sequence[PlacedLayer], Pass, int | None], Trace | None]] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
