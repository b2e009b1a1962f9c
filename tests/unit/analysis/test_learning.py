"""How far a training has come, beside the same computed another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz.analysis import data_loss
from tb_cnnviz.analysis.learning import judge_learning
from tb_cnnviz.analysis.limits import Limits, table
from tests.support.made_logs import CLASSES, STEPS, MadeLog, unlearned

shares = st.lists(st.floats(0.01, 1), min_size=2, max_size=8)


@given(shares)
def test_entropy_is_what_the_best_constant_answer_costs(drawn: list[float]) -> None:
    """By a search over constant answers near it: none costs less on labels that come so often."""
    p = np.array(drawn) / sum(drawn)
    rng = np.random.default_rng(0)
    others = rng.dirichlet(np.ones(len(p)), 200)
    costs = -(p * np.log(others)).sum(1)
    assert data_loss.entropy(p) <= costs.min() + 1e-9
    assert data_loss.entropy(p) == pytest.approx(float(np.mean(-p * np.log(p)) * len(p)))


@given(st.integers(2, 6), st.integers(0, 10**6))
def test_the_loss_of_predictions_by_a_loop_over_images(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(5, classes))
    y = rng.integers(0, classes, 5)
    by_hand = 0.0
    for row, label in zip(logits, y, strict=True):
        by_hand += float(np.log(sum(np.exp(v) for v in row)) - row[label]) / 5
    name = "sparse_categorical_crossentropy"
    assert data_loss.prediction_loss(name, y, logits, logits=True) == pytest.approx(by_hand)
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert data_loss.prediction_loss(name, y[:, None], softmax, logits=False) == pytest.approx(by_hand)
    one_hot = np.eye(classes)[y]
    assert data_loss.prediction_loss("categorical_crossentropy", one_hot, softmax, logits=False) == pytest.approx(
        by_hand
    )
    squared = sum((a - b) ** 2 for a, b in zip(softmax.ravel(), one_hot.ravel(), strict=True)) / one_hot.size
    assert data_loss.prediction_loss("mse", one_hot, softmax, logits=False) == pytest.approx(squared)


def test_a_probability_of_zero_is_not_known() -> None:
    assert np.isnan(
        data_loss.prediction_loss(
            "sparse_categorical_crossentropy", np.array([1]), np.array([[1.0, 0.0]]), logits=False
        )
    )


def test_a_training_that_learns_and_one_that_does_not(tmp_path: Path) -> None:
    sound = judge_learning(MadeLog().evidence(tmp_path / "a"), Limits())
    last = MadeLog().loss[-STEPS // 10 :].mean()
    assert sound.chance == pytest.approx(np.log(CLASSES))
    assert sound.share == pytest.approx(1 - last / np.log(CLASSES))
    assert not sound.is_poor
    assert not sound.is_weak
    poor = judge_learning(unlearned().evidence(tmp_path / "b"), Limits())
    assert poor.is_poor
    assert abs(poor.share) < 0.05


def test_a_penalty_is_not_taken_for_a_loss(tmp_path: Path) -> None:
    """The probe's loss holds the penalty, and what its predictions cost does not."""
    made = MadeLog()
    data = -np.log(0.87 + 0.0325)
    made.probe_loss = data + 5.0
    made.loss = made.loss + 5.0
    learned = judge_learning(made.evidence(tmp_path), Limits())
    assert learned.penalty == pytest.approx(5.0, abs=1e-3)
    assert not learned.is_poor


def test_a_loss_that_is_summed_over_the_batch_is_known_by_the_probe(tmp_path: Path) -> None:
    made = MadeLog(hparams={"batch_size": 32})
    made.probe_loss = -8 * np.log(0.87 + 0.0325)
    made.loss = made.loss * 32
    learned = judge_learning(made.evidence(tmp_path), Limits())
    assert learned.is_summed
    assert learned.end == pytest.approx(MadeLog().loss[-STEPS // 10 :].mean())
    assert not learned.is_poor


def test_answers_that_are_all_one_class_and_wrong_are_no_learning(tmp_path: Path) -> None:
    made = MadeLog(loss=np.full(STEPS, 10.0), accuracy=0.25)
    made.rows["out"].channel_mean[:] = np.eye(CLASSES)[0]
    assert judge_learning(made.evidence(tmp_path), Limits()).is_poor


def test_five_steps_are_too_few_to_judge(tmp_path: Path) -> None:
    assert not judge_learning(unlearned(steps=5).evidence(tmp_path), Limits()).is_poor


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), "0.5", True])
def test_a_limit_that_is_no_positive_number_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"dead_share: .* given; accepted is a finite number above 0"):
        Limits(dead_share=bad)  # type: ignore[arg-type]


def test_every_limit_says_what_it_means_and_where_it_is_from() -> None:
    assert all(meaning and source for _, _, meaning, source in table())
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
    missing = [name for name, default, _, _ in table() if f"| `{name}` | {default:g} |" not in page]
    assert not missing
