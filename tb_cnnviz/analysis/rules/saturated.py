"""Squashing units that sit where their slope is nearly zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.courses import late, since, typical
from tb_cnnviz.analysis.evidence import OUTPUT, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.network import SQUASHERS
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="Most values of a squashing unit lie where its slope is at least 0.05; elsewhere it passes hardly any gradient.",
    source="Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, section 4",
    otherwise="An output that is sure and right; gates, which are meant to open and close.",
    suggestion="Scale the inputs, begin with smaller weights (glorot_uniform), lower the rate, or use ReLU.",
)
_LAST = 0.5


def saturated(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """Hidden layers, and an output whose loss goes through its slope. One verdict: the worst layer and all others."""
    if evidence.activations is None or not learning.is_weak:
        return []
    layers, shares, courses = [], [], []
    for layer in evidence.model.layers:
        row = evidence.activations.of(layer.path, OUTPUT)
        if row is None or evidence.network.activation(layer) not in SQUASHERS:
            continue
        if not evidence.network.is_hidden(layer) and data_loss.family_of(evidence.model.loss) != data_loss.SQUARED:
            continue
        share = typical(late(row.saturated, _LAST))
        if share >= limits.saturated_share:
            layers.append(evidence.network.kernel_layer(layer).path)
            shares.append(share)
            courses.append(row.saturated)
    if not layers:
        return []
    worst = int(np.argmax(shares))
    steps = evidence.activations.step
    step = since(steps, courses[worst] >= limits.saturated_share)
    finding = f"{said(100 * shares[worst])} % of what {layers[worst]} gives lies where its slope is below 0.05."
    series = Series.of(f"saturated share of {layers[worst]}", steps, courses[worst], limits.saturated_share)
    return [
        Verdict(
            "saturated",
            WARNING,
            finding,
            WORDS,
            layer=layers[worst],
            layers=layers,
            step=step if step is not None else int(steps[0]),
            measured=shares[worst],
            limit=limits.saturated_share,
            evidence=series,
        )
    ]
