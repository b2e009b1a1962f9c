"""Initial weights from which a network cannot start: all alike, too large, or answers that are sure and wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.evidence import OUTPUT, PRE_ACTIVATION, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, WARNING, Verdict, Words, said

ALIKE = Words(
    rule="The filters of a layer begin with different weights: those that are alike get the same gradient, and stay alike.",
    source="Goodfellow, Bengio, Courville, Deep Learning, 2016, section 8.4: breaking symmetry",
    otherwise="The last kernel of a residual branch that begins at zero on purpose: it gets a gradient, and moves at once.",
    suggestion="Use an initializer that draws: he_normal before ReLU, glorot_uniform before tanh.",
)
GAIN = Words(
    rule="A kernel begins with a norm by filter of about 1 to √2, so that a layer keeps the size of what it gets.",
    source="Glorot and Bengio, 2010; He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015",
    otherwise="Weights that come from an earlier training; layers that are normalised right behind the kernel.",
    suggestion="Use he_normal before ReLU and glorot_uniform before tanh and sigmoid, or normalise behind the kernel.",
)
START = Words(
    rule="A classifier begins by guessing: its first cross-entropy is about the logarithm of the number of classes.",
    source="Karpathy, A Recipe for Training Neural Networks, 2019: verify the loss at init",
    otherwise="Inputs that are not scaled; a penalty that is large at the start; a second fit on other labels.",
    suggestion="Begin the last layer with small weights and a bias of zero, or of the logarithms of the classes' shares.",
)

#: A relative deviation below it is rounding.
_SAME = 1e-3


def bad_init(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """Looks at the first record of a run that begins at step 0."""
    gradients = evidence.gradients
    if gradients is None or gradients.step[0] != 0 or not evidence.network.kernels:
        return []
    alike = _alike(evidence, learning)
    if alike:
        return alike
    unscaled = any(verdict.kind == "unscaled_input" and verdict.is_alarm for verdict in found)
    return _large_gain(evidence, learning, limits) or ([] if unscaled else _sure_and_wrong(evidence, learning, limits))


def _alike(evidence: Evidence, learning: Learning) -> list[Verdict]:
    """Kernels whose weights are all the same at the start, and that get no gradient then, stay so, or whose units do."""
    network, gradients, samples = evidence.network, evidence.gradients, evidence.samples
    if gradients is None or not learning.is_weak:
        return []
    layers = []
    for column in network.kernels:
        path = network.layer_of(column)
        zero = gradients.weight[0, column] == 0
        stuck = bool((gradients.weight[-1, column] == 0) | (gradients.update[:, column] == 0).all())
        same = samples is not None and len(samples.step) > 0 and samples.spread[0, column] < _SAME
        stays = same and samples is not None and samples.spread[-1, column] < _SAME
        if path and ((zero and stuck) or (same and not zero and (stays or _units_are_alike(evidence, path)))):
            layers.append(path)
    if not layers:
        return []
    finding = f"{len(layers)} of {len(network.kernels)} kernels begin with all weights alike and stay so, from {layers[0]} on."
    return [
        Verdict(
            "bad_init",
            ERROR,
            finding,
            ALIKE,
            layer=layers[0],
            layers=layers,
            step=0,
            measured=float(len(layers)),
            limit=0.0,
        )
    ]


def _units_are_alike(evidence: Evidence, layer: str) -> bool:
    """Whether all channels of a layer have the same mean and deviation over the last logged batch, and are not all zero."""
    activations = evidence.activations
    row = activations.of(layer, PRE_ACTIVATION) or activations.of(layer, OUTPUT) if activations else None
    if row is None or row.channel_mean.shape[1] < 2:
        return False
    means, deviations, size = row.channel_mean[-1], row.channel_std[-1], float(row.rms[-1])
    return size > 0 and bool(max(np.std(means), np.std(deviations)) < _SAME * size)


def _large_gain(evidence: Evidence, learning: Learning, limits: Limits) -> list[Verdict]:
    network, gradients = evidence.network, evidence.gradients
    if gradients is None or not learning.is_weak:
        return []
    layers, gains = [], []
    for column in network.kernels:
        path = network.layer_of(column)
        layer = network.layers.get(path or "")
        if layer is None or path is None or any("Normalization" in after.type for after in network.following[path]):
            continue
        gain = float(gradients.weight[0, column] / np.sqrt(network.filters(column)))
        if gain > limits.gain:
            layers.append(path)
            gains.append(gain)
    if not layers:
        return []
    worst = int(np.argmax(gains))
    finding = f"The kernel of {layers[worst]} begins with a norm of {said(gains[worst])} by filter, {len(layers)} kernels above {said(limits.gain)}."
    return [
        Verdict(
            "bad_init",
            WARNING,
            finding,
            GAIN,
            layer=layers[0],
            layers=layers,
            step=0,
            measured=gains[worst],
            limit=limits.gain,
        )
    ]


def _sure_and_wrong(evidence: Evidence, learning: Learning, limits: Limits) -> list[Verdict]:
    units, last = evidence.network.units, evidence.network.last_kernel_layer
    if data_loss.family_of(evidence.model.loss) != data_loss.CLASSES or not units or units < 2 or not learning.is_poor:
        return []
    factor = learning.start / float(np.log(units))
    if not factor > limits.start_loss or last is None:
        return []
    finding = f"The loss begins at {said(learning.start)}, {said(factor)} times that of guessing among {units} classes."
    return [
        Verdict("bad_init", WARNING, finding, START, layer=last.path, step=0, measured=factor, limit=limits.start_loss)
    ]
