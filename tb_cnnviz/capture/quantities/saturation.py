"""Where an activation function is saturated: where its slope is below a bound, said of what it gives and of what it gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras

#: A slope below it passes less than a twentieth of the gradient on.
MIN_SLOPE = 0.05

_INF = math.inf


@dataclass(frozen=True)
class Saturation:
    """Values at or below `lo` and at or above `hi` are saturated."""

    lo: float
    hi: float

    def __str__(self) -> str:
        parts = [f"at most {self.lo:.4g}"] * (self.lo > -_INF) + [f"at least {self.hi:.4g}"] * (self.hi < _INF)
        return f"slope below {MIN_SLOPE:g}: {' or '.join(parts)}"


@dataclass(frozen=True)
class Activation:
    """`output` and `pre_activation`: what is saturated there; None where the word has no meaning.

    A ReLU is not called saturated at zero: its exact zeros are counted as such.
    """

    output: Saturation | None = None
    pre_activation: Saturation | None = None


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _below(output: float | None, pre_activation: float) -> Activation:
    return Activation(None if output is None else Saturation(output, _INF), Saturation(pre_activation, _INF))


def _elu(alpha: float, scale: float = 1.0) -> Activation | None:
    """Below zero y = scale alpha (exp z - 1), whose slope is y + scale alpha."""
    if not 0 < MIN_SLOPE < scale * alpha:
        return None
    return _below(MIN_SLOPE - scale * alpha, math.log(MIN_SLOPE / (scale * alpha)))


def _symmetric(output: float, pre_activation: float) -> Activation:
    return Activation(Saturation(-output, output), Saturation(-pre_activation, pre_activation))


_SIGMOID = (1 - math.sqrt(1 - 4 * MIN_SLOPE)) / 2  # y (1 - y) = slope
_TANH = math.sqrt(1 - MIN_SLOPE)  # 1 - y² = slope
_SOFTSIGN = 1 - math.sqrt(MIN_SLOPE)  # (1 - |y|)² = slope

#: By Keras' own name. Those that are not monotone are judged by their pre-activation alone, below which they stay flat.
_BY_NAME: dict[str, Activation | None] = {
    "sigmoid": Activation(Saturation(_SIGMOID, 1 - _SIGMOID), Saturation(_logit(_SIGMOID), -_logit(_SIGMOID))),
    "tanh": _symmetric(_TANH, math.atanh(_TANH)),
    "softsign": _symmetric(_SOFTSIGN, _SOFTSIGN / (1 - _SOFTSIGN)),
    "hard_sigmoid": Activation(Saturation(0.0, 1.0), Saturation(-3.0, 3.0)),
    "hard_tanh": _symmetric(1.0, 1.0),
    "softplus": _below(-math.log(1 - MIN_SLOPE), _logit(MIN_SLOPE)),
    "exponential": _below(MIN_SLOPE, math.log(MIN_SLOPE)),
    "elu": _elu(1.0),
    "selu": _elu(1.6732632423543772, 1.0507009873554805),
    "relu6": Activation(Saturation(-_INF, 6.0), Saturation(-_INF, 6.0)),
    "silu": _below(None, -4.0826),
    "gelu": _below(None, -2.3487),
    "mish": _below(None, -4.1118),
    "hard_silu": _below(None, -3.0),
}


def name_of(activation: Any) -> str | None:
    """Keras' own name of an activation function; None for one of the user's own."""
    name = getattr(activation, "__name__", "")
    return name if getattr(keras.activations, name, None) is activation else None


def is_linear(activation: Any) -> bool:
    return activation is None or name_of(activation) == "linear"


def of_layer(layer: Any) -> Activation:
    """What is saturated of a layer: of one that is an activation, or that fuses one."""
    if isinstance(layer, keras.layers.ReLU) and layer.max_value is not None:
        return Activation(Saturation(-_INF, layer.max_value), Saturation(-_INF, layer.max_value))
    if isinstance(layer, keras.layers.ELU):
        return _elu(float(layer.alpha)) or Activation()
    if isinstance(layer, keras.layers.RNN) and not isinstance(layer, keras.layers.SimpleRNN):
        return Activation()  # its activation is not the last that it does: gates multiply what it gives
    inner = getattr(layer, "activation", None)
    if isinstance(inner, keras.layers.Layer):
        return of_layer(inner)
    return _BY_NAME.get(name_of(inner) or "") or Activation()
