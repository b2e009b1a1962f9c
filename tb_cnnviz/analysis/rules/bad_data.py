"""Inputs or labels that hold NaN or infinity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import first_where
from tb_cnnviz.analysis.evidence import BatchStatistics, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, Series, Verdict, Words

WORDS = Words(
    rule="No value of an input or label may be NaN or infinite: one such value makes every weight NaN in one update.",
    source="IEEE 754: whatever is computed with NaN is NaN",
    otherwise="Missing targets that the loss masks out on purpose.",
    suggestion="Find the examples with numpy.isfinite, and repair or drop them before training.",
)


def bad_data(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """From the training batch where its statistics are logged, else from the probe."""
    verdicts = [
        _of_batches(what, part) for what, part in (("input", evidence.inputs), ("label", evidence.labels)) if part
    ]
    probe = {"input": list(evidence.probe.x), "label": [evidence.probe.y] if evidence.probe.y is not None else []}
    for what, arrays in probe.items():
        bad = sum(int((~np.isfinite(a)).sum()) for a in arrays if a.dtype.kind == "f")
        if bad and not any(verdicts):
            finding = f"The probe's {what}s hold {bad:,} values that are NaN or infinite."
            verdicts.append(Verdict("label_or_data", ERROR, finding, WORDS, measured=float(bad), limit=0.0))
    return [verdict for verdict in verdicts if verdict]


def _of_batches(what: str, part: BatchStatistics) -> Verdict | None:
    bad = np.nansum(part.not_finite, 1)
    step = first_where(part.step, bad > 0)
    if step is None:
        return None
    finding = f"At step {step} the batch's {what}s hold {bad.max():,.0f} values that are NaN or infinite."
    series = Series.of(f"{what} values that are not finite", part.step, bad, 0.0)
    return Verdict(
        "label_or_data", ERROR, finding, WORDS, step=step, measured=float(bad.max()), limit=0.0, evidence=series
    )
