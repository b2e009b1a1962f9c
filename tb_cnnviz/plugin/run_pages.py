"""The list of runs, a page at a time: as many as fit into its bytes, and as can be described in its time."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import Written
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown

PAGE_BYTES = 2_000_000
PAGE_SECONDS = 1.0

#: Of rows that are kept between requests. Where all rows are more, those met first are kept: the others are made anew each
#: time, and giving up the oldest would make all of them anew.
KEPT_BYTES = 64 << 20

#: Where a run stands in the list, its source and name: sorted, runs with records come first, then those with scalars alone.
RECORDS, SCALARS = "records", "scalars"

Place = tuple[str, str]


def page_of(
    places: Sequence[Place], after: str | None, row: Callable[[Place], bytes]
) -> tuple[list[Written], str | None]:
    """The rows behind a place, at least one where there is one, and the place behind which the next page begins.

    Raises:
        HttpError: 400 where `after` is no place.
    """
    start = 0 if after is None else bisect_right(places, _parsed(after))
    rows: list[Written] = []
    size, until = 0, time.monotonic() + PAGE_SECONDS
    for place in places[start:]:
        text = row(place)
        size += len(text) + 1
        if rows and size > PAGE_BYTES:
            break
        rows.append(Written(text))
        if time.monotonic() >= until:
            break
    stop = start + len(rows)
    return rows, ":".join(places[stop - 1]) if stop < len(places) else None


def _parsed(after: str) -> Place:
    source, colon, name = after.partition(":")
    if source not in (RECORDS, SCALARS) or not colon:
        raise HttpError(400, f"after: {shown(after)} given; what `next` of the list before was is needed")
    return source, name


class RowCache:
    """Rows as they were written last, made again where a run has changed. Safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[object, bytes]] = {}
        self._bytes = 0

    def get(self, name: str, run: RunIndex, make: Callable[[], tuple[bytes, bool]]) -> bytes:
        """The row of a run.

        Args:
            make: gives it, and whether it holds until the run changes.
        """
        version = run.generation, run.revision
        known = self._rows.get(name)
        if known is not None and known[0] == version:
            return known[1]
        text, holds = make()
        with self._lock:
            before = self._rows.pop(name, None)
            self._bytes -= len(before[1]) if before else 0
            if holds and self._bytes + len(text) <= self._kept_bytes:
                self._rows[name] = version, text
                self._bytes += len(text)
        return text

    def keep(self, names: Mapping[str, object]) -> None:
        """Let go of runs that are gone."""
        with self._lock:
            for name in [name for name in self._rows if name not in names]:
                self._bytes -= len(self._rows.pop(name)[1])
