"""Records whose arrays have a row for each place in the network: what a reader of one layer gets of them.

`rows` names the places. Arrays of one row each have its number as their first axis; those by channel, whose names begin
with `channel_`, hold the channels of all rows one after the other; but `channel_edges` are of all channels' histograms.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.histogram import edges, untrim
from tb_cnnviz.records.kinds.kind import Asked, Content, fitting

OUTPUT, PRE_ACTIVATION = "output", "pre_activation"

_CHANNEL = "channel_"
#: The same for all rows.
_SHARED = "channel_edges"


def rows_of(record: Content) -> list[dict[str, Any]]:
    """Each row's `layer`, `place` and `channels`, and what else the kind says of it.

    Raises:
        DamagedRecord: where that cannot be read.
    """
    if "rows" not in record.arrays:
        raise DamagedRecord(f"rows of {record.kind} cannot be read: 'rows'")
    return parsed_rows(record.kind, record.arrays["rows"].tobytes())


def parsed_rows(kind: str, content: bytes) -> list[dict[str, Any]]:
    """As `rows_of`, from the content of the array."""
    try:
        rows = json.loads(content.decode())
        if not isinstance(rows, list):
            raise TypeError("no list")
        for row in rows:
            if not (isinstance(row["layer"], str) and isinstance(row["place"], str) and _is_size(row["channels"])):
                raise TypeError("a layer, place or number of channels is missing")
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DamagedRecord(f"rows of {kind} cannot be read: {error}") from error
    return rows


def restore_rows(record: Content, asked: Asked) -> dict[str, Any]:
    """How a kind with rows is read: see `read_rows`."""
    return read_rows(record, asked.layer)


def read_rows(record: Content, layer: str | None) -> dict[str, Any]:
    """One layer's numbers, `histogram` with all bins (`edges`) as int64; all arrays are the caller's own.

    Args:
        layer: its path. Its output's row is given; that of its pre-activation stands in `pre_activation`, or takes its
            place where the output has none. None gives every row: {(layer, place): its numbers}, under `rows`.

    Raises:
        KeyError: for a layer that has no row; its message says which have one.
        DamagedRecord: when the arrays do not fit each other.
    """
    rows = rows_of(record)
    with fitting(record.kind):
        arrays = {name: array for name, array in record.arrays.items() if name != "rows"}
        if "histogram" in arrays:
            arrays["histogram"] = untrim(record.attributes["bin_start"], arrays["histogram"])
        if "channel_histogram" in arrays:
            arrays["channel_histogram"] = arrays["channel_histogram"].astype(np.int64)
        _check(arrays, rows)
    if layer is None:
        return {"rows": {(row["layer"], row["place"]): _one(record, arrays, rows, i) for i, row in enumerate(rows)}}
    places = {row["place"]: i for i, row in enumerate(rows) if row["layer"] == layer}
    if not places:
        there = ", ".join(list(dict.fromkeys(row["layer"] for row in rows))[:8]) or "none"
        raise KeyError(f"layer {layer!r} has no {record.kind} at step {record.step}; there is {there}")
    first = OUTPUT if OUTPUT in places else next(iter(places))
    out = _one(record, arrays, rows, places[first])
    if first == OUTPUT and PRE_ACTIVATION in places:
        out[PRE_ACTIVATION] = _one(record, arrays, rows, places[PRE_ACTIVATION])
    return out


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _check(arrays: dict[str, np.ndarray], rows: list[dict[str, Any]]) -> None:
    channels = sum(row["channels"] for row in rows)
    for name, array in arrays.items():
        if name == _SHARED:
            continue
        wanted = channels if name.startswith(_CHANNEL) else len(rows)
        if array.ndim < 1 or array.shape[0] != wanted:
            raise ValueError(f"{name} has {array.shape[:1]} rows, {wanted} expected")


def _one(record: Content, arrays: dict[str, np.ndarray], rows: list[dict[str, Any]], i: int) -> dict[str, Any]:
    begin = sum(row["channels"] for row in rows[:i])
    here = slice(begin, begin + rows[i]["channels"])
    said = {name: value for name, value in record.attributes.items() if name != "bin_start"}
    values = {
        name: array[here if name.startswith(_CHANNEL) else i].copy()
        for name, array in arrays.items()
        if name != _SHARED
    }
    shared = {_SHARED: arrays[_SHARED].copy()} if _SHARED in arrays else {}
    return {**said, **rows[i], **values, **shared, "edges": edges()}
