"""Loss, gradients or weights that are NaN or infinite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import first_where
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, NOTE, Series, Verdict, Words

WORDS = Words(
    rule="Loss, gradients and weights stay finite. A weight that is NaN once is NaN for good.",
    source="Goodfellow, Bengio, Courville, Deep Learning, 2016, section 4.1",
    otherwise="A single batch whose loss overflowed and changed nothing (loss scaling): that is not counted here.",
    suggestion="Look at the last step before it. Normal losses there point to a NaN in the data; "
    "growing ones to the learning rate: divide it by ten, or clip gradients.",
)


def non_finite(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The first step of each, and the first layer in forward order, or the last variable, that shows it."""
    firsts: dict[str, int] = {}
    series: dict[str, Series] = {}
    if evidence.losses is not None:
        _note(firsts, series, "loss", evidence.losses.step, ~np.isfinite(evidence.losses.loss))
    gradients = evidence.gradients
    if gradients is not None:
        _note(firsts, series, "gradient", gradients.step, gradients.not_finite.sum(1) > 0)
        _note(firsts, series, "weight", gradients.step, ~np.isfinite(gradients.weight).all(1))
    if not firsts:
        return []
    what, step = min(firsts.items(), key=lambda item: item[1])
    lasting = "weight" in firsts or not learning.finite
    variable = _last_variable(evidence, step)
    layer = _first_layer(evidence, step) or (variable and evidence.model.variables[variable[0]].layer)
    finding = f"The {what} is not finite from step {step} on" + (f", first seen in {layer}." if layer else ".")
    if not lasting:
        finding = f"The {what} is not finite at step {step}; the weights stayed finite."
    return [
        Verdict(
            "non_finite",
            ERROR if lasting else NOTE,
            finding,
            WORDS,
            layer=layer or None,
            variable=variable[1] if variable else None,
            step=step,
            measured=float("nan"),
            evidence=series[what],
        )
    ]


def _note(firsts: dict[str, int], series: dict[str, Series], name: str, steps: np.ndarray, bad: np.ndarray) -> None:
    step = first_where(steps, bad)
    if step is not None:
        firsts[name] = step
        series[name] = Series.of(f"{name} is not finite", steps, bad.astype(np.float64), 0.0)


def _first_layer(evidence: Evidence, step: int) -> str | None:
    """In forward order, at the first logged step with an activation that is not finite."""
    if evidence.activations is None:
        return None
    bad = {place: row.not_finite for place, row in evidence.activations.rows.items()}
    order = evidence.network.order
    for index in range(len(evidence.activations.step)):
        there = [layer for (layer, _), values in bad.items() if values[index] > 0]
        if there:
            return min(there, key=lambda layer: order.get(layer, len(order)))
    return None


def _last_variable(evidence: Evidence, step: int) -> tuple[int, str] | None:
    """In backward order, at the first logged step with a gradient that is not finite."""
    if evidence.gradients is None:
        return None
    bad = evidence.gradients.not_finite > 0
    at = np.flatnonzero(bad.any(1))
    if not len(at):
        return None
    index = int(np.flatnonzero(bad[at[0]])[-1])
    return index, evidence.model.variables[index].path
