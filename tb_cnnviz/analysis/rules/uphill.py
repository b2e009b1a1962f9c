"""An optimizer that adds the gradient instead of subtracting it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import typical
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, Series, Verdict, Words, said

WORDS = Words(
    rule="An update leads downhill: its cosine with the gradient is negative.",
    source="Nocedal and Wright, Numerical Optimization, 2006, section 2.2: a descent direction",
    otherwise="A training that goes uphill on purpose, as an adversary or a gradient reversal does.",
    suggestion="Look for a flipped sign, in the optimizer or in the loss: a reward that is minimised, a loss that is maximised.",
)


def uphill(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The median over kernels and steps of the cosine between update and gradient, of the weights that are followed."""
    if evidence.samples is None or not evidence.network.kernels:
        return []
    cosine = evidence.samples.cosine[:, evidence.network.kernels]
    value = typical(cosine)
    if not value > limits.uphill_cosine or not (learning.is_poor or not learning.long_enough):
        return []
    with np.errstate(all="ignore"):
        series = Series.of(
            "cosine between update and gradient", evidence.samples.step, np.nanmedian(cosine, 1), limits.uphill_cosine
        )
    finding = f"Updates point the way of the gradient (cosine {said(value)}), so each step makes the loss larger."
    step = int(evidence.samples.step[0])
    return [
        Verdict(
            "not_learning",
            ERROR,
            finding,
            WORDS,
            step=step,
            measured=value,
            limit=limits.uphill_cosine,
            evidence=series,
            is_root=True,
        )
    ]
