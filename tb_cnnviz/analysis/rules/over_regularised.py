"""A penalty that draws all weights to zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="A penalty holds weights back, and yet the loss on the data decides where they go.",
    source="Goodfellow, Bengio, Courville, Deep Learning, 2016, section 7.1.1",
    otherwise="Layers that begin too large and are normalised: only their direction counts.",
    suggestion="Divide the penalty or weight decay by ten until the kernels keep their norm.",
)


def over_regularised(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """All kernels have lost most of their norm, and little was learned; where nothing else explains that."""
    gradients, kernels = evidence.gradients, evidence.network.kernels
    if gradients is None or len(kernels) < 2 or not learning.finite:
        return []
    if not learning.is_halting or any(v.is_alarm and v.kind != "constant_output" for v in found):
        return []
    norm = gradients.weight[:, kernels]
    begun = norm[0] > 0
    shrunk = (norm[:, begun] / norm[0, begun]).max(1) if begun.any() else np.ones(1)
    if not shrunk[-1] < 1 / limits.penalty_shrink:
        return []
    finding = (
        f"Every kernel has shrunk to {said(100 * float(shrunk[-1]))} % of its norm or less, and little was learned."
    )
    return [
        Verdict(
            "constant_output" if learning.is_poor else "not_learning",
            WARNING,
            finding,
            WORDS,
            layer=(last.path if (last := evidence.network.last_kernel_layer) else None),
            step=int(gradients.step[np.flatnonzero(shrunk < 1 / limits.penalty_shrink)[0]]),
            measured=float(shrunk[-1]),
            limit=1 / limits.penalty_shrink,
            evidence=Series.of("largest kernel norm over its first", gradients.step, shrunk, 1 / limits.penalty_shrink),
            is_root=True,
        )
    ]
