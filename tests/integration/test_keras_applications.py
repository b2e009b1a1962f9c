"""Networks that people use, trained two steps with everything logged: the log against the model itself.

Two of them by `make test`, all by `make test-full`; on the backend in KERAS_BACKEND.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import applications, layers

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.run_writer import RunWriter
from tests.support.fits import inventory, leftovers, run_of
from tests.support.layer_oracles import (
    CONVOLUTIONS,
    all_layers,
    check_gradients,
    check_kernels,
    check_maps,
    detached,
    first_calls,
    records,
)

#: Smallest input that each takes, and how many of its layers have a receptive field at least.
FAMILIES: dict[str, tuple[int, int]] = {
    "VGG16": (32, 18),
    "MobileNetV3Small": (32, 8),
    "ResNet50V2": (32, 150),
    "InceptionV3": (75, 300),
    "Xception": (71, 120),
    "ConvNeXtTiny": (32, 100),
    "NASNetMobile": (32, 300),
}
CHEAP = ("VGG16", "MobileNetV3Small")

#: Receptive field of the last map in pixels, as Araujo, Norris and Sim (Distill 2019) give it; of ResNet-50 for version 1
#: with the strides where version 2 has them.
PUBLISHED = {"VGG16": ("block5_pool", 212), "ResNet50V2": ("post_relu", 483), "InceptionV3": ("mixed10", 1311)}

#: Of the batch: with one image, batch normalization of a map of one pixel gives zeros.
BATCH = 2

#: What the log says of them that is no fault: operations have a budget of their own; on TensorFlow the loss takes the
#: logits from before a softmax that is a layer of its own.
EXPECTED = ("the loss takes its logits", "largest ones", "the loss does not depend on")


class FirstAndLast(tb_cnnviz.Schedule):
    """No other pictures, and statistics of every step."""

    statistics_stride = 1

    def is_due(self, moment: Any) -> bool:
        return False


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in CHEAP else pytest.mark.full) for n in FAMILIES])
def test_a_family_is_logged_whole(name: str, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    side, fields = FAMILIES[name]
    keras.utils.set_random_seed(0)
    options = {"include_preprocessing": False} if name in ("MobileNetV3Small", "ConvNeXtTiny") else {}
    make, given = (
        getattr(applications, name),
        {"weights": None, "input_shape": (side, side, 3), "classes": 5, **options},
    )
    if (keras.config.backend(), name) == ("torch", "NASNetMobile"):
        with pytest.raises(ValueError, match="not available with the torch backend"):  # says Keras
            make(**given)
        return
    model = make(**given)
    # Through dozens of batch normalizations over two images gradients explode: unclipped, one step makes NaN of the maps.
    optimizer = keras.optimizers.SGD(0.01, clipnorm=1e-3)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    x = np.random.default_rng(0).random((2 * BATCH, side, side, 3), dtype=np.float32)
    y = np.arange(2 * BATCH)
    before, begun = inventory(model), first_calls(model, x[:BATCH], training=True)
    predicted = to_numpy(detached(model(keras.ops.convert_to_tensor(x[:1]), training=False)))[0]
    with RunWriter(tmp_path) as writer:
        # The kernels of one step alone may be more than what usually can wait for the disk.
        writer.records = RecordWriter(tmp_path, queue_bytes=1 << 29)
        limits = {"max_bytes_per_step": 1 << 28, "max_log_bytes": 1 << 33, "overhead": 100.0}
        logger = tb_cnnviz.CNNViz(tmp_path, (x[:1], y[:1]), every=FirstAndLast(), writer=writer, **limits)
        model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[logger])
    assert [str(w.message) for w in recwarn if "tb_cnnviz" in str(w.message)] == []
    assert not leftovers(model, before)

    run = run_of(tmp_path)
    assert [n for n in run.notices if not any(part in n.reason for part in EXPECTED)] == []
    check_gradients(run, model, [0, 1])
    convolutions = sum(isinstance(layer, CONVOLUTIONS) for layer in all_layers(model))
    assert check_kernels(run, model, 2) == convolutions > 0
    assert check_maps(run, model, x[:1], 2) > convolutions
    check_activations(run, model, begun)
    check_errors(run, model, predicted, y[0])
    check_record(run, model, fields)
    if name in PUBLISHED:
        last, size = PUBLISHED[name]
        assert next(layer for layer in run.layers if layer.name == last).receptive_field.size == [size, size]


def check_record(run: Run, model: Any, fields: int) -> None:
    """Shapes and numbers of parameters are checked beside the maps."""
    found = {layer.path: layer for layer in run.layers}
    assert sum(layer.parameters for layer in found.values()) == run.model.parameters == model.count_params()
    for layer in found.values():
        assert layer.role == "input" or layer.inbound, layer.path
        if layer.role in ("convolution", "dense"):
            assert layer.multiply_adds, layer.path
    is_flat = not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert not is_flat or inbound_of(model) == {
        path: set(layer.inbound) for path, layer in found.items() if layer.role != "input"
    }
    known = [layer for layer in found.values() if layer.receptive_field is not None]
    assert len(known) >= fields, len(known)


def check_activations(run: Run, model: Any, begun: dict[int, tuple[np.ndarray, np.ndarray]]) -> None:
    """Every layer has its rows, and until chance comes in the first batch's are what the layers gave before the fit."""
    assert run.steps("activations") == [0, 1]
    named, is_random = records(run, model), False
    rows = [run.read("activations", None, step)["rows"] for step in (0, 1)]
    wanted = set()
    layers_by_id = {id(layer): layer for layer in all_layers(model)}
    for layer in (layers_by_id[key] for key in begun):  # in the order of their calls
        is_random = is_random or "Drop" in type(layer).__name__ or "Stochastic" in type(layer).__name__
        if not has_activations(layer):
            continue
        path, (_, values) = named[id(layer)].path, begun[id(layer)]
        wanted |= {(path, "output")} | ({(path, "pre_activation")} if fuses(layer) else set())
        for found in rows:
            row = found[path, "output"]
            assert row["count"] == values.size == row["histogram"].sum(), path
            assert row["nan"] == row["inf"] == 0, path
        if not is_random:
            first = rows[0][path, "output"]
            near = {"rtol": 0.01, "atol": 0.01 * np.abs(values).max(), "err_msg": path}
            np.testing.assert_allclose(first["mean"], values.mean(), **near)
            np.testing.assert_allclose(first["std"], values.std(), **near)
    assert set(rows[0]) == set(rows[1]) == wanted


def check_errors(run: Run, model: Any, predicted: np.ndarray, label: int) -> None:
    """Every layer that computes has its row; before training that of the logits is ŷ − y, and the loss −log ŷ of the label."""
    assert run.steps("errors") == [0, 1, 2]
    found = run.read("errors", None, 0)
    named = records(run, model)
    passed_on = (layers.Dropout, layers.Flatten, layers.Reshape, layers.ZeroPadding2D, layers.Cropping2D)
    wanted = {named[id(layer)].path for layer in all_layers(model) if not isinstance(layer, passed_on)}
    assert {path for path, _ in found["rows"]} == wanted
    shapes = {layer.path: layer.output_shape for layer in run.layers}
    for (path, _), row in found["rows"].items():
        assert row["count"] == prod(shapes[path]) == row["histogram"].sum(), path
        assert row["nan"] == row["inf"] == 0, path
    value = run._index.read("errors", None, 0).attributes["loss_value"]
    np.testing.assert_allclose(value, -np.log(predicted[label]), rtol=1e-3)
    last = [layer for layer in model.layers if layer.weights][-1]
    row = found["rows"][named[id(last)].path, "pre_activation" if fuses(last) else "output"]
    np.testing.assert_allclose(row["channel_norm"], np.abs(predicted - np.eye(5)[label]), rtol=1e-3, atol=1e-5)


def fuses(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return activation not in (None, keras.activations.linear) and not isinstance(layer, layers.Activation)


def has_activations(layer: Any) -> bool:
    kind = type(layer).__name__
    return isinstance(layer, (*CONVOLUTIONS, layers.Dense, layers.Activation, layers.ReLU)) or (
        "Pooling" in kind or "Normalization" in kind
    )


def inbound_of(model: Any) -> dict[str, set[str]]:
    """What each layer reads, as Keras' own graph says; operations that are no layers are looked through."""

    def sources(tensor: Any) -> set[str]:
        operation, node, _ = tensor._keras_history
        if isinstance(operation, keras.layers.Layer) and not isinstance(operation, keras.Model):
            return {operation.path or operation.name}
        given = operation._inbound_nodes[node].input_tensors
        return set().union(*(sources(each) for each in given))

    found = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            found[layer.path or layer.name] = set().union(*(sources(t) for t in keras.tree.flatten(layer.input)))
    return found
