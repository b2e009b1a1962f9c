"""Batches of one class each: examples that come in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.courses import typical
from tb_cnnviz.analysis.evidence import OUTPUT, Evidence
from tb_cnnviz.analysis.learning import Learning
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.verdict import WARNING, Series, Verdict, Words, said

WORDS = Words(
    rule="Each batch holds a mixture of all classes.",
    source="Bengio, Practical Recommendations for Gradient-Based Training, 2012, section 3: shuffle the examples",
    otherwise="A network whose answers swing from class to class, since its rate is too high: then its losses are high.",
    suggestion="Shuffle the examples before each epoch; with tf.data, shuffle(buffer) over more than one class.",
)
_FEW = 8
#: Of the classes' entropy that mixed batches keep, for batches to be judged.
_ENOUGH = 0.5
_EXAMPLES = 32
#: Batches of an epoch at least, for their order to show.
_BATCHES = 16


def sorted_examples(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    """How much of the entropy of the classes is explained by the batch they are in; by the answers where labels are not logged.

    Where neither tells: whether the losses of successive batches are alike, in a network that learns next to nothing.
    """
    return _by_classes(evidence, learning, limits) or _by_losses(evidence, learning, limits, found)


def _by_classes(evidence: Evidence, learning: Learning, limits: Limits) -> list[Verdict]:
    shares, steps, is_label = _shares(evidence)
    if shares is None or len(shares) < _FEW or not learning.long_enough:
        return []
    of_all = data_loss.entropy(shares.mean(0))
    by_batch = np.array([data_loss.entropy(each) for each in shares])
    mixed = _entropy_of_mixed(shares.mean(0), _examples(evidence))
    explained = 1 - float(by_batch.mean()) / mixed if mixed > _ENOUGH * of_all else 0.0
    if not explained >= limits.sorted_share:
        return []
    if not is_label and not _follows(evidence, of_all):
        return []
    series = Series.of("entropy of the classes in a batch", steps, by_batch, (1 - limits.sorted_share) * of_all)
    finding = f"{said(100 * explained)} % of the classes' entropy is explained by which batch it is: a batch holds few classes."
    return [
        Verdict(
            "label_or_data",
            WARNING,
            finding,
            WORDS,
            step=int(steps[0]),
            measured=explained,
            limit=limits.sorted_share,
            evidence=series,
        )
    ]


def _examples(evidence: Evidence) -> int:
    """In a batch: by the output's row, which has one value an example and class."""
    output = evidence.network.output
    row = evidence.activations.of(output.path, OUTPUT) if output and evidence.activations else None
    count = float(np.nanmin(row.count)) / row.channel_mean.shape[1] if row is not None else float("nan")
    return int(count) if np.isfinite(count) else _EXAMPLES


def _entropy_of_mixed(shares: np.ndarray, examples: int) -> float:
    """The mean entropy of batches of so many examples that are drawn by these shares: less than theirs, in small batches."""
    drawn = np.random.default_rng(0).multinomial(min(examples, 10**6), shares / shares.sum(), size=100)
    return float(np.mean([data_loss.entropy(each) for each in drawn]))


def _by_losses(evidence: Evidence, learning: Learning, limits: Limits, found: Sequence[Verdict]) -> list[Verdict]:
    losses = evidence.losses
    if losses is None or not learning.is_poor or not learning.finite or any(v.is_alarm for v in found):
        return []
    ratios, begins = [], []
    for epoch in np.unique(losses.epoch)[1:]:
        loss = losses.loss[losses.epoch == epoch]
        if len(loss) >= _BATCHES:
            place = np.arange(len(loss))
            rest = loss - np.polyval(np.polyfit(place, loss, 1), place)
            ratios.append(float(np.mean(np.diff(rest) ** 2) / np.var(rest)) if np.var(rest) > 0 else np.nan)
            begins.append(int(losses.step[losses.epoch == epoch][0]))
    ratio = typical(np.array(ratios))
    if not ratio < limits.batch_order:
        return []
    series = Series.of("difference of successive losses", np.array(begins), np.array(ratios), limits.batch_order)
    finding = f"Losses of successive batches are alike (ratio {said(ratio)}, independent batches give 2): the examples come in an order."
    return [
        Verdict(
            "label_or_data",
            WARNING,
            finding,
            WORDS,
            step=begins[0],
            measured=ratio,
            limit=limits.batch_order,
            evidence=series,
        )
    ]


def _shares(evidence: Evidence) -> tuple[np.ndarray | None, np.ndarray, bool]:
    """Shares of classes by batch [steps, classes]; whether they are of the labels."""
    if evidence.labels is not None and evidence.labels.class_share is not None:
        return evidence.labels.class_share, evidence.labels.step, True
    output = evidence.network.output
    none = np.zeros(0, np.int64)
    if output is None or evidence.activations is None or evidence.network.output_activation != "softmax":
        return None, none, False
    if len(output.output_shape) != 1:  # a class for each pixel: a batch holds what its images show
        return None, none, False
    row = evidence.activations.of(output.path, OUTPUT)
    if row is None or row.channel_mean.shape[1] < 2:
        return None, none, False
    half = len(row.channel_mean) // 2
    means, steps = row.channel_mean[half:], evidence.activations.step[half:]
    sound = np.isfinite(means).all(1)
    return means[sound], steps[sound], False


def _follows(evidence: Evidence, of_all: float) -> bool:
    """Whether the answers are right of most batches, though they swing: the median loss is far below guessing."""
    if evidence.losses is None:
        return False
    loss = evidence.losses.loss
    return bool(np.median(loss[len(loss) // 2 :]) < 0.7 * of_all)
