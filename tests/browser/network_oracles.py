"""What a network's layers are by arithmetic that is not the page's: shapes, counts, receptive fields, joined norms."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tb_cnnviz import open_log
from tb_cnnviz.records import LayerRecord

#: Whether the log is that of tests/fixtures/make_logs.py, whose network Keras can say everything about.
SHARED = "TB_CNNVIZ_BROWSER_LOG" not in os.environ
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "P": 1e15}


def layers_of(logdir: Path) -> list[LayerRecord]:
    return list(open_log(logdir)["adam"].layers)


def spatial(layer: LayerRecord) -> list[int]:
    return [int(n or 0) for n in layer.output_shape[:-1]]


def facts_of(logdir: Path) -> dict[str, tuple[list[int], int]]:
    """Output shape and parameters of each layer by Keras' own account, or, on a log of another network, by arithmetic."""
    if SHARED:
        from tests.fixtures.make_logs import digit_network

        return {each.path: (list(each.output.shape[1:]), int(each.count_params())) for each in digit_network().layers}
    facts: dict[str, tuple[list[int], int]] = {}
    for layer in layers_of(logdir):
        inputs = [facts[path][0] for path in layer.inbound]
        facts[layer.path] = (shape_by_hand(layer, inputs), parameters_by_hand(layer, inputs))
    return facts


def shape_by_hand(layer: LayerRecord, inputs: list[list[int]]) -> list[int]:
    if layer.role == "input":
        return [int(n or 0) for n in layer.output_shape]
    first = inputs[0]
    if layer.kernel_size and layer.strides:
        shrunk = [
            -(-n // s) if layer.padding == "same" else (n - k) // s + 1
            for n, k, s in zip(first[:-1], layer.kernel_size, layer.strides, strict=True)
        ]
        return [*shrunk, int(layer.filters or first[-1])]
    if layer.role == "pooling":
        return first[-1:]
    if layer.role == "dense":
        return [*first[:-1], int(layer.filters or 0)]
    return [int(np.prod(first))] if layer.type == "Flatten" else first


def parameters_by_hand(layer: LayerRecord, inputs: list[list[int]]) -> int:
    if layer.role not in ("convolution", "dense"):
        return 0
    filters = int(layer.filters or 0)
    return int(np.prod(layer.kernel_size or [1])) * inputs[0][-1] * filters + filters


def multiply_adds(layer: LayerRecord, facts: dict[str, tuple[list[int], int]]) -> int:
    """For each output number: a multiplication for each weight of its filter."""
    if layer.role not in ("convolution", "dense"):
        return 0
    inputs = facts[layer.inbound[0]][0][-1] if layer.inbound[0] in facts else layer.input_shapes[0][-1]
    return int(np.prod(facts[layer.path][0])) * int(np.prod(layer.kernel_size or [1])) * int(inputs or 0)


def seen_rows(layers: dict[str, LayerRecord], path: str, rows: Iterable[int]) -> set[int]:
    """Every row of the image that reaches these rows of a layer, by going back through every window of every branch."""
    layer = layers[path]
    cells = set(rows)
    if layer.role == "input":
        return cells
    if layer.kernel_size and layer.strides:
        kernel, stride = layer.kernel_size[0], layer.strides[0]
        length = int(layer.input_shapes[0][0] or 0)
        before = 0
        if layer.padding == "same":
            before = max(0, (-(-length // stride) - 1) * stride + kernel - length) // 2
        cells = {cell * stride - before + tap for cell in cells for tap in range(kernel)}
    return set().union(*(seen_rows(layers, source, cells) for source in layer.inbound))


def norms_of(logdir: Path, run: str, step: int) -> dict[str, tuple[float, float]]:
    """Gradient norm and update / weight of each layer: of all its variables as one vector."""
    record = open_log(logdir)[run].read("gradients", None, step)
    owners = np.array([path.rsplit("/", 1)[0] for path in record["variables"]])

    def joined(name: str, owner: str) -> float:
        return float(np.sqrt(np.square(record[name][owners == owner].astype(np.float64)).sum()))

    return {
        owner: (joined("norm", owner), joined("update_norm", owner) / joined("weight_norm", owner))
        for owner in dict.fromkeys(owners.tolist())
    }


def half_digit(text: str) -> float:
    """Half of what the last digit that is shown stands for."""
    return 0.51 * 10.0 ** -len(text.split(".")[1]) if "." in text else 0.51


def short(text: str) -> tuple[float, float]:
    """A number such as "27.7 k", and how far off it may be."""
    digits, _, unit = text.partition(" ")
    return float(digits.replace(",", "")) * UNITS[unit], half_digit(digits) * UNITS[unit] if unit else 0
