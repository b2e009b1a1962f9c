"""The trace of a pass on PyTorch, from the operations that reach the dispatcher while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from tb_cnnviz.capture.backends.dataflow import Key, Operation, local_inputs

#: Operations, beside those that PyTorch itself calls pointwise, whose output cell depends on the same cell of their
#: inputs alone; a slice of it, or a part along an axis, where no spatial axis becomes shorter.
_CELLWISE = frozenset(
    [
        "_to_copy",
        "alias",
        "cat",
        "clone",
        "detach",
        "elu",
        "fill_",
        "hardswish",
        "hardtanh",
        "lift_fresh",
        "relu6",
        "rrelu",
        "selu",
        "slice",
        "split",
        "split_with_sizes",
        "unsafe_split",
        "where",
    ]
)


class Recorder(TorchDispatchMode):  # type: ignore[misc]
    """Numbers the values of tensors, and notes the operations.

    A tensor that is written, by itself or by a view of it, has a new value, and so has every other view of its memory.

    Attributes:
        operations: in the order in which they ran.
    """

    def __init__(self, channel_axis: int | None) -> None:
        super().__init__()
        self._channel_axis = channel_axis
        self._numbers = count()
        self._values: dict[int, Key] = {}
        self._written: dict[int, Key] = {}
        self._kept: list[Any] = []  # an id is of another tensor once its own is gone
        self.operations: list[Operation] = []

    def key(self, tensor: Any) -> Key:
        """The number of a tensor's value as it is now."""
        if id(tensor) not in self._values:
            self._kept.append(tensor)
            self._values[id(tensor)] = next(self._numbers)
        return max(self._values[id(tensor)], self._written.get(_memory(tensor), -1))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = list(_tensors((args, kwargs)))
        inputs = [self.key(t) for t in given]
        shapes = [tuple(t.shape) for t in given]
        result = func(*args, **(kwargs or {}))
        made = list(_tensors(result))
        is_cellwise = torch.Tag.pointwise in func.tags or func.overloadpacket.__name__ in _CELLWISE
        local = [False] * len(given)
        if is_cellwise and made:
            local = local_inputs(shapes, tuple(made[0].shape), self._channel_axis)
        written = func._schema.is_mutable
        if written and any(_is_part(t) for t in made):  # what else shares its memory keeps some of its old values
            local = [False] * len(given)
        self.operations.append(Operation(inputs, local, [self._new(t, written) for t in made]))
        return result

    def _new(self, tensor: Any, written: bool) -> Key:
        self._kept.append(tensor)
        self._values[id(tensor)] = key = next(self._numbers)
        if written:
            self._written[_memory(tensor)] = key
        return key


def _tensors(nest: Any) -> Iterator[Any]:
    return (item for item in tree_iter(nest) if isinstance(item, torch.Tensor))


def _memory(tensor: Any) -> int:
    return int(tensor.untyped_storage()._cdata)


def _is_part(tensor: Any) -> bool:
    return bool(tensor._is_view())
