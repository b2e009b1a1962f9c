"""The routes /records, /series and /weights: arrays, as docs/http_api.md frames them."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import limiter, lookup, query
from tb_cnnviz.plugin.answers import binary_answer, not_modified
from tb_cnnviz.plugin.binary_answer import frame
from tb_cnnviz.plugin.columns import HISTOGRAM
from tb_cnnviz.plugin.decimation import MIN_POINTS
from tb_cnnviz.plugin.etag import etag_of
from tb_cnnviz.plugin.followed_weights import KIND as FOLLOWED
from tb_cnnviz.plugin.followed_weights import followed_weights
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.known_runs import KnownRuns
from tb_cnnviz.plugin.limiter import Limiter
from tb_cnnviz.plugin.query import ColumnFilter
from tb_cnnviz.plugin.sending import Answers
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import SERIES


class BinaryRoutes:
    """Answers from the index as it stands: only /runs and /run look for what is new."""

    def __init__(self, runs: KnownRuns, answers: Answers) -> None:
        self._runs = runs
        self._series_at_once = Limiter(limiter.SERIES, "series")
        self._answers = answers

    def records(self, request: Request) -> Response:
        """The record of every layer at every step asked for, layers outermost."""
        query.only(request, ("run", "kind", "layer", "step", "repeat"))
        run = self._runs.find(query.one(request, "run")).records()
        kind = lookup.kind(run, query.one(request, "kind"))
        layers = lookup.layers(run, kind, query.many(request, "layer"))
        steps, repeat = query.steps(request), query.repeat(request)
        if len(layers) * len(steps) > query.MAX_RECORDS:
            raise HttpError(400, f"{len(layers) * len(steps)} records asked for; at most {query.MAX_RECORDS} an answer")
        entries = [entry for layer in layers for entry in lookup.entries(run, kind, layer, steps, repeat)]
        size = sum(entry.length for entry in entries)
        if size > query.MAX_ANSWER_BYTES:
            raise HttpError(
                400, f"{size} bytes asked for; at most {query.MAX_ANSWER_BYTES} an answer: ask for fewer steps"
            )
        places = ((*entry[:4], entry.length, crc) for entry, crc in zip(entries, run.stored_crcs(entries), strict=True))
        etag = etag_of("records", places)
        held = not_modified(request, etag)
        return held or self._answers.sent(
            request, size, lambda: _framed(request, [_read(run, entry) for entry in entries], etag)
        )

    def series(self, request: Request) -> Response:
        """A kind's columns over all steps, thinned where `points` says so."""
        query.only(request, ("run", "kind", "column", "points", "variable", "layer", "place"))
        run = self._runs.find(query.one(request, "run"))
        kind = query.one(request, "kind")
        if kind not in SERIES:
            raise HttpError(404, f"kind: {query.shown(kind)} is no series; series are {', '.join(SERIES)}")
        lookup.kind(run, kind)
        columns, points = query.many(request, "column"), query.points(request, MIN_POINTS)
        wish = query.wish(request)
        etag = etag_of(repr((kind, columns, points, *wish)), run.series_version(kind, wish))
        if held := not_modified(request, etag):
            return held
        with self._series_at_once.taken():
            record = run.series(kind, columns, points, wish)
        size = sum(array.nbytes for array in record.arrays.values())
        return self._answers.sent(request, size, lambda: _framed(request, [record], etag))

    def weights(self, request: Request) -> Response:
        """The weights of one variable that the log follows, over all steps."""
        query.only(request, ("run", "variable", "points"))
        source = self._runs.find(query.one(request, "run"))
        lookup.kind(source, FOLLOWED)
        variable, points = query.variable(request), query.points(request, MIN_POINTS)
        etag = etag_of(repr((FOLLOWED, variable, points)), source.series_version(FOLLOWED, ColumnFilter()))
        if held := not_modified(request, etag):
            return held
        with self._series_at_once.taken():
            record = followed_weights(source.records(), variable, points)
        size = sum(array.nbytes for array in record.arrays.values())
        return self._answers.sent(request, size, lambda: _framed(request, [record], etag))


def _read(run: RunIndex, entry: IndexEntry) -> Record:
    try:
        return run.read_entry(entry)
    except DamagedRecord as damage:
        where = f"{entry.kind} at step {entry.step}"
        raise HttpError(410, f"{where} cannot be read: {damage.reason}") from damage


def _framed(request: Request, records: list[Record], etag: str) -> Response:
    chunks, length = frame(records)
    counts = any(HISTOGRAM in record.arrays for record in records)
    return binary_answer(request, chunks, length, etag, compress=counts)
