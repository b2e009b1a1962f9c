"""What the columns of a record of statistics belong to, and which of them a request asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from tb_cnnviz.plugin.columns import MalformedSeries
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import ColumnFilter, shown
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS, ROW_KINDS, SERIES, Form, Owner, series_of
from tb_cnnviz.records.layer_rows import parsed_rows

#: Series with a column for each variable.
_BY_VARIABLE = tuple(kind for kind in SERIES if KINDS[kind].owner is Owner.VARIABLES)

#: Of a network with some ten thousand layers.
MAX_ROWS_BYTES = 1 << 20


class Row(NamedTuple):
    """A place in the network.

    `saturation` says how that is judged there, None where it is not; `slope` names the activation whose slope is recorded.
    """

    layer: str
    place: str
    channels: int
    saturation: str | None
    slope: str | None = None


#: The number of variables of gradients, the rows of activations and errors, 0 for kinds that have neither.
Layout = int | tuple[Row, ...]


def layout_of(record: Record) -> Layout:
    """What a record's columns belong to.

    Raises:
        MalformedSeries: where its rows cannot be read, or do not fit its columns.
    """
    series = series_of(record.kind)
    if series.form is Form.STEPS:
        return int(record.arrays[series.names[0]].shape[1])
    if series.form is not Form.STATISTICS:
        return 0
    size = len(record.arrays[series.names[0]])
    if record.kind not in ROW_KINDS:
        return size
    written = record.arrays.get("rows")
    if written is None or written.nbytes > MAX_ROWS_BYTES:
        raise MalformedSeries("rows are missing or too large")
    rows = _rows(record.kind, written.tobytes())
    if len(rows) != size:
        raise MalformedSeries("rows do not fit the columns")
    return rows


def size_of(layout: Layout) -> int:
    """How many columns there are."""
    return layout if isinstance(layout, int) else len(layout)


def bytes_of(layout: Layout) -> int:
    """About what a layout takes in memory."""
    return 0 if isinstance(layout, int) else sum(400 + 4 * len(row.layer) + 4 * len(row.place) for row in layout)


def chosen_places(kind: str, layout: Layout, wish: ColumnFilter) -> list[int] | None:
    """The places of the columns asked for, None for all.

    Raises:
        HttpError: 400 for a wish that the kind does not know, 404 for a variable, layer or place that is not there.
    """
    if wish.variable is not None and kind not in _BY_VARIABLE:
        raise HttpError(400, f"variable: given for {kind}; only {', '.join(_BY_VARIABLE)} have variables")
    if (wish.layer is not None or wish.place is not None) and kind not in ROW_KINDS:
        raise HttpError(400, f"layer, place: given for {kind}; series by layer are {', '.join(ROW_KINDS)}")
    if isinstance(layout, int):
        if wish.variable is not None and wish.variable >= layout:
            raise HttpError(404, f"variable: {wish.variable} given; variables are 0 to {layout - 1}")
        return None if wish.variable is None else [wish.variable]
    if wish.layer is None and wish.place is None:
        return None
    at = [i for i, row in enumerate(layout) if wish.layer in (None, row.layer) and wish.place in (None, row.place)]
    if not at:
        asked = [
            f"{name}: {shown(text)}"
            for name, text in (("layer", wish.layer), ("place", wish.place))
            if text is not None
        ]
        raise HttpError(404, f"{', '.join(asked)}: {kind} have no such row at their newest step")
    return at


def said_of(layout: Layout, chosen: list[int] | None) -> list[dict[str, Any]] | None:
    """The rows chosen, as an answer has them; None for kinds that have none."""
    if isinstance(layout, int):
        return None
    return [layout[i]._asdict() for i in (range(len(layout)) if chosen is None else chosen)]


@lru_cache(maxsize=8)
def _rows(kind: str, content: bytes) -> tuple[Row, ...]:
    """The same bytes stand in every record of a run."""
    try:
        rows = parsed_rows(kind, content)
    except DamagedRecord as error:
        raise MalformedSeries(error.reason) from error
    return tuple(
        Row(row["layer"], row["place"], row["channels"], _text(row.get("saturation")), _text(row.get("slope")))
        for row in rows
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
