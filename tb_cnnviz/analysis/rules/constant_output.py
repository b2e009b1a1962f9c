"""The same answer to every example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.courses import late, since, typical
from tb_cnnviz.analysis.evidence import OUTPUT, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="Answers differ from example to example.",
    source="Karpathy, A Recipe for Training Neural Networks, 2019: an input-independent baseline",
    otherwise="The first steps of any training; a class so frequent that it is the best answer to nearly all.",
    suggestion="Follow the cause that is named first. Where none is: weaken penalties on weights, and look at the last layer's "
    "bias.",
)


def constant_output(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The deviation of each output over the batch, the largest of all outputs, in the last third."""
    output, last = evidence.network.output, evidence.network.last_kernel_layer
    if output is None or evidence.activations is None or not learning.is_poor or not learning.finite:
        return []
    row = evidence.activations.of(output.path, OUTPUT)
    if row is None or not row.channel_std.shape[1]:
        return []
    course = np.fmax.reduce(row.channel_std, 1)
    deviation, needed = typical(late(course)), _needed(evidence)
    if not deviation < limits.constant_share * needed:
        return []
    steps = evidence.activations.step
    finding = f"The answers differ by a deviation of {said(deviation)} from example to example; {said(needed)} would be needed."
    return [
        Verdict(
            "constant_output",
            WARNING,
            finding,
            WORDS,
            layer=(last or output).path,
            step=since(steps, course < limits.constant_share * needed),
            measured=deviation / needed,
            limit=limits.constant_share,
            evidence=Series.of("deviation of the answers", steps, course, limits.constant_share * needed),
        )
    ]


def _needed(evidence: Evidence) -> float:
    """What the deviation of right answers is: of shares of classes, or of the probe's targets."""
    network, y = evidence.network, evidence.probe.y
    family = data_loss.family_of(evidence.model.loss)
    if family == data_loss.CLASSES and network.units and network.units > 1:
        share = 1 / network.units
        return float(np.sqrt(share * (1 - share)))
    if family == data_loss.BINARY:
        return 0.5
    if y is not None and len(y) >= 4 and y.dtype.kind in "fiub":
        return float(np.asarray(y, np.float64).reshape(len(y), -1).std(0).max())
    return float("nan")
