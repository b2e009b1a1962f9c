"""Labels that do not follow from the inputs."""

from __future__ import annotations

from collections.abc import Sequence

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="A network that can learn and is trained soundly learns something about examples that it has not seen.",
    source="Zhang, Bengio, Hardt, Recht, Vinyals, Understanding deep learning requires rethinking generalization, 2017",
    otherwise="A task that is too hard for the inputs, or a validation set of another kind than the training set.",
    suggestion="Look at twenty examples with their labels. Shuffle inputs and labels by the same order, and check that no row "
    "slipped.",
)
_FEW_EPOCHS = 2
#: What such labels bring about: the same answer to all is then the best one.
_EFFECTS = ("overfitting", "constant_output")
#: Of a validation that was never better than guessing, but for noise.
_NONE = 0.03
#: Of a validation that has hardly a part of what training has; averages of batch normalization may lag behind.
_WELL, _HARDLY, _FALLS = 0.5, 0.2, 0.7


def unrelated_labels(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """No other fault, layers that can bend, and not better than guessing: on validation, and on training or by heart alone."""
    if any(v.is_root or (v.is_alarm and v.kind not in _EFFECTS) for v in found) or not learning.long_enough:
        return []
    if data_loss.family_of(evidence.model.loss) not in (data_loss.CLASSES, data_loss.BINARY) or not can_bend(evidence):
        return []
    epochs = evidence.epochs
    if epochs is None or "val_loss" not in epochs.metrics or len(epochs.step) < _FEW_EPOCHS:
        return []
    share = learning.validation_share
    validation = epochs.metrics["val_loss"]
    by_heart = not learning.is_poor
    never = validation[-1] >= validation[0] and share < _NONE
    falls = validation[-1] < _FALLS * validation[0]  # whatever it costs to guess there, it learns
    hardly = (
        len(validation) > _FEW_EPOCHS and learning.learned >= _WELL and share < _HARDLY * learning.learned and not falls
    )
    if by_heart and not never and not (hardly and not evidence.network.has_batch_normalization):
        return []
    if not by_heart and not share < limits.learned_share:
        return []
    finding = (
        f"After {evidence.steps:,} sound updates validation is not better than guessing ({said(100 * share)} % of it gone)"
        + (", while the training examples are learnt by heart." if by_heart else ", and neither is training.")
    )
    return [
        Verdict(
            "label_or_data",
            WARNING,
            finding,
            WORDS,
            step=int(epochs.step[-1]),
            measured=share,
            limit=limits.learned_share,
            evidence=Series.of("val_loss", epochs.step, validation, learning.chance),
        )
    ]


def can_bend(evidence: Evidence) -> bool:
    """Whether a hidden layer has an activation, or anything else between two kernels that is not linear."""
    linear = ("input", "convolution", "dense", "reshape", "dropout")
    for layer in evidence.model.layers:
        if not evidence.network.is_hidden(layer):
            continue
        if evidence.network.activation(layer) or (layer.role not in linear and layer.pool != "average"):
            return True
    return False
