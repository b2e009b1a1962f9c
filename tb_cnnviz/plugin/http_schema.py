"""What the plugin's routes answer: the one definition, from which the page's TypeScript types are generated.

`Real` is a number that JSON may not be able to hold; the three strings stand for what it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tb_cnnviz.records.model import ModelRecord

SCHEMA_VERSION = 1

Real = float | Literal["NaN", "Infinity", "-Infinity"]


@dataclass(frozen=True)
class Failure:
    """The body of every answer that is not 200."""

    error: str
    reason: str


@dataclass(frozen=True)
class Curve:
    """A metric by epoch, for the run list; at most 64 points, thinned by keeping extremes. `points` of `total`."""

    metric: str
    epochs: list[int]
    values: list[Real]
    total: int


@dataclass(frozen=True)
class RunSummary:
    """One row of the run list. `kinds`: which kinds of record it holds. Times are seconds since the epoch.

    `source` is "records" for a run that holds a records file and "scalars" for one of which TensorBoard's own scalars
    alone are known, such as a run of keras.callbacks.TensorBoard: `records`, `bytes` and `notices` are 0 then, and
    `last_step` is the largest step as it was logged there, for Keras an epoch.
    `hparams` holds at most 50 of `hparams_total`, and at most 4 kB of them. `cost` is the share of the training's time
    that logging took until the last pictures; None where it was not logged.
    """

    name: str
    source: Literal["records", "scalars"]
    kinds: list[str]
    first_wall_time: float
    last_wall_time: float
    last_step: int
    records: int
    bytes: int
    notices: int
    curve: Curve | None
    optimizer: str | None
    hparams: dict[str, str | float | int | bool]
    hparams_total: int
    cost: float | None


@dataclass(frozen=True)
class RunList:
    schema: int
    version: str
    runs: list[RunSummary]


@dataclass(frozen=True)
class RunPage(RunList):
    """Some of all runs, `total` in number: `next` is given back as `after` for those that follow, None behind the last."""

    total: int
    next: str | None


@dataclass(frozen=True)
class LayerSteps:
    """Steps logged for each of these layers, ascending; layers is empty for kinds of the whole model."""

    layers: list[str]
    steps: list[int]


@dataclass(frozen=True)
class KindSteps:
    kind: str
    groups: list[LayerSteps]


@dataclass(frozen=True)
class Notice:
    """Something that could not be read, or that the writer gave up. `file` is relative to the run."""

    file: str
    offset: int
    reason: str


@dataclass(frozen=True)
class RunDetail:
    name: str
    model: ModelRecord | None
    kinds: list[KindSteps]
    notices: list[Notice]
    last_wall_time: float


@dataclass(frozen=True)
class VerdictSeries:
    """What a verdict rests on: `values` at `steps`, at most 200 of `total`, thinned by keeping extremes."""

    name: str
    steps: list[int]
    values: list[Real]
    limit: Real | None
    total: int


@dataclass(frozen=True)
class VerdictEntry:
    """One finding of the doctor; docs/doctor.md says what each field means.

    `layers` holds at most 64 of `layers_total`. `causes` and `consequences` are ids of other verdicts of the same answer.
    """

    id: int
    kind: str
    severity: Literal["error", "warning", "note"]
    layer: str | None
    variable: str | None
    layers: list[str]
    layers_total: int
    step: int | None
    measured: Real | None
    limit: Real | None
    finding: str
    rule: str
    source: str
    otherwise: str
    suggestion: str
    evidence: VerdictSeries | None
    causes: list[int]
    consequences: list[int]


@dataclass(frozen=True)
class RunVerdicts:
    """What the doctor says of a run: `rules` were asked, on `steps` updates.

    `verdicts` are the first of `total`, a cause before what follows from it. Below `least_steps` updates it cannot be said
    whether a network learns. `not_judged` says why there is no diagnosis, and is null where there is one.
    """

    run: str
    steps: int
    least_steps: int
    rules: int
    worst: Literal["error", "warning", "note"] | None
    verdicts: list[VerdictEntry]
    total: int
    not_judged: str | None


@dataclass(frozen=True)
class ArrayEntry:
    """An array in a binary answer; offset in bytes from the end of the header, a multiple of 8."""

    name: str
    dtype: Literal["float64", "float32", "float16", "int64", "int32", "int8", "uint32", "uint8"]
    shape: list[int]
    offset: int
    length: int


@dataclass(frozen=True)
class RecordEntry:
    kind: str
    layer: str | None
    step: int
    wall_time: float
    attributes: dict[str, Any]
    arrays: list[ArrayEntry]


@dataclass(frozen=True)
class BinaryHeader:
    """The JSON header of a binary answer. docs/http_api.md describes the framing."""

    schema: int
    records: list[RecordEntry]
