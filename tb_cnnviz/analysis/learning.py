"""Whether a network learns: how much of what a constant answer would cost is gone.

Every symptom of a layer means something else in a network that learns well than in one that does not. So this is
measured first, and most rules ask it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.courses import late, typical
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.limits import Limits

_LEAST_CHANCE = 0.01
#: Half of the first loss.
_GONE = 0.5
#: A penalty of more times the loss on the data is not told from it in float32.
_MOST_PENALTY = 1e4


@dataclass(frozen=True)
class Learning:
    """How far training has come.

    `steps`: updates that the log tells of. `is_summed`: whether the loss is a sum over the batch; all losses here are means. `start`, `end`: the training loss of the first batch and of the last tenth of
    them, penalties taken off where they are known. `best`: the least that a tenth of the batches reached.
    `penalty`: what was taken off at the end. `chance`: what the best constant answer costs; NaN where it is not known. `share`: the part of it that is gone at the
    end, from 1 (all) to 0 or below (none); NaN where it is not known. `accuracy_share`: the same of the training accuracy.
    `validation_share`: the same at the best epoch of validation.
    `long_enough`: whether there were steps enough to judge. `finite`: whether the loss stayed a number.
    """

    steps: int
    is_summed: bool
    start: float
    end: float
    best: float
    penalty: float
    chance: float
    share: float
    accuracy_share: float
    validation_share: float
    long_enough: bool
    finite: bool
    limit: float
    weak_limit: float
    half_limit: float

    @property
    def learned(self) -> float:
        """The larger of what loss and accuracy say; NaN where neither is known."""
        known = [value for value in (self.share, self.accuracy_share) if np.isfinite(value)]
        return max(known) if known else float("nan")

    @property
    def is_poor(self) -> bool:
        """Whether, after steps enough to judge, next to nothing was learned, or the loss is no number."""
        return not self.finite or (self.long_enough and self.learned < self.limit)

    @property
    def is_weak(self) -> bool:
        """Whether little was learned: a higher limit, for faults that show of themselves."""
        return not self.finite or (self.long_enough and self.learned < self.weak_limit)

    @property
    def is_halting(self) -> bool:
        """Whether less was learned than most trainings do: for faults that leave a lasting mark."""
        return not self.finite or (self.long_enough and self.learned < self.half_limit)


def judge_learning(evidence: Evidence, limits: Limits) -> Learning:
    start, end, best, finite = _loss_course(evidence)
    is_summed = _is_summed(evidence)
    if is_summed:
        batch = _batch_size(evidence)
        start, end, best = start / batch, end / batch, best / batch
    penalty = 0.0 if is_summed else _penalty(evidence, end)
    end -= penalty
    chance = _chance(evidence, end)
    share = _share(evidence, start - penalty, end, chance)
    return Learning(
        steps=evidence.steps,
        is_summed=is_summed,
        start=start - penalty,
        end=end,
        best=best - penalty,
        penalty=penalty,
        chance=chance,
        share=share,
        accuracy_share=_accuracy_share(evidence),
        validation_share=_validation_share(evidence, chance, penalty),
        long_enough=evidence.steps - evidence.first_step >= limits.min_steps,
        finite=finite,
        limit=limits.learned_share,
        weak_limit=limits.weak_share,
        half_limit=limits.half_share,
    )


def _share(evidence: Evidence, start: float, end: float, chance: float) -> float:
    """The part of what a constant answer costs that is gone.

    Where that cost is not known, of the first batch's loss, or what the answers to the probe explain, whichever is more;
    of several optimizers, which may work against each other, it stays unknown.
    """
    if np.isfinite(chance):
        share = 1 - end / chance if chance > 0 else float("nan")
        explained = _explained(evidence)
        squared = data_loss.family_of(evidence.model.loss) in (data_loss.SQUARED, data_loss.ABSOLUTE)
        # The spread of answers is no sign of learning where they are worse than the mean, and no loss has gone.
        return min(share, explained) if squared and explained < 0 and end > _GONE * start else share
    if evidence.model.steps == "train steps" or not start > 0:
        return float("nan")
    known = [value for value in (1 - end / start, _explained(evidence)) if not np.isnan(value)]
    return max(known) if known else float("nan")


def _explained(evidence: Evidence) -> float:
    """R² of the probe's last predictions."""
    probe = evidence.probe
    if probe.y is None or not len(probe.predictions):
        return float("nan")
    return data_loss.explained(probe.y, probe.predictions[-1])


def _loss_course(evidence: Evidence) -> tuple[float, float, float, bool]:
    if evidence.losses is None or not len(evidence.losses.loss):
        losses = evidence.epochs.metrics.get("loss") if evidence.epochs else None
        if losses is None or not len(losses):
            return float("nan"), float("nan"), float("nan"), True
        return float(losses[0]), float(losses[-1]), float(np.nanmin(losses)), bool(np.isfinite(losses[-1]))
    loss = evidence.losses.loss
    window = max(1, len(loss) // 10)
    last = loss[-window:]
    finite = bool(np.isfinite(loss).mean() > 0.99 and np.isfinite(last).all())
    sound = loss[np.isfinite(loss)]
    if not len(sound):
        return float("nan"), float("nan"), float("nan"), False
    window = min(window, len(sound))
    blocks = [sound[i : i + window].mean() for i in range(0, len(sound) - window + 1, window)]
    return float(sound[0]), float(np.mean(last[np.isfinite(last)]) if finite else np.inf), float(min(blocks)), finite


def _probe_losses(evidence: Evidence) -> list[tuple[float, float]]:
    """(the probe's loss as logged, what its predictions cost by the formula), at each step at which both are known."""
    errors, probe, model = evidence.errors, evidence.probe, evidence.model
    if errors is None or probe.y is None:
        return []
    logits = evidence.network.output_activation not in ("softmax", "sigmoid")
    found = []
    for step, predictions in zip(probe.steps, probe.predictions, strict=True):
        at = np.flatnonzero(errors.step == step)
        if len(at):
            data = data_loss.prediction_loss(model.loss, probe.y, predictions, logits=logits)
            found.append((float(errors.loss[at[0]]), data))
    return [pair for pair in found if np.isfinite(pair).all()]


def _penalty(evidence: Evidence, end: float) -> float:
    """What regularisation adds to the loss at the end: the probe's loss less what its predictions cost.

    0 where it is so much of the loss that what is left of that would be rounding.
    """
    found = [(loss - data, data) for loss, data in _probe_losses(evidence)[-3:]]
    if not found:
        return 0.0
    penalty, data = np.median(found, 0)
    return float(penalty) if 0 < penalty < min(end, _MOST_PENALTY * max(data, 1e-3)) else 0.0


def _is_summed(evidence: Evidence) -> bool:
    """Whether the probe's loss is as many times what its predictions cost on average as it has images, at each step."""
    pairs = _probe_losses(evidence)
    images = len(evidence.probe.y) if evidence.probe.y is not None else 0
    return images > 1 and len(pairs) > 0 and all(abs(loss - images * data) <= 0.02 * loss for loss, data in pairs)


def _batch_size(evidence: Evidence) -> float:
    given = evidence.model.hparams.get("batch_size")
    return float(given) if isinstance(given, int | float) and given > 0 else 1.0


def _late_channel_means(evidence: Evidence) -> np.ndarray | None:
    """The mean output by channel over the last third of what was logged of training batches."""
    output = evidence.network.output
    row = evidence.activations.of(output.path) if evidence.activations and output else None
    if row is None or not row.channel_mean.shape[1]:
        return None
    means = late(row.channel_mean)
    means = means[np.isfinite(means).all(1)]
    return np.asarray(means.mean(0)) if len(means) else None


def _chance(evidence: Evidence, end: float) -> float:
    """What the best constant answer costs. A network that answers well answers each class as often as it comes."""
    family, network = data_loss.family_of(evidence.model.loss), evidence.network
    ends_by = network.output_activation
    means = _late_channel_means(evidence)
    if family == data_loss.CLASSES and network.units:
        if evidence.labels is not None and evidence.labels.class_share is not None:
            return data_loss.entropy(np.nanmean(evidence.labels.class_share, 0))
        if ends_by == "softmax" and means is not None and network.units > 1:
            # Answers that are all one class have no entropy: what they cost tells whether the labels are too.
            return max(data_loss.entropy(means), _LEAST_CHANCE * float(np.log(network.units)))
        return float(np.log(network.units)) if network.units > 1 else float("nan")
    if family == data_loss.BINARY:
        if ends_by == "sigmoid" and means is not None:
            return data_loss.binary_entropy(means)
        return float(np.log(2))
    if family in (data_loss.SQUARED, data_loss.ABSOLUTE):
        return _spread_of_targets(evidence, family, end)
    return float("nan")


def _spread_of_targets(evidence: Evidence, family: str, end: float) -> float:
    """Variance (or mean distance) of the targets, from the batch's labels where they are logged, else from the answers.

    An answer that is right on average varies by what it explains; the rest of the targets' variance is the loss.
    """
    labels, output = evidence.labels, evidence.network.output
    if labels is not None and len(labels.std):
        deviation = float(np.nanmedian(labels.std[:, 0]))
        return deviation**2 if family == data_loss.SQUARED else 0.8 * deviation
    row = evidence.activations.of(output.path) if evidence.activations and output else None
    deviations = late(row.channel_std) if row is not None else np.zeros(0)
    if not np.isfinite(deviations).any():
        return float("nan")
    variance = float(np.nanmean(deviations**2))
    return variance + end if family == data_loss.SQUARED else 0.8 * float(np.sqrt(variance)) + end


def accuracy_names(evidence: Evidence, prefix: str = "") -> list[str]:
    """Metrics that count right answers, from 0 to 1."""
    if evidence.epochs is None:
        return []
    return [
        name
        for name in evidence.epochs.metrics
        if (name == f"{prefix}acc" or name.endswith("accuracy")) and name.startswith("val_") == (prefix == "val_")
    ]


def _accuracy_share(evidence: Evidence, prefix: str = "") -> float:
    """The part of wrong answers of the most frequent class alone that is gone; classes of one label each only."""
    names = accuracy_names(evidence, prefix)
    units, family = evidence.network.units, data_loss.family_of(evidence.model.loss)
    if not names or evidence.epochs is None or not units or family not in (data_loss.CLASSES, data_loss.BINARY):
        return float("nan")
    if family == data_loss.BINARY and units != 1:
        return float("nan")
    values = evidence.epochs.metrics[names[0]]
    means = _late_channel_means(evidence)
    base = 1 / max(units, 2)
    if means is not None and evidence.network.output_activation in ("softmax", "sigmoid"):
        base = max(base, float(means.max()), float(1 - means[0]) if units == 1 else 0.0)
    value = float(values[-1]) if prefix == "" else typical(late(values, 1 / 2))
    return (value - base) / (1 - base) if base < 0.99 else float("nan")


def _validation_share(evidence: Evidence, chance: float, penalty: float) -> float:
    """The larger of what the validation's best loss and the median accuracy of its last half say."""
    losses = evidence.epochs.metrics.get("val_loss") if evidence.epochs else None
    found = [_accuracy_share(evidence, "val_")]
    if losses is not None and np.isfinite(losses).any() and np.isfinite(chance) and chance > 0:
        found.append(1 - (float(np.nanmin(losses)) - penalty) / chance)
    known = [value for value in found if np.isfinite(value)]
    return max(known) if known else float("nan")
