"""Reading a tensor of the user's graph without being seen by TensorFlow's graph optimizer.

The optimizer reorders a chain of elementwise operations only where its inner results have a single reader, and a
reordered product rounds differently. A gradient that we read would have one reader more than it has without us. So its
last elementwise operations are made again inside our own branch, and what is read instead is where they begin: results
of reductions, products and convolutions, which the optimizer does not reorder.
"""

from __future__ import annotations

import functools
from typing import Any

import keras

#: Operations that are made again; each is cheap, has no state, and computes cell by cell or only changes the shape.
_AGAIN = frozenset(
    [
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "Cast",
        "Div",
        "DivNoNan",
        "EluGrad",
        "Exp",
        "ExpandDims",
        "Identity",
        "LeakyReluGrad",
        "Log",
        "Maximum",
        "Minimum",
        "Mul",
        "MulNoNan",
        "Neg",
        "RealDiv",
        "Reciprocal",
        "Relu6Grad",
        "ReluGrad",
        "Reshape",
        "Rsqrt",
        "RsqrtGrad",
        "Select",
        "SelectV2",
        "SeluGrad",
        "Sigmoid",
        "SigmoidGrad",
        "Sqrt",
        "SqrtGrad",
        "Square",
        "SquaredDifference",
        "Squeeze",
        "StopGradient",
        "Sub",
        "Tanh",
        "TanhGrad",
        "Transpose",
    ]
)
_MOST_OPERATIONS = 64

#: Operations that the optimizer fuses with those that follow. A fused sigmoid, tanh or ELU rounds differently.
_FUSED = frozenset(["BatchMatMulV2", "BiasAdd", "Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul"])

#: Additions that it fuses with what comes before them and the activation after them.
_ADDITIONS = frozenset(["Add", "AddV2", "BiasAdd"])

#: Activations that give 0 for NaN in some fused kernels, and NaN where they stand alone.
_CLIPS = frozenset(["Relu", "Relu6"])

#: Readers beside which one more changes nothing: fused or not, what they give is the same bits, NaN apart.
_INDIFFERENT = frozenset(
    [
        "AvgPool",
        "AvgPool3D",
        "Conv2D",
        "Conv2DBackpropFilter",
        "Conv2DBackpropInput",
        "Conv3D",
        "Conv3DBackpropFilterV2",
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropFilter",
        "LeakyRelu",
        "LeakyReluGrad",
        "MatMul",
        "MaxPool",
        "MaxPool3D",
        "MaxPoolGrad",
        "Relu",
        "Relu6",
        "Relu6Grad",
        "ReluGrad",
        "Shape",
    ]
)


def recompute_tail(value: Any) -> Any:
    """The same value as a dense tensor, computed anew from where its last elementwise operations begin.

    To be called inside the branch that reads it. What is not a symbolic TensorFlow tensor comes back as it is.
    """
    if keras.config.backend() != "tensorflow":
        return value
    import tensorflow as tf

    made: dict[int, Any] = {}
    if isinstance(value, tf.IndexedSlices):
        parts = [None if t is None else _remade(t, made) for t in (value.values, value.indices, value.dense_shape)]
        return tf.convert_to_tensor(tf.IndexedSlices(*parts))
    return _remade(value, made)


def safe_read(tensor: Any) -> Any:
    """A layer's output or pre-activation, for a branch that reads it, once all else that reads it is in the graph.

    It is read as it is where that changes nothing. Elsewhere its last elementwise operations are made again, and the
    convolution or product of matrices before them with them: read directly, it would no longer be fused with what
    follows. So it is before a ReLU too, on a machine whose fused kernels turn NaN into 0 there: training that goes on
    with 0 would go on with NaN. What is not a symbolic TensorFlow tensor comes back as it is.
    """
    if keras.config.backend() != "tensorflow":
        return tensor
    import tensorflow as tf

    if not tf.is_symbolic_tensor(tensor):
        return tensor
    readers = {reader.type for reader in tensor.consumers()}
    hides_nan = bool(readers & _CLIPS) and _is_fusible(tensor.op) and fused_kernels_hide_nan()
    if readers <= _INDIFFERENT and not hides_nan:
        return tensor
    return _remade(tensor, {}, _AGAIN | _FUSED)


def _is_fusible(operation: Any, additions: int = 2) -> bool:
    """Does it add, at most twice, to a convolution or product of matrices?"""
    if operation.type not in _ADDITIONS or additions == 0:
        return False
    before = [tensor.op for tensor in operation.inputs]
    return any(op.type in _FUSED - _ADDITIONS or _is_fusible(op, additions - 1) for op in before)


@functools.cache
def fused_kernels_hide_nan() -> bool:
    """TensorFlow: does a ReLU that is fused with a convolution give 0 here for NaN? Some processors' kernels do."""
    import tensorflow as tf

    def convolve(x: Any, kernel: Any, bias: Any) -> Any:
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))

    with tf.init_scope():
        # Of a batch of one image TensorFlow fuses nothing.
        x, kernel, bias = tf.fill((16, 8, 8, 4), float("nan")), tf.ones((3, 3, 4, 8)), tf.zeros((8,))
        return not bool(tf.reduce_all(tf.math.is_nan(tf.function(convolve, autograph=False)(x, kernel, bias))))


def _remade(tensor: Any, made: dict[int, Any], again: frozenset[str] = _AGAIN) -> Any:
    import tensorflow as tf

    if not tf.is_symbolic_tensor(tensor) or tensor.op.type not in again or len(made) >= _MOST_OPERATIONS:
        return tensor
    if id(tensor) not in made:
        made[id(tensor)] = None  # counts, also while its inputs are made
        op = tensor.op
        is_base = op.type in _FUSED and op.type != "BiasAdd"
        inputs = list(op.inputs) if is_base else [_remade(t, made, again) for t in op.inputs]
        attributes = {name: op.node_def.attr[name] for name in op.node_def.attr if not name.startswith("_")}
        graph = tf.compat.v1.get_default_graph()
        made[id(tensor)] = graph.create_op(op.type, inputs, [tensor.dtype], attrs=attributes).outputs[0]
    return made[id(tensor)]
