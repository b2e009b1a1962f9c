"""Find what a request names among what the index knows; whatever is not there is 404."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown
from tb_cnnviz.records.kinds import KINDS


class Holder(Protocol):
    @property
    def kinds(self) -> list[str]: ...


def kind(found: Holder, name: str) -> str:
    """A kind of record that this run holds."""
    held = found.kinds
    if name not in held:
        raise HttpError(404, f"kind: this run holds no {shown(name)}; it holds {', '.join(held) or 'nothing'}")
    return name


def layers(found: RunIndex, kind: str, names: Sequence[str]) -> list[str | None]:
    """The layers asked for; [None] for a kind of the whole model."""
    if not KINDS[kind].has_layer:
        if names:
            raise HttpError(400, f"layer: records of kind {kind} belong to the whole model; give no layer")
        return [None]
    if not names:
        raise HttpError(400, f"layer: not given; records of kind {kind} belong to layers")
    held = set(found.layers(kind))
    for name in names:
        if name not in held:
            raise HttpError(404, f"layer: no {kind} of {shown(name)} are logged in this run")
    return list(names)


def entries(
    found: RunIndex, kind: str, layer: str | None, steps: Sequence[int], repeat: int | None = None
) -> list[IndexEntry]:
    """The record at each step; where a step was logged again, the last one, or that of this number."""
    return [_entry(found, kind, layer, step, repeat) for step in steps]


def _entry(found: RunIndex, kind: str, layer: str | None, step: int, repeat: int | None) -> IndexEntry:
    try:
        return found.repeat(kind, layer, step, repeat)
    except KeyError:
        count = found.repeat_count(kind, layer, step)
    if not count:
        raise HttpError(404, f"step: {kind} are not logged at step {step}")
    raise HttpError(404, f"repeat: {repeat} given; {kind} at step {step} have 0 to {count - 1}")
