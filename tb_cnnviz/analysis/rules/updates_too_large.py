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


def updates_too_large(
    evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]
) -> list[Verdict]:
    """Over the first steps that are logged, while it is decided: the median, or one update larger than the weights."""
    gradients, kernels = evidence.gradients, evidence.network.kernels
    if gradients is None or not kernels or not learning.is_weak or any(verdict.is_root for verdict in found):
        return []
    begun = gradients.weight[:, kernels]
    moving = np.where(begun > 0, gradients.update[:, kernels] / begun, np.nan)[:_FIRST]
    grown = np.isfinite(moving) & (moving > 0)
    if not grown.any():
        return []
    median = np.array([np.median(moving[grown[:, k], k]) if grown[:, k].any() else 0.0 for k in range(len(kernels))])
    largest = np.array([moving[grown[:, k], k].max() if grown[:, k].any() else 0.0 for k in range(len(kernels))])
    if not (median.max() > limits.update_high or largest.max() > 10 * limits.update_high):
        return []
    worst = int(np.argmax(largest if largest.max() > 10 * limits.update_high else median))
    layer = evidence.network.layer_of(kernels[worst])
    rate = float(np.nanmax(evidence.losses.rate[:_FIRST])) if evidence.losses is not None else float("nan")
    usual = learning.is_summed or (evidence.model.optimizer in _PLAIN and rate <= _USUAL_RATE)
    step = first_where(gradients.step[:_FIRST], moving[:, worst] > limits.update_high)
    value = max(float(median[worst]), float(largest[worst]) / 10)
    finding = f"An update changes {layer} by {said(float(largest[worst]))} times its norm (rate {said(rate)})." + (
        " The loss is a sum over the batch, and so is the gradient." if learning.is_summed else ""
    )
    ratio = gradients.update[:, kernels[worst]] / gradients.weight[:, kernels[worst]]
    series = Series.of(f"update / weight of {layer}", gradients.step, ratio, limits.update_high)
    return [
        Verdict(
            "update_too_large" if usual else "rate_too_high",
            ERROR if largest.max() > 10 * limits.update_high else WARNING,
            finding,
            SIZE if usual else RATE,
            layer=layer,
            step=step,
            measured=value,
            limit=limits.update_high,
            evidence=series,
        )
    ]
