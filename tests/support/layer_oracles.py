"""What a log must hold of a network, computed by Keras and numpy: kernels, maps, shapes, counts, receptive fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import keras
import numpy as np
from keras import layers

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.network import geometry, layer_tree
from tb_cnnviz.eventlog.reader import Run

KERNELS = (layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D, layers.DepthwiseConv2D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
CONVOLUTIONS = KERNELS + TRANSPOSED + SEPARABLE


def with_maps(layer: Any) -> bool:
    return isinstance(layer, (*CONVOLUTIONS, layers.Dense)) or "Pooling" in type(layer).__name__


def all_layers(model: Any) -> Iterator[Any]:
    """Every layer that is made of no others."""
    for layer in model._flatten_layers(include_self=False):
        if not layer._layers and not isinstance(layer, layers.InputLayer):
            yield layer


def canonical(layer: Any) -> dict[str, np.ndarray]:
    """Kernels as [out, in/groups, *spatial], filter by filter."""

    def by_filter(kernel: np.ndarray) -> np.ndarray:
        filters = [[kernel[..., i, o] for i in range(kernel.shape[-2])] for o in range(kernel.shape[-1])]
        return np.array(filters)

    def by_channel(kernel: np.ndarray) -> np.ndarray:
        return np.array([[kernel[..., i, m]] for i in range(kernel.shape[-2]) for m in range(kernel.shape[-1])])

    if isinstance(layer, SEPARABLE):
        found = {
            "kernel": by_channel(to_numpy(layer.depthwise_kernel)),
            "pointwise": by_filter(to_numpy(layer.pointwise_kernel)),
        }
    elif isinstance(layer, DEPTHWISE):
        found = {"kernel": by_channel(to_numpy(layer.kernel))}
    elif isinstance(layer, TRANSPOSED):
        found = {"kernel": by_filter(np.swapaxes(to_numpy(layer.kernel), -1, -2))}
    else:
        found = {"kernel": by_filter(to_numpy(layer.kernel))}
    if layer.use_bias:
        found["bias"] = to_numpy(layer.bias)
    return found


def check_kernels(run: Run, model: Any, step: int, most_exact: int = 1 << 20) -> int:
    """Every convolution's kernels as they stand in the log; eight bits where they take more than `most_exact` bytes."""
    named = records(run, model)
    count = 0
    for layer in all_layers(model):
        if not isinstance(layer, CONVOLUTIONS):
            continue
        found = run.read("filters", named[id(layer)].path, step)
        for name, expected in canonical(layer).items():
            assert found[name].shape == expected.shape, (layer.path, name)
            if name == "kernel" and expected.nbytes > most_exact:
                rows = np.abs(expected).reshape(len(expected), -1).max(axis=1)
                error = np.abs(found[name] - expected).reshape(len(expected), -1).max(axis=1)
                assert (error <= rows / 254 * 1.001).all(), layer.path
            else:
                np.testing.assert_array_equal(found[name], expected, layer.path)
        count += 1
    return count


def records(run: Run, model: Any) -> dict[int, Any]:
    """The layer records by the layer's identity: no two layers share one."""
    by_path = {record.path: record for record in run.layers}
    mine = {id(layer) for layer in all_layers(model)}
    found = {id(i.layer): by_path[i.path] for i in layer_tree.leaves(model) if id(i.layer) in mine}
    assert set(found) == mine
    assert len({record.path for record in found.values()}) == len(found)
    return found


def first_calls(model: Any, x: Any, *, training: bool = False) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """First input and first output of each layer's first call, by watching the classes' own __call__.

    By its id. Moving statistics stay as they are.
    """
    seen: dict[int, tuple[Any, Any]] = {}
    mine = {id(layer) for layer in all_layers(model)}
    original = layers.Layer.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if id(self) in mine and id(self) not in seen:
            seen[id(self)] = tuple(keras.tree.flatten(v)[0] for v in ((args, kwargs), result))  # type: ignore[assignment]
        return result

    layers.Layer.__call__ = call
    try:
        with keras.StatelessScope():
            model(keras.tree.map_structure(keras.ops.convert_to_tensor, x), training=training)
    finally:
        layers.Layer.__call__ = original
    return {key: (to_numpy(detached(a)), to_numpy(detached(b))) for key, (a, b) in seen.items()}


def detached(tensor: Any) -> Any:
    return tensor.detach() if hasattr(tensor, "detach") else tensor


def channels_second(array: np.ndarray, layer: Any) -> np.ndarray:
    first = getattr(layer, "data_format", None) == "channels_first"
    return array if first or array.ndim < 3 else np.moveaxis(array, -1, 1)


def check_maps(run: Run, model: Any, x: Any, step: int) -> int:
    """Maps, and their shapes and counts in the model record, against a pass whose layers were watched one by one."""
    named, calls = records(run, model), first_calls(model, x)
    count = 0
    for layer in all_layers(model):
        given, made = calls[id(layer)]
        record = named[id(layer)]
        assert record.output_shape == list(made.shape[1:]), record.path
        assert record.parameters == layer.count_params(), record.path
        if isinstance(layer, (*CONVOLUTIONS, layers.Dense)) and type(layer).__module__.startswith("keras."):
            assert record.multiply_adds == multiplications(layer, given.shape, made.shape), record.path
        if not with_maps(layer):
            continue
        found = run.read("feature_maps", record.path, step)
        expected = channels_second(made, layer)
        assert found["of"] == expected.shape[1], record.path
        images, channels = found["maps"].shape[:2]
        assert channels == min(64, found["of"]), record.path
        kept = expected[:images, :channels]
        scale = np.abs(expected).max() + 1e-6
        np.testing.assert_allclose(found["maps"], kept, atol=scale * (2 / 510 + 1e-4), err_msg=record.path)
        count += 1
    return count


def multiplications(layer: Any, given: Sequence[int], made: Sequence[int]) -> int:
    """Products with a weight, for one image: as if no cell of a window were padding, and none of the result cut off."""
    first = getattr(layer, "data_format", None) == "channels_first"
    if isinstance(layer, layers.Dense):
        return prod(made[1:]) * given[-1]
    channels, out = (given[1], made[1]) if first else (given[-1], made[-1])
    cells_in = prod(given[2:] if first else given[1:-1])
    cells = prod(made[2:] if first else made[1:-1])
    window = prod(layer.kernel_size)
    if isinstance(layer, TRANSPOSED):
        return cells_in * window * channels * out
    if isinstance(layer, DEPTHWISE):
        return cells * window * out
    if isinstance(layer, SEPARABLE):
        middle = channels * layer.depth_multiplier
        return cells * (window * middle + middle * out)
    return cells * window * channels // layer.groups * out


def check_products(layer: Any, shape: tuple[int, ...]) -> None:
    """Count the products of a layer without padding: with ones everywhere, the sum of its outputs is their number."""
    config = {**layer.get_config(), "activation": None, "use_bias": False}
    twin = type(layer).from_config(config)
    twin.build((None, *shape))
    twin.set_weights([np.ones_like(w) for w in twin.get_weights()])
    made = to_numpy(detached(twin(np.ones((1, *shape), np.float32))))
    assert geometry.multiply_adds(twin, shape, made.shape[1:]) == int(made.sum()), layer.name


def check_gradients(run: Run, model: Any, steps: Sequence[int]) -> None:
    assert run.steps("gradients") == list(steps)
    assert [v.path for v in run.model.variables] == [v.path for v in model.trainable_variables]
    assert run.model.parameters == model.count_params()
    sizes = [prod(v.shape) for v in model.trainable_variables]
    for step in steps:
        found = run.read("gradients", None, step)
        assert np.isfinite(found["norm"]).all()
        if np.all(found.get("sampled", 1) == 1):
            assert found["histogram"].sum(axis=1).tolist() == sizes


# Receptive fields.


def positive(model: Any) -> None:
    """Give every kernel positive weights, so that each input cell that can reach an output cell raises it."""
    rng = np.random.default_rng(1)
    for variable in model.variables:
        name = variable.name
        if name.endswith("kernel"):
            fan = prod(variable.shape[:-1])
            variable.assign(rng.uniform(0.5, 1.0, variable.shape).astype(np.float32) / fan)
        elif name in ("bias", "beta"):
            variable.assign(np.zeros(variable.shape, np.float32))


def check_fields(
    functions: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    run: Run,
    shape: tuple[int, ...],
    *,
    unknown: set[str],
    channels_first: bool = False,
    border: int = 0,
) -> int:
    """Each layer's field holds every input position that changes a cell, and away from the borders nothing else.

    Args:
        functions: gives for a batch of inputs each layer's outputs, by its name.
        unknown: names of those whose field must be unknown.
        border: positions at each end where the padding of a layer in between may stand in the place of pixels.

    Returns:
        Of how many layers and axes there were cells far enough from the borders.
    """
    named = {record.name: record for record in run.layers}
    axes = range(1, len(shape)) if channels_first else range(len(shape) - 1)
    base = np.random.default_rng(0).random(shape, dtype=np.float32)
    batch, owners = [base], []
    for place, axis in enumerate(axes):
        for position in range(shape[axis]):
            changed = base.copy()
            np.moveaxis(changed, axis, 0)[position] += 1000.0
            batch.append(changed)
            owners.append((place, position))
    exact = 0
    for name, values in functions(np.stack(batch)).items():
        field = named[name].receptive_field
        if name in unknown:
            assert field is None, name
            continue
        assert field is not None, name
        made = values if channels_first else np.moveaxis(values, -1, 1)
        change = np.abs(made[1:] - made[:1]).max(axis=1) > 1e-5 * np.abs(made[0]).max()
        for place in range(len(axes)):
            mine = [i for i, owner in enumerate(owners) if owner[0] == place]
            others = tuple(1 + a for a in range(len(field.size)) if a != place)
            touched = change[mine].any(axis=others)  # [position, cell]
            exact += _check_axis(name, touched, field, place, border)
    return exact


def _check_axis(name: str, touched: np.ndarray, field: Any, axis: int, border: int) -> bool:
    """Was there a cell far enough from the borders to say that the field is not too large?"""
    size, stride, offset = field.size[axis], field.stride[axis], field.offset[axis]
    length, cells = touched.shape
    early, late = [], []
    for cell in range(cells):
        positions = np.flatnonzero(touched[:, cell])
        start = offset + cell * stride
        stop = start + size - 1
        if positions.size:
            assert start <= positions[0], (name, axis, cell, field, positions)
            assert positions[-1] <= stop, (name, axis, cell, field, positions)
        if start >= border and stop < length - border:
            assert positions.size, (name, axis, cell, field)
            early.append(positions[0] - start)
            late.append(stop - positions[-1])
    # Cells of a transposed convolution do not all read alike: the field is the union over them.
    if len(early) < 2:
        return False
    assert min(early) == 0, (name, axis, field, early)
    assert min(late) == 0, (name, axis, field, late)
    return True


def check_only_wrappers_are_told(run: Run, model: Any) -> None:
    """The log gives nothing up, and names those wrappers that are no layer of the model record themselves."""
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Wrapper)]
    held = {layer.path.split("/")[-1] for layer in run.layers}
    told = [layer.name for layer in layers if layer.name not in held]
    assert [notice.reason.partition(": not listed")[0] for notice in run.notices] == (
        [f"the model record: {', '.join(told)}"] if told else []
    )
