"""Read a request's query: which parameters a route takes, how often, and within which bounds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from werkzeug.wrappers import Request

from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.records.record import MAX_STEP

MAX_RECORDS = 4096
MAX_ANSWER_BYTES = 256 << 20
MAX_POINTS = 1_000_000

_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)


class ColumnFilter(NamedTuple):
    """Which columns of a record of statistics are asked for: all where nothing is given.

    Args:
        variable: of gradients, the place of the only variable.
        layer, place: of activations and errors, those of the rows.
    """

    variable: int | None = None
    layer: str | None = None
    place: str | None = None


def only(request: Request, names: Collection[str]) -> None:
    """Refuse a parameter that the route does not take: a misspelt one would be ignored in silence."""
    for name in request.args:
        if name not in names:
            taken = ", ".join(sorted(names)) or "none"
            raise HttpError(400, f"{shown(name)} is not a parameter of this route; it takes {taken}")


def one(request: Request, name: str) -> str:
    """A parameter that must be given exactly once."""
    values = request.args.getlist(name)
    if len(values) != 1:
        raise HttpError(400, f"{name}: given {len(values)} times; give it once")
    return values[0]


def many(request: Request, name: str) -> list[str]:
    """A parameter that may be repeated, without duplicates, in the order given."""
    return list(dict.fromkeys(request.args.getlist(name)))


def after(request: Request) -> str | None:
    """Behind which run a list goes on: what `next` of the list before was."""
    return one(request, "after") if "after" in request.args else None


def steps(request: Request) -> list[int]:
    """The steps asked for: at least one."""
    texts = many(request, "step")
    if not texts:
        raise HttpError(400, "step: not given; give at least one")
    return list(dict.fromkeys(_number("step", text) for text in texts))


def points(request: Request, least: int) -> int | None:
    """The most rows that a series may have, or None for all of them."""
    if "points" not in request.args:
        return None
    value = _number("points", one(request, "points"))
    if not least <= value <= MAX_POINTS:
        raise HttpError(400, f"points: {value} given; accepted are {least} to {MAX_POINTS}")
    return value


def wish(request: Request) -> ColumnFilter:
    """The only variable, layer or place asked for, where there is one."""
    return ColumnFilter(
        variable(request) if "variable" in request.args else None,
        one(request, "layer") if "layer" in request.args else None,
        one(request, "place") if "place" in request.args else None,
    )


def variable(request: Request) -> int:
    """The place of a variable in the model record."""
    return _number("variable", one(request, "variable"))


def repeat(request: Request) -> int | None:
    """Which of the records at a step that was logged again, from 0; None for the last."""
    return _number("repeat", one(request, "repeat")) if "repeat" in request.args else None


def shown(text: str) -> str:
    """A text from the client, short enough to be told back."""
    return repr(text if len(text) <= 120 else text[:119] + "…")


def _number(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_STEP:
        raise HttpError(400, f"{name}: {shown(text)} given; a whole number from 0 to {MAX_STEP} is needed")
    return int(text)
