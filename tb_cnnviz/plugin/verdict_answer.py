"""A diagnosis as the page gets it: bounded, however much a log makes the doctor say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tb_cnnviz.analysis.doctor import Diagnosis
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import Series, Verdict
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.decimation import thin
from tb_cnnviz.plugin.http_schema import RunVerdicts, VerdictEntry, VerdictSeries

MAX_BYTES = 1 << 20
MAX_POINTS = 200
MAX_LAYERS = 64


def judged(name: str, diagnosis: Diagnosis) -> RunVerdicts:
    """The first verdicts that take at most `MAX_BYTES` of JSON together: causes stand before what follows from them."""
    entries: list[VerdictEntry] = []
    room = MAX_BYTES
    for number, verdict in enumerate(diagnosis.verdicts):
        entry = _entry(number, verdict)
        room -= len(to_json(entry))
        if room < 0:
            break
        entries.append(entry)
    return RunVerdicts(
        name,
        diagnosis.steps,
        int(Limits().min_steps),
        diagnosis.rules,
        diagnosis.worst,  # type: ignore[arg-type]
        [_among(entry, len(entries)) for entry in entries],
        len(diagnosis.verdicts),
        None,
    )


def not_judged(name: str, why: str) -> RunVerdicts:
    """The answer for a run that has no diagnosis."""
    return RunVerdicts(name, 0, int(Limits().min_steps), 0, None, [], 0, why)


def _entry(number: int, verdict: Verdict) -> VerdictEntry:
    return VerdictEntry(
        number,
        verdict.kind,
        verdict.severity,  # type: ignore[arg-type]
        verdict.layer,
        verdict.variable,
        list(verdict.layers[:MAX_LAYERS]),
        len(verdict.layers),
        verdict.step,
        _real(verdict.measured),
        _real(verdict.limit),
        verdict.finding,
        verdict.words.rule,
        verdict.words.source,
        verdict.words.otherwise,
        verdict.words.suggestion,
        _series(verdict.evidence) if verdict.evidence else None,
        list(verdict.causes),
        list(verdict.consequences),
    )


def _among(entry: VerdictEntry, count: int) -> VerdictEntry:
    """The entry without what it says of verdicts that are left out."""
    causes, consequences = ([each for each in ids if each < count] for ids in (entry.causes, entry.consequences))
    return replace(entry, causes=causes, consequences=consequences)


def _series(series: Series) -> VerdictSeries:
    kept = thin(np.asarray(series.values, np.float64), MAX_POINTS).tolist()
    steps, values = ([column[row] for row in kept] for column in (series.steps, series.values))
    return VerdictSeries(
        series.name, steps, [float(value) for value in values], _real(series.limit), len(series.values)
    )


def _real(value: float | None) -> float | None:
    """A plain float: what is not finite becomes a text of `Real` as JSON is written."""
    return None if value is None else float(value)
