"""Kernels of convolutions in one layout, [out, in/groups, *spatial], whatever the layer's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tb_cnnviz.capture.backends import torch_modules
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.backends.torch_modules import TorchModule
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.layer_tree import PlacedLayer, listed
from tb_cnnviz.capture.quantities.shares import fair_shares
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import KERNEL_EXACT_BYTES, quantise_kernel

#: Gates of a convolutional LSTM, in the order in which their filters stand.
_GATES = ("input", "forget", "cell", "output")

#: Names under which a layer's second kernel stands.
_SECOND = ("pointwise", "recurrent")


def kernels(layer: Any) -> dict[str, np.ndarray]:
    """A layer's kernels as float32: `kernel`, `bias` where there is one, a second kernel where there is one.

    A depthwise kernel has the filter of input channel i and multiplier m at i * multipliers + m, as Keras orders the
    layer's output. The second kernel is `pointwise` of a separable layer, `recurrent` of a convolutional recurrent one.
    Those of both directions of a Bidirectional stand one after the other.
    """
    if isinstance(layer, TorchModule):
        bias = layer.bias()
        return {"kernel": layer.kernel(), **({} if bias is None else {"bias": bias})}
    recurrent = layer_kinds.convolutional_recurrent(layer)
    if recurrent:
        each = [
            {"kernel": _plain(_array(part.cell.kernel)), "recurrent": _plain(_array(part.cell.recurrent_kernel))}
            | ({"bias": _array(part.cell.bias)} if part.cell.bias is not None else {})
            for part in recurrent
        ]
        found = {name: np.concatenate([one[name] for one in each]) for name in each[0]}
        return {name: np.ascontiguousarray(value) for name, value in found.items()}
    if isinstance(layer, layer_kinds.SEPARABLE):
        found = {
            "kernel": _depthwise(_array(layer.depthwise_kernel)),
            "pointwise": _plain(_array(layer.pointwise_kernel)),
        }
    elif isinstance(layer, layer_kinds.DEPTHWISE):
        found = {"kernel": _depthwise(_array(layer.kernel))}
    elif isinstance(layer, layer_kinds.TRANSPOSED):
        found = {"kernel": np.moveaxis(_array(layer.kernel), (-2, -1), (0, 1))}
    else:
        found = {"kernel": _plain(_array(layer.kernel))}
    if getattr(layer, "bias", None) is not None:
        found["bias"] = _array(layer.bias)
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


@dataclass(frozen=True)
class Kept:
    """What is kept of one layer: its first `filters` filters, and `pointwise` of its second kernel; as float32 or with
    eight bits."""

    filters: int
    pointwise: int
    is_exact: bool


@dataclass(frozen=True)
class Size:
    """Of one layer: filters and weights of each, likewise of a second kernel, and bytes of all the rest."""

    filters: int
    weights: int
    pointwise: int
    pointwise_weights: int
    rest: int

    def bytes(self, *, is_exact: bool) -> int:
        """Of the kernel with all its filters."""
        return self.filters * (4 * self.weights if is_exact else self.weights + 4)


def size_of(layer: Any) -> Size:
    """Read from the shapes of the layer's weights."""
    if isinstance(layer, TorchModule):
        shape = layer.kernel_shape()
        return Size(shape[0], prod(shape[1:]), 0, 0, 4 * shape[0] * (1 + layer.use_bias))
    recurrent = layer_kinds.convolutional_recurrent(layer)
    if recurrent:
        return _size_of_recurrent([part.cell for part in recurrent])
    separable = isinstance(layer, layer_kinds.SEPARABLE)
    first = tuple(int(n) for n in (layer.depthwise_kernel if separable else layer.kernel).shape)
    if separable or isinstance(layer, layer_kinds.DEPTHWISE):
        filters, weights = first[-1] * first[-2], prod(first[:-2])
    else:
        filters = first[-2] if isinstance(layer, layer_kinds.TRANSPOSED) else first[-1]
        weights = prod(first) // max(filters, 1)
    second = tuple(int(n) for n in layer.pointwise_kernel.shape) if separable else (0, 0)
    bias = prod(layer.bias.shape) if getattr(layer, "bias", None) is not None else 0
    return Size(filters, weights, second[-1], second[-2], 4 * (bias + filters))


def _size_of_recurrent(cells: Sequence[Any]) -> Size:
    first, second = cells[0].kernel.shape, cells[0].recurrent_kernel.shape
    filters, biases = len(cells) * first[-1], sum(cell.bias is not None for cell in cells)
    return Size(filters, prod(first[:-1]), filters, prod(second[:-1]), 4 * (biases * first[-1] + filters))


def notices(placed: Sequence[PlacedLayer]) -> list[str]:
    """Which layers have weights that look like kernels and are not shown as filters, and why."""
    unlike, compiled, strange = [], [], []
    for item in placed:
        layer = item.layer
        if layer_kinds.has_kernels(layer):
            continue
        if all(isinstance(part, layer_kinds.CONVOLUTIONAL_RECURRENT) for part in layer_kinds.directions(layer)):
            unlike.append(item.path)
        elif any(len(variable.shape) > 2 for variable in layer.weights):
            compiled += [item.path] if torch_modules.is_wrapper(layer) else []
            strange += [item.path] if isinstance(layer, TorchModule) else []
    said = {
        "its directions have kernels of different sizes": unlike,
        "the PyTorch module is compiled, and its layers cannot be told apart": compiled,
        "the PyTorch module is none of torch.nn's convolutions": strange,
    }
    return [f"{listed(paths)}: kernels are not shown, since {why}" for why, paths in said.items() if paths]


def gates_of(layer: Any) -> list[str]:
    """Names of the equal parts into which a recurrent layer's filters fall, in their order; none of other layers."""
    recurrent = layer_kinds.convolutional_recurrent(layer)
    if len(recurrent) == 2:
        return [f"{direction} {gate}" for direction in ("forward", "backward") for gate in _GATES]
    return list(_GATES) if recurrent else []


def choose_kept(sizes: Mapping[str, Size], budget: int) -> dict[str, Kept]:
    """What `budget` bytes hold of the kernels of these layers.

    All filters where that fits, first as float32 where a kernel takes at most `KERNEL_EXACT_BYTES`; then with eight
    bits, the largest kernels first. Where that takes too much, filters are left out, of the largest kernels: no other
    kernel then takes more than what is left of them. At least one filter of each is kept.
    """
    exact = {path for path, size in sizes.items() if size.bytes(is_exact=True) <= KERNEL_EXACT_BYTES}
    fixed = sum(size.rest for size in sizes.values())

    def wanted() -> dict[tuple[str, bool], float]:
        kernels = {(path, False): size.bytes(is_exact=path in exact) for path, size in sizes.items()}
        points = {(p, True): 4 * s.pointwise * s.pointwise_weights for p, s in sizes.items() if s.pointwise}
        return {**kernels, **points}

    while exact and fixed + sum(wanted().values()) > budget:
        exact.remove(max(exact, key=lambda path: sizes[path].bytes(is_exact=True)))
    shares = fair_shares(budget - fixed, wanted())

    def kept(path: str, size: Size) -> Kept:
        row = 4 * size.weights if path in exact else size.weights + 4
        filters = min(size.filters, max(1, shares[path, False] // max(row, 1)))
        points = shares.get((path, True), 0) // max(1, 4 * size.pointwise_weights)
        return Kept(filters, min(size.pointwise, max(1, points)), path in exact)

    return {path: kept(path, size) for path, size in sizes.items()}


def record(layer: Any, path: str, step: int, kept: Kept | None = None) -> Record:
    """The kernels of one layer as a `filters` record; norms are of the float32 weights, one for each filter.

    Args:
        kept: which filters, and in which form; None for all, exact where that takes at most `KERNEL_EXACT_BYTES`.
    """
    arrays = kernels(layer)
    kernel = arrays.pop("kernel")
    rows = kernel.reshape(kernel.shape[0], -1).astype(np.float64)
    with np.errstate(over="ignore"):  # a norm may be beyond float32 where no weight is
        norm = np.sqrt(np.square(rows).sum(axis=1)).astype(np.float32)
    gates = gates_of(layer)
    attributes: dict[str, Any] = {"gates": gates} if gates else {}
    if kept is not None and kept.filters < len(kernel):
        arrays["filters"], attributes["of"] = np.arange(kept.filters, dtype=np.int32), len(kernel)
        kernel = kernel[: kept.filters]
    for name in set(_SECOND) & set(arrays):
        second = arrays[name]
        if kept is not None and kept.pointwise < len(second):
            arrays[f"{name}_filters"] = np.arange(kept.pointwise, dtype=np.int32)
            attributes[f"{name}_of"] = len(second)
            arrays[name] = second[: kept.pointwise]
    exact_bytes = KERNEL_EXACT_BYTES if kept is None or kept.is_exact else 0
    return Record("filters", step, path, {**quantise_kernel(kernel, exact_bytes), **arrays, "norm": norm}, attributes)


def _plain(kernel: np.ndarray) -> np.ndarray:
    """[*spatial, in/groups, out] → [out, in/groups, *spatial]."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _depthwise(kernel: np.ndarray) -> np.ndarray:
    """[*spatial, in, multipliers] → [in * multipliers, 1, *spatial]."""
    space = kernel.shape[:-2]
    return np.moveaxis(kernel, (-2, -1), (0, 1)).reshape(-1, 1, *space)


def _array(value: Any) -> np.ndarray:
    return to_numpy(value).astype(np.float32)
