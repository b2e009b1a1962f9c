"""The model record against Keras, independent counts and numeric differentiation."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tb_cnnviz.capture.network import layer_kinds, layer_tree
from tb_cnnviz.capture.network.architecture import loss_config, model_record
from tb_cnnviz.capture.network.forward import ForwardTrace, pass_over_zeros, trace_forward
from tb_cnnviz.records import LayerRecord, ModelRecord, ReceptiveField
from tests.support.networks import Block, Subclassed, drawn_branches, every_convolution, nested

#: Cells whose field comes nearer to the border are only bounded by it.
BORDER = 5


def record_of(model: keras.Model) -> ModelRecord:
    placed = layer_tree.leaves(model)
    seen = pass_over_zeros(model, placed)
    assert isinstance(seen, ForwardTrace)
    return model_record(model, placed, seen)


def by_path(record: ModelRecord) -> dict[str, LayerRecord]:
    found = {layer.path: layer for layer in record.layers}
    assert len(found) == len(record.layers)
    return found


def reach(function: Any, shape: tuple[int, ...], cell: tuple[int, ...]) -> list[tuple[int, int]]:
    """On each spatial axis the first and the last input position that changes an output cell; by changing them.

    (length, -1) for a cell that none changes.
    """
    base = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    found = []
    for axis, length in enumerate(shape[:-1]):
        changed = []
        slices = np.repeat(base, length + 1, axis=0)  # the last one stays; another batch size may round otherwise
        for position in range(length):
            where: list[Any] = [position, *[slice(None)] * len(shape)]
            where[axis + 1] = position
            slices[tuple(where)] += 3.0
        after = np.asarray(function(slices))[(slice(None), *cell)]
        change = np.abs(after - after[-1]).max(axis=1)
        changed = np.flatnonzero(change > 1e-5 * np.abs(after).max())  # a batch's images may round in different ways
        found.append((int(changed[0]), int(changed[-1])) if changed.size else (length, -1))
    return found


def expected_reach(field: ReceptiveField, cell: tuple[int, ...]) -> list[tuple[int, int]]:
    return [
        (offset + i * stride, offset + i * stride + size - 1)
        for size, stride, offset, i in zip(field.size, field.stride, field.offset, cell, strict=True)
    ]


def function_of(model: keras.Model, path: str) -> Any:
    layer = next(item.layer for item in layer_tree.leaves(model) if item.path == path)
    return keras.Model(model.inputs, layer.output)


@pytest.mark.parametrize("seed", range(8))
def test_receptive_fields_are_what_changes_a_cell(seed: int) -> None:
    keras.utils.set_random_seed(seed)
    model = drawn_branches(seed)
    rng = np.random.default_rng(seed)
    shape = tuple(model.input_shape[1:])
    exact = 0
    for layer in record_of(model).layers:
        if layer.role == "input":
            continue
        field = layer.receptive_field
        assert field is not None, layer.path
        function = function_of(model, layer.path)
        for _ in range(2):
            cell = tuple(int(rng.integers(1, (n or 1) - 1)) for n in layer.output_shape[:-1])
            for found, expected, length in zip(
                reach(function, shape, cell), expected_reach(field, cell), shape, strict=False
            ):
                assert expected[0] <= found[0], (layer.path, cell)
                assert found[1] <= expected[1], (layer.path, cell)
                # Near a border the padding of a layer in between may stand where pixels would.
                if expected[0] >= BORDER and expected[1] < length - BORDER:
                    assert found == expected, (layer.path, cell)
                    exact += 1
    assert exact >= 8


@pytest.mark.parametrize(
    ("padding", "size", "stride", "extra"),
    [
        (p, k, s, e)
        for p, k, s in itertools.product(["valid", "same"], [2, 3, 4], [1, 2])
        for e in (None, 1)
        if not (e and s < 2)
    ],
)
def test_the_field_of_a_transposed_convolution_covers_what_changes_a_cell(
    padding: str, size: int, stride: int, extra: int | None
) -> None:
    """Its cells do not all read alike: the field is the union, and each of its edges is reached by some cell."""
    keras.utils.set_random_seed(size)
    inputs = layers.Input((41, 3))
    h = layers.Conv1D(3, 3, strides=2)(inputs)
    model = keras.Model(
        inputs, layers.Conv1DTranspose(2, size, strides=stride, padding=padding, output_padding=extra)(h)
    )
    layer = record_of(model).layers[-1]
    field = layer.receptive_field
    assert field is not None
    lows, highs = [], []
    for i in range(6, (layer.output_shape[0] or 0) - 6):
        ((low, high),) = reach(model, (41, 3), (i,))
        start = field.offset[0] + i * field.stride[0]
        lows.append(low - start)
        highs.append(start + field.size[0] - 1 - high)
    assert min(lows) == 0, lows
    assert min(highs) == 0, highs
    assert min(lows + highs) >= 0


@pytest.mark.parametrize("name", every_convolution())
def test_a_convolution_is_described_as_it_is(name: str) -> None:
    layer, shape = every_convolution()[name]
    model = keras.Sequential([layers.Input(shape), layer])
    record = record_of(model).layers[-1]
    assert record.type == type(layer).__name__
    assert record.output_shape == list(model.output_shape[1:])
    assert record.input_shapes == [list(shape)]
    assert record.parameters == model.count_params()
    assert record.kernel_size == list(np.broadcast_to(layer.kernel_size, len(shape) - 1))
    assert record.strides == list(np.broadcast_to(layer.strides, len(shape) - 1))
    assert record.padding == layer.padding
    assert record.filters == model.output_shape[-1]
    assert record.use_bias == layer.use_bias
    assert record.activation == layer.activation.__name__
    assert record.multiply_adds == multiplications(layer, shape, tuple(model.output_shape[1:]))


def multiplications(layer: Any, shape: tuple[int, ...], output: tuple[int, ...]) -> int:
    """Counted by walking over cells and weights: each weight multiplies once for each cell that it is slid to."""
    cells = 1
    for n in shape[:-1] if "Transpose" in type(layer).__name__ else output[:-1]:
        cells *= n
    weights = 0
    for variable in layer.trainable_variables:
        if variable.name != "bias":
            weights += sum(1 for _ in np.ndindex(*variable.shape))
    return cells * weights


def test_parameters_are_counted_once_and_add_up() -> None:
    for model in (drawn_branches(0), nested()):
        record = record_of(model)
        assert record.parameters == model.count_params() == sum(layer.parameters for layer in record.layers)
        assert [v.path for v in record.variables] == [v.path for v in model.trainable_variables]
        assert [tuple(v.shape) for v in record.variables] == [tuple(v.shape) for v in model.trainable_variables]
        owners = {layer.path for layer in record.layers}
        assert all(v.layer in owners for v in record.variables)


def test_nested_models_are_flattened_with_paths_of_their_own() -> None:
    layers_of = by_path(record_of(nested()))
    assert set(layers_of) == {"a", "b", "conv", "inner/conv", "pool", "join", "mean"}
    inbound = {path: layer.inbound for path, layer in layers_of.items()}
    assert inbound["conv"] == ["a"]
    assert inbound["inner/conv"] == ["conv"]
    assert inbound["pool"] == ["inner/conv"]
    assert inbound["join"] == ["pool", "b"]
    assert inbound["mean"] == ["join"]
    assert layers_of["mean"].kernel_size is None
    assert layers_of["mean"].pool == "average"


def test_a_subclassed_model_is_traced() -> None:
    keras.utils.set_random_seed(0)
    model = Subclassed()
    x = np.zeros((2, 33, 33, 3), np.float32)
    model(x)
    model.set_weights([0.1 * np.abs(w) + 0.01 for w in model.get_weights()])  # so that ReLU hides nothing
    placed = layer_tree.leaves(model)
    record = model_record(model, placed, trace_forward(model, placed, x))
    eager = {layer.path.split("/")[-1]: layer for layer in record.layers}
    assert eager["stem"].output_shape == [15, 15, 4]
    assert eager["pool"].output_shape == [7, 7, 4]
    # Plain arithmetic between layers is not seen in an eager pass; a traced one follows it.
    import tensorflow as tf

    kept: list[ForwardTrace] = []
    tf.function(lambda t: kept.append(trace_forward(model, placed, t)), autograph=False).get_concrete_function(x)
    traced = {layer.path.split("/")[-1]: layer for layer in model_record(model, placed, kept[0]).layers}
    assert traced["second"].inbound == [traced["first"].path]
    assert sorted(traced["pool"].inbound) == sorted([traced["stem"].path, traced["second"].path])
    assert traced["head"].inbound == [traced["pool"].path]
    field = traced["pool"].receptive_field
    assert field is not None

    def pooled(values: Any) -> Any:
        return model.pool(model.block(model.stem(values)))

    assert reach(pooled, (33, 33, 3), (3, 3)) == expected_reach(field, (3, 3))
    assert traced["head"].receptive_field is None


def test_layers_of_the_users_own_are_described_and_never_fail() -> None:
    class Strange(layers.Layer):  # type: ignore[misc]
        padding = kernel_size = strides = property(lambda self: 1 / 0)

        def call(self, x: Any) -> Any:
            return keras.ops.flip(x, axis=1)

    model = keras.Sequential([layers.Input((8, 8, 3)), Strange(name="strange"), Block(3), layers.Flatten()])
    found = by_path(record_of(model))
    strange = next(layer for layer in found.values() if layer.name == "strange")
    assert strange.role == "other"
    assert strange.receptive_field is None
    assert strange.multiply_adds is None
    after = next(layer for layer in found.values() if layer.name == "first")
    assert after.inbound == [strange.path]
    assert after.receptive_field is None


def test_equal_names_get_different_paths() -> None:
    inputs = layers.Input((6, 6, 2))
    shared = layers.Conv2D(2, 3, padding="same", name="c")
    h = shared(shared(inputs))
    model = keras.Model(inputs, h)
    record = record_of(model)
    assert [layer.path for layer in record.layers].count("c") == 1


def test_roles_cover_every_role_of_the_contract() -> None:
    cases = {
        "convolution": layers.SeparableConv1D(1, 2),
        "pooling": layers.GlobalMaxPooling3D(),
        "dense": layers.Dense(2),
        "normalization": layers.GroupNormalization(1),
        "activation": layers.PReLU(),
        "merge": layers.Average(),
        "reshape": layers.UpSampling2D(),
        "dropout": layers.SpatialDropout2D(0.5),
        "other": layers.Resizing(2, 2),
    }
    assert {role: layer_kinds.role(layer) for role, layer in cases.items()} == {role: role for role in cases}


@pytest.mark.parametrize("first", [True, False])
def test_channels_first_and_last(first: bool) -> None:
    form = "channels_first" if first else "channels_last"
    shape = (3, 13, 11) if first else (13, 11, 3)
    stack = [layers.Conv2D(4, 3, strides=2, padding="same", data_format=form), layers.MaxPooling2D(data_format=form)]
    found = record_of(keras.Sequential([layers.Input(shape), *stack])).layers
    assert found[1].output_shape == ([4, 7, 6] if first else [7, 6, 4])
    assert found[1].multiply_adds == 7 * 6 * 3 * 3 * 3 * 4
    assert found[2].receptive_field == ReceptiveField([5, 5], [4, 4], [-1, -1])


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        (None, None),
        ("mse", {"reduction": "sum_over_batch_size"}),
        (
            "categorical_crossentropy",
            {"from_logits": False, "label_smoothing": 0.0, "reduction": "sum_over_batch_size"},
        ),
        (keras.losses.mean_absolute_error, {"reduction": "sum_over_batch_size"}),
        (
            keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.25, reduction="sum"),
            {"from_logits": True, "label_smoothing": 0.25, "reduction": "sum"},
        ),
        (
            keras.losses.SparseCategoricalCrossentropy(reduction=None),
            {"from_logits": False, "reduction": None},
        ),
        (lambda y, p: keras.ops.mean(p), None),
        ({"a": "mse", "b": "mae"}, None),
        ("no such loss", None),
    ],
)
def test_what_a_loss_is_configured_to(loss: Any, wanted: dict[str, Any] | None) -> None:
    assert loss_config(loss) == wanted
