"""The trace of a pass on JAX, from the jaxpr of the pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import jax
from jax.extend import core

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.dataflow import Key, Operation, Trace, local_inputs

#: Primitives whose output cell depends on the same cell of their inputs alone.
_CELLWISE = frozenset(
    [
        "abs",
        "add",
        "add_any",
        "and",
        "cbrt",
        "ceil",
        "clamp",
        "concatenate",
        "convert_element_type",
        "copy",
        "copy_p",
        "cos",
        "cosh",
        "div",
        "eq",
        "erf",
        "erf_inv",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "floor",
        "ge",
        "gt",
        "integer_pow",
        "is_finite",
        "le",
        "log",
        "log1p",
        "logistic",
        "lt",
        "max",
        "min",
        "mul",
        "ne",
        "neg",
        "nextafter",
        "not",
        "or",
        "pow",
        "reduce_precision",
        "rem",
        "round",
        "rsqrt",
        "select_n",
        "sign",
        "sin",
        "sinh",
        "slice",
        "split",
        "sqrt",
        "square",
        "stop_gradient",
        "sub",
        "tan",
        "tanh",
        "xor",
    ]
)
#: Primitives that run what they hold more than once, or not always.
_OPAQUE = frozenset(["scan", "while", "cond"])

#: A pass as tensors: the inputs, for each call what went in and what came out, the outputs.
Tensors = tuple[list[Any], list[tuple[list[Any], list[Any]]], list[Any]]


def trace(run: Callable[..., Tensors], arguments: Sequence[Any], channel_axis: int | None) -> Trace:
    """Trace `run` over arguments given by shape and dtype."""
    counts: list[tuple[int, list[tuple[int, int]]]] = []

    def flat(*given: Any) -> list[Any]:
        inputs, calls, outputs = run(*given)
        level = private.level_on_jax(inputs[0])
        counts.append((len(inputs), [(len(before), len(after)) for before, after in calls]))
        tensors = [*inputs, *(t for before, after in calls for t in (*before, *after)), *outputs]
        # What was made inside a loop is of no use outside.
        return [t if private.level_on_jax(t) in (level, None) else 0 for t in tensors]

    closed = jax.make_jaxpr(flat)(*arguments)
    inputs, calls = counts[-1]
    reader = _Reader(channel_axis)
    keys = iter(reader.read(closed.jaxpr, [reader.new() for _ in closed.jaxpr.invars]))

    def take(number: int) -> list[Key]:
        return [next(keys) for _ in range(number)]

    first = take(inputs)
    return Trace(first, [(take(before), take(after)) for before, after in calls], list(keys), reader.operations)


class _Reader:
    """Follows equations, also those of functions that are called, and numbers the values."""

    def __init__(self, channel_axis: int | None) -> None:
        self._channel_axis = channel_axis
        self._numbers = count()
        self.operations: list[Operation] = []

    def new(self) -> Key:
        return next(self._numbers)

    def read(self, jaxpr: Any, inputs: Sequence[Key]) -> list[Key]:
        """The keys of a jaxpr's outputs, given those of its inputs."""
        known: dict[Any, Key] = dict(zip(jaxpr.invars, inputs, strict=True))

        def key(atom: Any) -> Key:
            return self.new() if isinstance(atom, core.Literal) else known.setdefault(atom, self.new())

        for equation in jaxpr.eqns:
            given = [key(atom) for atom in equation.invars]
            inner = _called(equation)
            made = self.read(inner, given) if inner is not None else self._apply(equation, given)
            known.update(zip(equation.outvars, made, strict=True))
        return [key(atom) for atom in jaxpr.outvars]

    def _apply(self, equation: Any, given: list[Key]) -> list[Key]:
        made = [self.new() for _ in equation.outvars]
        local = [False] * len(given)
        if equation.primitive.name in _CELLWISE:
            shapes = [getattr(atom.aval, "shape", None) for atom in equation.invars]
            local = local_inputs(shapes, equation.outvars[0].aval.shape, self._channel_axis)
        self.operations.append(Operation(given, local, made))
        return made


def _called(equation: Any) -> Any:
    """The jaxpr of a function that an equation calls once, with its own inputs; None for other equations."""
    if equation.primitive.name in _OPAQUE:
        return None
    held = [getattr(value, "jaxpr", value) for value in equation.params.values()]
    held = [value for value in held if hasattr(value, "eqns") and len(value.invars) == len(equation.invars)]
    return held[0] if len(held) == 1 and len(held[0].outvars) == len(equation.outvars) else None
