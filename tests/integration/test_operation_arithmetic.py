"""The Lab's own convolution, pooling and activations equal Keras', over random shapes and settings.

Keras and numpy compute each case; the page's TypeScript computes it in one process of node.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.support.page_arithmetic import Case, ask_page

tf = pytest.importorskip("tensorflow")

CONVOLUTIONS = 360
GROUPED = 24  # TensorFlow compiles each grouped shape on a CPU
POOLINGS = 400
ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "sigmoid", "hard_sigmoid", "tanh", "elu", "selu", "gelu", "silu", "swish",
    "softplus", "softsign", "mish", "exponential",
)  # fmt: skip


def whole(random: np.random.Generator, least: int, most: int) -> int:
    return int(random.integers(least, most + 1))


# Convolution ---------------------------------------------------------------------------------------------------------


def convolution_case(random: np.random.Generator, kind: str) -> Case:
    axes = 1 if kind.endswith("1D") else 2
    depthwise = kind.startswith("Depthwise")
    size = [whole(random, 1, 6) for _ in range(axes)]
    stride = [whole(random, 1, 3) for _ in range(axes)]
    dilation = [whole(random, 1, 3) for _ in range(axes)]
    if random.random() < 0.9:  # the others are refused
        (stride if random.random() < 0.5 else dilation)[:] = [1] * axes
    if depthwise:
        stride = [stride[0]] * axes
    channels = whole(random, 1, 5)
    groups = channels if depthwise else 1
    if kind == "grouped":
        groups = whole(random, 2, 3)
        channels = groups * whole(random, 1, 2)
    options: dict[str, Any] = {
        "kernel_size": size,
        "strides": stride,
        "dilation_rate": dilation,
        "padding": str(random.choice(["valid", "same", "causal"] if kind == "Conv1D" else ["valid", "same"])),
        "use_bias": bool(random.random() < 0.7),
        "bias_initializer": keras.initializers.RandomNormal(seed=whole(random, 0, 1 << 30)),
    }
    if depthwise:
        options["depth_multiplier"] = whole(random, 1, 3)
    else:
        options |= {"filters": groups * whole(random, 1, 3), "groups": groups}
    image = random.normal(size=[*(whole(random, 1, 14) for _ in range(axes)), channels]).astype(np.float32)
    layer_class = getattr(keras.layers, "Conv2D" if kind == "grouped" else kind)
    around = (0, 0)
    if axes == 2 and options["padding"] == "valid" and random.random() < 0.3:
        around = (whole(random, 0, 4), whole(random, 0, 4))
    try:
        layer = layer_class(**options)
        padded = np.pad(image, [around] * axes + [(0, 0)])
        output = keras.ops.convert_to_numpy(layer(padded[None]))[0]
    except ValueError:
        layer = output = None
    if any(around):
        options["padding"] = list(around)
    return _convolution(random, image, options, groups, depthwise, layer, output)


def _convolution(
    random: np.random.Generator,
    image: np.ndarray,
    options: dict[str, Any],
    groups: int,
    depthwise: bool,
    layer: Any,
    output: np.ndarray | None,
) -> Case:
    if layer is None or output is None:
        kernel, bias, filters = np.zeros((groups, 1, *options["kernel_size"]), np.float32), None, groups
    else:
        kernel = keras.ops.convert_to_numpy(layer.kernel)
        if depthwise:  # [*spatial, in, multiplier] to [in * multiplier, 1, *spatial]
            kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
        kernel = np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)))
        bias = keras.ops.convert_to_numpy(layer.bias) if options["use_bias"] else None
        filters = kernel.shape[0]
    flat = image.ndim == 2
    asked = {
        "kind": "convolution",
        "input": np.moveaxis(image[None] if flat else image, -1, 0),
        "kernel": kernel,
        "bias": bias,
        "filter": whole(random, 0, filters - 1),
        "groups": groups,
        "setting": {
            "size": ([1] if flat else []) + options["kernel_size"],
            "stride": ([1] if flat else []) + options["strides"],
            "dilation": ([1] if flat else []) + options["dilation_rate"],
            "padding": options["padding"],
            "depthwise": depthwise,
        },
        "cell": [whole(random, 0, 99), whole(random, 0, 99)],
    }
    if output is None:
        return Case(asked, None)
    chosen = np.atleast_2d(output[..., asked["filter"]])
    return Case(asked, {"map": chosen})


def parts_of_cell(asked: dict[str, Any], cell: tuple[int, int], shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Window and products under one output cell by cutting a padded array, in float64."""
    planes, setting = asked["input"].astype(np.float64), asked["setting"]
    kernel = asked["kernel"].astype(np.float64)
    weights = kernel[asked["filter"]].reshape(kernel.shape[1], *setting["size"])
    channels = weights.shape[0]
    first = asked["filter"] // (kernel.shape[0] // asked["groups"]) * channels
    reach = [d * (k - 1) + 1 for k, d in zip(setting["size"], setting["dilation"], strict=True)]
    window = planes[first : first + channels]
    for axis in (0, 1):
        length, stride = planes.shape[1 + axis], setting["stride"][axis]
        pad = [(0, 0)] * 3
        if isinstance(setting["padding"], list):
            pad[1 + axis] = tuple(setting["padding"])
        else:
            missing = {"valid": 0, "causal": reach[axis] - 1, "same": (shape[axis] - 1) * stride + reach[axis] - length}
            total = max(0, missing[setting["padding"]])
            before = total if setting["padding"] == "causal" else total // 2
            pad[1 + axis] = (before, total - before)
        start = cell[axis] * stride
        window = np.take(
            np.pad(window, pad), range(start, start + reach[axis], setting["dilation"][axis]), axis=1 + axis
        )
    products = window * weights
    bias = 0.0 if asked["bias"] is None else float(asked["bias"][asked["filter"]])
    return {
        "window": window,
        "products": products,
        "sums": products.sum(axis=(1, 2)),
        "total": products.sum() + bias,
        "magnitude": np.abs(products).sum() + abs(bias),
    }


# Pooling -------------------------------------------------------------------------------------------------------------


def pooling_case(random: np.random.Generator, pooling: str) -> Case:
    axes = whole(random, 1, 2)
    image = random.normal(size=[whole(random, 1, 15) for _ in range(axes)]).astype(np.float32)
    if random.random() < 0.3:
        image = np.round(image)  # ties
    if random.random() < 0.3:
        image = -np.abs(image) - 1  # a 0 of padding would be the largest
    windows = None
    if random.random() < 0.1:
        size, stride, padding = list(image.shape), [1] * axes, "valid"
    else:
        size = [whole(random, 1, 6) for _ in range(axes)]
        # TensorFlow's gradient of pooling wants windows within the input, as far as they are padded.
        size = [min(each, length) for each, length in zip(size, image.shape, strict=True)]
        stride = [whole(random, 1, 8) for _ in range(axes)]
        padding = str(random.choice(["valid", "same"]))
        windows = {
            "size": ([1] if axes == 1 else []) + size,
            "stride": ([1] if axes == 1 else []) + stride,
            "padding": padding,
        }
    expected = _pooled(pooling, image, size, stride, padding)
    return Case(
        {"kind": "pooling", "input": np.atleast_2d(image)[None], "pooling": pooling, "setting": windows}, expected
    )


def _pooled(pooling: str, image: np.ndarray, size: list[int], stride: list[int], padding: str) -> dict[str, np.ndarray]:
    if pooling in ("strided", "blur"):
        return _pooled_by_matrix(pooling, image, size, stride, padding)
    batch = tf.constant(image[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(batch)
        if pooling == "max":
            output = keras.ops.max_pool(batch, size, stride, padding, data_format="channels_last")
        else:
            square = batch * batch if pooling == "l2" else batch
            output = keras.ops.average_pool(square, size, stride, padding, data_format="channels_last")
            output = tf.sqrt(output) if pooling == "l2" else output
    gradient = tape.gradient(output, batch).numpy()[0, ..., 0]
    # The root of 0 has no slope there; the page takes 0.
    gradient = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
    return {"map": np.atleast_2d(output.numpy()[0, ..., 0]), "gradient": np.atleast_2d(gradient)}


def _pooled_by_matrix(
    pooling: str, image: np.ndarray, size: list[int], stride: list[int], padding: str
) -> dict[str, np.ndarray]:
    """A linear pooling as one matrix an axis; its gradient is the sum over the rows of the transposed ones."""
    matrices = []
    for length, k, s in zip(image.shape, size, stride, strict=True):
        count = -(-length // s) if padding == "same" else (length - k) // s + 1
        before = max(0, (count - 1) * s + k - length) // 2 if padding == "same" else 0
        matrix = np.zeros((count, length))
        weights = np.poly1d([1, 1]) ** (k - 1)
        for row in range(count):
            cells = [(row * s - before + tap, tap) for tap in range(k) if 0 <= row * s - before + tap < length]
            for cell, tap in cells[:1] if pooling == "strided" else cells:
                matrix[row, cell] = 1.0 if pooling == "strided" else weights.coeffs[tap]
        matrices.append(matrix / matrix.sum(axis=1, keepdims=True))
    if len(matrices) == 1:
        matrices.insert(0, np.ones((1, 1)))
    down, across = matrices
    return {
        "map": down @ np.atleast_2d(image).astype(np.float64) @ across.T,
        "gradient": np.outer(down.sum(axis=0), across.sum(axis=0)),
    }


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Case]]:
    random = np.random.default_rng(20)
    kinds = ["Conv1D", "Conv2D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"]
    made = {
        "convolution": [convolution_case(random, kinds[i % len(kinds)]) for i in range(CONVOLUTIONS)]
        + [convolution_case(random, "grouped") for _ in range(GROUPED)],
        "pooling": [
            pooling_case(random, ["max", "max", "average", "l2", "strided", "blur"][i % 6]) for i in range(POOLINGS)
        ],
        "activation": [activation_case(name) for name in ACTIVATIONS],
    }
    ask_page([case for group in made.values() for case in group], tmp_path_factory.mktemp("arithmetic"))
    return made


def activation_case(name: str) -> Case:
    values = np.concatenate([np.linspace(-12, 12, 481), [0.0, -0.0, 1e-6, -1e-6, 40, -40]]).astype(np.float32)
    expected = keras.ops.convert_to_numpy(keras.activations.get(name)(tf.constant(values, tf.float64)))
    return Case({"kind": "activation", "name": name, "input": values}, {"map": expected})


def test_convolution_equals_keras(cases: dict[str, list[Case]]) -> None:
    computed = refused = 0
    for case in cases["convolution"]:
        answer = case.answer
        if case.expected is None:
            assert "error" in answer, f"Keras refuses {case.asked['setting']}, the page does not"
            refused += 1
            continue
        assert "error" not in answer, f"{answer['error']}: {case.asked['setting']}"
        expected = case.expected["map"]
        assert tuple(answer["shape"]) == expected.shape, case.asked["setting"]
        ours = answer["map"].reshape(expected.shape)
        for row, column in np.ndindex(expected.shape):
            parts = parts_of_cell(case.asked, (row, column), expected.shape)
            allowed = 1e-4 * parts["magnitude"]
            assert abs(ours[row, column] - expected[row, column]) <= allowed, (case.asked["setting"], row, column)
        computed += 1
    assert computed >= 300
    assert refused >= 5


def test_products_and_sums_of_a_cell_are_those_of_its_window(cases: dict[str, list[Case]]) -> None:
    checked = 0
    for case in cases["convolution"]:
        if case.expected is None:
            continue
        answer = case.answer
        at = answer["row"], answer["column"]
        parts = parts_of_cell(case.asked, at, case.expected["map"].shape)
        for name in ("window", "products", "sums", "total"):
            np.testing.assert_allclose(answer[name], np.ravel(parts[name]), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(answer["map"].reshape(answer["shape"])[at], parts["total"], rtol=1e-9, atol=1e-9)
        checked += 1
    assert checked >= 300


@pytest.mark.parametrize("pooling", ["max", "average", "l2", "strided", "blur"])
def test_pooling_and_its_gradient_equal_keras(cases: dict[str, list[Case]], pooling: str) -> None:
    chosen = [case for case in cases["pooling"] if case.asked["pooling"] == pooling]
    for case in chosen:
        assert case.expected is not None
        setting, answer = case.asked["setting"], case.answer
        assert "error" not in answer, f"{answer.get('error')}: {setting}"
        expected = case.expected["map"]
        assert tuple(answer["shape"]) == expected.shape, setting
        tolerance = 0 if pooling in ("max", "strided") else 1e-6
        np.testing.assert_allclose(
            answer["map"], expected.ravel(), rtol=tolerance, atol=tolerance, err_msg=str(setting)
        )
        np.testing.assert_allclose(
            answer["gradient"], case.expected["gradient"].ravel(), rtol=1e-5, atol=1e-6, err_msg=str(setting)
        )
        if pooling == "max":
            flat = case.asked["input"].ravel()
            np.testing.assert_array_equal(flat[answer["from"].astype(int)], expected.ravel())
    assert len(chosen) >= 60


def test_cells_that_no_window_reads_receive_no_gradient(cases: dict[str, list[Case]]) -> None:
    left = 0
    for case in cases["pooling"]:
        if case.asked["pooling"] != "average" or case.expected is None:
            continue
        fed = case.expected["gradient"] != 0
        rows, columns = case.answer["never"]
        assert rows == np.flatnonzero(~fed.any(axis=1)).tolist()
        assert columns == np.flatnonzero(~fed.any(axis=0)).tolist()
        left += len(rows) + len(columns)
    assert left > 50


def test_activations_equal_keras(cases: dict[str, list[Case]]) -> None:
    for case in cases["activation"]:
        assert case.expected is not None
        assert "error" not in case.answer, case.answer
        name = case.asked["name"]
        # Keras holds constants such as √2 and 0.2 in float32, also for float64 values.
        np.testing.assert_allclose(case.answer["map"], case.expected["map"], rtol=2e-6, atol=1e-12, err_msg=name)
