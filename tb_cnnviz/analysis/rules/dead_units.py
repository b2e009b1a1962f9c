"""Rectified units that give zero for every example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import late, since
from tb_cnnviz.analysis.evidence import OUTPUT, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.network import RECTIFIERS
from tb_cnnviz.analysis.verdict import ERROR, WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="A rectified unit that gives zero for every example gets no gradient, and cannot come back by itself.",
    source="Lu, Shin, Su, Karniadakis, Dying ReLU and Initialization, 2020; Maas, Hannun, Ng, 2013",
    otherwise="Sparse maps: most values are zero, and yet each unit answers to some examples. They are not counted.",
    suggestion="Lower the learning rate, begin with he_normal and biases of zero, or use LeakyReLU.",
)
_LAST = 0.5


def dead_units(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """By channel, over all batches of the last half that are logged. One verdict: the first such layer and all others."""
    if evidence.activations is None or not learning.is_halting:
        return []
    steps = evidence.activations.step
    layers, shares, begun = [], [], []
    for layer in evidence.model.layers:
        row = evidence.activations.of(layer.path, OUTPUT)
        if row is None or evidence.network.activation(layer) not in RECTIFIERS or not row.channel_zeros.shape[1]:
            continue
        dead = (row.channel_zeros >= 1).mean(1)
        lasting = (late(row.channel_zeros, _LAST) >= 1).all(0).mean()
        if lasting >= limits.dead_share:
            layers.append(evidence.network.kernel_layer(layer).path)
            shares.append(float(lasting))
            begun.append((since(steps, dead >= limits.dead_share), dead))
    if not layers:
        return []
    whole = [layer for layer, share in zip(layers, shares, strict=True) if share == 1]
    first = layers.index(whole[0]) if whole else int(np.argmax(shares))
    step, course = begun[first]
    channels = "all" if whole else f"{said(100 * shares[first])} % of the"
    finding = f"{channels.capitalize()} channels of {layers[first]} are zero for every example" + (
        f" since step {step}." if step is not None else "."
    )
    series = Series.of(f"dead share of {layers[first]}", steps, course, limits.dead_share)
    return [
        Verdict(
            "dead_units",
            ERROR if whole and learning.is_poor else WARNING,
            finding,
            WORDS,
            layer=layers[first],
            layers=layers,
            step=step,
            measured=shares[first],
            limit=limits.dead_share,
            evidence=series,
        )
    ]
