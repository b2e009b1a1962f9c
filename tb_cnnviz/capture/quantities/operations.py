"""What every convolution and pooling layer made of the first probe image, whole: its input and its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tb_cnnviz.capture.backends.host import channels_second
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.architecture import outputs_by_path
from tb_cnnviz.capture.network.forward import ForwardTrace
from tb_cnnviz.capture.network.layer_tree import listed
from tb_cnnviz.records import Record

#: Bytes that the operations of one step may take by default.
MAX_BYTES = 4 << 20


@dataclass(frozen=True)
class Size:
    """Numbers of values that a layer reads and gives, and the layer whose output it reads, where that is one of them."""

    input: int
    output: int
    input_layer: str | None


def choose_kept(sizes: Mapping[str, Size], budget: int) -> tuple[set[str], str]:
    """Which layers to keep, and as float32 or float16, so that `budget` bytes hold them.

    Float32 of all where that fits, else float16; where that does not fit either, the largest layers are left out. An
    input that is a kept layer's output costs nothing.
    """
    kept = dict(sizes)
    while 2 * _values(kept) > budget:
        del kept[max(kept, key=lambda path: kept[path].input + kept[path].output)]
    return set(kept), "float32" if 4 * _values(kept) <= budget else "float16"


def _values(kept: Mapping[str, Size]) -> int:
    return sum(size.output + (0 if size.input_layer in kept else size.input) for size in kept.values())


@dataclass(frozen=True)
class _Operation:
    """A layer's tensors by their place among the pass' results."""

    path: str
    input: int
    output: int
    channels_first: bool
    input_layer: str | None


class Operations:
    """Takes inputs and outputs out of a pass that `FeatureMaps` runs anyway.

    Attributes:
        records: of the latest pass, for its first image.
        left_out: paths of the layers that did not fit in it.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes, self._all_bytes = max_bytes, 0
        self._planned: list[_Operation] = []
        self.records: list[Record] = []
        self.left_out: list[str] = []

    def choose(self, seen: ForwardTrace, is_asked: Callable[[str], bool], tensors: list[Any]) -> None:
        """Append to the tensors that the pass returns what is not among them: of an input its first image alone."""
        self._planned = []
        places = {id(tensor): place for place, tensor in enumerate(tensors)}
        outputs: dict[tuple[int, bool], str] = {}

        def place_of(tensor: Any) -> int:
            if id(tensor) not in places:
                places[id(tensor)] = len(tensors)
                tensors.append(tensor[:1])
            return places[id(tensor)]

        for path, call in outputs_by_path(seen):
            layer = call.placed.layer
            is_operation = layer_kinds.role(layer) in ("convolution", "pooling") and is_asked(path)
            if not is_operation or not call.inputs or not call.outputs:
                continue
            before, after, first = call.inputs[0], call.outputs[0], layer_kinds.is_channels_first(layer)
            source = outputs.get((id(before), first))
            self._planned.append(_Operation(path, place_of(before), place_of(after), first, source))
            outputs[id(after), first] = path

    def take(self, results: Sequence[np.ndarray], step: int) -> None:
        """Make the records of a pass from its results, which stand where `choose` saw or put their tensors."""
        sizes = {
            o.path: Size(prod(results[o.input].shape[1:]), prod(results[o.output].shape[1:]), o.input_layer)
            for o in self._planned
        }
        kept, dtype = choose_kept(sizes, self._max_bytes)
        self._all_bytes = 2 * _values(sizes)
        self.left_out = [o.path for o in self._planned if o.path not in kept]
        self.records = []
        for o in self._planned:
            if o.path not in kept:
                continue
            arrays = {"output": _first_image(results[o.output], o.channels_first, dtype)}
            attributes: dict[str, Any] = {}
            if o.input_layer in kept:
                attributes["input_layer"] = o.input_layer
            else:
                arrays["input"] = _first_image(results[o.input], o.channels_first, dtype)
            self.records.append(Record("operations", step, o.path, arrays, attributes))

    @property
    def notice(self) -> str | None:
        """What to tell of the layers left out; None where there are none."""
        if not self.left_out:
            return None
        return (
            f"input and output of {len(self.left_out)} of {len(self._planned)} convolution and pooling layers are not "
            f"logged, the largest ones ({listed(self.left_out)}): all take {self._all_bytes} bytes a step as float16, "
            f"and {self._max_bytes} are allowed (max_operation_bytes)"
        )


def _first_image(values: np.ndarray, channels_first: bool, dtype: str) -> np.ndarray:
    """[channels, *spatial] as a copy. Stays float32 where float16 would make a finite value infinite."""
    exact = np.array(channels_second(values[:1], channels_first)[0], np.float32, order="C")
    with np.errstate(over="ignore"):
        kept = exact.astype(dtype, copy=False)
    return exact if np.isinf(kept).sum() > np.isinf(exact).sum() else kept
