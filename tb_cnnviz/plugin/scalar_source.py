"""A run of which TensorBoard's scalars alone are known, as the routes ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin import run_list
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.http_schema import Curve, RunDetail
from tb_cnnviz.plugin.query import ColumnFilter
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.scalar_runs import ScalarRun
from tb_cnnviz.plugin.scalar_series import ScalarSeries
from tb_cnnviz.plugin.series_layout import chosen_places
from tb_cnnviz.plugin.verdict_answer import not_judged
from tb_cnnviz.records import Record


class ScalarSource:
    """A `RunSource`.

    Args:
        curves: gives the curve of each run for the list of runs; asked only for a row.
    """

    def __init__(
        self, run: ScalarRun, series: ScalarSeries, curves: Callable[[], Mapping[str, Curve | None]] = dict
    ) -> None:
        self._run, self._series, self._curves = run, series, curves

    @property
    def kinds(self) -> list[str]:
        return self._run.kinds

    def row(self, time: ReadingTime) -> bytes:
        return to_json(run_list.scalar_summary(self._run, self._curves().get(self._run.name)))

    def detail(self) -> RunDetail:
        columns = self._run.columns
        tables = {kind: self._series.table(self._run, kind, list(named)) for kind, named in columns.items()}
        return run_list.scalar_detail(self._run, {kind: table.steps.tolist() for kind, table in tables.items()})

    def verdicts_version(self) -> Iterable[object]:
        return (self._run.name,)

    def verdicts(self) -> bytes:
        return to_json(
            not_judged(self._run.name, "it holds TensorBoard's scalars alone, of which the doctor knows nothing")
        )

    def records(self) -> RunIndex:
        raise HttpError(404, "run: this run holds TensorBoard's scalars alone, no records")

    def series_version(self, kind: str, wish: ColumnFilter) -> Iterable[object]:
        chosen_places(kind, 0, wish)  # which such a run has not
        return (*self._run.columns[kind].values(), self._run.updates)

    def series(self, kind: str, columns: Sequence[str], points: int | None, wish: ColumnFilter) -> Record:
        return self._series.record(self._run, kind, columns, points)
