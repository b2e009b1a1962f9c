"""From which layers a tensor of a watched pass came, and whether only arithmetic cell by cell lies between.

Here it is worked out over a `Trace`, in which a backend's operations are plain numbers; `tracing` makes traces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: Stands for the model's input number i as `-1 - i`, beside calls, which count from 0.
Source = int

#: One value of a pass. A tensor that is written in place has another one afterwards.
Key = int


@dataclass(frozen=True)
class Operation:
    """`is_local`, for each input: does an output cell depend on the same cell of it alone, whatever the channel?"""

    inputs: Sequence[Key]
    is_local: Sequence[bool]
    outputs: Sequence[Key]


@dataclass(frozen=True)
class Trace:
    """A watched pass as values and operations, both in the order of the pass.

    `calls` has for each call of the pass the values that went in and those that came out.
    """

    inputs: Sequence[Key]
    calls: Sequence[tuple[Sequence[Key], Sequence[Key]]]
    outputs: Sequence[Key]
    operations: Sequence[Operation] = field(default_factory=list)


def trace_by_identity(
    inputs: Sequence[object],
    calls: Sequence[tuple[Sequence[object], Sequence[object]]],
    outputs: Sequence[object],
    operations: Sequence[Operation] = (),
) -> Trace:
    """The trace of a pass whose values are told apart by the tensors themselves: what went into each call, what came out."""
    keys = [([id(t) for t in before], [id(t) for t in after]) for before, after in calls]
    return Trace([id(t) for t in inputs], keys, [id(t) for t in outputs], operations)


@dataclass(frozen=True)
class Origin:
    """`sources`: indices of calls, or -1 - i for input i. `local`: nothing but arithmetic cell by cell in between."""

    sources: list[Source]
    local: bool


class Dataflow:
    """Where the values of one pass come from.

    Attributes:
        inputs: for every call, the origin of each of its input tensors.
        outputs: the origin of each output of the model.
        is_local: for every call, whether its output cells depend on the same cells of its inputs alone.
    """

    def __init__(self, trace: Trace) -> None:
        self._makers = {key: operation for operation in trace.operations for key in operation.outputs}
        self._varying = _varying(trace)
        known: dict[Key, Source] = {key: -1 - i for i, key in enumerate(trace.inputs)}
        self.inputs: list[list[Origin]] = []
        self.is_local: list[bool] = []
        for i, (given, made) in enumerate(trace.calls):
            # Before the call's own outputs are known: a layer may return its input itself.
            self.inputs.append([self._origin(key, known) for key in given])
            own = {key: place for place, key in enumerate(given)}
            within = [self._origin(key, own) for key in made]
            self.is_local.append(all(origin.local and origin.sources for origin in within))
            known.update(dict.fromkeys(made, i))
        self.outputs = [self._origin(key, known) for key in trace.outputs]

    def _origin(self, key: Key, known: dict[Key, Source]) -> Origin:
        sources: list[Source] = []
        is_local, todo, seen = True, [key], set[Key]()
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            if here in known:
                if known[here] not in sources:
                    sources.append(known[here])
                continue
            if here not in self._makers:
                is_local = is_local and here not in self._varying
                continue
            operation = self._makers[here]
            # Constants and weights are no way back to the input.
            reached = [k for k in zip(operation.inputs, operation.is_local, strict=True) if k[0] in self._varying]
            is_local = is_local and all(local for _, local in reached)
            todo.extend(key for key, _ in reversed(reached))
        return Origin(sources, is_local)


def _varying(trace: Trace) -> set[Key]:
    """Values that depend on the model's inputs, or come out of a layer."""
    found = {*trace.inputs, *(key for _, made in trace.calls for key in made)}
    for operation in trace.operations:
        if not found.isdisjoint(operation.inputs):
            found.update(operation.outputs)
    return found


def same_cells(one: Sequence[int | None], other: Sequence[int | None], channel_axis: int | None) -> bool:
    """Have two shapes the same batch and spatial axes? Lengths may differ along the channel axis alone, if it is known."""
    if len(one) != len(other):
        return False
    axis = None if channel_axis is None or len(one) < 2 else channel_axis % len(one)
    return all(a == b for i, (a, b) in enumerate(zip(one, other, strict=True)) if i != axis)


def local_inputs(
    inputs: Iterable[Sequence[int | None] | None], output: Sequence[int | None], channel_axis: int | None
) -> list[bool]:
    """For each input of an operation that works cell by cell, whether it does so without stretching the input."""
    return [shape is not None and same_cells(shape, output, channel_axis) for shape in inputs]
