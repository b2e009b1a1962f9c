"""Whether a dataclass that was read from a log holds what its annotations promise: the page relies on it."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type.

    Args:
        hint: a dataclass, a scalar type, list[…], dict[str, …] or a union of such. As in JSON, an int is a float too,
            and a bool is no number.
    """
    if isinstance(hint, type) and is_dataclass(hint):
        hints = _hints(hint)
        return type(value) is hint and all(conforms(getattr(value, name), item) for name, item in hints.items())
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(conforms(value, item) for item in arguments)
    if origin is list:
        return isinstance(value, list) and all(conforms(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and _all_conform(list(value), str) and _all_conform(value.values(), arguments[1])
    if hint is float:
        return type(value) in (int, float)
    return type(value) is hint


def _all_conform(values: Any, hint: Any) -> bool:
    return all(conforms(value, hint) for value in values)


@lru_cache(maxsize=32)
def _hints(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}
