"""What the routes ask of a run, whether it holds records of ours or TensorBoard's scalars alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.http_schema import RunDetail
from tb_cnnviz.plugin.query import ColumnFilter
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.records import Record


class RunSource(Protocol):
    """One run."""

    @property
    def kinds(self) -> list[str]:
        """The kinds of record that it holds."""

    def row(self, time: ReadingTime) -> bytes:
        """Its row in the list of runs, as JSON; what takes longer than `time` is left out."""

    def detail(self) -> RunDetail:
        """Everything about it but its records.

        Raises:
            HttpError: where it cannot be read.
        """

    def verdicts_version(self) -> Iterable[object]:
        """What changes whenever its verdicts may."""

    def verdicts(self) -> bytes:
        """What the doctor says of it, `RunVerdicts` as JSON.

        Raises:
            HttpError: 503 where others are judged.
        """

    def records(self) -> RunIndex:
        """Where its records lie.

        Raises:
            HttpError: 404 where it holds none.
        """

    def series_version(self, kind: str, wish: ColumnFilter) -> Iterable[object]:
        """What changes whenever the run's series of this kind does.

        Raises:
            HttpError: 400 for a wish that its series does not know.
        """

    def series(self, kind: str, columns: Sequence[str], points: int | None, wish: ColumnFilter) -> Record:
        """The columns asked for (all where none are) over the steps kept, as one record.

        Raises:
            HttpError: 404 for a column, variable or row that the series has not, 400 for an answer that is too large, 503
                where the time is up.
        """
