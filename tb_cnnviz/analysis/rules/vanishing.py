"""An error that hardly reaches the first layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import first_where, typical
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="Each layer passes on an error of about the size that it gets. Sigmoids pass at most a quarter each.",
    source="Hochreiter, 1991; Glorot and Bengio, 2010",
    otherwise="Normalised and residual networks whose first gradients are small and which learn; a layer without an error at "
    "all is frozen or dead, not vanishing.",
    suggestion="Use ReLU with he_normal, batch normalization, or shortcuts around blocks; fewer layers in a row.",
)


def vanishing(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The norm of the error at the last kernel's output over that at each earlier one's, on the probe."""
    errors, network = evidence.errors, evidence.network
    if errors is None or not learning.is_poor or not learning.finite:
        return []
    layers = [path for c in network.kernels if (path := network.layer_of(c)) is not None and path in errors.norm]
    if len(layers) < 2:
        return []
    last = errors.norm[layers[-1]]
    factors = np.stack([last / errors.norm[layer] for layer in layers[:-1]], 1)
    factors[~np.isfinite(factors)] = np.nan
    typically = np.array([typical(column) for column in factors.T])
    starved = [i for i, value in enumerate(typically) if value >= limits.vanishing_factor]
    if not starved:
        return []
    worst = max(starved, key=lambda i: typically[i])
    course = factors[:, worst]
    finding = f"{layers[worst]} gets an error {said(float(typically[worst]))} times smaller than {layers[-1]}."
    return [
        Verdict(
            "vanishing",
            WARNING,
            finding,
            WORDS,
            layer=layers[worst],
            layers=[layers[i] for i in starved],
            step=first_where(errors.step, course >= limits.vanishing_factor),
            measured=float(typically[worst]),
            limit=limits.vanishing_factor,
            evidence=Series.of(
                f"error of {layers[-1]} / {layers[worst]}", errors.step, course, limits.vanishing_factor
            ),
        )
    ]
