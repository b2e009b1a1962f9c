"""From which layers a tensor of a watched pass came, and whether only elementwise arithmetic lies between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tb_cnnviz.capture.forward import Pass

#: TensorFlow operations whose output cell depends on the same cell of their inputs alone.
_ELEMENTWISE = frozenset(
    (
        "Abs",
        "Add",
        "AddN",
        "AddV2",
        "BiasAdd",
        "Cast",
        "DivNoNan",
        "Elu",
        "Erf",
        "Exp",
        "Identity",
        "LeakyRelu",
        "Log",
        "Maximum",
        "Minimum",
        "Mul",
        "Neg",
        "Pow",
        "RealDiv",
        "Relu",
        "Relu6",
        "Rsqrt",
        "Selu",
        "Sigmoid",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Square",
        "SquaredDifference",
        "StopGradient",
        "Sub",
        "Tanh",
    )
)
#: Bound on the operations looked at between two layers.
_REACH = 2000

#: Stands for the model's input number i as `-1 - i`, beside calls, which count from 0.
Source = int


@dataclass(frozen=True)
class Origin:
    """`sources`: indices of calls, or -1 - i for input i. `local`: nothing but elementwise arithmetic in between."""

    sources: list[Source]
    local: bool


class Dataflow:
    """Where the tensors of one pass come from.

    Attributes:
        inputs: for every call, the origin of each of its input tensors.
        outputs: the origin of each output of the model.
    """

    def __init__(self, seen: Pass) -> None:
        self._known: dict[int, Source] = {id(t): -1 - i for i, t in enumerate(seen.inputs)}
        self.inputs: list[list[Origin]] = []
        for i, call in enumerate(seen.calls):
            # Before the call's own outputs are known: a layer may return its input itself.
            self.inputs.append([self._origin(t) for t in call.inputs])
            self._known.update({id(t): i for t in call.outputs})
        self.outputs = [self._origin(t) for t in seen.outputs]

    def _origin(self, tensor: Any) -> Origin:
        if id(tensor) in self._known:
            return Origin([self._known[id(tensor)]], True)
        return self._search(tensor)

    def _search(self, tensor: Any) -> Origin:
        sources: list[Source] = []
        local, todo, seen = True, [tensor], set[int]()
        while todo and len(seen) < _REACH:
            here = todo.pop()
            if id(here) in seen:
                continue
            seen.add(id(here))
            if id(here) in self._known:
                if self._known[id(here)] not in sources:
                    sources.append(self._known[id(here)])
                continue
            operation = _operation(here)
            if operation is None:
                continue
            reached = [t for t in operation.inputs if self._leads_to_layer(t)]
            if reached and operation.type not in _ELEMENTWISE:
                local = False
            todo.extend(reversed(reached))
        return Origin(sources, local)

    def _leads_to_layer(self, tensor: Any) -> bool:
        """Constants and weights are no way back to the input."""
        todo, seen = [tensor], set[int]()
        while todo and len(seen) < _REACH:
            here = todo.pop()
            if id(here) in self._known:
                return True
            if id(here) in seen:
                continue
            seen.add(id(here))
            operation = _operation(here)
            todo.extend(operation.inputs if operation is not None else [])
        return False


def _operation(tensor: Any) -> Any | None:
    """The graph operation that made a symbolic tensor; None for an eager one."""
    try:
        return tensor.op
    except (AttributeError, NotImplementedError):
        return None
