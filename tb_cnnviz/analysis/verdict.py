"""What the doctor says: one verdict, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)

#: What a verdict can be of.
KINDS = (
    "vanishing",
    "exploding",
    "dead_units",
    "saturated",
    "frozen",
    "rate_too_high",
    "rate_too_low",
    "non_finite",
    "unscaled_input",
    "wrong_output",
    "not_learning",
    "overfitting",
    "update_too_large",
    "update_too_small",
    "bad_init",
    "constant_output",
    "label_or_data",
)


@dataclass(frozen=True)
class Series:
    """What a verdict rests on, to be drawn: `values` at `steps`, with the limit as a line."""

    name: str
    steps: Sequence[int]
    values: Sequence[float]
    limit: float | None = None

    @classmethod
    def of(cls, name: str, steps: np.ndarray, values: np.ndarray, limit: float | None = None) -> Series:
        return cls(name, [int(step) for step in steps], [float(value) for value in values], limit)

    def as_json(self) -> dict[str, Any]:
        values = [_json_number(value) for value in self.values]
        return {"name": self.name, "steps": list(self.steps), "values": values, "limit": _json_number(self.limit)}


@dataclass(frozen=True)
class Words:
    """What a rule says of itself: the rule, where it comes from, what else looks like it, what to do."""

    rule: str
    source: str
    otherwise: str
    suggestion: str


@dataclass(frozen=True)
class Verdict:
    """One finding.

    `kind` is one of KINDS; `severity` error (training cannot work like this), warning (it works badly), note (worth
    knowing, no alarm). `layer` or `variable`: paths in the model record, None where the whole network is meant; `layers`: all
    that are meant. `step`: since when, the first of the logged steps that shows it. `measured` and `limit` are in the same
    unit. `is_root`: nothing else can be its cause, and it explains every other alarm. `finding` says in one sentence what was measured here, `words` what the rule is.
    """

    kind: str
    severity: str
    finding: str
    words: Words
    layer: str | None = None
    variable: str | None = None
    layers: Sequence[str] = ()
    step: int | None = None
    measured: float | None = None
    limit: float | None = None
    evidence: Series | None = None
    is_root: bool = False
    causes: Sequence[int] = field(default=())
    consequences: Sequence[int] = field(default=())

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.severity not in SEVERITIES:
            raise ValueError(f"a verdict of kind {self.kind!r} and severity {self.severity!r} is not known")

    @property
    def is_alarm(self) -> bool:
        return self.severity in (ERROR, WARNING)

    def as_json(self, number: int) -> dict[str, Any]:
        """Numbers that are NaN or infinite are the texts `nan`, `inf`, `-inf`."""
        return {
            "id": number,
            "kind": self.kind,
            "severity": self.severity,
            "layer": self.layer,
            "variable": self.variable,
            "layers": list(self.layers),
            "step": self.step,
            "measured": _json_number(self.measured),
            "limit": _json_number(self.limit),
            "finding": self.finding,
            "rule": self.words.rule,
            "source": self.words.source,
            "otherwise": self.words.otherwise,
            "suggestion": self.words.suggestion,
            "evidence": self.evidence.as_json() if self.evidence else None,
            "causes": list(self.causes),
            "consequences": list(self.consequences),
        }


def _json_number(value: float | None) -> float | str | None:
    if value is None or np.isfinite(value):
        return None if value is None else float(value)
    return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"


def said(value: float) -> str:
    """A number as a person reads it: three figures, thousands with commas."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Inf" if value > 0 else "-Inf"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):,.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.1e}"
