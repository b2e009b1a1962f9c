"""Logs of any size for the benchmarks: sparse where bytes do not matter, and the same pictures as image summaries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.records import LayerRecord, ModelRecord, Record, VariableRecord

#: Pieces of a record that are longer and all zero become a hole in the file.
_HOLE_BYTES = 1 << 13


def layer_names(layers: int) -> list[str]:
    return [f"block{number:02}/conv" for number in range(layers)]


def write_log(
    root: Path, *, runs: int, steps: int, layers: int, kernel: tuple[int, ...], pictures_every: int = 1
) -> int:
    """Runs with kernels of every layer each `pictures_every` steps, gradients each step, losses each ten, epochs each
    hundred. Returns the number of records."""
    count = 0
    content = np.zeros(kernel, np.float32)
    for run in range(runs):
        folder = root / f"run{run:04}"
        folder.mkdir(parents=True)
        with (folder / f"cnnviz.{run + 1}.host.1.records").open("wb") as file:
            for record in _records(steps, layers, content, pictures_every):
                for piece in frame(encode(record)):
                    if len(piece) > _HOLE_BYTES and not any(piece[:64]):
                        file.seek(len(piece), os.SEEK_CUR)
                    else:
                        file.write(piece)
                count += 1
        stock = StockWriter(folder)
        stock.scalar("epoch_loss", 1.0, 0)
        stock.close()
    return count


def _records(steps: int, layers: int, content: np.ndarray, pictures_every: int) -> Iterator[Record]:
    names = layer_names(layers)
    yield _model(names, content.shape)
    counts = np.arange(2 * layers * 40, dtype=np.uint32).reshape(2 * layers, 40)
    column = np.linspace(0, 1, 2 * layers).astype(np.float32)
    floats = ("norm", "mean", "min", "max", "weight_norm", "update_norm")
    gradients = dict.fromkeys(floats, column) | {
        name: counts[:, 0].astype(np.int64) for name in ("zeros", "nan", "inf")
    }
    for step in range(steps):
        now = 1.7e9 + step
        if step % pictures_every == 0:
            norm = np.ones(content.shape[0], np.float32)
            for name in names:
                yield Record("filters", step, name, {"kernel": content, "norm": norm}, wall_time=now)
        yield Record("gradients", step, None, {**gradients, "histogram": counts}, {"bin_start": 200}, now)
        if step % 10 == 9:
            rows = np.arange(step - 9, step + 1)
            losses = {
                "step": rows,
                "loss": (1 / (1 + rows)).astype(np.float32),
                "epoch": (rows // 100).astype(np.int32),
            }
            yield Record("losses", step, None, losses, wall_time=now)
        if step % 100 == 99:
            values = {"values": np.array([1 / step], np.float32)}
            yield Record("epochs", step, None, values, {"names": ["loss"], "epoch": step // 100}, now)


def _model(names: list[str], kernel: tuple[int, ...]) -> Record:
    shape = [*kernel[2:], kernel[1], kernel[0]]
    layers = [
        LayerRecord(name, name.split("/")[-1], "Conv2D", "convolution", kernel_size=list(kernel[2:])) for name in names
    ]
    variables = [
        VariableRecord(f"{name}/{kind}", name, kind, shape if kind == "kernel" else shape[-1:], "float32", 1)
        for name in names
        for kind in ("kernel", "bias")
    ]
    text = ModelRecord("net", layers, variables, 1).to_json()
    return Record("model", 0, arrays={"json": np.frombuffer(text, np.uint8)}, wall_time=1.7e9)


def write_images(root: Path, *, runs: int, steps: int, layers: int, kernel: tuple[int, ...]) -> int:
    """The pictures of `write_log` as TensorBoard's own image summaries: a grid of each kernel, as PNG. Returns bytes."""
    grid = (
        np.random.default_rng(0).integers(0, 255, (1, kernel[0] * kernel[2], kernel[1] * kernel[3], 1)).astype(np.uint8)
    )
    total = 0
    for run in range(runs):
        folder = root / f"run{run:04}"
        stock = StockWriter(folder)
        stock.image("block00/conv", grid, 0)
        stock.close()
        (path,) = folder.iterdir()
        head, value = _split(path)
        with path.open("wb") as file:
            file.write(head)
            for step in range(steps):
                for name in layer_names(layers):
                    event = Event(wall_time=1.7e9 + step, step=step)
                    event.summary.value.add().CopyFrom(value)
                    event.summary.value[0].tag = name
                    file.write(b"".join(frame([event.SerializeToString()])))
            total += file.tell()
    return total


def _split(path: Path):  # type: ignore[no-untyped-def]
    """The file's first record, and the value of its second."""
    content = path.read_bytes()
    first = int.from_bytes(content[:8], "little") + 16
    length = int.from_bytes(content[first : first + 8], "little")
    event = Event.FromString(content[first + 12 : first + 12 + length])
    return content[:first], event.summary.value[0]
