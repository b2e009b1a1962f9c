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
    """The norm of the error at the last kernel's output over that at each earlier one's, on the probe.

    Without a labelled probe, of the gradient over the weights of each kernel, in the training batch.
    """
    if not learning.is_poor or not learning.finite:
        return []
    what, steps, layers, sizes = _sizes(evidence)
    if len(layers) < 2:
        return []
    factors = sizes[:, -1:] / sizes[:, :-1]
    factors[~np.isfinite(factors)] = np.nan
    typically = np.array([typical(column) for column in factors.T])
    starved = [i for i, value in enumerate(typically) if value >= limits.vanishing_factor]
    if not starved:
        return []
    worst = max(starved, key=lambda i: typically[i])
    course = factors[:, worst]
    finding = f"{layers[worst]} gets {what} {said(float(typically[worst]))} times smaller than {layers[-1]}."
    by_slopes = _by_slopes(evidence, layers[worst], layers[-1])
    if by_slopes is not None:
        finding += f" The slopes of the activations in between account for about {said(by_slopes)} times."
    return [
        Verdict(
            "vanishing",
            WARNING,
            finding,
            WORDS,
            layer=layers[worst],
            layers=[layers[i] for i in starved],
            step=first_where(steps, course >= limits.vanishing_factor),
            measured=float(typically[worst]),
            limit=limits.vanishing_factor,
            evidence=Series.of(f"{layers[-1]} / {layers[worst]}: {what}", steps, course, limits.vanishing_factor),
        )
    ]


def _by_slopes(evidence: Evidence, first: str, last: str) -> float | None:
    """By how much the activations between two layers shrink an error; None where it goes more than one way, or they are
    not known.

    The root mean square of a product is near the product of the root mean squares where the factors are independent.
    """
    way = evidence.network.way(first, last)
    if way is None or evidence.activations is None:
        return None
    factor = 1.0
    for layer in way:
        slope = evidence.activations.slope(layer.path)
        if slope is not None:
            factor *= typical(slope)
        elif evidence.network.activation(layer) is not None:
            return None
    return 1 / factor if factor > 0 else None


def _sizes(evidence: Evidence) -> tuple[str, np.ndarray, list[str], np.ndarray]:
    """(what it is, steps, layers with kernels in forward order, its size [steps, layers])."""
    network, errors, gradients = evidence.network, evidence.errors, evidence.gradients
    paths = {column: path for column in network.kernels if (path := network.layer_of(column)) is not None}
    if errors is not None:
        layers = [path for path in paths.values() if path in errors.norm]
        return (
            "an error",
            errors.step,
            layers,
            np.stack([errors.norm[x] for x in layers], 1) if layers else np.zeros((0, 0)),
        )
    if gradients is None:
        return "", np.zeros(0), [], np.zeros((0, 0))
    columns = list(paths)
    return "a gradient", gradients.step, list(paths.values()), gradients.norm[:, columns] / gradients.weight[:, columns]
