"""The trace of a pass that TensorFlow has in its graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tb_cnnviz.capture.backends.dataflow import Operation, Trace, local_inputs, trace_by_identity

#: Operations whose output cell depends on the same cell of their inputs alone.
_CELLWISE = frozenset(
    [
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "BiasAdd",
        "Cast",
        "Ceil",
        "ConcatV2",
        "Cos",
        "DivNoNan",
        "Elu",
        "Equal",
        "Erf",
        "Erfc",
        "Exp",
        "Expm1",
        "Floor",
        "FloorDiv",
        "Greater",
        "GreaterEqual",
        "Identity",
        "IsFinite",
        "IsInf",
        "IsNan",
        "LeakyRelu",
        "Less",
        "LessEqual",
        "Log",
        "Log1p",
        "LogicalAnd",
        "LogicalNot",
        "LogicalOr",
        "Maximum",
        "Minimum",
        "Mul",
        "MulNoNan",
        "Neg",
        "NotEqual",
        "Pow",
        "PreventGradient",
        "RealDiv",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Rint",
        "Round",
        "Rsqrt",
        "Select",
        "SelectV2",
        "Selu",
        "Sigmoid",
        "Sign",
        "Sin",
        "Slice",
        "Snapshot",
        "Softplus",
        "Softsign",
        "Split",
        "SplitV",
        "Sqrt",
        "Square",
        "SquaredDifference",
        "StopGradient",
        "Sub",
        "Tan",
        "Tanh",
        "Xdivy",
        "Xlogy",
    ]
)


def trace(
    inputs: Sequence[Any],
    calls: Sequence[tuple[Sequence[Any], Sequence[Any]]],
    outputs: Sequence[Any],
    channel_axis: int | None,
) -> Trace:
    """What the graph says of a pass with symbolic tensors. `calls`: what went into each layer and what came out."""
    operations = [_operation(op, channel_axis) for op in inputs[0].graph.get_operations()]
    return trace_by_identity(inputs, calls, outputs, operations)


def _operation(op: Any, channel_axis: int | None) -> Operation:
    inputs = [id(t) for t in op.inputs]
    outputs = [id(t) for t in op.outputs]
    if not outputs or not _is_cellwise(op):
        return Operation(inputs, [False] * len(inputs), outputs)
    shapes = [_shape(t) for t in op.inputs]
    return Operation(inputs, local_inputs(shapes, _shape(op.outputs[0]) or (), channel_axis), outputs)


def _is_cellwise(op: Any) -> bool:
    if op.type == "StridedSlice":  # a negative stride turns an axis round
        import tensorflow as tf

        strides = tf.get_static_value(op.inputs[3])
        return strides is not None and bool((strides > 0).all())
    return op.type in _CELLWISE


def _shape(tensor: Any) -> tuple[int | None, ...] | None:
    return tuple(tensor.shape) if tensor.shape.rank is not None else None
