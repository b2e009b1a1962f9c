"""A record's directory as JSON: written without NaN, and read without trust."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from tb_cnnviz.eventlog.record_layout import MAX_DEPTH
from tb_cnnviz.records.damaged import DamagedRecord


def to_json(value: object) -> str:
    """Compact JSON of a value, of numpy's scalars too.

    Raises:
        TypeError, ValueError: for what JSON cannot hold, NaN and Inf among it.
    """
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def parsed(text: bytes) -> dict[str, Any]:
    """The object that a directory is.

    Raises:
        DamagedRecord: for anything else, and for one that is nested deeper than readers take.
    """
    try:
        raw = _decoder.decode(text.decode())
        if b"\\u" in text:
            to_json(raw).encode()
    except (ValueError, RecursionError) as error:  # UnicodeError is a ValueError
        raise DamagedRecord(f"the directory is no JSON: {str(error)[:120]}") from error
    if not isinstance(raw, dict):
        raise DamagedRecord("the directory is no JSON object")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and is_deep(raw, MAX_DEPTH):
        raise DamagedRecord(f"lists and objects are nested more than {MAX_DEPTH} deep")
    return raw


def is_deep(value: object, most: int) -> bool:
    """Whether lists and objects are nested more than so many deep. Without recursion, which has a bound of its own."""
    level = [value]
    for _ in range(most):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, Mapping) else item)  # type: ignore[attr-defined]
            if isinstance(child, Mapping | list | tuple)
        ]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
