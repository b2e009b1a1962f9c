"""Recorded gradients and updates against oracles that do not know how they were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

import tb_cnnviz
from tb_cnnviz.capture.quantities.gradients import GradientCapture
from tests.support.fits import (
    RATE,
    WeightsByStep,
    gradients_of,
    images,
    make,
    norms,
    run_of,
    train,
)

TOLERANCE = 1e-4
MODES: dict[str, dict[str, Any]] = {
    "graph": {},
    "jit": {"jit_compile": True},
    "eager": {"run_eagerly": True},
}


def logger(folder: Path, **options: Any) -> tb_cnnviz.GradientLogger:
    return tb_cnnviz.GradientLogger(folder, every=1, **options)


def assert_norms_equal(recorded: dict[int, np.ndarray], expected: list[np.ndarray], first: int = 0) -> None:
    assert list(recorded) == list(range(first, first + len(expected)))
    got, want = np.array(list(recorded.values())), np.array(expected)
    # A variable's norm is compared at the scale of the step: a change far below its weights' is lost in rounding.
    assert np.abs(got - want).max() <= TOLERANCE * want.max(), f"{got}\nis not\n{want}"
    large = want > 1e-2 * want.max()
    np.testing.assert_allclose(got[large], want[large], rtol=TOLERANCE)


@pytest.mark.parametrize(
    ("seed", "mode"), [(1, "graph"), (2, "graph"), (3, "graph"), (1, "jit"), (2, "jit"), (3, "eager")]
)
def test_gradients_are_the_weights_change_under_sgd(tmp_path: Path, seed: int, mode: str) -> None:
    oracle = WeightsByStep()
    train(make(seed, **MODES[mode]), [logger(tmp_path), oracle])
    run = run_of(tmp_path)
    changes = oracle.changes()
    assert_norms_equal(gradients_of(run, "norm"), [norms(c) / RATE for c in changes])
    assert_norms_equal(gradients_of(run, "update_norm"), [norms(c) for c in changes])
    assert_norms_equal(gradients_of(run, "weight_norm"), [norms(w) for w in oracle.seen[:-1]])


def test_the_oracle_tells_gradients_of_other_images_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above fails when what is recorded is the gradient of the probe."""
    model = make(1)
    x, y = images(8, seed=99)
    received = GradientCapture._record_received

    def of_the_probe(self: GradientCapture, grads: list[Any], variables: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.loss(y, model(x, training=True))
        return received(self, tape.gradient(loss, model.trainable_variables), variables)

    monkeypatch.setattr(GradientCapture, "_record_received", of_the_probe)
    oracle = WeightsByStep()
    train(model, [logger(tmp_path), oracle])
    with pytest.raises(AssertionError, match="is not"):
        assert_norms_equal(gradients_of(run_of(tmp_path), "norm"), [norms(c) / RATE for c in oracle.changes()])


class Autodiff(keras.callbacks.Callback):
    """The gradient of each batch at the weights before its step, by a second pass of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gradients: list[list[np.ndarray]] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        x, y = images(8 * 6)
        x, y = x[8 * batch : 8 * batch + 8], y[8 * batch : 8 * batch + 8]
        with tf.GradientTape() as tape:
            loss = self.model.loss(y, self.model(x, training=True))
        self.gradients.append([g.numpy() for g in tape.gradient(loss, self.model.trainable_variables)])


@pytest.mark.parametrize("optimizer", ["adam", "clipped"])
def test_gradients_are_those_of_autodiff_under_other_optimizers(tmp_path: Path, optimizer: str) -> None:
    """Received means before clipping; the update is what is left of it after."""
    made = keras.optimizers.Adam(1e-3) if optimizer == "adam" else keras.optimizers.SGD(RATE, 0.9, global_clipnorm=1e-2)
    autodiff, oracle = Autodiff(), WeightsByStep()
    train(make(4, made), [logger(tmp_path), autodiff, oracle])
    run = run_of(tmp_path)
    assert_norms_equal(gradients_of(run, "norm"), [norms(g) for g in autodiff.gradients])
    assert_norms_equal(gradients_of(run, "update_norm"), [norms(c) for c in oracle.changes()])
    for step, gradients in enumerate(autodiff.gradients):
        record = run.read("gradients", None, step)
        for i, gradient in enumerate(gradients):
            scale = float(np.abs(gradient).max())
            for name in ("mean", "min", "max"):
                assert record[name][i] == pytest.approx(getattr(gradient, name)(), abs=1e-5 * scale)


def test_histograms_count_every_weight_where_numpy_does(tmp_path: Path) -> None:
    autodiff = Autodiff()
    model = make(5)
    train(model, [logger(tmp_path), autodiff])
    run = run_of(tmp_path)
    moved = 0
    for step, gradients in enumerate(autodiff.gradients):
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            record = run.read("gradients", variable.path, step)
            assert int(record["histogram"].sum()) == gradient.size
            assert int(record["zeros"]) == int((gradient == 0).sum())
            expected = np.histogram(gradient.astype(np.float64), record["edges"])[0]
            # numpy closes bins on the left, ours on the side of zero; no gradient here is a power of two, and the
            # second pass of autodiff may round another way, over the edge of a bin.
            moved += int(np.abs(record["histogram"] - expected).sum()) // 2
    assert moved <= 2


@pytest.mark.parametrize("mode", ["graph", "jit"])
def test_nan_and_infinite_gradients_are_counted_and_never_in_a_bin(tmp_path: Path, mode: str) -> None:
    class Poisoned(keras.Sequential):  # type: ignore[misc]
        def compute_loss(self, x: Any, y: Any, y_pred: Any, *rest: Any, **named: Any) -> Any:
            kernel, bias = self.layers[-1].trainable_variables
            poison = keras.ops.sum(kernel[0] * float("inf")) + keras.ops.sum(bias[:2] * float("nan"))
            return keras.ops.mean(y_pred) + poison

    keras.utils.set_random_seed(0)
    model = Poisoned([keras.Input((12, 12, 3)), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(5)])
    model.compile(keras.optimizers.SGD(1e-3), **MODES[mode])
    train(model, [logger(tmp_path)], steps=1)
    kernel, bias = (run_of(tmp_path).read("gradients", v.path, 0) for v in model.trainable_variables)
    assert (int(kernel["inf"]), int(kernel["nan"]), int(kernel["histogram"].sum())) == (5, 0, 10)
    assert (int(bias["inf"]), int(bias["nan"]), int(bias["histogram"].sum())) == (0, 2, 3)
    assert np.isposinf(kernel["norm"])
    assert np.isnan(bias["norm"])
    assert np.isnan(bias["mean"])
    # The gradients of mean(y_pred) by a bias are 1/5 each.
    assert bias["min"] == pytest.approx(0.2)
    assert bias["max"] == pytest.approx(0.2)
    assert np.isfinite(kernel["max"])


def test_steps_per_execution_records_every_step(tmp_path: Path) -> None:
    one, eight = tmp_path / "one", tmp_path / "eight"
    train(make(6), [logger(one)], steps=12)
    train(make(6, steps_per_execution=8), [logger(eight)], steps=12)
    a, b = gradients_of(run_of(one), "norm"), gradients_of(run_of(eight), "norm")
    assert list(a) == list(b) == list(range(12))
    np.testing.assert_array_equal(list(a.values()), list(b.values()))


def test_a_stride_records_its_multiples_only(tmp_path: Path) -> None:
    oracle = WeightsByStep()
    train(make(7), [tb_cnnviz.GradientLogger(tmp_path, every=5), oracle], steps=12)
    recorded = gradients_of(run_of(tmp_path), "norm")
    assert list(recorded) == [0, 5, 10]
    expected = [norms(oracle.changes()[step]) / RATE for step in recorded]
    np.testing.assert_allclose(list(recorded.values()), expected, rtol=1e-3)


def test_more_steps_than_the_ring_holds_lose_none(tmp_path: Path) -> None:
    train(make(8), [logger(tmp_path)], steps=100)
    assert run_of(tmp_path).steps("gradients") == list(range(100))


def test_validation_and_a_second_fit_do_not_disturb_the_count(tmp_path: Path) -> None:
    model, first, second = make(9), WeightsByStep(), WeightsByStep()
    data = images(16, seed=50)
    train(model, [logger(tmp_path), first], validation_data=data)
    train(model, [logger(tmp_path), second], validation_data=data)
    changes = first.changes() + second.changes()
    assert_norms_equal(gradients_of(run_of(tmp_path), "norm"), [norms(c) / RATE for c in changes])


def test_variables_without_gradient_and_sparse_gradients(tmp_path: Path) -> None:
    class Odd(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = keras.layers.Embedding(7, 4)
            self.unused = keras.layers.Dense(3)
            self.out = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            h = self.words(x)
            self.unused(h)
            return self.out(keras.ops.mean(h, axis=1))

    keras.utils.set_random_seed(0)
    model = Odd()
    model.compile(keras.optimizers.SGD(RATE), "mse")
    x = np.array([[0, 1, 1], [2, 1, 0]] * 4)
    oracle = WeightsByStep()
    model(x[:1])
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        model.fit(x, np.ones((8, 2)), batch_size=8, verbose=0, callbacks=[logger(tmp_path), oracle])
    run = run_of(tmp_path)
    record = run.read("gradients", None, 0)
    paths = [v.path for v in model.trainable_variables]
    np.testing.assert_allclose(record["norm"], norms(oracle.changes()[0]) / RATE, rtol=TOLERANCE)
    unused = [paths.index(v.path) for v in model.unused.variables]
    assert record["norm"][unused].tolist() == [0, 0]
    assert record["zeros"][unused].tolist() == [12, 3]
    assert record["zeros"][paths.index(model.words.embeddings.path)] == 4 * 4  # four of seven words never occur


def test_a_train_step_without_apply_is_said(tmp_path: Path) -> None:
    class Still(keras.Sequential):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            return {"loss": keras.ops.mean(self(data[0], training=True))}

    model = Still([keras.Input((12, 12, 3)), keras.layers.Conv2D(2, 3)])
    model.compile(keras.optimizers.SGD(RATE))
    with pytest.warns(RuntimeWarning) as caught:
        train(model, [logger(tmp_path), tb_cnnviz.LossLogger(tmp_path)])
    texts = [str(w.message) for w in caught if "tb_cnnviz" in str(w.message)]
    assert len(texts) == 1
    assert "gradients" in texts[0]
    assert "optimizer.apply" in texts[0]
    rows = run_of(tmp_path).read("losses")
    assert rows["step"].tolist() == list(range(6))
    assert rows["sources"] == {"loss": "as the step returned it"}


def test_a_train_step_that_shows_no_loss_is_said(tmp_path: Path) -> None:
    class Silent(keras.Sequential):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            return {"brightness": keras.ops.mean(self(data[0], training=True))}

    model = Silent([keras.Input((12, 12, 3)), keras.layers.Conv2D(2, 3)])
    model.compile(keras.optimizers.SGD(RATE))
    with pytest.warns(RuntimeWarning, match="losses.*compute_loss"):
        train(model, [tb_cnnviz.LossLogger(tmp_path)])


@pytest.mark.parametrize("exact", [False, True])
def test_a_large_variables_histogram_is_of_a_sample_unless_asked_for(tmp_path: Path, exact: bool) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1001)])
    model.compile(keras.optimizers.SGD(RATE), "mse")
    rng, oracle = np.random.default_rng(0), WeightsByStep()
    x, y = rng.normal(size=(8, 1000)).astype(np.float32), 1e3 * rng.normal(size=(8, 1001)).astype(np.float32)
    model.fit(x, y, verbose=0, callbacks=[logger(tmp_path, exact_histograms=exact), oracle])
    kernel, bias = (run_of(tmp_path).read("gradients", v.path, 0) for v in model.trainable_variables)
    gradients = [-change.reshape(-1) / RATE for change in oracle.changes()[0]]
    assert kernel["exact"] is bias["exact"] is exact
    stride = int(kernel["sampled"])
    assert (stride == 1) == exact
    assert int(bias["sampled"]) == 1
    counted = gradients[0][::stride]
    assert int(kernel["histogram"].sum()) == len(counted)
    # The weights' change gives the gradient with a rounding that moves a few over the edge of a bin.
    expected = np.histogram(counted, kernel["edges"])[0]
    assert np.abs(kernel["histogram"] - expected).sum() <= 1e-3 * len(counted)
    for record, gradient in zip((kernel, bias), gradients, strict=True):
        np.testing.assert_allclose(record["norm"], np.linalg.norm(gradient), rtol=TOLERANCE)
        scale = np.abs(gradient).max()
        assert [record["min"], record["max"]] == pytest.approx([gradient.min(), gradient.max()], abs=1e-4 * scale)
        assert int(record["zeros"]) == int((gradient == 0).sum())
    stock = EventAccumulator(str(tmp_path), size_guidance={TENSORS: 0}).Reload()
    for variable, k in zip(model.trainable_variables, (stride, 1), strict=True):
        for tag in (f"gradients/{variable.path}", f"weights/{variable.path}"):
            (event,) = stock.Tensors(tag)
            counted = len(range(0, int(np.prod(variable.shape)), k))
            assert make_ndarray(event.tensor_proto)[:, 2].sum() == pytest.approx(counted)
            text = "" if k == 1 else f"counts one of every {k} elements"
            assert stock.SummaryMetadata(tag).summary_description == text
