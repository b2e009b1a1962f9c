"""Trainable kernels that get no update at all, while others do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.courses import since
from tb_cnnviz.analysis.evidence import OUTPUT, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words

WORDS = Words(
    rule="Every trainable kernel that the loss depends on gets a gradient and moves.",
    source="the chain rule; Goodfellow, Bengio, Courville, Deep Learning, 2016, section 6.5",
    otherwise="Layers frozen on purpose have trainable=False and are not asked; a branch that is not used in this fit.",
    suggestion="Look behind the last such layer for a stop_gradient, a rounding or comparison, or an output that is not used. "
    "If it was meant, set trainable = False.",
)
_FEW = 3


def frozen(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """Exactly zero update at all logged steps, or at all of the last half while other kernels move."""
    gradients, network = evidence.gradients, evidence.network
    if learning.is_weak and learning.finite and not any(verdict.is_alarm for verdict in found):
        on_purpose = _never_trained(evidence)
        if on_purpose:
            return on_purpose
    if gradients is None or len(gradients.step) < _FEW or not network.kernels or not learning.finite:
        return []
    still = np.asarray(gradients.update[:, network.kernels] == 0)
    others = np.asarray((gradients.update > 0).any(1))
    if not others.any():
        return []
    lasting = [i for i in range(len(network.kernels)) if _is_still(still[:, i], others)]
    layers = [path for i in lasting if (path := network.layer_of(network.kernels[i])) is not None]
    if not layers:
        return []
    steps = [since(gradients.step[others], still[others, i]) for i in lasting]
    course = still[:, lasting].mean(1)
    begun = [step for step in steps if step is not None]
    finding = f"{len(layers)} of {len(network.kernels)} kernels get no update: {', '.join(layers[:3])}" + (
        " …" if len(layers) > 3 else "."
    )
    if _are_dead(evidence, layers):
        finding += " Their units are zero for every example."
    return [
        Verdict(
            "frozen",
            WARNING,
            finding,
            WORDS,
            layer=layers[-1],
            layers=layers,
            step=min(begun) if begun else int(gradients.step[0]),
            measured=0.0,
            limit=0.0,
            evidence=Series.of("share of these kernels without an update", gradients.step, course),
        )
    ]


def _never_trained(evidence: Evidence) -> list[Verdict]:
    """Layers with trainable=False in a network that learns little, for which nothing else was found."""
    layers = [
        layer.path
        for layer in evidence.model.layers
        if not layer.trainable and layer.parameters and layer.role in ("convolution", "dense", "recurrent")
    ]
    if not layers:
        return []
    finding = f"{len(layers)} layers have trainable=False, such as {layers[0]}, and the network learns little."
    step = evidence.first_step
    return [
        Verdict("frozen", WARNING, finding, WORDS, layer=layers[-1], layers=layers, step=step, measured=0.0, limit=0.0)
    ]


def _is_still(still: np.ndarray, others: np.ndarray) -> bool:
    """At each logged step of the last half at which anything moved, of which there are a few."""
    half = still[len(still) // 2 :][others[len(others) // 2 :]]
    return len(half) >= _FEW and bool(half.all())


def _are_dead(evidence: Evidence, layers: Sequence[str]) -> bool:
    rows = [evidence.activations.of(layer, OUTPUT) for layer in layers] if evidence.activations else []
    return bool(rows) and all(row is not None and bool((row.zeros[-1:] >= 1).all()) for row in rows)
