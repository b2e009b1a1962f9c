"""A gradient or a loss that grows out of all proportion, and stays there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import first_where, late, typical
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, Series, Verdict, Words, said

WORDS = Words(
    rule="Gradient and loss stay within a factor of what they were at the start, or come back to it.",
    source="Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks, 2013",
    otherwise="A spike of some steps, from which the training recovers.",
    suggestion="Divide the learning rate by ten, or clip by norm (clipnorm=1).",
)
_START = 5


def exploding(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The loss, and the norm of all gradients where it is larger than the weights' own, over the median of the first five."""
    verdicts = []
    losses, gradients, kernels = evidence.losses, evidence.gradients, evidence.network.kernels
    if learning.finite and not learning.is_poor:
        return []
    until = _first_not_finite(evidence)
    if gradients is not None and kernels:
        norm = np.sqrt((gradients.norm**2).sum(1))
        weight = float(np.sqrt((gradients.weight[0] ** 2).sum()))
        if norm[np.isfinite(norm)].max(initial=0.0) > weight:  # else it grew from next to nothing to its usual size
            verdicts.append(_grown("gradient's norm", gradients.step, norm, limits, _fastest(evidence), until))
    if losses is not None and len(losses.loss) > _START:
        verdicts.append(_grown("loss", losses.step, losses.loss, limits, None, until))
    return [verdict for verdict in verdicts if verdict][:1]


def _grown(
    name: str, steps: np.ndarray, values: np.ndarray, limits: Limits, layer: str | None, until: int | None
) -> Verdict | None:
    """Looks at what comes before the first weight or gradient that is not finite, since after it nothing means anything."""
    finite = np.isfinite(values) & (steps < until if until is not None else True)
    if not finite[:1].all() or finite.sum() < 2:
        return None
    start = min(typical(values[:_START]), float(values[0]))
    factor = float(np.max(values[finite]) / start) if start > 0 else float("nan")
    if not factor >= limits.exploding_factor:
        return None
    end = typical(late(values))
    if finite[-1] and 0 < end < start * np.sqrt(limits.exploding_factor):
        return None  # it came back; an end of exactly 0 is a network that died of it
    step = first_where(steps, finite & (values >= limits.exploding_factor * start))
    finding = f"The {name} grew from {said(start)} to {said(start * factor)}, {said(factor)} times as much."
    series = Series.of(name, steps, values, start * limits.exploding_factor)
    return Verdict(
        "exploding",
        ERROR,
        finding,
        WORDS,
        layer=layer,
        step=step,
        measured=factor,
        limit=limits.exploding_factor,
        evidence=series,
    )


def _first_not_finite(evidence: Evidence) -> int | None:
    gradients = evidence.gradients
    if gradients is None:
        return None
    return first_where(gradients.step, (gradients.not_finite > 0).any(1) | ~np.isfinite(gradients.weight).all(1))


def _fastest(evidence: Evidence) -> str | None:
    """The layer whose kernel's gradient grew most."""
    gradients, kernels = evidence.gradients, evidence.network.kernels
    if gradients is None:
        return None
    norm = gradients.norm[:, kernels]
    grown = np.where(np.isfinite(norm), norm, 0).max(0) / np.maximum(norm[0], np.finfo(np.float32).tiny)
    return evidence.network.layer_of(kernels[int(np.argmax(np.nan_to_num(grown)))])
