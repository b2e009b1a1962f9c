"""Inputs that are far larger or smaller than what initial weights are made for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.evidence import OUTPUT, PRE_ACTIVATION, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import NOTE, WARNING, Verdict, Words, said

WORDS = Words(
    rule="What enters the first layer with weights is of the order of 1: initial weights are made for that, and the "
    "gradient of the first kernel grows with it.",
    source="LeCun, Bottou, Orr, Müller, Efficient BackProp, 1998, section 4.3",
    otherwise="A network whose first weights were trained on such inputs, or that normalises them first.",
    suggestion="Scale the inputs once: divide images by 255, or subtract the mean and divide by the deviation.",
)

#: Inputs may be this much smaller below than above: images of 0 to 1 that are mostly black.
_SMALLER = 0.3
_ROLES_THAT_KEEP = ("input", "reshape", "dropout")


def unscaled_input(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """Measured in the training batch where that is logged, else on the probe, else by what the first kernel makes of it."""
    verdicts = []
    for layer in evidence.network.first_kernel_layers:
        size, how = _size_of_input(evidence, layer.path)
        too_large, too_small = size > limits.input_rms, size < _SMALLER / limits.input_rms
        if not (too_large or too_small) or size == 0:
            continue
        words = "large" if too_large else "small"
        finding = f"{layer.name} gets inputs of root mean square {said(size)} ({how}): {words} beside 1."
        verdicts.append(
            Verdict(
                "unscaled_input",
                WARNING if learning.is_poor else NOTE,
                finding,
                WORDS,
                layer=layer.path,
                step=evidence.first_step,
                measured=size,
                limit=limits.input_rms if too_large else _SMALLER / limits.input_rms,
            )
        )
    return verdicts[:1]


def _size_of_input(evidence: Evidence, layer: str) -> tuple[float, str]:
    before = evidence.network.before(layer)
    is_direct = all(item.role in _ROLES_THAT_KEEP for item in before)
    if is_direct and evidence.inputs is not None and len(evidence.inputs.step):
        rms = np.hypot(evidence.inputs.mean, evidence.inputs.std)
        return float(np.nanmedian(rms, 0).max()), "the training batch"
    arrays = [np.asarray(x, np.float64) for x in evidence.probe.x if x.dtype.kind == "f"]
    if is_direct and len(arrays) == 1 and arrays[0].size:
        finite = arrays[0][np.isfinite(arrays[0])]
        return float(np.sqrt(np.mean(finite**2))) if finite.size else float(
            "nan"
        ), f"{len(arrays[0])} examples of the probe"
    if evidence.network.layers[layer].role == "recurrent":  # what it gives is squashed
        return float("nan"), ""
    return _by_first_kernel(evidence, layer), "by what its kernel makes of them"


def _by_first_kernel(evidence: Evidence, layer: str) -> float:
    """z sums fan-in products, so rms(z) is about rms(x) · |W| / √filters where inputs are not correlated; a guess otherwise."""
    column = evidence.network.kernel_of(layer)
    if column is None or evidence.activations is None or evidence.gradients is None:
        return float("nan")
    row = evidence.activations.of(layer, PRE_ACTIVATION) or evidence.activations.of(layer, OUTPUT)
    if row is None or evidence.activations.step[0] != evidence.gradients.step[0]:
        return float("nan")
    norm = evidence.gradients.weight[0, column]
    filters = evidence.network.filters(column)
    return float(row.std[0] * np.sqrt(filters) / norm) if norm > 0 else float("nan")
