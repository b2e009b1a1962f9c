"""Losses by batch, metrics by epoch, the session's records, and callbacks that share a log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.capture.network.forward import Forward
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.loggers.loss_recorder import row_times
from tb_cnnviz.plugin.series import SeriesCache, as_record
from tests.support.fits import RATE, compiled, images, make, network, run_of, train


class Evaluated(keras.callbacks.Callback):
    """Each batch's loss at the weights before its step, by `model.evaluate` of a model of its own."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self.x, self.y, self.losses = x, y, []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        x, y = self.x[8 * batch : 8 * batch + 8], self.y[8 * batch : 8 * batch + 8]
        predicted = np.asarray(self.model(x, training=False), np.float64)
        likely = predicted - np.log(np.exp(predicted).sum(axis=1, keepdims=True))
        penalty = sum(
            0.01 * float((np.asarray(v, np.float64) ** 2).sum()) for v in self.model.trainable_variables[-2:-1]
        )
        self.losses.append(-likely[np.arange(len(y)), y].mean() + penalty)


class Clock(keras.callbacks.Callback):
    """When each batch began and ended for Keras' callbacks, by the same clock of the host."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.ended = [], []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.began.append(time.time())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended.append(time.time())


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}])
def test_losses_are_each_batchs_own_with_regularisation(tmp_path: Path, options: dict[str, Any]) -> None:
    keras.utils.set_random_seed(0)
    model = network(1)
    model.pop()
    model.add(keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.01)))
    rate = keras.optimizers.schedules.ExponentialDecay(RATE, 2, 0.5)
    compiled(model, keras.optimizers.SGD(rate), **options)
    x, y = images(44)
    oracle, before, after = Evaluated(x, y), Clock(), Clock()
    callbacks = [before, tb_cnnviz.LossLogger(tmp_path), after, oracle]
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
    run = run_of(tmp_path)
    rows = {name: [] for name in ("step", "loss", "learning_rate", "epoch", "examples", "wall_time")}
    for step in run.steps("losses"):
        record = run.read("losses", None, step)
        for name, values in rows.items():
            values.extend(record[name].tolist())
    assert rows["step"] == list(range(12))
    np.testing.assert_allclose(rows["loss"], oracle.losses, rtol=1e-4)
    np.testing.assert_allclose(rows["learning_rate"], [RATE * 0.5 ** (i / 2) for i in range(12)], rtol=1e-5)
    assert rows["epoch"] == [0] * 6 + [1] * 6
    assert rows["examples"] == [8, 16, 24, 32, 40, 44, 52, 60, 68, 76, 84, 88]
    for seen, before_ours, after_ours in zip(rows["wall_time"], before.ended, after.ended, strict=True):
        assert before_ours <= seen <= after_ours
    assert run.read("losses")["wall_time"].dtype == np.float64


@pytest.mark.parametrize(
    ("ends", "rows", "lost", "expected"),
    [
        ([1, 2, 3], 3, 0, [1, 2, 3]),
        ([1, 1, 1, 2, 2, 2], 4, 0, [1, 1, 1, 2]),  # the last execution of three steps had one batch left
        ([1, 2], 4, 0, [1, 1, 2, 2]),  # a train_step that computes two losses
        ([1, 2, 3, 4], 3, 1, [2, 3, 4]),
        ([1, 2], 2, 2, [2, 2]),
    ],
)
def test_rows_get_the_end_of_their_own_step(ends: list[float], rows: int, lost: int, expected: list[float]) -> None:
    assert row_times(ends, rows, lost).tolist() == expected


def test_a_step_whose_end_the_host_never_saw_gets_the_time_of_the_drain() -> None:
    start = time.time()
    times = row_times([1.0, 2.0], 3, 0)
    assert times[:2].tolist() == [1, 2]
    assert start <= times[2] <= time.time()


def test_steps_of_one_execution_end_together(tmp_path: Path) -> None:
    before, after = Clock(), Clock()
    train(make(1, steps_per_execution=4), [before, tb_cnnviz.LossLogger(tmp_path), after])
    times = run_of(tmp_path).read("losses")["wall_time"]
    assert len(times) == 6
    for execution, rows in enumerate((times[:4], times[4:])):
        assert (rows == rows[0]).all()
        assert before.ended[execution] <= rows[0] <= after.ended[execution]


def test_metrics_by_epoch_are_keras_own(tmp_path: Path) -> None:
    model = make(1)
    model.compile(keras.optimizers.SGD(RATE), model.loss, metrics=["accuracy"])
    history = train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0])], epochs=3, validation_data=images(16, 5)).history
    run = run_of(tmp_path)
    assert run.steps("epochs") == [6, 12, 18]
    for epoch, step in enumerate(run.steps("epochs")):
        record = run.read("epochs", None, step)
        expected = {name: values[epoch] for name, values in history.items()}
        expected |= {"learning_rate": RATE, "epoch": epoch, "step": step}
        assert {name: float(values[0]) for name, values in record.items()} == pytest.approx(expected, rel=1e-6)


def test_each_callback_alone_logs_its_part_and_no_other(tmp_path: Path) -> None:
    alone = {
        "filters": (tb_cnnviz.FilterLogger, {"filters"}),
        "maps": (
            tb_cnnviz.FeatureMapLogger,
            {"activations", "batches", "feature_maps", "operations", "predictions", "probe"},
        ),
        "gradients": (tb_cnnviz.GradientLogger, {"gradients", "gradient_samples"}),
        "losses": (tb_cnnviz.LossLogger, {"losses", "epochs"}),
    }
    for name, (kind, expected) in alone.items():
        train(make(1), [kind(tmp_path / name, every=2)])
        run = run_of(tmp_path / name)
        assert set(run.kinds) - {"session", "model", "cost"} == expected
        assert [layer.type for layer in run.layers][:3] == ["InputLayer", "Conv2D", run.layers[2].type]
        assert run.layers[1].output_shape


def test_callbacks_of_one_fit_share_a_log_and_a_training_step(tmp_path: Path) -> None:
    parts = [
        tb_cnnviz.LossLogger(tmp_path),
        tb_cnnviz.GradientLogger(tmp_path, every=2),
        tb_cnnviz.FeatureMapLogger(tmp_path, every=3),
        tb_cnnviz.FilterLogger(tmp_path, every=6),
    ]
    train(make(1), parts)
    assert len(list(tmp_path.glob("cnnviz.*.records"))) == 1
    run = run_of(tmp_path)
    assert run.steps("model") == [0]
    assert run.steps("gradients") == [0, 2, 4]
    assert run.read("losses", None, 5)["step"].tolist() == list(range(6))
    assert {0, 3, 6} <= set(run.steps("predictions"))
    assert set(run.steps("filters", run.layers[1].path)) == {0, 6}


def test_operations_come_with_full_pictures_and_from_the_same_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first step, at epoch ends that the overhead or pictures at their last batch allow, and at the last step."""
    passes, run_pass = [], Forward.__call__

    def counted(self: Forward, x: Any) -> list[Any]:
        passes.append(x)
        return run_pass(self, x)

    monkeypatch.setattr(Forward, "__call__", counted)
    found = {}
    for every in (4, 5):
        passes.clear()
        model = make(1)
        asked = model.layers[0].name
        callback = tb_cnnviz.CNNViz(tmp_path / str(every), images(2)[0], every=every, overhead=1e-9, layers=[asked])
        train(model, [callback], epochs=3)
        run = run_of(tmp_path / str(every))
        assert len(passes) == len(run.steps("predictions"))
        assert [layer.name for layer in run.layers if "operations" in kinds_of(run, layer.path)] == [asked]
        found[every] = run.steps("operations", run.layers[1].path)
        # Where an epoch's last batch had pictures, the cost is of these and of what completed them.
        kinds = {"filters": asked, "feature_maps": asked, "operations": asked, "predictions": None}
        paths = {layer.name: layer.path for layer in run.layers}
        for step in found[every]:
            records = [run._index.read(kind, name and paths[name], step) for kind, name in kinds.items()]
            size = sum(array.nbytes for record in records for array in record.arrays.values())
            assert run.read("cost", None, step)["bytes"] == size
    assert found == {4: [0, 6, 12, 18], 5: [0, 6, 18]}


def kinds_of(run: Any, layer: str) -> list[str]:
    return [kind for kind in run.kinds if layer in run._index.layers(kind)]


def test_the_log_can_be_read_while_training_runs(tmp_path: Path) -> None:
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(run_of(tmp_path).steps("predictions")[-1])

    train(make(1), [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=1), Looks()], epochs=3)
    assert seen == [6, 12, 18]


def test_the_model_record_holds_hyper_parameters_and_class_names(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d", "e"]
    optimizer = keras.optimizers.Adam(2e-3, beta_1=0.8)
    train(make(1, optimizer), [tb_cnnviz.CNNViz(tmp_path, class_names=names, hparams={"mine": 3, "note": "x"})])
    model = run_of(tmp_path).model
    assert model is not None
    assert model.class_names == names
    assert {name: model.hparams[name] for name in ("optimizer", "note")} == {"optimizer": "Adam", "note": "x"}
    numbers = {"beta_1": 0.8, "learning_rate": 2e-3, "batch_size": 8, "mine": 3}
    assert {name: model.hparams[name] for name in numbers} == pytest.approx(numbers, rel=1e-6)
    assert (model.optimizer, model.backend, model.keras_version) == ("Adam", "tensorflow", keras.__version__)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": ["no such"]}, "layers: the model has no layer 'no such'; it has"),
        ({"probe": np.zeros((2, 9, 9, 3))}, r"\(2, 9, 9, 3\) given, but the model takes \(any, 12, 12, 3\)"),
    ],
)
def test_a_wrong_argument_stops_fit_before_it_trains(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    model = make(1)
    with pytest.raises(ValueError, match=message):
        train(model, [tb_cnnviz.CNNViz(tmp_path, **arguments)])
    assert int(model.optimizer.iterations) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_probe_stops_the_fit_of_a_model_that_is_not_built(tmp_path: Path) -> None:
    model = compiled(keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(5)]))
    with pytest.raises(ValueError, match=r"\(2, 9, 9, 3\) given, but the model takes \(any, 12, 12, 3\)"):
        train(model, [tb_cnnviz.CNNViz(tmp_path, np.zeros((2, 9, 9, 3)))])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hparams": {"a": [1]}}, r"hparams\['a'\]: list given; accepted are text"),
        ({"layers": "conv"}, "layers: 'conv' given; accepted is a list"),
        ({"probe_display": 3}, "probe_display: 3 given; accepted are"),
        ({"max_channels": 0}, "max_channels: 0 given; accepted is a whole number"),
        ({"overhead": "much"}, "overhead: 'much' given; accepted is a number above 0"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tb_cnnviz.CNNViz("runs", **arguments)


NAMED = ("step", "epoch", "wall_time", "updates", "batch", "examples", "lr", "learning_rate", "histogram", "batch loss")


class Constant(keras.metrics.Mean):
    """A metric by any name whose value nothing else has."""

    def __init__(self, name: str, value: float) -> None:
        super().__init__(name=name)
        self.value = value

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(self.value)


def test_metrics_named_like_columns_of_ours_take_no_place_of_theirs(tmp_path: Path) -> None:
    model = make(3, metrics=[Constant(name, 100.0 + at) for at, name in enumerate(NAMED)])
    history = train(model, [tb_cnnviz.LossLogger(tmp_path)], steps=3, epochs=2, validation_data=images(8, 1)).history
    read = run_of(tmp_path).read("epochs")
    assert read["step"].tolist() == [3, 6]
    assert read["epoch"].tolist() == [0, 1]
    assert read["learning_rate"].tolist() == [RATE, RATE]
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    run = index["."]
    served = as_record(run, "epochs", SeriesCache().get(".", run, "epochs"), [], None)
    assert served.arrays["step"].tolist() == [3, 6]
    assert served.arrays["epoch"].tolist() == [0, 1]
    assert all(abs(served.arrays["wall_time"] - time.time()) < 3600)
    taken = {"step", "epoch", "wall_time", "updates", "learning_rate", "batch loss"}
    for at, name in enumerate(NAMED):
        assert history[name] == pytest.approx([100.0 + at] * 2)
        for columns in (read, served.arrays):
            assert columns[f"metric:{name}" if name in taken else name].tolist() == [100.0 + at] * 2, name
            assert columns[f"val_{name}"].tolist() == [100.0 + at] * 2, name
