"""Checks of what a user gives a callback: the first thing a wrong call meets, so its message has to help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tb_cnnviz.capture.messages import RefusedArgument
from tb_cnnviz.capture.network.layer_tree import PlacedLayer

Scalar = str | float | int | bool


def positive(name: str, value: Any) -> float:
    """`value`, a number above 0.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"{name}: {value!r} given; accepted is a number above 0")
    return value


def whole(name: str, value: Any) -> int:
    """`value`, a whole number of at least 1.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}: {value!r} given; accepted is a whole number of at least 1")
    return value


def plain_values(name: str, values: Mapping[str, Scalar] | None) -> dict[str, Scalar]:
    """A mapping from text to plain values.

    Raises:
        ValueError: for another type of mapping, key or value.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ValueError(f"{name}: {type(values).__name__} given; accepted is a dict such as {{'dropout': 0.5}}")
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, str | int | float | bool):
            raise ValueError(
                f"{name}[{key!r}]: {type(value).__name__} given; accepted are text, numbers, True and False under names"
            )
    return dict(values)


def names(name: str, values: Sequence[str] | None) -> list[str] | None:
    """A list of text.

    Raises:
        ValueError: for a single text, or something that is no sequence.
    """
    if values is None:
        return None
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name}: {values!r} given; accepted is a list with a name for each")
    return [str(value) for value in values]


def choice(name: str, value: Any, accepted: Sequence[str]) -> str:
    """`value`, one of the accepted texts.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str) or value not in accepted:
        raise ValueError(f"{name}: {value!r} given; accepted are {' and '.join(map(repr, accepted))}")
    return value


def doctor(value: Any) -> bool | str:
    """`value`, whether a fit is judged while it runs, and ended.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, bool) and not (isinstance(value, str) and value == "stop"):
        raise ValueError(
            f'doctor: {value!r} given; accepted are False, True, which warns of each verdict, and "stop", which also ends '
            "a fit with a verdict of severity error"
        )
    return value


def channel_order(value: Any) -> str:
    """`value`, the order of an image's three channels.

    Raises:
        ValueError: for anything else.
    """
    return choice("channel_order", value, ("rgb", "bgr"))


def paths_of(wanted: Sequence[str] | None, placed: Sequence[PlacedLayer]) -> set[str] | None:
    """Paths of the layers that are named by path or name; None for None, which is all.

    Raises:
        RefusedArgument: for a name that no layer has.
    """
    if wanted is None:
        return None
    found: set[str] = set()
    for name in wanted:
        paths = {item.path for item in placed if name in (item.path, item.layer.name)}
        if not paths:
            there = ", ".join(item.path for item in placed[:20])
            raise RefusedArgument(f"layers: the model has no layer {name!r}; it has {there} ({len(placed)} in all)")
        found |= paths
    return found
