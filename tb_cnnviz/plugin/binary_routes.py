"""The routes /records and /series: arrays, as docs/http_api.md frames them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from werkzeug.wrappers import Request, Response

from tb_cnnviz import __version__
from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.index import IndexEntry, RunIndex
from tb_cnnviz.plugin import lookup, query
from tb_cnnviz.plugin.answers import binary_answer, not_modified
from tb_cnnviz.plugin.decimation import MIN_POINTS
from tb_cnnviz.plugin.framing import frame
from tb_cnnviz.plugin.guard import Refused
from tb_cnnviz.plugin.series import KINDS, SeriesCache, as_record
from tb_cnnviz.plugin.watched_index import WatchedIndex
from tb_cnnviz.records import Record


class BinaryRoutes:
    """Answers from the index as it stands: only /runs and /run look for what is new."""

    def __init__(self, index: WatchedIndex, series: SeriesCache) -> None:
        self._index = index
        self._series = series

    def records(self, request: Request) -> Response:
        """The record of every layer at every step asked for, layers outermost."""
        query.only(request, ("run", "kind", "layer", "step"))
        run = lookup.run(self._index.known_runs(), query.one(request, "run"))
        kind = lookup.kind(run, query.one(request, "kind"))
        layers = lookup.layers(run, kind, query.many(request, "layer"))
        steps = query.steps(request)
        if len(layers) * len(steps) > query.MAX_RECORDS:
            raise Refused(400, f"{len(layers) * len(steps)} records asked for; at most {query.MAX_RECORDS} an answer")
        entries = [entry for layer in layers for entry in lookup.entries(run, kind, layer, steps)]
        size = sum(entry.length for entry in entries)
        if size > query.MAX_ANSWER_BYTES:
            raise Refused(
                400, f"{size} bytes asked for; at most {query.MAX_ANSWER_BYTES} an answer: ask for fewer steps"
            )
        etag = _etag("records", entries)
        return not_modified(request, etag) or _framed(request, [_read(run, entry) for entry in entries], etag)

    def series(self, request: Request) -> Response:
        """A kind's columns over all steps, thinned where `points` says so."""
        query.only(request, ("run", "kind", "column", "points", "variable"))
        name = query.one(request, "run")
        run = lookup.run(self._index.known_runs(), name)
        kind = query.one(request, "kind")
        if kind not in KINDS:
            raise Refused(404, f"kind: {query.shown(kind)} is no series; series are {', '.join(KINDS)}")
        lookup.kind(run, kind)
        columns, points = query.many(request, "column"), query.points(request, MIN_POINTS)
        variable = query.variable(request)
        etag = _etag(repr((kind, columns, points, variable)), run.entries(kind))
        unchanged = not_modified(request, etag)
        if unchanged is not None:
            return unchanged
        record = as_record(run, kind, self._series.get(name, run, kind), columns, points, variable)
        return _framed(request, [record], etag)


def _read(run: RunIndex, entry: IndexEntry) -> Record:
    try:
        return run.read_entry(entry)
    except DamagedRecord as damage:
        where = f"{entry.kind} at step {entry.step}"
        raise Refused(410, f"{where} cannot be read: {damage.reason}") from damage


def _framed(request: Request, records: list[Record], etag: str) -> Response:
    chunks, length = frame(records)
    return binary_answer(request, chunks, length, etag)


def _etag(question: str, entries: Iterable[IndexEntry]) -> str:
    """Names the bytes that an answer comes from, by where they lie: a record never changes in its place."""
    digest = hashlib.sha256(f"{__version__} {question}".encode("utf-8", "surrogatepass"))
    for entry in entries:
        digest.update(repr(entry.identity).encode())
    return digest.hexdigest()[:32]
