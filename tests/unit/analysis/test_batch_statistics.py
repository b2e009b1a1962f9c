"""What the rules make of the training batch's own statistics, which logs are yet to hold: given to them as arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tb_cnnviz.analysis.doctor import judge
from tb_cnnviz.analysis.evidence import BatchStatistics, Evidence
from tb_cnnviz.analysis.limits import Limits
from tests.support.made_logs import CLASSES, MadeLog, unlearned

STEPS = np.arange(0, 160, 8)


def statistics(
    mean: float = 0.0, std: float = 1.0, bad_from: int = 10**9, class_share: np.ndarray | None = None
) -> BatchStatistics:
    ones = np.ones((len(STEPS), 1))
    bad = np.where(bad_from <= STEPS, 2.0, 0.0)[:, None]
    return BatchStatistics(STEPS, ["x"], ones * mean, ones * std, -3 * ones, 3 * ones, bad, class_share)


def kinds(evidence: Evidence) -> list[tuple[str, int | None]]:
    return [(v.kind, v.step) for v in judge(evidence, Limits()).verdicts if v.is_alarm]


def test_the_batch_says_that_inputs_are_not_scaled_where_the_probe_does_not(tmp_path: Path) -> None:
    evidence = unlearned().evidence(tmp_path)
    assert kinds(replace(evidence, inputs=statistics(mean=30, std=40)))[0] == ("unscaled_input", 0)
    assert kinds(replace(evidence, inputs=statistics()))[0][0] == "label_or_data"


def test_a_batch_with_nan_is_named_with_its_step(tmp_path: Path) -> None:
    evidence = MadeLog().evidence(tmp_path)
    assert kinds(replace(evidence, inputs=statistics(bad_from=40))) == [("label_or_data", 40)]
    assert kinds(replace(evidence, labels=statistics(bad_from=64))) == [("label_or_data", 64)]


def test_sorted_labels_are_seen_in_the_labels(tmp_path: Path) -> None:
    evidence = MadeLog().evidence(tmp_path)
    of_one = np.eye(CLASSES)[np.arange(len(STEPS)) % CLASSES]
    mixed = np.full((len(STEPS), CLASSES), 1 / CLASSES)
    assert kinds(replace(evidence, labels=statistics(class_share=of_one))) == [("label_or_data", 0)]
    assert kinds(replace(evidence, labels=statistics(class_share=mixed))) == []


def test_chance_is_that_of_the_labels_where_they_are_known(tmp_path: Path) -> None:
    """Nine of ten labels are of one class, and the loss is what it costs to always say so."""
    made = unlearned()
    shares = np.tile([0.9, 0.1, 0, 0], (len(STEPS), 1))
    made.loss = np.full(200, float(-(0.9 * np.log(0.9) + 0.1 * np.log(0.1))))
    learned = judge(replace(made.evidence(tmp_path), labels=statistics(class_share=shares)), Limits()).learning
    assert abs(learned.share) < 1e-6


def test_without_a_labelled_probe_vanishing_is_seen_in_the_gradients(tmp_path: Path) -> None:
    made = unlearned()
    made.norm["conv"] = made.norm["out"] / 3000
    evidence = replace(made.evidence(tmp_path), errors=None)
    assert ("vanishing", 0) in kinds(evidence)
