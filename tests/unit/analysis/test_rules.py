"""Each rule by a log that has the fault, and by one that only looks like it. The logs go through the real writer and reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.analysis.verdict import KINDS
from tests.support.made_logs import CLASSES, LAYERS, STEPS, STRIDE, MadeLog, falling_loss, flat_loss, spike, unlearned

COUNT = STEPS // STRIDE
Change = Callable[[], MadeLog]


def changed(made: MadeLog, change: Callable[[MadeLog], object]) -> MadeLog:
    change(made)
    return made


def ends_by(made: MadeLog, activation: str | None, units: int = CLASSES) -> MadeLog:
    made.layers[-1] = replace(made.layers[-1], activation=activation, output_shape=[units])
    return made


# One change for each kind of fault -----------------------------------------------------------------------------------------


def dead(made: MadeLog, since: int = 40, channels: int = 8) -> MadeLog:
    made.rows["conv"].zeros[since // STRIDE :, :channels] = 1.0
    return made


def saturated(made: MadeLog, share: float = 0.95) -> MadeLog:
    made.rows["hidden"].saturated[:] = share
    return made


def starved(made: MadeLog, factor: float = 5000.0) -> MadeLog:
    made.errors["conv"] = made.errors["out"] / factor
    return made


def still(made: MadeLog, layer: str = "conv", until: int = STEPS) -> MadeLog:
    made.update[layer][: until // STRIDE] = 0.0
    return made


def moved(made: MadeLog, ratio: float) -> MadeLog:
    for layer in LAYERS:
        made.update[layer][:] = ratio * made.weight[layer]
    return made


def alike(made: MadeLog, *layers: str) -> MadeLog:
    made.alike = layers
    return made


def together(made: MadeLog, layer: str) -> MadeLog:
    """The weights part, as those of one filter do, but each unit gives the same."""
    made.alike, made.alike_until = (layer,), 8
    made.rows[layer].channel_mean[:] = 0.3
    made.rows[layer].channel_std[:] = 0.35
    return made


def same_answer(made: MadeLog) -> MadeLog:
    made.loss_name = "mse"
    ends_by(made, None)
    made.rows["out"].channel_std[:] = 1e-4
    return made


def sigmoid_twice(made: MadeLog) -> MadeLog:
    """Its loss is that of sigmoid(prediction), which the test computes here by hand."""
    ends_by(made, "sigmoid", 1)
    made.loss_name, made.y = "binary_crossentropy", (np.arange(8) % 2).astype(np.float32)[:, None]
    made.predictions = np.full((8, 1), 0.2)
    share = 1 / (1 + np.exp(-0.2))
    made.probe_loss = float(-(np.log(share) + np.log(1 - share)) / 2)
    return made


def one_class_a_batch(made: MadeLog) -> MadeLog:
    made.rows["out"].channel_mean[:] = np.eye(CLASSES)[np.arange(COUNT) % CLASSES] * 0.9 + 0.025
    return made


def in_order(made: MadeLog) -> MadeLog:
    made.loss = 1.4 + 0.3 * np.sin(np.arange(STEPS) / 5)
    return made


def with_nan(made: MadeLog, at: int) -> MadeLog:
    made.loss = np.where(np.arange(STEPS) >= at, np.nan, made.loss)
    for layer in LAYERS:
        made.weight[layer][-(-at // STRIDE) :] = np.nan
        made.gradient_nan[layer][at // STRIDE :] = 1
    made.rows["hidden"].bad[-(-at // STRIDE) :] = 3
    return made


FAULTS: dict[str, tuple[Change, str, str | None, int | None]] = {
    "images to 255": (lambda: unlearned(x=np.full((8, 6, 6, 1), 90, np.float32)), "unscaled_input", "conv", 0),
    "divided twice": (lambda: unlearned(x=np.full((8, 6, 6, 1), 0.002, np.float32)), "unscaled_input", "conv", 0),
    "NaN in the probe": (lambda: MadeLog(x=np.full((8, 6, 6, 1), np.nan, np.float32)), "label_or_data", None, None),
    "softmax over one": (
        lambda: ends_by(unlearned(loss_name="binary_crossentropy"), "softmax", 1),
        "wrong_output",
        "out",
        0,
    ),
    "fractions as classes": (lambda: unlearned(y=np.arange(8, dtype=np.float32) / 255), "wrong_output", "out", 0),
    "a class too many": (lambda: unlearned(y=np.arange(8) % 5), "wrong_output", "out", 0),
    "sigmoid for large targets": (
        lambda: ends_by(unlearned(loss_name="mse", y=np.linspace(3, 9, 8, dtype=np.float32)[:, None]), "sigmoid", 1),
        "wrong_output",
        "out",
        0,
    ),
    "logits into a loss of shares": (
        lambda: ends_by(unlearned(loss_config={"from_logits": False}), "linear"),
        "wrong_output",
        "out",
        0,
    ),
    "relu into cross-entropy": (lambda: ends_by(unlearned(), "relu"), "wrong_output", "out", 0),
    "adds the gradient": (lambda: unlearned(cosine=0.95), "not_learning", None, 0),
    "zeros that stay": (
        lambda: changed(still(unlearned(), "hidden"), lambda m: m.weight["hidden"].fill(0)),
        "bad_init",
        "hidden",
        0,
    ),
    "all weights alike": (lambda: alike(unlearned(), "hidden"), "bad_init", "hidden", 0),
    "all units alike, which move together": (lambda: together(unlearned(), "hidden"), "bad_init", "hidden", 0),
    "weights too large": (
        lambda: changed(unlearned(), lambda m: m.weight["hidden"].fill(100)),
        "bad_init",
        "hidden",
        0,
    ),
    "sure and wrong": (
        lambda: changed(unlearned(), lambda m: setattr(m, "loss", flat_loss() * 9)),
        "bad_init",
        "out",
        0,
    ),
    "rate too high": (lambda: moved(unlearned(rate=2.0), 0.4), "rate_too_high", None, 0),
    "update too large": (lambda: moved(unlearned(rate=0.01), 0.4), "update_too_large", None, 0),
    "rate too low": (lambda: moved(unlearned(rate=1e-5), 1e-6), "rate_too_low", None, 0),
    "held back": (lambda: moved(unlearned(rate=0.1), 1e-6), "update_too_small", None, 0),
    "gradient explodes": (
        lambda: changed(unlearned(), lambda m: m.norm.update(conv=spike(80, 1e5))),
        "exploding",
        "conv",
        80,
    ),
    "loss is NaN": (lambda: with_nan(MadeLog(), 121), "non_finite", "hidden", 120),
    "overflow after overflow": (lambda: unlearned(batches_before=2), "non_finite", None, 100),
    "dead layer": (lambda: dead(unlearned()), "dead_units", "conv", 40),
    "mostly dead": (lambda: dead(unlearned(), channels=6), "dead_units", "conv", 40),
    "saturated": (lambda: saturated(unlearned()), "saturated", "hidden", 0),
    "error vanishes": (lambda: starved(unlearned()), "vanishing", "conv", 0),
    "gradient stopped": (lambda: still(MadeLog()), "frozen", "conv", 0),
    "batches of one class": (lambda: one_class_a_batch(MadeLog()), "label_or_data", None, 96),
    "examples in order": (lambda: in_order(unlearned()), "label_or_data", None, 50),
    "overfitting": (lambda: MadeLog(validation=[0.5, 0.8, 0.9, 1.0]), "overfitting", None, 49),
    "frozen by hand, and it does not learn": (
        lambda: changed(unlearned(), lambda m: m.layers.__setitem__(1, replace(m.layers[1], trainable=False))),
        "frozen",
        "conv",
        0,
    ),
    "sigmoid twice": (lambda: sigmoid_twice(unlearned()), "wrong_output", "out", 0),
    "learnt by heart, and nothing else": (
        lambda: MadeLog(validation=[1.4, 1.35, 1.3, 1.32], validation_accuracy=[0.25, 0.3, 0.3, 0.3]),
        "label_or_data",
        None,
        None,
    ),
    "lost again": (
        lambda: MadeLog(loss=np.concatenate([falling_loss()[: STEPS // 2], flat_loss()[: STEPS // 2]]), accuracy=None),
        "rate_too_high",
        None,
        None,
    ),
    "the same answer": (lambda: same_answer(unlearned()), "constant_output", "out", 0),
    "labels of others": (lambda: unlearned(), "label_or_data", None, None),
    "penalty too strong": (
        lambda: changed(unlearned(), lambda m: [m.weight.update({x: np.linspace(5, 0.5, COUNT)}) for x in LAYERS]),
        "constant_output",
        "out",
        None,
    ),
}

LOOK_ALIKES: dict[str, Change] = {
    "logits into a loss of logits": lambda: ends_by(MadeLog(loss_config={"from_logits": True}), "linear"),
    "a configuration that says nonsense": lambda: ends_by(MadeLog(loss_config={"from_logits": "no"}), "linear"),
    "a sound training": MadeLog,
    "raw pixels, and it learns": lambda: MadeLog(x=np.full((8, 6, 6, 1), 90, np.float32)),
    "mostly black images": lambda: MadeLog(x=(np.random.default_rng(0).random((8, 6, 6, 1)) < 0.05).astype(np.float32)),
    "targets at the edge of sigmoid": lambda: ends_by(
        MadeLog(loss_name="mse", y=np.tile([0.0, 1.0], 4)[:, None]), "sigmoid", 1
    ),
    "downhill by momentum": lambda: MadeLog(cosine=-0.2),
    "a branch that begins at zero": lambda: changed(MadeLog(), lambda m: m.weight["hidden"].__setitem__(0, 0)),
    "zeros at first, which move": lambda: changed(
        still(MadeLog(), "conv", STRIDE), lambda m: m.weight["hidden"].__setitem__(0, 0)
    ),
    "large weights that learn": lambda: changed(MadeLog(), lambda m: m.weight["hidden"].fill(100)),
    "large first updates that settle": lambda: changed(
        MadeLog(), lambda m: m.update["out"].__setitem__(slice(0, 3), 2.0)
    ),
    "small updates of a second fit": lambda: moved(MadeLog(loss=np.full(STEPS, 0.05)), 1e-6),
    "a rate that decays to zero": lambda: changed(
        MadeLog(), lambda m: [m.update[x].__setitem__(-1, 0) for x in LAYERS]
    ),
    "a spike that recovers": lambda: changed(MadeLog(), lambda m: m.norm.update(conv=spike(20, 1e4, 32))),
    "one loss of infinity, weights sound": lambda: changed(MadeLog(), lambda m: m.loss.__setitem__(7, np.inf)),
    "accumulated gradients": lambda: MadeLog(batches_before=3, hparams={"gradient_accumulation_steps": 4}),
    "nine in ten are zero, all units alive": lambda: changed(MadeLog(), lambda m: m.rows["conv"].zeros.fill(0.97)),
    "some dead units": lambda: dead(MadeLog(), channels=5),
    "saturated gates that learn": lambda: saturated(MadeLog()),
    "small errors in a network that learns": lambda: starved(MadeLog()),
    "frozen on purpose, and it learns": lambda: changed(
        MadeLog(), lambda m: m.layers.__setitem__(1, replace(m.layers[1], trainable=False))
    ),
    "other shares of classes in validation": lambda: MadeLog(
        validation=[4.0, 3.0, 2.0, 1.3], validation_accuracy=[0.25, 0.25, 0.25, 0.6]
    ),
    "still for one step": lambda: still(MadeLog(), until=STRIDE),
    "a loss that spikes and comes back": lambda: MadeLog(
        loss=np.where(abs(np.arange(STEPS) - 120) < 9, 5 * falling_loss(), falling_loss())
    ),
    "a validation loss that rises while the accuracy holds": lambda: MadeLog(
        validation=[0.5, 0.6, 0.61, 0.62], validation_accuracy=[0.8, 0.9, 0.9, 0.9]
    ),
    "a validation loss that jumps": lambda: MadeLog(validation=[0.5, 0.9, 0.52, 0.5]),
    "a validation loss that rises little": lambda: MadeLog(validation=[0.4, 0.3, 0.31, 0.32]),
    "kernels that shrink and learn": lambda: changed(
        MadeLog(), lambda m: [m.weight.update({x: np.linspace(5, 0.5, COUNT)}) for x in LAYERS]
    ),
    "five steps": lambda: unlearned(steps=5),
    "from step 100 on": lambda: changed(MadeLog(), lambda m: setattr(m, "loss", np.full(STEPS, 0.1))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_first_with_its_place_and_step(fault: str, tmp_path: Path) -> None:
    make, kind, layer, step = FAULTS[fault]
    found = make().diagnosis(tmp_path).verdicts
    named = [verdict for verdict in found if verdict.kind == kind and verdict.is_alarm]
    assert named, [(v.kind, v.finding) for v in found]
    assert (found[0].kind, found[0].is_alarm, found[0].causes) == (kind, True, ())
    verdict = named[0]
    assert layer is None or layer in (verdict.layer, *verdict.layers)
    assert step is None or verdict.step == step
    words = verdict.words
    assert all((verdict.finding, words.rule, words.source, words.otherwise, words.suggestion))


@pytest.mark.parametrize("look", LOOK_ALIKES)
def test_what_only_looks_like_a_fault_raises_no_alarm(look: str, tmp_path: Path) -> None:
    found = LOOK_ALIKES[look]().diagnosis(tmp_path).verdicts
    assert not [(v.kind, v.finding) for v in found if v.is_alarm]


def test_every_kind_has_a_fault_that_shows_it() -> None:
    assert {kind for _, kind, _, _ in FAULTS.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("fault", "measured"),
    [
        ("images to 255", 90.0),
        ("dead layer", 1.0),
        ("mostly dead", 0.75),
        ("saturated", 0.95),
        ("error vanishes", 5000.0),
        ("overfitting", 1.9),
        ("rate too low", 1e-6 * STEPS),
        ("weights too large", 25.0),
        ("adds the gradient", 0.95),
    ],
)
def test_the_measured_value_is_what_was_put_in(fault: str, measured: float, tmp_path: Path) -> None:
    make, kind, _, _ = FAULTS[fault]
    verdict = next(v for v in make().diagnosis(tmp_path).verdicts if v.kind == kind)
    assert verdict.measured == pytest.approx(measured, rel=0.01)
    assert verdict.limit is not None


def vanishing_said(made: MadeLog, folder: Path) -> str:
    return next(v.finding for v in made.diagnosis(folder).verdicts if v.kind == "vanishing")


def test_the_activations_part_in_a_vanishing_error_is_said(tmp_path: Path) -> None:
    said = vanishing_said(starved(unlearned(slopes={"conv": 0.05, "hidden": 0.02})), tmp_path)
    assert said == (
        "conv gets an error 5,000 times smaller than out. "
        "The slopes of the activations in between account for about 1,000 times."
    )


@pytest.mark.parametrize("slopes", [None, {"conv": 0.05}])
def test_it_is_not_said_where_a_slope_is_not_known(slopes: dict[str, float] | None, tmp_path: Path) -> None:
    assert "slopes" not in vanishing_said(starved(unlearned(slopes=slopes)), tmp_path)


def test_nor_where_an_error_comes_back_two_ways(tmp_path: Path) -> None:
    made = starved(unlearned(slopes={"conv": 0.05, "hidden": 0.02}))
    made.layers[-1] = replace(made.layers[-1], inbound=["hidden", "flatten"])
    assert "slopes" not in vanishing_said(made, tmp_path)
