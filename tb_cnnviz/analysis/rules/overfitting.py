"""A validation loss that has turned while the training loss still falls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning, accuracy_names
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="The validation loss stays near its lowest as long as the training loss falls.",
    source="Prechelt, Early Stopping — But When?, 1998",
    otherwise="A validation loss that jumps: batch normalization's averages early on, few validation examples; a loss that rises "
    "by few sure mistakes while the accuracy holds.",
    suggestion="Stop at the lowest validation loss (EarlyStopping with restore_best_weights), or use more data, augmentation, "
    "dropout or weight decay.",
)
_FEW = 4
_MARGIN = 0.5
#: An accuracy that fell by less holds.
_HELD = 0.01


def overfitting(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """The median of the last third of epochs after the lowest, over the lowest."""
    if evidence.epochs is None or not learning.finite:
        return []
    validation, training = evidence.epochs.metrics.get("val_loss"), evidence.epochs.metrics.get("loss")
    if validation is None or training is None or len(validation) < _FEW or not np.isfinite(validation).all():
        return []
    lowest = int(np.argmin(validation))
    after = validation[lowest + 1 :]
    if len(after) < 2 or validation[lowest] <= 0:
        return []
    end = float(np.median(after[-max(2, len(after) // 3) :]))
    rise = end / float(validation[lowest])
    has_gap = training[-1] < _MARGIN * end and training[-1] < training[lowest]
    needed = limits.overfitting_rise_alone if _accuracy_holds(evidence, lowest) else limits.overfitting_rise
    if not (rise >= needed and has_gap):
        return []
    step = int(evidence.epochs.step[lowest])
    finding = (
        f"The validation loss rose from {said(float(validation[lowest]))} (step {step}) to {said(end)}, while the training loss "
        f"fell to {said(float(training[-1]))}."
    )
    series = Series.of("val_loss", evidence.epochs.step, validation, needed * float(validation[lowest]))
    return [
        Verdict(
            "overfitting",
            WARNING,
            finding,
            WORDS,
            step=step,
            measured=rise,
            limit=needed,
            evidence=series,
        )
    ]


def _accuracy_holds(evidence: Evidence, lowest: int) -> bool:
    """Whether the validation's accuracy is in the end what it was where the loss was lowest, or better."""
    names = accuracy_names(evidence, "val_")
    if not names or evidence.epochs is None:
        return False
    accuracy = evidence.epochs.metrics[names[0]]
    after = accuracy[lowest + 1 :]
    return float(np.median(after[-max(2, len(after) // 3) :])) >= float(accuracy[lowest]) - _HELD
