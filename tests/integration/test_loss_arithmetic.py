"""The Lab's own losses equal numpy's and Keras', and their derivatives TensorFlow's, over random predictions and labels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.support.page_arithmetic import Case, ask_page

tf = pytest.importorskip("tensorflow")

#: By loss, the activations behind which the page offers it.
HEADS = {
    "categorical_crossentropy": ("softmax",),
    "binary_crossentropy": ("softmax", "sigmoid"),
    "mean_squared_error": ("softmax", "sigmoid", "linear"),
    "huber": ("softmax", "sigmoid", "linear"),
    "dice": ("softmax", "sigmoid"),
    "mean_absolute_error": ("softmax", "sigmoid", "linear"),
}
EACH = 320
SPECIAL = (np.nan, np.inf, -np.inf)
EPSILON = 1e-7


def loss_case(random: np.random.Generator, name: str, number: int) -> Case:
    head = HEADS[name][number % len(HEADS[name])]
    places = int(random.integers(1, 5))
    classes = int(random.integers(2 if head == "softmax" else 1, 8))
    z = (random.normal(size=(places, classes)) * random.choice([0.1, 1, 4, 30])).astype(np.float32)
    if head == "linear":
        y = (z + random.normal(size=z.shape) * random.choice([0.1, 3])).astype(np.float32)
    elif head == "softmax":
        y = np.eye(classes, dtype=np.float32)[random.integers(0, classes, places)]
    else:
        y = (random.random(z.shape) < random.choice([0.05, 0.5])).astype(np.float32)
    if number % 8 == 7:  # labels that are shares, as smoothing makes them
        y = (y * 0.9 + 0.05).astype(np.float32)
    if number % 4 == 3:
        target = y if number % 16 == 15 else z
        target[random.integers(places), random.integers(classes)] = SPECIAL[(number // 4) % 3]
    return Case({"kind": "loss", "name": name, "head": head, "z": z, "y": y}, {})


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Case]]:
    random = np.random.default_rng(19)
    made = {name: [loss_case(random, name, number) for number in range(EACH)] for name in HEADS}
    ask_page([case for group in made.values() for case in group], tmp_path_factory.mktemp("losses"))
    for group in made.values():
        for case in group:
            assert "error" not in case.answer, case.answer
    return made


@np.errstate(all="ignore")
def shares(z: np.ndarray, head: str) -> tuple[np.ndarray, np.ndarray]:
    """p and 1 - p in extended precision, neither as a difference from 1."""
    wide = z.astype(np.longdouble)
    if head == "linear":
        return wide, 1 - wide
    if head == "sigmoid":
        return 1 / (1 + np.exp(-wide)), 1 / (1 + np.exp(wide))
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    others = np.stack([np.delete(powers, k, axis=1).sum(axis=1) for k in range(z.shape[1])], axis=1)
    return powers / powers.sum(axis=1, keepdims=True), others / powers.sum(axis=1, keepdims=True)


@np.errstate(all="ignore")
def value_of(name: str, z: np.ndarray, y: np.ndarray, head: str) -> float:
    """The loss by its textbook formula in numpy; what a label of exactly 0 multiplies is left out."""
    p, rest = shares(z, head)
    y = y.astype(np.longdouble)

    def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.where(a == 0, 0, a * b)

    error = np.abs(p - y)
    return float(
        {
            "categorical_crossentropy": lambda: -times(y, np.log(p)).sum() / len(z),
            "binary_crossentropy": lambda: -(times(y, np.log(p)) + times(1 - y, np.log(rest))).mean(),
            "mean_squared_error": lambda: np.square(error).mean(),
            "mean_absolute_error": lambda: error.mean(),
            "huber": lambda: np.where(error <= 1, np.square(error) / 2, error - 0.5).mean(),
            "dice": lambda: 1 - 2 * (p * y).sum() / ((p + y).sum() + EPSILON),
        }[name]()
    )


@pytest.mark.parametrize("name", HEADS)
def test_value_equals_numpy(cases: dict[str, list[Case]], name: str) -> None:
    special = 0
    for case in cases[name]:
        z, y, head = case.asked["z"], case.asked["y"], case.asked["head"]
        expected = value_of(name, z, y, head)
        np.testing.assert_allclose(case.answer["value"][0], expected, rtol=1e-10, atol=1e-13, err_msg=str(case.asked))
        np.testing.assert_allclose(
            case.answer["p"], shares(z, head)[0].astype(float).ravel(), rtol=1e-10, atol=1e-300, err_msg=str(case.asked)
        )
        special += not np.isfinite(expected)
    assert len(cases[name]) >= 300
    assert special >= 20


def in_tensorflow(name: str, p: Any, y: Any) -> Any:
    error = tf.abs(p - y)
    places = tf.cast(tf.shape(p)[0], p.dtype)
    return {
        "categorical_crossentropy": lambda: -tf.reduce_sum(tf.math.multiply_no_nan(tf.math.log(p), y)) / places,
        "binary_crossentropy": lambda: (
            -tf.reduce_mean(
                tf.math.multiply_no_nan(tf.math.log(p), y) + tf.math.multiply_no_nan(tf.math.log1p(-p), 1 - y)
            )
        ),
        "mean_squared_error": lambda: tf.reduce_mean(tf.square(p - y)),
        "mean_absolute_error": lambda: tf.reduce_mean(error),
        "huber": lambda: tf.reduce_mean(tf.where(error <= 1, tf.square(error) / 2, error - 0.5)),
        "dice": lambda: 1 - 2 * tf.reduce_sum(p * y) / (tf.reduce_sum(p + y) + EPSILON),
    }[name]()


def is_moderate(case: Case) -> bool:
    z, y = case.asked["z"], case.asked["y"]
    return bool(np.isfinite(z).all() and np.isfinite(y).all() and (np.abs(z).max() < 12))


@pytest.mark.parametrize("name", HEADS)
def test_derivatives_equal_autodiff(cases: dict[str, list[Case]], name: str) -> None:
    moderate = [case for case in cases[name] if is_moderate(case)]
    activation = {"softmax": tf.nn.softmax, "sigmoid": tf.nn.sigmoid, "linear": tf.identity}
    for case in moderate:
        z, y = (tf.constant(case.asked[each], tf.float64) for each in "zy")
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z)
            p = activation[case.asked["head"]](z)
            value = in_tensorflow(name, p, y)
        for answered, by in (("byOutput", p), ("byInput", z)):
            expected = tape.gradient(value, by).numpy().ravel()
            allowed = 1e-9 * np.abs(expected).max()
            np.testing.assert_allclose(
                case.answer[answered], expected, rtol=1e-7, atol=allowed + 1e-13, err_msg=f"{answered} {case.asked}"
            )
    assert len(moderate) >= 150


@pytest.mark.parametrize("name", HEADS)
def test_large_logits_have_the_derivative_of_the_difference(cases: dict[str, list[Case]], name: str) -> None:
    """Where rounding takes 1 - p to 0, by central differences of the value in extended precision."""
    checked = 0
    for case in cases[name]:
        z, y, head = (case.asked[each] for each in ("z", "y", "head"))
        if is_moderate(case) or not (np.isfinite(z).all() and np.isfinite(y).all()) or checked >= 40:
            continue
        if name == "mean_absolute_error" and head == "linear":
            continue  # z is then what the label is near: the bend
        ours = case.answer["byInput"].reshape(z.shape)
        for at in np.ndindex(z.shape):
            step = np.zeros(z.shape, np.float64)
            step[at] = 1e-4
            rise = (value_of(name, z + step, y, head) - value_of(name, z - step, y, head)) / 2e-4
            np.testing.assert_allclose(ours[at], rise, rtol=1e-5, atol=1e-9, err_msg=f"{at} {case.asked}")
        checked += 1
    assert checked >= 20 or name == "mean_absolute_error"


def test_nan_in_a_logit_reaches_its_derivatives(cases: dict[str, list[Case]]) -> None:
    seen = 0
    for name in ("categorical_crossentropy", "binary_crossentropy", "mean_squared_error", "dice"):
        for case in cases[name]:
            lost = np.isnan(case.asked["z"])
            if lost.any():
                assert np.isnan(case.answer["byInput"].reshape(lost.shape)[lost]).all(), case.asked
                seen += 1
    assert seen >= 50


def test_values_equal_those_of_keras_losses(cases: dict[str, list[Case]]) -> None:
    losses = {
        "categorical_crossentropy": keras.losses.CategoricalCrossentropy(),
        "binary_crossentropy": keras.losses.BinaryCrossentropy(),
        "mean_squared_error": keras.losses.MeanSquaredError(),
        "mean_absolute_error": keras.losses.MeanAbsoluteError(),
        "huber": keras.losses.Huber(),
        "dice": keras.losses.Dice(),
    }
    assert losses.keys() == HEADS.keys()
    for name, loss in losses.items():
        checked = 0
        for case in cases[name]:
            z, y, head = (case.asked[each] for each in ("z", "y", "head"))
            if not is_moderate(case) or np.abs(z).max() > 5:  # Keras clips shares at 1e-7
                continue
            p = shares(z, head)[0].astype(np.float32)
            expected = float(loss(y[None], p[None]))
            np.testing.assert_allclose(case.answer["value"][0], expected, rtol=2e-5, atol=2e-6, err_msg=name)
            checked += 1
        assert checked >= 50, name
