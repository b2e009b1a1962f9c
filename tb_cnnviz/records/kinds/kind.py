"""What a kind of record says of itself. Everything that treats kinds differently asks this."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord


class Owner(Enum):
    """What one record is of."""

    MODEL = "the whole model"
    LAYER = "one layer, whose path the record bears"
    VARIABLES = "all trainable variables, in the order of the model record"
    ROWS = "layers, a row for each, which the record's array `rows` names"


class Form(Enum):
    """How records become the rows of a series."""

    BATCHES = "a row for each training batch; a record holds many"
    METRICS = "a row for each record, with a column for each name in the attribute `names`"
    STEPS = "a row for each step; a record holds many; each column holds a number for each variable"
    STATISTICS = "a row for each record; each column holds a number for each variable or layer"


@dataclass(frozen=True)
class Column:
    """One column of a series: a number, or of statistics one for each variable or layer.

    `dtype` is that of the array in a record. `unit` is empty for a number without one.
    """

    name: str
    dtype: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Series:
    """How records of a kind are served as columns over steps.

    `columns` are those that a record may hold, in the order in which they are listed; of statistics the first stands in
    every record. Metrics have none: their names stand in the records. `has_histogram`: records hold `histogram` too.
    """

    form: Form
    columns: tuple[Column, ...] = ()
    has_histogram: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


class Content(Protocol):
    """A record, as far as a kind reads it."""

    @property
    def kind(self) -> str: ...

    @property
    def step(self) -> int: ...

    @property
    def arrays(self) -> Mapping[str, np.ndarray]: ...

    @property
    def attributes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a record beyond its own content.

    `layer`: of a kind with rows, the only layer; None for all. `variables`: paths in the order of the model record, and
    `column` the place of the only one; None for all. `source`: the record of the layer whose output is this one's input.
    """

    layer: str | None = None
    variables: Sequence[str] = ()
    column: int | None = None
    source: Content | None = None


Restore = Callable[[Content, Asked], dict[str, Any]]
Join = Callable[[Sequence[Content], Asked], dict[str, Any]]


def as_logged(record: Content, asked: Asked) -> dict[str, Any]:
    """Attributes and arrays as they were logged, of one variable its place in each; all arrays are the caller's own."""
    with fitting(record.kind):
        here = ... if asked.column is None else asked.column
        return {**record.attributes, **{name: np.array(array[here]) for name, array in record.arrays.items()}}


@contextlib.contextmanager
def fitting(kind: str) -> Iterator[None]:
    """Arrays that do not fit each other are damage.

    Raises:
        DamagedRecord: for what numpy, or a look-up, raises inside.
    """
    try:
        yield
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise DamagedRecord(f"arrays of {kind} do not fit each other: {error}") from error


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    Attributes:
        name: as it stands in a log.
        order: its place where kinds are listed; a new kind comes after the others.
        owner: what one record is of.
        arrays, attributes: what a record holds, in Markdown, for the table in docs/log_format.md; `{columns}` stands for
            those of the series.
        lost_with: what a warning names, as a recorder is called, when records of this kind are given up; empty where no
            recorder has the kind for itself.
        is_picture: whether the oldest waiting ones are dropped when the disk is slower than training.
        is_unlimited: whether it is written however full the log is, since a log cannot be read without it, or would not
            say what it lacks.
        series: how it is served as columns over steps; None where it is not.
        input_in: of a kind whose records may name an `input_layer`, the array that they hold instead where they hold
            their input themselves.
        restore: from a record as it was logged to what a person reads. Raises DamagedRecord where that cannot be done.
        join: reads all records at once, where a person reads them so; in the order in which they were logged, of variables
            as `asked`.
    """

    name: str
    order: int
    owner: Owner
    arrays: str = ""
    attributes: str = ""
    lost_with: tuple[str, ...] = ()
    is_picture: bool = False
    is_unlimited: bool = False
    series: Series | None = None
    input_in: str | None = None
    restore: Restore = as_logged
    join: Join | None = None

    @cached_property
    def has_layer(self) -> bool:
        """Whether each record bears the path of a layer."""
        return self.owner is Owner.LAYER
