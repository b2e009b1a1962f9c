"""Receptive fields by the recurrence over layers, per spatial axis, the union where branches join.

Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
https://doi.org/10.23915/distill.00021
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tb_cnnviz.records import ReceptiveField


@dataclass(frozen=True)
class Window:
    """How a layer's output cell i reads its input on one axis: `start + i * step / share` and `size` cells from there.

    `share` is above 1 where the layer has more cells than its input, as a transposed convolution has.
    """

    size: int
    step: int = 1
    start: int = 0
    share: int = 1


IDENTITY = Window(1)


def sliding(length: int, kernel: int, stride: int, dilation: int, padding: str) -> Window:
    """The window of a convolution or a pooling over an axis of `length` cells.

    `padding` is valid, same (TensorFlow's: the smaller half in front) or causal.
    """
    reach = (kernel - 1) * dilation + 1
    before = 0
    if padding == "same":
        before = max((-(-length // stride) - 1) * stride + reach - length, 0) // 2
    elif padding == "causal":
        before = reach - 1
    return Window(reach, stride, -before)


def spreading(kernel: int, stride: int, dilation: int, cropped: int) -> Window:
    """The window of a transposed convolution: the union over its phases, since its cells do not all read alike.

    `cropped`: cells of the full result that the layer cuts off in front.
    """
    reach = (kernel - 1) * dilation + 1
    return Window(reach, 1, cropped - reach + 1, stride)


def start_field(axes: int) -> ReceptiveField:
    """The field of an input's cell: itself."""
    return ReceptiveField([1] * axes, [1] * axes, [0] * axes)


def through(field: ReceptiveField, windows: Sequence[Window]) -> ReceptiveField | None:
    """The field of a layer's output, given that of its input; None where its stride is no whole number."""
    size, stride, offset = [], [], []
    for s, jump, o, window in zip(field.size, field.stride, field.offset, windows, strict=True):
        if jump * window.step % window.share or jump % window.share:
            return None
        unit = jump // window.share
        size.append(s + (window.size - 1) * unit)
        stride.append(unit * window.step)
        offset.append(o + window.start * unit)
    return ReceptiveField(size, stride, offset)


def union(fields: Sequence[ReceptiveField | None]) -> ReceptiveField | None:
    """The field that covers all; None where one is not known or their cells do not lie alike."""
    known = [f for f in fields if f is not None]
    if not known or len(known) < len(fields) or any(f.stride != known[0].stride for f in known):
        return None
    offset = [min(each) for each in zip(*(f.offset for f in known), strict=True)]
    ends = [
        max(o + s for o, s in each) for each in zip(*(zip(f.offset, f.size, strict=True) for f in known), strict=True)
    ]
    return ReceptiveField([end - o for end, o in zip(ends, offset, strict=True)], list(known[0].stride), offset)
