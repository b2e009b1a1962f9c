"""A training that had learned, and lost it again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import smoothed
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="What a training has learned it keeps, but for spikes from which it recovers.",
    source="Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability, 2021",
    otherwise="Data that changed on the way; examples that come in an order; a spike in the very last steps.",
    suggestion="Divide the learning rate by three to ten, let it decay, or clip by norm.",
)


def diverged(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The loss of the last tenth of batches, beside the tenth with the lowest one, in parts of what a constant answer costs."""
    losses = evidence.losses
    if losses is None or not learning.long_enough or not learning.finite or any(verdict.is_alarm for verdict in found):
        return []
    whole = learning.chance if np.isfinite(learning.chance) else learning.start
    learned = 1 - learning.best / whole if whole > 0 else float("nan")
    lost = (learning.end - learning.best) / (learned * whole) if learned >= limits.weak_share else 0.0
    if not lost >= limits.diverged_share:
        return []
    window = max(1, len(losses.loss) // 10)
    course = smoothed(losses.loss, window)
    step = int(losses.step[window - 1 + int(np.argmin(course[window - 1 :]))])
    finding = f"The loss was {said(learning.best)} at step {step} and is {said(learning.end)} at the end: {said(100 * lost)} % of what was learned is lost."
    return [
        Verdict(
            "rate_too_high",
            WARNING,
            finding,
            WORDS,
            step=step,
            measured=lost,
            limit=limits.diverged_share,
            evidence=Series.of("loss", losses.step, losses.loss, learning.chance),
        )
    ]
