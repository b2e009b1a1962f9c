"""Read a log back as numbers: `open_log`. Needs neither Keras nor TensorBoard's process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.index import LogIndex, LogNotice, RunIndex
from tb_cnnviz.records.histogram import edges, untrim
from tb_cnnviz.records.model import LayerRecord, ModelRecord
from tb_cnnviz.records.quantisation import restore_kernel, restore_maps
from tb_cnnviz.records.record import Record

#: Columns of a gradient record that hold one number a variable.
_GRADIENT_COLUMNS = ("norm", "mean", "min", "max", "weight_norm", "update_norm", "zeros", "nan", "inf")


class Run:
    """One run of a log, read only."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index
        self.name = index.name

    @property
    def model(self) -> ModelRecord | None:
        """The network as the last fit trained it, or None where none was logged."""
        return self._index.model()

    @property
    def layers(self) -> list[LayerRecord]:
        """The network's layers in order; empty where no model was logged."""
        model = self.model
        return model.layers if model else []

    @property
    def notices(self) -> list[LogNotice]:
        """What was skipped and why."""
        return self._index.notices

    @property
    def kinds(self) -> list[str]:
        """Kinds of record that the run holds."""
        return self._index.kinds

    def steps(self, kind: str, name: str | None = None) -> list[int]:
        """Every logged step of a kind, ascending.

        Args:
            kind: a kind of record, such as "filters".
            name: the layer's path for kinds that belong to a layer; for "gradients" a variable's path or None.

        Raises:
            KeyError: for a kind or name that the run does not hold.
        """
        self._check(kind, name)
        return self._index.steps(kind, None if kind == "gradients" else name)

    def read(self, kind: str, name: str | None, step: int) -> dict[str, Any]:
        """What was logged at a step, as arrays; where a step was logged twice, the later.

        filters: kernel float32 [out, in/groups, *spatial], norm, bias. feature_maps: maps float32 [images, channels,
        *spatial], channels int64, of, mean, min, max, zeros [images, of]; for a pooling layer also input and
        input_channels. gradients: with a variable's path its numbers, histogram int64 and edges float64; with None the
        columns of all variables. Other kinds: the arrays of docs/log_format.md.

        Raises:
            KeyError: for a kind, name or step that the run does not hold.
            DamagedRecord: when the record's bytes are broken.
        """
        layer = None if kind == "gradients" else name
        self._check(kind, name)
        try:
            record = self._index.read(kind, layer, step)
        except KeyError:
            raise KeyError(
                f"step {step} is not logged for {name or kind}; {_some(self._index.steps(kind, layer))}"
            ) from None
        try:
            return self._plain(record, name)
        except (KeyError, ValueError, IndexError) as error:
            raise DamagedRecord(f"{kind} at step {step} does not hold what its kind needs: {error}") from error

    def _plain(self, record: Record, name: str | None) -> dict[str, Any]:
        arrays = dict(record.arrays)
        if record.kind == "filters":
            return {**arrays, "kernel": restore_kernel(arrays["kernel"], arrays.pop("scale", None))}
        if record.kind == "feature_maps":
            return self._maps(record)
        if record.kind == "gradients":
            return _gradients(record, self._column(name))
        return {**record.attributes, **arrays}

    def _maps(self, record: Record) -> dict[str, Any]:
        arrays = dict(record.arrays)
        found = {
            "maps": restore_maps(arrays.pop("maps"), arrays.pop("lo", None), arrays.pop("hi", None)),
            "channels": arrays.pop("channels").astype(np.int64),
            "of": record.attributes["of"],
        }
        source = record.attributes.get("input_layer")
        if "input_maps" in arrays:
            lo, hi = arrays.pop("input_lo", None), arrays.pop("input_hi", None)
            found["input"] = restore_maps(arrays.pop("input_maps"), lo, hi)
            found["input_channels"] = arrays.pop("input_channels").astype(np.int64)
        elif isinstance(source, str) and record.step in self._index.steps("feature_maps", source):
            before = self._index.read("feature_maps", source, record.step)
            found["input"] = restore_maps(before.arrays["maps"], before.arrays.get("lo"), before.arrays.get("hi"))
            found["input_channels"] = before.arrays["channels"].astype(np.int64)
        return {**arrays, **found}

    def _column(self, variable: str | None) -> int | None:
        if variable is None:
            return None
        model = self.model
        return [item.path for item in model.variables].index(variable) if model else 0

    def _check(self, kind: str, name: str | None) -> None:
        if kind not in self._index.kinds:
            raise KeyError(f"run {self.name!r} holds no {kind}; {_some(self._index.kinds)}")
        known: list[str] = self._index.layers(kind)
        if kind == "gradients":
            model = self.model
            known = [item.path for item in model.variables] if model else []
            if name is None:
                return
        if (name is not None or known) and name not in known:
            raise KeyError(f"{name!r} has no {kind} in run {self.name!r}; {_some(known)}")


class Log(Mapping[str, Run]):
    """Runs by name."""

    def __init__(self, index: LogIndex) -> None:
        self._index = index
        self.refresh()

    def refresh(self) -> None:
        """Look for runs and steps that came since; reads only what is new."""
        self._index.refresh()

    def __getitem__(self, name: str) -> Run:
        try:
            return Run(self._index[name])
        except KeyError:
            raise KeyError(f"no run {name!r}; {_some(list(self._index))}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def open_log(path: str | Path) -> Log:
    """The runs below a folder, as TensorBoard names them: '.' is the folder itself.

    Args:
        path: what `tensorboard --logdir` is given.

    Raises:
        ValueError: for a remote folder.
        FileNotFoundError: where there is no such folder.
    """
    folder = local_path(path)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path: there is no folder {str(path)!r}; give the folder that tensorboard --logdir is given"
        )
    return Log(LogIndex({"": str(folder)}))


def _gradients(record: Record, column: int | None) -> dict[str, Any]:
    start = record.attributes["bin_start"]
    counts = untrim(start, record.arrays["histogram"])
    columns = {name: record.arrays[name] for name in _GRADIENT_COLUMNS if name in record.arrays}
    shared = {"edges": edges(), "skipped": bool(record.attributes.get("skipped", False))}
    if column is None:
        return {**columns, "histogram": counts, **shared}
    return {**{name: values[column] for name, values in columns.items()}, "histogram": counts[column], **shared}


def _some(names: Iterable[object], limit: int = 8) -> str:
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return f"there is {', '.join(str(name)[:80] for name in listed[:limit])}{more}" if listed else "there is nothing"
