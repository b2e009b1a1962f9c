"""From a run to its verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.explaining import explained
from tb_cnnviz.analysis.gathering import gather
from tb_cnnviz.analysis.learning import Learning, judge_learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.rules import RULES
from tb_cnnviz.analysis.verdict import ERROR, SEVERITIES, WARNING, Verdict
from tb_cnnviz.eventlog.reader import Run


@dataclass(frozen=True)
class Diagnosis:
    """All verdicts on one run, causes first. `rules` were asked, on `steps` updates."""

    run: str
    steps: int
    rules: int
    learning: Learning
    verdicts: Sequence[Verdict]

    @property
    def worst(self) -> str | None:
        """The worst severity; None where nothing was found."""
        return min((v.severity for v in self.verdicts), key=SEVERITIES.index, default=None)

    def found(self, severity: str) -> list[Verdict]:
        """Verdicts of that severity or a worse one."""
        return [v for v in self.verdicts if SEVERITIES.index(v.severity) <= SEVERITIES.index(severity)]

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "steps": self.steps,
            "rules": self.rules,
            "worst": self.worst,
            "verdicts": [verdict.as_json(number) for number, verdict in enumerate(self.verdicts)],
        }


def diagnose(run: Run, limits: Limits | None = None, progress: Callable[[int], None] | None = None) -> Diagnosis:
    """The verdicts on one run of a log.

    Args:
        limits: default `Limits()`.
        progress: is told after each record how many were read.

    Raises:
        NothingToJudge: where the log holds nothing of a training.
    """
    return judge(gather(run, progress), limits or Limits(), run.name)


def judge(evidence: Evidence, limits: Limits, name: str = ".") -> Diagnosis:
    """The verdicts that follow from gathered evidence."""
    with np.errstate(all="ignore"):
        learning = judge_learning(evidence, limits)
        found: list[Verdict] = []
        for rule in RULES:
            found += rule(evidence, learning, limits, found)
    return Diagnosis(name, evidence.steps, len(RULES), learning, explained(found))


__all__ = ["ERROR", "WARNING", "Diagnosis", "diagnose", "judge"]
