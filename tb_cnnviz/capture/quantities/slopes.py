"""The derivative of an activation function, from what enters it or from what it gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from tb_cnnviz.capture.quantities.saturation import name_of

_Derivative = Callable[..., Any]

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
#: Of Keras' function; its layer LeakyReLU has another one.
_LEAK = 0.2


@dataclass(frozen=True)
class Slope:
    """f' of an activation f, by the name of f and its parameters.

    `is_of_output`: its argument is f(z), from which f'(z) follows too; else it is z.
    """

    name: str
    parameters: tuple[float, ...] = ()
    is_of_output: bool = False

    def __call__(self, values: Any) -> Any:
        """f' at each value, float32 of the same shape."""
        derivative = (_BY_OUTPUT if self.is_of_output else _BY_INPUT)[self.name]
        return ops.cast(derivative(values, *self.parameters), "float32")

    def mean_square(self, values: Any) -> Any:
        """Of f' over all values, float32: NaN where a value is NaN, and where there is none."""
        return ops.where(ops.any(ops.isnan(values)), float("nan"), ops.mean(ops.square(self(values))))


def slope_of(layer: Any, *, is_of_output: bool) -> Slope | None:
    """Of the activation that a layer is or fuses; None where it has none of Keras' own, or one that is not by element.

    Args:
        is_of_output: ask for one that takes what the activation gives. None for those that give a value twice.
    """
    found = _found(layer)
    if found is None:
        return None
    name, parameters = found
    known = _BY_OUTPUT if is_of_output else _BY_INPUT
    if name not in known or (is_of_output and name in ("leaky_relu", "elu") and not parameters[0] > 0):
        return None
    return Slope(name, parameters, is_of_output)


def _found(layer: Any) -> tuple[str, tuple[float, ...]] | None:
    layers = keras.layers
    if isinstance(layer, layers.RNN) and not isinstance(layer, layers.SimpleRNN):
        return None  # its activation is not the last that it does
    if isinstance(layer, layers.ReLU):
        return _of_relu(layer)
    if isinstance(layer, layers.LeakyReLU):
        return "leaky_relu", (float(layer.negative_slope),)
    if isinstance(layer, layers.ELU):
        return "elu", (float(layer.alpha), 1.0)
    inner = getattr(layer, "activation", None)
    if isinstance(inner, keras.layers.Layer):
        return _found(inner)
    name = name_of(inner)
    if name is None or name == "linear":
        return None
    own: dict[str, tuple[float, ...]] = {
        "leaky_relu": (_LEAK,),
        "elu": (1.0, 1.0),
        "selu": (_SELU_ALPHA, _SELU_SCALE),
        "relu6": (6.0,),
        "relu": (math.inf,),
    }
    return {"selu": "elu", "relu6": "relu"}.get(name, name), own.get(name, ())


def _of_relu(layer: Any) -> tuple[str, tuple[float, ...]] | None:
    if float(layer.threshold) != 0:
        return None
    leak, top = float(layer.negative_slope), math.inf if layer.max_value is None else float(layer.max_value)
    if leak:
        return ("leaky_relu", (leak,)) if top == math.inf else None
    return "relu", (top,)


def _between(values: Any, low: float, high: float) -> Any:
    return ops.cast(ops.logical_and(values > low, values < high), "float32")


def _relu(values: Any, top: float) -> Any:
    """The same of either: a ReLU keeps what it lets through. Inf is let through by one without a largest value."""
    return ops.cast(values > 0, "float32") if top == math.inf else _between(values, 0.0, top)


def _leaky(values: Any, leak: float) -> Any:
    return ops.where(values > 0, 1.0, leak)


def _elu(z: Any, alpha: float, scale: float) -> Any:
    return ops.where(z > 0, scale, scale * alpha * ops.exp(ops.minimum(z, 0.0)))


def _silu(z: Any) -> Any:
    s = ops.sigmoid(z)
    return s * (1 + z * (1 - s))


def _gelu(z: Any) -> Any:
    return 0.5 * (1 + ops.erf(z / math.sqrt(2))) + z * ops.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _mish(z: Any) -> Any:
    t = ops.tanh(ops.softplus(z))
    return t + z * (1 - t * t) * ops.sigmoid(z)


def _hard_silu(z: Any) -> Any:
    return ops.where(z >= 3, 1.0, ops.where(z <= -3, 0.0, (2 * z + 3) / 6))


_BY_INPUT: dict[str, _Derivative] = {
    "relu": _relu,
    "leaky_relu": _leaky,
    "elu": _elu,
    "sigmoid": lambda z: ops.sigmoid(z) * ops.sigmoid(-z),
    "tanh": lambda z: 1 - ops.square(ops.tanh(z)),
    "softsign": lambda z: 1 / ops.square(1 + ops.abs(z)),
    "softplus": ops.sigmoid,
    "exponential": ops.exp,
    "hard_sigmoid": lambda z: _between(z, -3.0, 3.0) / 6,
    "hard_tanh": lambda z: _between(z, -1.0, 1.0),
    "silu": _silu,
    "gelu": _gelu,
    "mish": _mish,
    "hard_silu": _hard_silu,
}

#: Of functions that are monotone, so that what they give says what entered.
_BY_OUTPUT: dict[str, _Derivative] = {
    "relu": _relu,
    "leaky_relu": _leaky,
    "elu": lambda y, alpha, scale: ops.where(y > 0, scale, y + scale * alpha),
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - ops.square(y),
    "softsign": lambda y: ops.square(1 - ops.abs(y)),
    "softplus": lambda y: 1 - ops.exp(-y),
    "exponential": lambda y: y,
    "hard_sigmoid": lambda y: _between(y, 0.0, 1.0) / 6,
    "hard_tanh": lambda y: _between(y, -1.0, 1.0),
}
