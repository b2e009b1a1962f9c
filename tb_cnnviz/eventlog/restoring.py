"""Records as a person reads them: eight-bit forms restored, histograms with their edges, series joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.records.histogram import edges, untrim
from tb_cnnviz.records.metric_names import LEARNING_RATE, column_of, taken_beside
from tb_cnnviz.records.quantisation import restore_errors, restore_kernel, restore_maps
from tb_cnnviz.records.record import Record

#: Kinds whose records are of all trainable variables, and can be read by one.
VARIABLE_KINDS = ("gradients", "gradient_samples")

#: Arrays whose first axis is that of the micro-batches of an update.
_MICRO, _MICRO_BATCH = "micro_", "micro_batch"

#: Above it a number is not exact in every reader.
_MAX_EPOCH = 1 << 53


def restored(record: Record, source: Record | None = None) -> dict[str, Any]:
    """Attributes and arrays of a record, kernels and maps as float32; all arrays are the caller's own.

    Args:
        source: the record of the layer whose output is this one's input, where it does not hold that itself.

    Raises:
        DamagedRecord: when the arrays do not fit each other.
    """
    out = {**record.attributes, **{name: array.copy() for name, array in record.arrays.items()}}
    try:
        if record.kind == "filters":
            out["kernel"] = restore_kernel(out["kernel"], out.pop("scale", None))
        elif record.kind == "feature_maps":
            _restore_maps(out, "", "maps")
            if "input_maps" in out:
                _restore_maps(out, "input_", "input")
            elif source is not None:
                there = restored(source)
                out |= {"input": there["maps"], "input_channels": there["channels"], "input_of": there["of"]}
        elif record.kind == "error_maps":
            out["maps"] = restore_errors(out["maps"], out.pop("scale", None))
            out["channels"] = out["channels"].astype(np.int64)
        elif record.kind == "operations" and source is not None:
            out["input"] = source.arrays["output"].copy()
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedRecord(f"arrays of {record.kind} do not fit each other: {error}") from error
    return out


def _restore_maps(out: dict[str, Any], prefix: str, name: str) -> None:
    maps, lo, hi = out.pop(f"{prefix}maps"), out.pop(f"{prefix}lo", None), out.pop(f"{prefix}hi", None)
    channels = f"{prefix}channels"
    out[name] = restore_maps(maps, lo, hi)
    out[channels] = out[channels].astype(np.int64)


def gradient_columns(record: Record, variables: Sequence[str], column: int | None) -> dict[str, Any]:
    """The columns of a gradients record, or one variable's values.

    Raises:
        DamagedRecord: when the record has another number of variables than the model record, or no histogram.
    """
    out: dict[str, Any] = {key: value for key, value in record.attributes.items() if key != "bin_start"}
    out |= {"edges": edges(), "skipped": bool(out.get("skipped", False))}
    try:
        columns = dict(record.arrays)
        for name in ("histogram", "micro_histogram"):
            if name in columns or name == "histogram":
                columns[name] = untrim(record.attributes["bin_start"], columns[name])
        micro = _of_micro_batches(columns)
        columns.setdefault("sampled", np.ones(len(columns["histogram"]), np.int32))
        lengths = {len(array) for array in columns.values()} | {array.shape[1] for array in micro.values()}
        if variables and lengths != {len(variables)}:
            raise ValueError(f"{len(variables)} variables in the model record")
        rows = {name: array.copy() if column is None else array[column] for name, array in columns.items()}
        rows |= {name: (array if column is None else array[:, column]).copy() for name, array in micro.items()}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedRecord(f"arrays of gradients do not fit each other: {error}") from error
    if column is None:
        out["variables"] = list(variables)
    if _MICRO_BATCH in record.arrays:
        rows[_MICRO_BATCH] = record.arrays[_MICRO_BATCH].copy()
    return {**out, **rows}


def gradient_samples(record: Record, variables: Sequence[str], column: int | None) -> dict[str, Any]:
    """The weights that a record follows, of all variables or of one; all arrays are the caller's own.

    Raises:
        DamagedRecord: when the record has another number of variables than the model record, or arrays of other lengths
            than it says.
    """
    out: dict[str, Any] = dict(record.attributes)
    try:
        arrays = dict(record.arrays)
        counts = arrays.pop("counts").astype(np.int64)
        micro = _of_micro_batches(arrays)
        if (variables and len(counts) != len(variables)) or (counts < 0).any():
            raise ValueError(f"{len(variables)} variables in the model record")
        lengths = {len(array) for array in arrays.values()} | {array.shape[1] for array in micro.values()}
        if lengths != {int(counts.sum())}:
            raise ValueError(f"{counts.sum()} weights said, {sorted(lengths)} there")
        ends = np.cumsum(counts)
        here = slice(None) if column is None else slice(int(ends[column] - counts[column]), int(ends[column]))
        out |= {name: array[here].copy() for name, array in arrays.items()}
        out |= {name: array[:, here].copy() for name, array in micro.items()}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedRecord(f"arrays of gradient_samples do not fit each other: {error}") from error
    if column is None:
        out |= {"variables": list(variables), "counts": counts}
    if _MICRO_BATCH in record.arrays:
        out[_MICRO_BATCH] = record.arrays[_MICRO_BATCH].copy()
    return out


def _of_micro_batches(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Takes those arrays out that have a row for each micro-batch, and gives them; `micro_batch` says which these are."""
    micro_batch = arrays.pop(_MICRO_BATCH, None)
    micro = {name: arrays.pop(name) for name in list(arrays) if name.startswith(_MICRO)}
    for name, array in micro.items():
        if micro_batch is None or array.ndim < 2 or len(array) != len(micro_batch):
            raise ValueError(f"{name} has not a row for each micro-batch")
    return micro


def joined_losses(records: Sequence[Record]) -> dict[str, Any]:
    """Rows of loss records by step, and of equal steps by `batch`, which counts the batches that share one from 0.

    Of a train_step that returns its losses also `sources`, what each of them is, and `loss_name`, as the last record says.
    Where a step was logged again, beginning with its first batch, the later rows take the place of the earlier ones.

    Args:
        records: in the order in which they were logged; those of older logs have no `batch`, and one row a step.

    Raises:
        DamagedRecord: when the columns of a record differ in length, or it has no steps.
    """
    blocks: list[dict[str, np.ndarray]] = []
    for record in records:
        arrays = dict(record.arrays)
        steps = arrays.get("step")
        if steps is None or steps.ndim != 1 or steps.dtype.kind not in "iu":
            raise DamagedRecord("losses without a column of steps")
        if any(array.shape != steps.shape for array in arrays.values()):
            raise DamagedRecord("the columns of losses differ in length")
        blocks.append({"batch": np.zeros(len(steps), np.int32), **arrays})
    names = list(dict.fromkeys(name for block in blocks for name in block))
    order = _latest(*(np.concatenate([block[name] for block in blocks]) for name in ("step", "batch")))
    columns: dict[str, Any] = {
        name: np.concatenate([_filled(block, name) for block in blocks])[order] for name in names
    }
    said = next((record.attributes for record in reversed(records) if "sources" in record.attributes), {})
    return columns | {name: said[name] for name in ("loss_name", "sources") if name in said}


def joined_epochs(records: Sequence[Record]) -> dict[str, Any]:
    """A column for each metric, NaN where a record has it not, with `step` and `epoch`; of equal steps the last.

    A metric that is named like one of our own columns is `metric:<name>`.

    Raises:
        DamagedRecord: when a record has another number of names than of values.
    """
    rows: dict[int, dict[str, float]] = {}
    epochs: dict[int, int] = {}
    for record in records:
        names, values = record.attributes.get("names"), record.arrays.get("values")
        epoch = record.attributes.get("epoch")
        if not isinstance(names, list) or values is None or values.shape != (len(names),):
            raise DamagedRecord("names and values of epochs do not fit each other")
        if not isinstance(epoch, int) or abs(epoch) > _MAX_EPOCH:
            raise DamagedRecord("the epoch is no number")
        taken = taken_beside(record.arrays)
        rows[record.step] = {
            column_of(str(name), taken): value for name, value in zip(names, values.tolist(), strict=True)
        }
        rate = record.arrays.get(LEARNING_RATE)
        if rate is not None and rate.shape == (1,):
            rows[record.step][LEARNING_RATE] = float(rate[0])
        epochs[record.step] = epoch
    steps = sorted(rows)
    metrics = list(dict.fromkeys(name for step in steps for name in rows[step]))
    return {
        **{name: np.array([rows[step].get(name, np.nan) for step in steps], np.float32) for name in metrics},
        "step": np.array(steps, np.int64),
        "epoch": np.array([epochs[step] for step in steps], np.int64),
    }


def _latest(steps: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Places of the rows that hold, by step: of each, those from the last one on that is its first batch."""
    order = np.argsort(steps, kind="stable")
    begun = np.cumsum(batch[order] == 0)
    ordered = steps[order]
    last = np.searchsorted(ordered, ordered, side="right") - 1
    return np.asarray(order[begun == begun[last]])


def _filled(block: dict[str, np.ndarray], name: str) -> np.ndarray:
    return block[name] if name in block else np.full(len(block["step"]), np.nan, np.float32)
