"""The backpropagated error held against values computed another way, on the backend in KERAS_BACKEND.

`python -m tests.support.error_cases RESULTS.json` runs all cases.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import channels_second, to_numpy
from tb_cnnviz.capture.network import layer_tree
from tb_cnnviz.capture.network.probe import Probe
from tb_cnnviz.capture.quantities.errors import LOSS_SCALE, Errors
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import restore_errors
from tests.support.case_runner import run_cases
from tests.support.error_networks import (
    CLASS,
    CLASSES,
    IMAGES,
    LOSSES,
    NUMBERS,
    ONE_HOT,
    Network,
    drawn,
    of_any_rank,
    shared,
    u_shaped,
)
from tests.support.fits import RATE, compiled, identical, images, make, run_of, train
from tests.support.mode_steps import own_step
from tests.support.networks import Subclassed

#: Every loss comes at least once.
DRAWN = len(LOSSES)
TOLERANCE = {"rtol": 2e-4, "atol": 2e-6}


def errors_of(model: Any, x: Any, y: Any, **limits: Any) -> Errors:
    settings: dict[str, Any] = {"kept": None, "max_images": 8, "max_channels": 64, "max_bytes": 1 << 30, **limits}
    return Errors(model, layer_tree.leaves(model), Probe(x, y, len(keras.tree.flatten(x)[0])), **settings)


def rows_of(record: Record) -> dict[str, dict[str, Any]]:
    """By layer: what its row says, and its columns."""
    rows = json.loads(record.arrays["rows"].tobytes())
    columns = {name: a for name, a in record.arrays.items() if name not in ("rows", "channel_norm")}
    found, begin = {}, 0
    for i, row in enumerate(rows):
        mine = record.arrays["channel_norm"][begin : begin + row["channels"]]
        begin += row["channels"]
        found[row["layer"]] = {**row, **{name: a[i] for name, a in columns.items()}, "channel_norm": mine}
    assert begin == len(record.arrays["channel_norm"])
    return found


def check_statistics(row: dict[str, Any], exact: np.ndarray) -> None:
    """A row against the whole error [images, channels, *spatial]."""
    values = exact.astype(np.float64)
    scale = np.abs(values).max()
    np.testing.assert_allclose(row["norm"], np.linalg.norm(values), rtol=2e-4)
    np.testing.assert_allclose(row["mean"], values.mean(), rtol=1e-3, atol=1e-5 * scale)
    np.testing.assert_allclose([row["min"], row["max"]], [values.min(), values.max()], rtol=1e-3, atol=1e-5 * scale)
    of_channels = np.sqrt((values**2).sum(axis=(0, *range(2, values.ndim))))
    np.testing.assert_allclose(row["channel_norm"], of_channels, rtol=1e-3, atol=1e-5 * of_channels.max())
    assert row["channels"] == exact.shape[1]
    assert row["count"] == row["histogram"].sum() == exact.size
    assert row["nan"] == row["inf"] == 0
    assert row["sampled"] == 1


def check(network: Network) -> None:
    """Statistics and maps of every node against autodiff of the network cut open there."""
    taken = errors_of(network.model, network.images(), network.labels)
    assert taken.notices == []
    expected = network.errors()
    record = taken.statistics(0)
    maps = {m.layer: m for m in taken.maps(0)}
    rows = rows_of(record)
    paths = {id(item.layer): item.path for item in layer_tree.leaves(network.model)}
    seen: set[str] = set()
    for node in network.nodes:
        path = paths[id(node.layer)]
        if isinstance(node.layer, layers.Flatten) or path in seen:
            continue
        seen.add(path)
        row, exact = rows[path], channels_second(expected[node.name], False)
        fused = node.layer.get_config().get("activation", "linear") != "linear"
        is_fused = fused and not isinstance(node.layer, layers.Activation)
        assert row["place"] == ("pre_activation" if is_fused else "output"), node.name
        assert row["connected"]
        assert row["calls"] == sum(other.layer is node.layer for other in network.nodes)
        check_statistics(row, exact)
        if path in maps:
            check_maps(maps[path], exact)
    assert seen == set(rows)
    pictured = (layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.MaxPooling2D, layers.Dense)
    assert {paths[id(n.layer)] for n in network.nodes if isinstance(n.layer, pictured)} <= set(maps)
    predicted = keras.tree.flatten(network.model(network.images(), training=False))
    out = dict(zip(network.outputs, predicted, strict=True))
    np.testing.assert_allclose(record.attributes["loss_value"], to_numpy(network.value(out)), rtol=1e-4)


def check_maps(record: Record, exact: np.ndarray) -> None:
    """All of them were kept, each within half a level of eight bits."""
    assert record.attributes["of"] == exact.shape[1]
    assert record.arrays["channels"].tolist() == list(range(exact.shape[1]))
    got = restore_errors(record.arrays["maps"], record.arrays["scale"])
    largest = np.abs(exact).reshape(*exact.shape[:2], -1).max(axis=2).reshape(*exact.shape[:2], *[1] * (exact.ndim - 2))
    assert (np.abs(got - exact) <= largest * (1 / 254 + 1e-3) + 1e-7).all()


# Cases.


def closed_forms(_: Path) -> None:
    """At the last layer: (ŷ − y)/N for softmax and sigmoid with their cross-entropies, 2(ŷ − y)/N for squares."""
    for name, factor in {
        "sparse cross-entropy of softmax": 1.0,
        "cross-entropy of softmax": 1.0,
        "sparse cross-entropy of logits": 1.0,
        "binary cross-entropy of sigmoid": 1 / CLASSES,
        "binary cross-entropy of logits": 1 / CLASSES,
        "mean squared error": 2 / CLASSES,
    }.items():
        loss = LOSSES[name]
        model = keras.Sequential([keras.Input((4, 4, 2)), layers.Flatten(), layers.Dense(CLASSES, loss.activation)])
        model.compile("sgd", loss.compiled())
        x = np.random.default_rng(1).normal(size=(IMAGES, 4, 4, 2)).astype(np.float32)
        z = x.reshape(IMAGES, -1).astype(np.float64) @ to_numpy(model.layers[-1].kernel) + to_numpy(
            model.layers[-1].bias
        )
        y = ONE_HOT if "sparse" in name else loss.labels
        if "binary" in name:
            predicted = 1 / (1 + np.exp(-z))
        elif "softmax" in name or "logits" in name:
            predicted = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        else:
            predicted = z
        taken = errors_of(model, x, loss.labels)
        exact = factor * (predicted - y) / IMAGES
        check_statistics(rows_of(taken.statistics(0))[model.layers[-1].path], exact)
        check_maps(taken.maps(0)[-1], exact)


def central_differences(_: Path) -> None:
    """Convolution, tanh, mean pooling, dense and softmax written in numpy and differentiated by steps of 1e-5."""
    keras.utils.set_random_seed(3)
    conv, dense = layers.Conv2D(3, 3, activation="tanh"), layers.Dense(CLASSES, activation="softmax")
    model = keras.Sequential([keras.Input((6, 6, 2)), conv, layers.AveragePooling2D(2), layers.Flatten(), dense])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(2).normal(size=(IMAGES, 6, 6, 2)).astype(np.float32)
    kernel, weight, bias = (to_numpy(v).astype(np.float64) for v in (conv.kernel, dense.kernel, dense.bias))
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), (3, 3), axis=(1, 2))
    z = np.einsum("nxycuv,uvco->nxyo", windows, kernel)

    def loss(z: np.ndarray) -> float:
        pooled = np.tanh(z).reshape(IMAGES, 2, 2, 2, 2, 3).mean(axis=(2, 4))
        out = pooled.reshape(IMAGES, -1) @ weight + bias
        out = out - out.max(axis=1, keepdims=True)
        return float(-np.mean((out - np.log(np.exp(out).sum(axis=1, keepdims=True)))[range(IMAGES), CLASS]))

    exact = np.zeros_like(z)
    for at in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[at] = 1e-5
        exact[at] = (loss(z + step) - loss(z - step)) / 2e-5
    taken = errors_of(model, x, CLASS)
    row = rows_of(taken.statistics(0))[conv.path]
    check_statistics(row, np.moveaxis(exact, -1, 1))
    check_maps(taken.maps(0)[0], np.moveaxis(exact, -1, 1))
    np.testing.assert_allclose(taken.statistics(0).attributes["loss_value"], loss(z), rtol=1e-5)


def channels_first(_: Path) -> None:
    """The channels of the record are the layer's; TensorFlow has no such convolution on a processor."""
    if keras.config.backend() == "tensorflow":
        return
    keras.utils.set_random_seed(3)
    conv = layers.Conv2D(3, 3, activation="tanh", data_format="channels_first")
    model = keras.Sequential([keras.Input((2, 6, 7)), conv, layers.Flatten(), layers.Dense(CLASSES)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(2).normal(size=(IMAGES, 2, 6, 7)).astype(np.float32)
    weight = to_numpy(model.layers[-1].kernel).astype(np.float64)
    a = to_numpy(conv(x)).astype(np.float64)
    residual = a.reshape(IMAGES, -1) @ weight + to_numpy(model.layers[-1].bias) - NUMBERS
    exact = ((2 / NUMBERS.size * residual) @ weight.T).reshape(a.shape) * (1 - a**2)
    taken = errors_of(model, x, NUMBERS)
    check_statistics(rows_of(taken.statistics(0))[conv.path], exact)
    check_maps(taken.maps(0)[0], exact)


def added_losses(_: Path) -> None:
    """A penalty on what a layer gives is part of the loss; a weight's penalty changes its value alone."""
    keras.utils.set_random_seed(3)
    dense = layers.Dense(
        CLASSES, activation="tanh", activity_regularizer=keras.regularizers.L2(0.1), kernel_regularizer="l2"
    )
    model = keras.Sequential([keras.Input((7,)), dense])
    model.compile("sgd", "mse")
    x = np.random.default_rng(2).normal(size=(IMAGES, 7)).astype(np.float32)
    a = np.tanh(x.astype(np.float64) @ to_numpy(dense.kernel) + to_numpy(dense.bias))
    exact = (2 / NUMBERS.size * (a - NUMBERS) + 2 * 0.1 * a / IMAGES) * (1 - a**2)
    record = errors_of(model, x, NUMBERS).statistics(0)
    check_statistics(rows_of(record)[dense.path], exact)
    weights = 0.01 * (to_numpy(dense.kernel).astype(np.float64) ** 2).sum()
    value = ((a - NUMBERS) ** 2).mean() + 0.1 * (a**2).sum() / IMAGES + weights
    np.testing.assert_allclose(record.attributes["loss_value"], value, rtol=1e-5)


class OwnLoss(keras.Model):  # type: ignore[misc]
    """compute_loss without Keras' newest argument, which counts in a metric of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen = keras.metrics.Sum(name="seen")

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None) -> Any:
        loss = ops.sum((y_pred - y) ** 2)
        self.seen.update_state(loss)
        return loss


def own_loss(_: Path) -> None:
    keras.utils.set_random_seed(3)
    inputs = keras.Input((7,))
    dense = layers.Dense(CLASSES, activation="sigmoid")
    model = OwnLoss(inputs, dense(inputs))
    model.compile("sgd")
    x = np.random.default_rng(2).normal(size=(IMAGES, 7)).astype(np.float32)
    a = 1 / (1 + np.exp(-(x.astype(np.float64) @ to_numpy(dense.kernel) + to_numpy(dense.bias))))
    taken = errors_of(model, x, NUMBERS)
    check_statistics(rows_of(taken.statistics(0))[dense.path], 2 * (a - NUMBERS) * a * (1 - a))
    assert float(to_numpy(model.seen.result())) == 0


def apart(_: Path) -> None:
    """Of two outputs one has no loss: nothing but zeros reaches its layers, which is said."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 2))
    trunk = layers.Conv2D(3, 3, activation="relu", name="trunk")(inputs)
    used = layers.Dense(CLASSES, name="used")(layers.Flatten()(trunk))
    unused = layers.Conv2D(2, 1, activation="tanh", name="unused")(trunk)
    model = keras.Model(inputs, [used, unused])
    model.compile("sgd", ["mse", None])
    taken = errors_of(model, np.ones((IMAGES, 6, 6, 2), np.float32), NUMBERS)
    rows = rows_of(taken.statistics(0))
    assert [rows[name]["connected"] for name in ("trunk", "used", "unused")] == [True, True, False]
    assert [rows[name]["why"] for name in ("used", "unused")] == [None, "the loss does not depend on it"]
    assert rows["unused"]["zeros"] == rows["unused"]["count"] == IMAGES * 16 * 2
    assert rows["unused"]["norm"] == 0
    assert any("unused" in said and "does not depend" in said for said in taken.notices)
    assert all("trunk" not in said for said in taken.notices)


def softmax_apart(_: Path) -> None:
    """TensorFlow takes the logits from before a softmax that is a layer: the loss does not depend on what that gives."""
    keras.utils.set_random_seed(0)
    stack = [layers.Flatten(), layers.Dense(CLASSES, name="logits"), layers.Activation("softmax", name="shares")]
    model = keras.Sequential([keras.Input((4, 4, 2)), *stack])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(1).normal(size=(IMAGES, 4, 4, 2)).astype(np.float32)
    predicted = to_numpy(model(x)).astype(np.float64)
    found = {path.rsplit("/", 1)[-1]: row for path, row in rows_of(errors_of(model, x, CLASS).statistics(0)).items()}
    check_statistics(found["logits"], (predicted - ONE_HOT) / IMAGES)
    assert found["shares"]["connected"] == (keras.config.backend() != "tensorflow")
    assert found["shares"]["why"] == (None if found["shares"]["connected"] else "the loss takes its logits")
    if found["shares"]["connected"]:  # Keras divides by the sum first, which takes the mean over the shares away
        exact = -ONE_HOT / predicted / IMAGES
        check_statistics(found["shares"], exact - (exact * predicted).sum(axis=1, keepdims=True))


def over_time(_: Path) -> None:
    """Layers inside a loop or a vectorised map are said to be left out, or are there where Python itself loops."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 5))
    each = layers.TimeDistributed(layers.Dense(3, activation="tanh", name="each"))(inputs)
    model = keras.Model(inputs, layers.Dense(CLASSES, name="last")(layers.LSTM(4)(each)))
    model.compile("sgd", "mse")
    taken = errors_of(model, np.ones((IMAGES, 4, 5), np.float32), NUMBERS)
    rows = rows_of(taken.statistics(0))
    predicted = to_numpy(model(np.ones((IMAGES, 4, 5), np.float32)))
    check_statistics(rows["last"], 2 / NUMBERS.size * (predicted - NUMBERS))
    absent = [path for path in ("each", "lstm") if not any(path in row for row in rows)]
    assert all(any(path in said for said in taken.notices) for path in absent), (list(rows), taken.notices)


def nothing_changes(_: Path) -> None:
    """Weights, moving statistics, seeds, optimizer, metrics, gradients in hand and the layers' settings stay."""

    def trained() -> Any:
        keras.utils.set_random_seed(2)
        stack = [layers.Conv2D(3, 3, strides=2, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.3)]
        made = keras.Sequential([keras.Input(images(1)[0].shape[1:]), *stack, layers.Flatten(), layers.Dense(CLASSES)])
        train(compiled(made, keras.optimizers.Adam(), metrics=["accuracy"]), steps=2)
        return made

    model, other = trained(), trained()
    config = json.dumps(model.get_config(), default=str)
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
    before = [to_numpy(v).copy() for v in [*model.variables, *model.metrics_variables]]
    owned = [dict(vars(layer)) for layer in model._flatten_layers()]
    held = [None] * len(model.variables)
    if keras.config.backend() == "torch":
        held = [None if v.value.grad is None else to_numpy(v.value.grad).copy() for v in model.variables]
    taken = errors_of(model, *images(3))
    taken.take()
    after = [to_numpy(v) for v in [*model.variables, *model.metrics_variables]]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert identical(model, other)
    assert json.dumps(model.get_config(), default=str) == config
    for layer, was in zip(model._flatten_layers(), owned, strict=True):
        assert vars(layer).keys() == was.keys()
        assert vars(layer).get("activation") is was.get("activation")
    if keras.config.backend() == "torch":
        for variable, was in zip(model.variables, held, strict=True):
            now = variable.value.grad
            assert (now is None) == (was is None)
            assert now is None or np.array_equal(to_numpy(now), was)
    keras.utils.set_random_seed(9)
    taken.take()
    train(model, steps=1)
    keras.utils.set_random_seed(9)
    train(other, steps=1)
    assert identical(model, other)


def untouched_before_training(_: Path) -> None:
    """A model that was never trained still builds its loss by the labels of its own data."""
    model = make(1)
    assert not model._compile_loss.built
    errors_of(model, *images(3))
    assert not model._compile_loss.built


def half_precision(_: Path) -> None:
    """float16 has no number between 0 and 6e-8: errors below it are kept by scaling the loss, those too large too."""
    x, y = images(3)
    exact = make(1)
    expected = rows_of(errors_of(exact, x, y).statistics(0))
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        half = make(1)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    half.set_weights(exact.get_weights())
    for weight, expected_scale in ((1.0, LOSS_SCALE), (1e-8, LOSS_SCALE), (1e5, None)):
        half.compile("sgd", half.loss, loss_weights=weight)
        record = errors_of(half, x, y).statistics(0)
        for got, want in zip(rows_of(record).values(), expected.values(), strict=True):
            if weight == 1e-8:  # at this scale the smallest float16 is 1e-4 of the error
                assert 0.5 < got["norm"] / (weight * want["norm"]) < 2, (got["layer"], got["norm"], want["norm"])
            else:
                np.testing.assert_allclose(got["norm"], weight * want["norm"], rtol=2e-2)
            assert got["nan"] == got["inf"] == 0
        scale = record.attributes["loss_scale"]
        assert scale == expected_scale if expected_scale else scale < LOSS_SCALE


def not_finite(_: Path) -> None:
    """NaN and Inf are counted, and a loss that is no number is text, since JSON has none."""
    model = make(1)
    kernel = model.layers[-1].kernel
    values = to_numpy(kernel).copy()
    values[0, 0] = np.nan
    kernel.assign(values)
    record = errors_of(model, *images(2)).statistics(0)
    last = rows_of(record)[model.layers[-1].path]
    assert last["nan"] == last["count"] == 2 * CLASSES
    assert np.isnan(last["norm"])
    assert record.attributes["loss_value"] == "nan"
    json.dumps(dict(record.attributes), allow_nan=False)


def check_last(run: Any, model: Any, step: int, path: str) -> None:
    """The logged error of the logits at a step, where the model has the weights of that step."""
    x, y = images(4, seed=5)
    predicted = model.predict(x, verbose=0)
    softmax = np.exp(predicted) / np.exp(predicted).sum(axis=1, keepdims=True)
    exact = (softmax - np.eye(softmax.shape[1])[y]) / len(y)
    np.testing.assert_allclose(run.read("errors", path, step)["norm"], np.linalg.norm(exact), rtol=1e-4)
    np.testing.assert_allclose(run.read("error_maps", path, step)["maps"], exact, atol=np.abs(exact).max() / 200)
    np.testing.assert_allclose(run.read("predictions", None, step)["y_pred"], predicted, atol=1e-5)


def about_errors(run: Any) -> list[str]:
    return [notice.reason for notice in run.notices if notice.reason.startswith("errors")]


def while_training(folder: Path) -> None:
    """Statistics at every step between pictures, in a train_step of one's own too; the weights come out the same."""

    class Rarely(tb_cnnviz.Schedule):
        statistics_stride = 2

        def is_due(self, moment: Any) -> bool:
            return bool(moment.step == 6)

    def maker() -> Any:
        return compiled(own_step(make(1)))

    bare, model = maker(), maker()
    train(bare, steps=8)
    settings = {"whole": {"every": Rarely()}, "small": {"every": 8, "max_bytes_per_step": 4000}}
    probe = images(4, seed=5)
    train(model, [tb_cnnviz.CNNViz(folder / name, probe, **given) for name, given in settings.items()], steps=8)
    run = run_of(folder / "whole")
    assert identical(bare, model)
    assert about_errors(run) == []
    path = model.layers[-1].path
    assert run.steps("errors") == [0, 2, 4, 6, 8]
    assert run.steps("error_maps", path) == [0, 6, 8]
    check_last(run, model, 8, path)
    check_small(run_of(folder / "small"))


def subclassed(folder: Path) -> None:
    def maker() -> Any:
        keras.utils.set_random_seed(1)
        model = Subclassed()
        model(images(1)[0])
        return model

    def labels(model: Any) -> Any:
        model.compile(keras.optimizers.SGD(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    x, y = images(24)
    bare, model = labels(maker()), labels(maker())
    for each, callbacks in ((bare, []), (model, [tb_cnnviz.CNNViz(folder, (x[:4], y[:4] % 3), every=2)])):
        each.fit(x, y % 3, 8, shuffle=False, verbose=0, callbacks=callbacks)
    assert identical(bare, model)
    run = run_of(folder)
    assert run.steps("errors") == [0, 2, 3]
    assert {"pre_activation", "output"} >= {row["place"] for row in run.read("errors", None, 3)["rows"].values()}
    predicted = to_numpy(model(x[:4]))
    softmax = np.exp(predicted) / np.exp(predicted).sum(axis=1, keepdims=True)
    exact = (softmax - np.eye(3)[y[:4] % 3]) / 4
    np.testing.assert_allclose(run.read("errors", model.head.path, 3)["norm"], np.linalg.norm(exact), rtol=1e-4)


def unlabelled(folder: Path) -> None:
    """Without labels, without a loss, or where nobody asks: the part is absent, and the log says why."""
    probes = {"a": {"probe": images(2)[0]}, "b": {}, "c": {"errors": False}}
    train(make(1), [tb_cnnviz.CNNViz(folder / name, every=4, **given) for name, given in probes.items()], steps=4)
    run = run_of(folder / "a")
    assert not {"errors", "error_maps"} & set(run.kinds)
    assert [notice.reason for notice in run.notices if "probe=(x, y)" in notice.reason]
    assert run_of(folder / "b").steps("errors") == [0, 4]
    run = run_of(folder / "c")
    assert "errors" not in run.kinds
    assert about_errors(run) == []


def needs_no_labels(folder: Path) -> None:
    """A model that adds its loss itself, trained and probed without labels."""

    class Adds(layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            self.add_loss(ops.mean(ops.square(x)))
            return x

    keras.utils.set_random_seed(3)
    stack = [layers.Conv2D(2, 3, name="conv"), layers.Flatten(), Adds(), layers.Dense(2, name="unused")]
    model = keras.Sequential([keras.Input((6, 6, 1)), *stack])
    model.compile(keras.optimizers.SGD(RATE))
    x = np.random.default_rng(3).normal(size=(8, 6, 6, 1)).astype(np.float32)
    for name, probe in (("given", x[:4]), ("first batch", None)):
        settings = {"activations": False, "gradients": False, "every": 2}
        model.fit(
            x, batch_size=4, verbose=0, shuffle=False, callbacks=[tb_cnnviz.CNNViz(folder / name, probe, **settings)]
        )
        run = run_of(folder / name)
        assert not [notice.reason for notice in run.notices if "labels" in notice.reason], run.notices
        z = to_numpy(keras.Model(model.inputs, model.get_layer("conv").output)(x[:4]))
        path = next(layer.path for layer in run.layers if layer.name == "conv")
        last = run.steps("errors")[-1]
        expected = np.linalg.norm(2 * z / z.size)
        np.testing.assert_allclose(run.read("errors", path, last)["norm"], expected, rtol=1e-3)


def check_small(run: Any) -> None:
    """Maps of the error have the images and channels of the feature maps, and both keep within the budget."""
    pictured = [layer.path for layer in run.layers if layer.type == "Conv2D"]
    size = 0
    for path in pictured:
        maps, errors = run.read("feature_maps", path, 8), run.read("error_maps", path, 8)
        assert errors["maps"].shape == maps["maps"].shape
        assert errors["channels"].tolist() == maps["channels"].tolist()
        assert errors["of"] == maps["of"] > len(errors["channels"])
        size += errors["maps"].size
    assert 0 < size <= 4000 / 2


def cases() -> dict[str, Callable[[Path], None]]:
    return {
        **{f"drawn {seed}": lambda _, seed=seed: check(drawn(seed)) for seed in range(DRAWN)},
        "two outputs by name": lambda _: check(u_shaped()),
        "a shared layer": lambda _: check(shared()),
        "a line": lambda _: check(of_any_rank(1)),
        "a volume": lambda _: check(of_any_rank(3)),
        "closed forms": closed_forms,
        "central differences": central_differences,
        "channels first": channels_first,
        "added losses": added_losses,
        "a loss of one's own": own_loss,
        "an output without a loss": apart,
        "a softmax apart": softmax_apart,
        "over time": over_time,
        "nothing changes": nothing_changes,
        "before training": untouched_before_training,
        "mixed_float16": half_precision,
        "not finite": not_finite,
        "while training": while_training,
        "a subclassed model": subclassed,
        "no labels": unlabelled,
        "no labels needed": needs_no_labels,
    }


CASES = cases()


if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
