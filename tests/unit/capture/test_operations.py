"""Operations: whole inputs and outputs of convolutions and pooling layers, against Keras run layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import tb_cnnviz
from tb_cnnviz.capture.quantities.operations import MAX_BYTES, Size, choose_kept
from tb_cnnviz.eventlog.reader import Run

X = np.random.default_rng(0).normal(size=(3, 13, 14, 4)).astype(np.float32)


def every_operation() -> keras.Model:
    """Convolutions and pooling layers of every kind, with normalization, Add, activation and dropout between them."""
    keras.utils.set_random_seed(3)
    image = keras.Input(X.shape[1:], name="image")
    h = layers.Conv2D(70, 3, padding="same", activation="relu", name="wide")(image)
    h = layers.Conv2D(8, (3, 2), strides=2, padding="valid", name="strided")(layers.Dropout(0.5)(h))
    norm = layers.BatchNormalization(gamma_initializer="random_normal", name="norm")(h)
    left = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="tanh", name="dilated")(norm)
    right = layers.Conv2D(8, 3, groups=4, padding="same", name="grouped")(norm)
    h = layers.Add(name="add")([left, right])
    h = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(h)
    h = layers.SeparableConv2D(6, 2, activation="elu", name="separable")(layers.Activation("relu")(h))
    h = layers.Conv2DTranspose(5, 3, strides=2, padding="same", output_padding=1, name="transposed")(h)
    h = layers.MaxPooling2D(3, strides=2, padding="same", name="max")(h)
    line = layers.Reshape((-1, 5))(layers.AveragePooling2D(2, name="average")(h))
    line = layers.Conv1D(4, 2, padding="causal", name="line")(line)
    cube = layers.Conv3D(2, (1, 2, 1), name="cube")(layers.Reshape((2, 2, -1, 4))(line[:, :4]))
    ends = [layers.GlobalMaxPooling3D(name="top")(cube), layers.GlobalAveragePooling1D(name="mean")(line)]
    return keras.Model(image, layers.Dense(3, name="dense")(layers.Concatenate()(ends)))


INPUT_LAYERS = {
    "strided": "wide",
    "transposed": "separable",
    "max": "transposed",
    "average": "max",
    "mean": "line",
    "top": "cube",
}


def taken(model: keras.Model, folder: Path, x: np.ndarray = X) -> tuple[Run, dict[str, dict[str, Any]]]:
    """A snapshot's operations by the layers' names, as they are logged."""
    tb_cnnviz.snapshot(model, folder, x, step=4)
    run = tb_cnnviz.open_log(folder)["."]
    paths = {layer.path: layer.name for layer in run.layers}
    held = {}
    for path, name in paths.items():
        try:
            record = run._index.read("operations", path, 4)
        except KeyError:
            continue
        held[name] = {**record.arrays, **record.attributes}
    return run, held


def arrays_of(held: dict[str, dict[str, Any]]) -> list[np.ndarray]:
    return [value for item in held.values() for value in item.values() if isinstance(value, np.ndarray)]


def channels_first(values: Any) -> np.ndarray:
    return np.moveaxis(np.asarray(values), -1, 0)


def test_inputs_and_outputs_are_those_of_each_layer(tmp_path: Path) -> None:
    model = every_operation()
    run, held = taken(model, tmp_path)
    wanted = {layer.name for layer in model.layers if "Conv" in type(layer).__name__ or "Pool" in type(layer).__name__}
    assert set(held) == wanted
    assert {name: item["input_layer"] for name, item in held.items() if "input_layer" in item} == INPUT_LAYERS
    paths = {layer.name: layer.path for layer in run.layers}
    for name in wanted:
        layer = model.get_layer(name)
        before, after = keras.Model(model.input, [layer.input, layer.output])(X[:1], training=False)
        found = run.read("operations", paths[name], 4)
        assert ("input" in held[name]) == (name not in INPUT_LAYERS)
        assert found["input"].dtype == found["output"].dtype == np.float32
        np.testing.assert_allclose(found["input"], channels_first(before[0]), rtol=1e-6, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(found["output"], channels_first(after[0]), rtol=1e-6, atol=1e-6, err_msg=name)
        again = layer(np.moveaxis(found["input"], 0, -1)[None], training=False)
        np.testing.assert_allclose(channels_first(again[0]), found["output"], rtol=1e-6, atol=1e-6, err_msg=name)
        assert np.ptp(found["output"]) > 0, name
    assert len(run.read("operations", paths["wide"], 4)["output"]) == 70


def test_the_model_record_says_how_to_compute_each_operation_again(tmp_path: Path) -> None:
    model = every_operation()
    run, held = taken(model, tmp_path)
    for record in (layer for layer in run.layers if layer.name in held):
        layer = model.get_layer(record.name)
        config = layer.get_config()
        size = config.get("kernel_size", config.get("pool_size"))
        for found, name in (
            (record.kernel_size, None),
            (record.strides, "strides"),
            (record.dilation, "dilation_rate"),
        ):
            expected = size if name is None else config.get(name)
            assert found == (None if expected is None else list(expected)), (record.name, name)
        is_global = "Global" in type(layer).__name__
        assert (record.padding, record.data_format) == (None if is_global else config["padding"], "channels_last")
        assert record.pool == ({"M": "max", "A": "average"}[type(layer).__name__.removeprefix("Global")[0]] if "Pool" in type(layer).__name__ else None)  # fmt: skip
        assert record.activation == config.get("activation")
        assert record.use_bias == config.get("use_bias")
        assert record.transposed == (None if record.pool else "Transpose" in type(layer).__name__)
        assert record.depth_multiplier == config.get("depth_multiplier")
    extra = {layer.name: layer.output_padding for layer in run.layers if layer.output_padding is not None}
    assert extra == {"transposed": [1, 1]}
    assert {layer.name: layer.groups for layer in run.layers}["grouped"] == 4


def test_channels_first_and_shared_layers(tmp_path: Path) -> None:
    """Of a layer that is called twice, the first call; a tensor read in another layout is held again."""
    shared = layers.Conv2D(4, 3, padding="same", data_format="channels_first", name="shared")
    image = keras.Input((4, 9, 9))
    once = shared(image)
    other = layers.AveragePooling2D(3, data_format="channels_last", name="other")(once)
    model = keras.Model(image, [other, layers.MaxPooling2D(2, data_format="channels_first", name="pool")(shared(once))])
    model.compile(jit_compile=True)  # without XLA TensorFlow's convolutions on a CPU take channels last only
    x = np.random.default_rng(0).normal(size=(2, 4, 9, 9)).astype(np.float32)
    _, held = taken(model, tmp_path, x)
    kernel, bias = (np.asarray(w) for w in shared.get_weights())
    last = keras.ops.conv(np.moveaxis(x[:1], 1, -1), kernel, padding="same", data_format="channels_last")
    np.testing.assert_array_equal(held["shared"]["input"], x[0])
    np.testing.assert_allclose(held["shared"]["output"], channels_first(last[0]) + bias[:, None, None], atol=1e-5)
    assert not any("input_layer" in item for item in held.values())
    np.testing.assert_array_equal(held["other"]["input"], np.moveaxis(held["shared"]["output"], -1, 0))
    assert held["pool"]["output"].shape == (4, 4, 4)


@pytest.mark.parametrize("seed", range(20))
def test_the_budget_takes_precision_then_the_largest_layers(seed: int) -> None:
    """Against the rule, step by step: all in four bytes, all in two, then one by one without the largest."""
    rng = np.random.default_rng(seed)
    names = [f"layer {i}" for i in range(6)]
    sizes = {
        name: Size(
            int(rng.integers(1, 999)), int(rng.integers(1, 999)), names[i - 1] if i and rng.integers(2) else None
        )
        for i, name in enumerate(names)
    }

    def values(kept: set[str]) -> int:
        return sum(sizes[n].output for n in kept) + sum(
            sizes[n].input for n in kept if sizes[n].input_layer not in kept
        )

    for budget in (0, *rng.integers(1, 20_000, 8).tolist(), 1 << 20):
        kept, dtype = choose_kept(sizes, budget)
        assert values(kept) * {"float32": 4, "float16": 2}[dtype] <= budget
        assert dtype == "float32" or values(kept) * 4 > budget
        dropped = sorted((n for n in names if n not in kept), key=lambda n: sizes[n].input + sizes[n].output)
        ranks = [sizes[n].input + sizes[n].output for n in names]
        assert sorted(ranks, reverse=True)[: len(dropped)] == [sizes[n].input + sizes[n].output for n in dropped[::-1]]
        if dropped:
            assert values(kept | {dropped[0]}) * 2 > budget


def test_a_step_above_the_budget_is_float16_then_without_the_largest(tmp_path: Path) -> None:
    side = 256  # one channel is 256 kB as float32
    image = keras.Input((side, side, 1))
    small = layers.Conv2D(15, 3, padding="same", name="small", activation="relu")(image)
    model = keras.Model(image, small)
    x = np.random.default_rng(0).normal(size=(1, side, side, 1)).astype(np.float32)
    _, held = taken(model, tmp_path / "exact", x)
    assert held["small"]["output"].nbytes + held["small"]["input"].nbytes == MAX_BYTES
    assert held["small"]["output"].dtype == np.float32

    half = keras.Model(image, layers.MaxPooling2D(2, name="pool")(small))
    run, held = taken(half, tmp_path / "half", x)
    assert {array.dtype.name for array in arrays_of(held)} == {"float16"}
    expected = channels_first(model(x)[0])
    np.testing.assert_array_equal(held["small"]["output"], expected.astype(np.float16))
    assert set(held["pool"]) == {"output", "input_layer"}
    assert not run.notices

    wide = layers.Conv2D(40, 3, padding="same", name="wide")(small)
    top = layers.GlobalMaxPooling2D(name="top")(layers.Conv2D(2, 1, name="one")(wide))
    large = keras.Model(image, [half.outputs[0], top])
    run, held = taken(large, tmp_path / "large", x)
    assert set(held) == {"small", "pool", "top"}
    (notice,) = run.notices
    assert "2 of 5 convolution and pooling layers are not logged, the largest ones (" in notice.reason
    assert "input_layer" not in held["top"]
    assert sum(array.nbytes for array in arrays_of(held)) <= MAX_BYTES


def test_float16_makes_no_value_infinite(tmp_path: Path) -> None:
    image = keras.Input((512, 512, 1))
    keras.utils.set_random_seed(0)
    calm = layers.MaxPooling2D(1, name="calm")(image)
    high = layers.Conv2D(3, 1, name="high", kernel_initializer=keras.initializers.Constant(1e5))(calm)
    model = keras.Model(image, layers.AveragePooling2D(1, name="mean")(high))
    x = np.random.default_rng(0).normal(size=(1, 512, 512, 1)).astype(np.float32)
    x[0, 0, 0, 0] = np.inf
    _, held = taken(model, tmp_path, x)
    dtypes = {name: item["output"].dtype.name for name, item in held.items()}
    assert dtypes == {"calm": "float16", "high": "float32", "mean": "float32"}
    assert np.isinf(held["high"]["output"]).sum() == 3
    assert np.isinf(held["calm"]["output"]).sum() == 1


def test_the_budget_is_an_argument_and_a_notice_says_what_it_cost(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    image = keras.Input((32, 32, 1))
    wide = layers.Conv2D(64, 3, padding="same", name="wide")(image)
    narrow = layers.MaxPooling2D(8, name="narrow")(layers.Conv2D(2, 1, name="thin")(wide))
    model = keras.Model(image, narrow)
    x = np.random.default_rng(0).normal(size=(1, 32, 32, 1)).astype(np.float32)
    tb_cnnviz.snapshot(model, tmp_path / "all", x)
    assert not tb_cnnviz.open_log(tmp_path / "all")["."].notices
    tb_cnnviz.snapshot(model, tmp_path / "few", x, max_operation_bytes=10_000)
    run = tb_cnnviz.open_log(tmp_path / "few")["."]
    assert _with_operations(run) == ["narrow"]
    (notice,) = run.notices
    values = 32 * 32 * (1 + 64 + 2) + 4 * 4 * 2
    assert (
        f"all take {2 * values} bytes a step as float16, and 10000 are allowed (max_operation_bytes)" in notice.reason
    )
    assert "wide" in notice.reason
    with pytest.raises(ValueError, match="max_operation_bytes: 0 given"):
        tb_cnnviz.CNNViz(tmp_path, max_operation_bytes=0)


def _with_operations(run: Run) -> list[str]:
    found = []
    for layer in run.layers:
        try:
            run.steps("operations", layer.path)
        except KeyError:
            continue
        found.append(layer.name)
    return found
