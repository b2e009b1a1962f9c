"""Updates that move nothing: a learning rate too low, or something between gradient and update that holds it back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import typical
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

RATE = Words(
    rule="Over a training the updates, laid end to end, are many times the norm of the weights that they change.",
    source="Karpathy, CS231n notes, 2016: about a thousandth a step",
    otherwise="A second fit that has nothing left to learn; the first steps of a warm-up; very wide layers.",
    suggestion="Multiply the learning rate by ten until an update changes a kernel by about a thousandth of its norm.",
)
SIZE = Words(
    rule=RATE.rule,
    source=RATE.source,
    otherwise=RATE.otherwise,
    suggestion="The rate is usual, and yet nothing moves: look for a clipnorm or clipvalue that is far too small, "
    "an epsilon of Adam that is far too large, or a gradient that hardly arrives.",
)

_ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lion")
#: After these no update means anything.
_OTHERWISE = ("rate_too_high", "update_too_large", "exploding", "non_finite")
#: Below it a rate is low for the kind of optimizer, whatever else is.
_LOW_RATE = {"SGD": 1e-3, "Adadelta": 0.05, "Adagrad": 1e-3}
_LOW_ADAPTIVE_RATE = 3e-5


def updates_too_small(
    evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]
) -> list[Verdict]:
    """The kernel that moved most, by the sum of its updates' norms over its own norm, at the rate of the last two thirds."""
    gradients, kernels = evidence.gradients, evidence.network.kernels
    if gradients is None or not kernels or not learning.is_weak or not learning.finite:
        return []
    if any(verdict.kind in _OTHERWISE for verdict in found):
        return []
    ratio = gradients.update[:, kernels] / gradients.weight[:, kernels]
    taken = max(evidence.steps - evidence.first_step, 1)
    rest = ratio[gradients.step >= evidence.first_step + taken // 3]
    rest = rest if len(rest) else ratio
    moved = np.array([np.mean(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0 for column in rest.T])
    moved = moved * taken
    most = int(np.argmax(moved))
    if moved[most] >= limits.movement_low:
        return []
    low_rate, held, words = _why(evidence, kernels, limits)
    finding = (
        f"{taken:,} updates have changed no kernel by more than {said(100 * float(moved[most]))} % of its norm together"
        + (f"; {words}." if words else ".")
    )
    layer = evidence.network.layer_of(kernels[most])
    series = Series.of(f"update / weight of {layer}", gradients.step, ratio[:, most], limits.movement_low / taken)
    return [
        Verdict(
            "rate_too_low" if low_rate and not held else "update_too_small",
            WARNING,
            finding,
            RATE if low_rate and not held else SIZE,
            step=int(gradients.step[0]),
            measured=float(moved[most]),
            limit=limits.movement_low,
            evidence=series,
        )
    ]


def _why(evidence: Evidence, kernels: list[int], limits: Limits) -> tuple[bool, bool, str]:
    """(whether the rate is low, whether updates are smaller than rate and gradient give, in words)."""
    gradients, optimizer = evidence.gradients, evidence.model.optimizer or ""
    if evidence.losses is None or gradients is None:
        return True, False, ""
    rate = typical(evidence.losses.rate)
    update, norm = gradients.update[:, kernels], gradients.norm[:, kernels]
    if optimizer == "SGD":
        applied = typical(np.where(norm > 0, update / (rate * norm), np.nan))
        held = applied < limits.applied_low
        words = f"an update is {said(applied)} of rate times gradient" if held else f"rate {said(rate)}"
        return rate < _LOW_RATE["SGD"], bool(held), words
    if optimizer in _ADAPTIVE:
        size = np.sqrt([evidence.model.variables[column].size for column in kernels])
        applied = typical(np.where(norm > 0, update / (rate * size), np.nan))
        held = applied < limits.applied_low
        words = f"a weight changes by {said(applied)} of the rate" if held else f"rate {said(rate)}"
        return rate < _LOW_ADAPTIVE_RATE, bool(held), words
    return rate < _LOW_RATE.get(optimizer, 1e-3), False, f"rate {said(rate)}"
