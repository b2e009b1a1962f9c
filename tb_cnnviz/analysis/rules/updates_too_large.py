"""Updates that throw the weights about: a learning rate too high, or a gradient that is too large for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import first_where
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, WARNING, Series, Verdict, Words, said

RATE = Words(
    rule="An update changes a kernel by about a thousandth of its norm.",
    source="Karpathy, CS231n notes, 2016, Ratio of weights:updates",
    otherwise="Kernels that begin near zero; the first steps of a fit that recovers, or a warm-up's peak.",
    suggestion="Divide the learning rate by ten until the ratio is about 0.001.",
)
SIZE = Words(
    rule=RATE.rule,
    source=RATE.source,
    otherwise="A gradient that is large for another reason: unscaled inputs, initial weights that are too large.",
    suggestion="The rate is usual and the gradient is not: average the loss over the batch instead of summing it, "
    "scale inputs and targets, or clip by norm.",
)

#: Rates up to which a plain gradient step is usual; above it the rate is the fault.
_USUAL_RATE = 0.3
_PLAIN = ("SGD",)
_FIRST = 12
#: One update of this many times the limit is enough.
_WHOLE = 10


def updates_too_large(
    evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]
) -> list[Verdict]:
    """Over the first steps that are logged, while it is decided: the median of a kernel, or one update of its whole size."""
    gradients, kernels = evidence.gradients, evidence.network.kernels
    if gradients is None or not kernels or not learning.is_halting or any(verdict.is_root for verdict in found):
        return []
    if not learning.is_weak and not _have_grown(gradients.weight[:, kernels], limits.lasting_growth):
        return []
    begun = gradients.weight[:_FIRST, kernels]
    ratio = np.where(begun > 0, gradients.update[:_FIRST, kernels] / begun, np.nan)
    median, largest = _median_and_largest(ratio)
    is_whole = largest.max() > _WHOLE * limits.update_high
    if not (is_whole or median.max() > limits.update_high):
        return []
    worst = int(np.argmax(largest if is_whole else median))
    layer = evidence.network.layer_of(kernels[worst])
    rate = float(np.nanmax(evidence.losses.rate[:_FIRST])) if evidence.losses is not None else float("nan")
    is_usual = learning.is_summed or (evidence.model.optimizer in _PLAIN and rate <= _USUAL_RATE)
    finding = f"An update changes {layer} by {said(float(largest[worst]))} times its norm (rate {said(rate)})."
    if learning.is_summed:
        finding += " The loss is a sum over the batch, and so is the gradient."
    course = gradients.update[:, kernels[worst]] / gradients.weight[:, kernels[worst]]
    return [
        Verdict(
            "update_too_large" if is_usual else "rate_too_high",
            ERROR if is_whole else WARNING,
            finding,
            SIZE if is_usual else RATE,
            layer=layer,
            step=first_where(gradients.step[:_FIRST], ratio[:, worst] > limits.update_high),
            measured=max(float(median[worst]), float(largest[worst]) / _WHOLE),
            limit=limits.update_high,
            evidence=Series.of(f"update / weight of {layer}", gradients.step, course, limits.update_high),
        )
    ]


def _median_and_largest(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By kernel, of the steps at which it moved; 0 where it never did."""
    moved = [column[np.isfinite(column) & (column > 0)] for column in ratio.T]
    return (
        np.array([np.median(each) if len(each) else 0.0 for each in moved]),
        np.array([each.max(initial=0.0) for each in moved]),
    )


def _have_grown(norm: np.ndarray, factor: float) -> bool:
    """Whether a kernel's norm ended at that many times its first one."""
    return bool(((norm[0] > 0) & (norm[-1] > factor * norm[0])).any())
