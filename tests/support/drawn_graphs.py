"""Models that are drawn: layers joined by plain arithmetic, whose graph and receptive fields only their call knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tests.support.fits import run_of
from tests.support.layer_oracles import check_fields, detached, positive

SHAPE = (24, 22, 2)


class Drawn(keras.Model):  # type: ignore[misc]
    """Each layer reads a combination of one or two earlier values; all have the same number of channels.

    Attributes:
        reads: names of the layers that each layer reads, as they were drawn.
        unknown: layers whose cells see no window.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(name="drawn")
        rng = np.random.default_rng(seed)
        self.stem = layers.Conv2D(4, 3, strides=int(rng.integers(1, 3)), padding="same", name="stem")
        self.found: list[Any] = []
        self.plan: list[tuple[str, tuple[int, ...]]] = []
        for i in range(7):
            kind = [layers.Conv2D, layers.DepthwiseConv2D, layers.AveragePooling2D][int(rng.integers(3))]
            options: dict[str, Any] = {"padding": "same", "name": f"layer_{i}"}
            if kind is layers.AveragePooling2D:
                layer = kind(int(rng.integers(2, 4)), strides=1, **options)
            else:
                dilation = int(rng.integers(1, 3))
                filters = (4,) if kind is layers.Conv2D else ()
                layer = kind(*filters, (int(rng.integers(1, 4)), 3), dilation_rate=dilation, **options)
            self.found.append(layer)
            ways = ["plain", "sum", "product", "join", "scaled", "part", "centred" if i > 4 else "sum"]
            self.plan.append((str(rng.choice(ways)), tuple(int(n) for n in rng.integers(0, i + 1, 2))))
        self.head = layers.Dense(2, name="head")
        names = ["stem", *(layer.name for layer in self.found)]
        self.reads: dict[str, set[str]] = {"stem": {"input"}}
        self.unknown: set[str] = set()
        for layer, (way, (one, other)) in zip(self.found, self.plan, strict=True):
            both = {names[one], names[other]} if way in ("sum", "product", "join") else {names[one]}
            self.reads[layer.name] = both
            if way == "centred" or both & self.unknown:
                self.unknown.add(layer.name)

    def values(self, x: Any) -> dict[str, Any]:
        made = {"stem": self.stem(x)}
        for layer, (way, (one, other)) in zip(self.found, self.plan, strict=True):
            kept = list(made.values())
            a, b = kept[one], kept[other]
            if way == "sum":
                a = a + 2.0 * b
            elif way == "product":
                a = ops.maximum(a, 0.5 * b) + 0.25 * a
            elif way == "join":
                a = ops.concatenate([a[..., :2], b[..., 2:]], axis=-1)
            elif way == "scaled":
                a = ops.leaky_relu(a / 3 + 1) - 0.5
            elif way == "part":
                a = ops.concatenate(ops.split(a, 2, axis=-1)[::-1], axis=-1)
            elif way == "centred":
                a = a - 0.5 * ops.mean(a, axis=(1, 2), keepdims=True)
            made[layer.name] = layer(a)
        return made

    def call(self, x: Any, training: bool = False) -> Any:
        made = list(self.values(x).values())
        return self.head(ops.mean(made[-1] + made[-2], axis=(1, 2)))


def check_drawn(seed: int, folder: Path) -> None:
    keras.utils.set_random_seed(seed)
    model = Drawn(seed)
    x = np.random.default_rng(seed).random((2, *SHAPE), dtype=np.float32)
    tb_cnnviz.snapshot(model, folder, x)
    run = run_of(folder)
    names = {layer.path: layer.name for layer in run.layers}
    reads = {layer.name: {names[path] for path in layer.inbound} for layer in run.layers}
    assert {name: reads[name] for name in model.reads} == model.reads
    positive(model)

    def every(batch: np.ndarray) -> dict[str, np.ndarray]:
        made = model.values(ops.convert_to_tensor(batch))
        return {name: to_numpy(detached(value)) for name, value in made.items()}

    assert check_fields(every, run, SHAPE, unknown=model.unknown, border=6) >= 4
