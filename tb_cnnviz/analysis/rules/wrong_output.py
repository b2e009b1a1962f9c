"""A last activation, a loss and labels that do not belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import ERROR, NOTE, WARNING, Verdict, Words, said

WORDS = Words(
    rule="The last activation gives what the loss takes, and can reach every label: softmax over several classes for "
    "exclusive ones, sigmoid for yes or no, nothing for a measured quantity.",
    source="Goodfellow, Bengio, Courville, Deep Learning, 2016, section 6.2.2",
    otherwise="A loss of your own that scales its arguments.",
    suggestion="Change the last activation or the loss so that they fit, and give the labels in the form that the loss takes.",
)
#: activation -> the least and the largest value that it can give.
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf),
}


def wrong_output(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """By the structure of the network, its loss, and the probe's labels."""
    network = evidence.network
    output, ends_by, units = network.output, network.output_activation, network.units
    if output is None or ends_by is None:
        return []
    family = data_loss.family_of(evidence.model.loss)
    for severity, finding in (
        _by_structure(family, ends_by, units, learning),
        _by_labels(evidence, family, ends_by, units, learning),
        _by_loss(evidence, family, ends_by, learning),
    ):
        if finding:
            layers = [layer.path for layer in (network.last_kernel_layer, output) if layer is not None]
            return [
                Verdict(
                    "wrong_output", severity, finding, WORDS, layer=output.path, layers=layers, step=evidence.first_step
                )
            ]
    return []


def _by_structure(family: str, ends_by: str, units: int | None, learning: Learning) -> tuple[str, str]:
    if ends_by == "softmax" and units == 1:
        return ERROR, "Softmax over a single unit is always 1."
    if family == data_loss.CLASSES and units == 1:
        return ERROR, "A cross-entropy over classes gets a single unit: there is only one class to choose."
    alarm = WARNING if learning.is_weak else NOTE
    if family == data_loss.CLASSES and ends_by in ("relu", "tanh", "sigmoid", "relu6", "softplus", "elu"):
        return (
            alarm,
            f"A cross-entropy over exclusive classes gets the output of {ends_by}, whose values do not add up to 1.",
        )
    if family == data_loss.BINARY and ends_by in ("relu", "tanh", "relu6", "elu", "softplus"):
        return alarm, f"A binary cross-entropy gets the output of {ends_by}, which is no probability."
    if family == data_loss.BINARY and ends_by == "softmax" and units and units > 2:
        return NOTE, f"A binary cross-entropy gets a softmax over {units} classes."
    return NOTE, ""


def _by_labels(evidence: Evidence, family: str, ends_by: str, units: int | None, learning: Learning) -> tuple[str, str]:
    known = evidence.probe.y
    if known is None or known.dtype.kind not in "fiub" or not known.size:
        return NOTE, ""
    y = np.asarray(known, np.float64)
    y = y[np.isfinite(y)]
    if not y.size:
        return NOTE, ""
    low, high = float(y.min()), float(y.max())
    if family == data_loss.CLASSES and data_loss.is_sparse(evidence.model.loss):
        if (y != np.round(y)).any():
            return (
                ERROR,
                f"Labels are the numbers of classes, but the probe's are fractions, such as {said(float(y[y != np.round(y)][0]))}.",
            )
        if units and not (low >= 0 and high < units):
            return ERROR, f"Labels run from {said(low)} to {said(high)}, but there are outputs for 0 to {units - 1}."
    elif family in (data_loss.CLASSES, data_loss.BINARY) and not (low >= 0 and high <= 1):
        return ERROR, f"The loss takes labels from 0 to 1, but the probe's run from {said(low)} to {said(high)}."
    elif family in (data_loss.SQUARED, data_loss.ABSOLUTE) and ends_by in _RANGES:
        least, largest = _RANGES[ends_by]
        beyond = float(np.mean((y < least - 0.05) | (y > largest + 0.05)))
        if beyond > 0.2:
            severity = ERROR if learning.is_poor else WARNING if learning.is_weak else NOTE
            return (
                severity,
                f"{ends_by} gives {least:g} to {largest:g}, but {said(100 * beyond)} % of the probe's targets lie beyond.",
            )
    return NOTE, ""


def _by_loss(evidence: Evidence, family: str, ends_by: str, learning: Learning) -> tuple[str, str]:
    """How the loss reads the predictions: as shares, or through a softmax of its own. Older logs show it by the probe's loss."""
    squashed = {data_loss.CLASSES: "softmax", data_loss.BINARY: "sigmoid"}.get(family)
    if squashed is None or ends_by not in (squashed, "linear"):
        return NOTE, ""
    alarm = WARNING if learning.is_weak else NOTE
    said = data_loss.takes_logits(evidence.model.loss_config)
    is_logits = _measured_logits(evidence, ends_by) if said is None else said
    if ends_by == squashed and is_logits is True:
        # On TensorFlow, Keras may take what entered the softmax instead: only the probe's loss tells it.
        is_sure = said is None or evidence.model.backend in ("jax", "torch")
        if is_sure or _measured_logits(evidence, ends_by) is True:
            return (
                alarm,
                f"The loss takes logits (from_logits=True) and gets the output of a {squashed}, so it is applied twice.",
            )
    elif ends_by == "linear" and is_logits is False:
        return alarm, "The loss takes probabilities and gets a linear output: set from_logits=True."
    return NOTE, ""


def _measured_logits(evidence: Evidence, ends_by: str) -> bool | None:
    """What the probe's loss says of it; None where it says nothing."""
    errors, probe = evidence.errors, evidence.probe
    if errors is None or probe.y is None or not len(probe.predictions):
        return None
    at = np.flatnonzero(errors.step == probe.steps[-1])
    predictions = probe.predictions[-1]
    if not len(at) or not np.isfinite(predictions).all():
        return None
    loss = float(errors.loss[at[0]])
    as_shares, as_logits = (
        data_loss.prediction_loss(evidence.model.loss, probe.y, predictions, logits=logits) for logits in (False, True)
    )
    if ends_by != "linear":
        is_near = abs(loss - as_logits) < 1e-3 * loss and abs(loss - as_shares) > 0.05 * loss
        return True if is_near else None
    is_far = (predictions < 0).any() and abs(loss - as_logits) > 0.05 * loss and np.isfinite(as_logits)
    return False if is_far else None
