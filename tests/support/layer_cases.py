"""Every kind of layer, network and probe, on the backend in KERAS_BACKEND.

`python -m tests.support.layer_cases RESULTS.json` runs all cases.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support import layer_networks as networks
from tests.support import layer_oracles as oracles
from tests.support.case_runner import run_cases
from tests.support.drawn_graphs import check_drawn
from tests.support.fits import identical, run_of
from tests.support.probe_cases import PROBE_CASES
from tests.support.recurrent_cases import RECURRENT_CASES
from tests.support.torch_module_cases import TORCH_MODULE_CASES
from tests.support.unusual_data_cases import UNUSUAL_DATA_CASES

#: Layers whose output cells see no window of the input, or windows that are not all alike.
WITHOUT_FIELD = {"twice", "centre", "uneven"}


def labels_of(model: Any, x: Any) -> Any:
    outputs = model(keras.tree.map_structure(ops.convert_to_tensor, x), training=False)
    rng = np.random.default_rng(2)
    return keras.tree.map_structure(lambda t: rng.random(tuple(t.shape), dtype=np.float32), outputs)


def fitted(folder: Path, maker: Callable[[], networks.Made], *, bare: bool = False, **options: Any) -> tuple[Any, Any]:
    """Train two steps with everything logged; the log is checked, and with `bare` the weights are those without us."""
    twins = []
    for is_bare in (True, False) if bare else (False,):
        callbacks = [] if is_bare else [tb_cnnviz.CNNViz(folder, every=1, errors=False)]
        keras.utils.set_random_seed(3)
        model, x = maker()
        y = labels_of(model, x)
        model.compile(keras.optimizers.SGD(0.01), "mse", **options)
        model.fit(x, y, batch_size=2, shuffle=False, verbose=0, callbacks=callbacks)
        twins.append(model)
    assert not bare or identical(*twins), "the weights are not the same bits as without the callback"
    run = run_of(folder)
    oracles.check_only_wrappers_are_told(run, twins[-1])
    probe = keras.tree.map_structure(lambda a: a[:2], x)
    oracles.check_gradients(run, twins[-1], [0, 1])
    assert oracles.check_kernels(run, twins[-1], 2) > 0
    assert oracles.check_maps(run, twins[-1], probe, 2) > 0
    return twins[-1], x


def outputs_by_name(model: Any) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """All layers of a Functional model that give maps, by their names."""
    wanted = {layer.name: layer.output for layer in model.layers if len(layer.output.shape) > 2 and not layer._layers}
    every = keras.Model(model.inputs, list(wanted.values()))

    def run(x: np.ndarray) -> dict[str, np.ndarray]:
        values = every(ops.convert_to_tensor(x), training=False)
        return {name: to_numpy(oracles.detached(v)) for name, v in zip(wanted, values, strict=True)}

    return run


def of_kinds(maker: Callable[[], networks.Made], *, exact: int, bare: bool = False) -> Callable[[Path], None]:
    def case(folder: Path) -> None:
        model, x = fitted(folder, maker, bare=bare)
        run = run_of(folder)
        oracles.positive(model)
        unknown = {layer.name for layer in run.layers if layer.name in WITHOUT_FIELD}
        found = oracles.check_fields(outputs_by_name(model), run, x.shape[1:], unknown=unknown, border=2)
        assert found >= exact, found

    return case


def products(folder: Path) -> None:
    for maker in (networks.line, networks.image, networks.cube):
        model, _ = maker()
        for layer in model.layers:
            is_plain = isinstance(layer, oracles.CONVOLUTIONS) and type(layer).__module__.startswith("keras.")
            # Of a separable layer the ones of its two kernels multiply each other.
            if is_plain and layer.padding == "valid" and not isinstance(layer, oracles.SEPARABLE):
                oracles.check_products(layer, tuple(layer.input.shape[1:]))


def poolings_are_named(folder: Path) -> None:
    model, x = networks.image()
    tb_cnnviz.snapshot(model, folder, x)
    named = {layer.name: layer for layer in run_of(folder).layers}
    assert (named["even"].role, named["even"].pool) == ("pooling", "average")
    before = model.get_layer("even").input.shape[1:3]
    assert named["even"].kernel_size == named["even"].strides == [before[0] // 2, before[1] // 4]
    assert (named["uneven"].role, named["uneven"].pool, named["uneven"].kernel_size) == ("other", None, None)
    assert (named["top"].role, named["top"].pool, named["top"].kernel_size) == ("pooling", "max", None)
    assert named["twice"].multiply_adds is None
    assert named["scale"].receptive_field == named["norm"].receptive_field
    assert named["extended"].receptive_field is not None


def channels_first(folder: Path) -> None:
    options = {"jit_compile": True} if keras.config.backend() == "tensorflow" else {}
    keras.utils.set_random_seed(3)
    if options:  # without XLA TensorFlow's convolutions on a CPU take channels last only: no pass layer by layer
        model, x = networks.channels_first()
        y = np.zeros((4, 3), np.float32)
        model.compile("sgd", "mse", **options)
        model.fit(x, y, batch_size=2, verbose=0, callbacks=[tb_cnnviz.CNNViz(folder, every=1, errors=False)])
        run = run_of(folder)
        assert run.notices == [], run.notices
        oracles.check_gradients(run, model, [0, 1])
        assert oracles.check_kernels(run, model, 2) == 5
        return
    model, x = fitted(folder, networks.channels_first)
    run = run_of(folder)
    oracles.positive(model)
    every = outputs_by_name(model)
    assert oracles.check_fields(every, run, x.shape[1:], unknown=set(), channels_first=True, border=2) >= 2


def u_shaped(folder: Path) -> None:
    model, _ = fitted(folder, networks.u_shaped, bare=True)
    run = run_of(folder)
    named = {layer.name: layer for layer in run.layers}
    assert set(named["skip_1"].inbound) == {"up_1", "middle_2"}
    assert set(named["skip_2"].inbound) == {"up_2", "top_2"}
    oracles.positive(model)
    oracles.check_fields(outputs_by_name(model), run, (20, 16, 3), unknown=set(), border=2)
    # Far from its borders a larger image shows that the field of the last layer is no larger than it must be.
    size = max(named["mask"].receptive_field.size)
    shape = (2 * size // 4 * 4, 4, 3)
    wide, _ = networks.u_shaped(*shape)
    wide.set_weights(model.get_weights())
    base = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    rows = np.repeat(base, shape[0] + 1, axis=0)
    for i in range(shape[0]):
        rows[i, i] += 1000
    made = wide.predict(rows, verbose=0, batch_size=len(rows))
    changed = (np.abs(made[:-1] - made[-1:]) > 1e-6 * np.abs(made[-1])).any(axis=(2, 3))
    field = named["mask"].receptive_field
    spans = [np.flatnonzero(changed[:, cell]) - cell * field.stride[0] for cell in range(size - 8, size + 8)]
    assert min(s[0] for s in spans) == field.offset[0], (field, spans)
    assert max(s[-1] for s in spans) == field.offset[0] + field.size[0] - 1, (field, spans)


def nested(folder: Path) -> None:
    model, _ = fitted(folder, networks.nested, bare=True)
    run = run_of(folder)
    inbound = {layer.path: set(layer.inbound) for layer in run.layers}
    paths = {id(layer): oracles.records(run, model)[id(layer)].path for layer in oracles.all_layers(model)}
    block, middle = model.get_layer("block"), model.get_layer("middle")
    inner, relu = paths[id(middle.layers[0].layers[1])], paths[id(middle.layers[1])]
    assert inbound[inner] == {"conv"}
    assert inbound[relu] == {inner}
    assert inbound["shared"] == {relu}  # of its first call
    gate, conv = paths[id(block.gate)], paths[id(block.conv)]
    assert inbound[gate] == {"shared"}
    assert inbound["map"] == {conv, gate}
    frozen = next(layer for layer in run.layers if layer.path == "conv")
    assert not frozen.trainable
    assert not any(v.layer == "conv" for v in run.model.variables)
    kernels = [run.read("filters", "conv", step)["kernel"] for step in (0, 2)]
    np.testing.assert_array_equal(*kernels)


def subclassed(folder: Path) -> None:
    model, x = fitted(folder, networks.subclassed)
    run = run_of(folder)
    check_subclassed(run, model, x)


def subclassed_eager(folder: Path) -> None:
    model, x = fitted(folder, networks.subclassed, run_eagerly=True)
    check_subclassed(run_of(folder), model, x)


def check_subclassed(run: Run, model: Any, x: np.ndarray) -> None:
    names = {layer.path: layer.name for layer in run.layers}
    reads = {layer.name: {names[path] for path in layer.inbound} for layer in run.layers}
    assert {name: reads[name] for name in networks.READS} == networks.READS
    oracles.positive(model)

    def every(batch: np.ndarray) -> dict[str, np.ndarray]:
        made = {}
        h = made["stem"] = model.stem(ops.convert_to_tensor(batch) / 2 - 0.1)
        made["left"], made["right"] = model.left(h[..., :2]), model.right(h)
        both = ops.concatenate([made["left"], made["right"]], axis=-1)  # without tanh, which hides what it saturates
        made["joined"] = model.joined(both * 0.5 + h)
        made |= dict.fromkeys(("centred", "turned"), made["joined"])
        return {name: to_numpy(oracles.detached(v)) for name, v in made.items()}

    unknown = networks.WITHOUT_FIELD
    assert oracles.check_fields(every, run, x.shape[1:], unknown=unknown, border=1) >= 6
    assert next(layer for layer in run.layers if layer.name == "head").receptive_field is None


def never_fails(folder: Path) -> None:
    """Layers that look at values, loop, or call each other through a recurrent cell: what is not known is None."""

    class Strange(layers.Layer):  # type: ignore[misc]
        padding = kernel_size = strides = property(lambda self: 1 / 0)

        def call(self, x: Any) -> Any:
            return ops.fori_loop(0, 2, lambda i, h: h * 0.5, x)

    inputs = layers.Input((6, 8, 3))
    h = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    h = Strange(name="strange")(h)
    h = layers.ConvLSTM1D(2, 3, padding="same", return_sequences=True, name="recurrent")(h)
    h = layers.TimeDistributed(layers.Conv1D(3, 3, name="timed"), name="times")(h)
    h = layers.MultiHeadAttention(1, 2, name="attention")(h, h)
    model = keras.Model(inputs, layers.Dense(2, name="head")(layers.Flatten(name="flat")(h)))
    y = np.zeros((4, 2), np.float32)
    model.compile("sgd", "mse")
    model.fit(networks.images(6, 8, 3), y, verbose=0, callbacks=[tb_cnnviz.CNNViz(folder, every=1, errors=False)])
    run = run_of(folder)
    named = {layer.name: layer for layer in run.layers}
    assert named["conv"].receptive_field is not None
    assert all(named[name].receptive_field is None for name in ("head", "timed"))
    np.testing.assert_array_equal(
        run.read("filters", "conv", 1)["kernel"], oracles.canonical(model.get_layer("conv"))["kernel"]
    )


CASES: dict[str, Callable[[Path], None]] = {
    "layers of lines": of_kinds(networks.line, exact=6),
    "layers of images": of_kinds(networks.image, exact=16, bare=True),
    "layers of volumes": of_kinds(networks.cube, exact=6),
    "channels first": channels_first,
    "products": products,
    "poolings": poolings_are_named,
    "U-Net": u_shaped,
    "nested": nested,
    "subclassed": subclassed,
    "subclassed, eager": subclassed_eager,
    "never fails": never_fails,
    **{f"drawn graph {seed}": lambda folder, seed=seed: check_drawn(seed, folder) for seed in range(4)},
    **RECURRENT_CASES,
    **TORCH_MODULE_CASES,
    **PROBE_CASES,
    **UNUSUAL_DATA_CASES,
}


if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
