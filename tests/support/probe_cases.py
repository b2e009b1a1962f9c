"""Probes of every form in a real fit: what is logged is what was given, and what does not fit is refused at its start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tests.support.fits import run_of

RNG = np.random.default_rng(8)
X = RNG.random((8, 6, 5, 3), dtype=np.float32)
BYTES = RNG.integers(0, 256, X.shape).astype(np.uint8)
OTHER = RNG.random((8, 4), dtype=np.float32)
Y = np.arange(8, dtype=np.int32) % 2


def one_input(shape: tuple[int, ...] = X.shape[1:], **form: Any) -> keras.Model:
    model = keras.Sequential([layers.Input(shape), layers.Conv2D(2, 3, name="conv", **form), layers.Flatten(), layers.Dense(2)])  # fmt: skip
    return compiled(model)


def two_inputs(*, by_name: bool) -> keras.Model:
    a, b = layers.Input(X.shape[1:], name="a"), layers.Input(OTHER.shape[1:], name="b")
    h = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3, name="conv")(a)), b])
    return compiled(keras.Model({"a": a, "b": b} if by_name else [a, b], layers.Dense(2)(h)))


def compiled(model: keras.Model) -> keras.Model:
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    return model


def logged(folder: Path, model: Any, probe: Any, data: Any, y: Any = Y) -> Any:
    """Fit one step with this probe: the run."""
    arguments = (data,) if y is None else (data, y)
    options = {} if y is None else {"batch_size": 8}
    model.fit(*arguments, verbose=0, shuffle=False, callbacks=[tb_cnnviz.CNNViz(folder, probe, every=1)], **options)
    run = run_of(folder)
    unlabelled = [n for n in run.notices if "labels" not in str(n.reason)]
    assert unlabelled == [], run.notices
    return run


def check(folder: Path, model: Any, probe: Any, data: Any, expected: Any, labels: Any = None, y: Any = Y) -> None:
    """The probe as logged, and its prediction at the end against the trained model's own."""
    run = logged(folder, model, probe, data, y)
    found = run.read("probe", None, 0)
    for i, array in enumerate(keras.tree.flatten(expected)):
        logged_array = found["x" if i == 0 else f"x_{i}"]
        assert logged_array.dtype == array.dtype
        np.testing.assert_array_equal(logged_array, array)
    assert ("y" in found) == (labels is not None)
    if labels is not None:
        np.testing.assert_array_equal(found["y"], labels)
    predicted = model(keras.tree.map_structure(ops.convert_to_tensor, expected), training=False)
    predicted = to_numpy(predicted.detach() if hasattr(predicted, "detach") else predicted)
    last = run.steps("predictions")[-1]
    np.testing.assert_allclose(run.read("predictions", None, last)["y_pred"], predicted, rtol=1e-4, atol=1e-5)


def arrays(folder: Path) -> None:
    check(folder / "float", one_input(), X[:3], X, X[:3])
    check(folder / "double", one_input(), X[:3].astype(np.float64), X, X[:3])
    check(folder / "bytes", one_input(), BYTES[:3], X, BYTES[:3])
    check(folder / "labelled", one_input(), (X[:3], Y[:3]), X, X[:3], Y[:3])
    check(folder / "tensor", one_input(), ops.convert_to_tensor(X[:3]), X, X[:3])
    pair = (ops.convert_to_tensor(BYTES[:3]), ops.convert_to_tensor(Y[:3]))
    check(folder / "tensors", one_input(), pair, X, BYTES[:3], Y[:3])


def first_batch(folder: Path) -> None:
    check(folder / "arrays", one_input(), None, X, X, Y)
    check(folder / "bytes", one_input(), None, BYTES, BYTES, Y)

    def generator() -> Iterator[Any]:
        yield from [(X[:4], Y[:4]), (X[4:], Y[4:])]

    check(folder / "generator", one_input(), None, generator(), X[:4], Y[:4], y=None)
    check(folder / "given", one_input(), X[5:7], generator(), X[5:7], y=None)
    import tensorflow as tf  # its datasets feed each backend

    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)
    check(folder / "dataset", one_input(), None, data, X[:4], Y[:4], y=None)
    both = {"a": X, "b": OTHER}
    check(folder / "two", two_inputs(by_name=True), None, both, both, Y)


def several_inputs(folder: Path) -> None:
    ours, named = [X[:3], OTHER[:3]], {"a": X[:3], "b": OTHER[:3]}
    check(folder / "list", two_inputs(by_name=False), ours, [X, OTHER], ours)
    check(folder / "tuple", two_inputs(by_name=False), tuple(ours), [X, OTHER], ours)
    check(folder / "labelled", two_inputs(by_name=False), (ours, Y[:3]), [X, OTHER], ours, Y[:3])
    check(folder / "dict", two_inputs(by_name=True), named, {"a": X, "b": OTHER}, named)
    check(folder / "labelled dict", two_inputs(by_name=True), (named, Y[:3]), {"a": X, "b": OTHER}, named, Y[:3])


def of_channels_first(folder: Path) -> None:
    first = np.ascontiguousarray(np.moveaxis(X, -1, 1))
    model = keras.Sequential([layers.Input(first.shape[1:]), layers.Permute((2, 3, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])  # fmt: skip
    check(folder, compiled(model), first[:3], first, first[:3])
    shown = run_of(folder).read("probe", None, 0)["display"]
    assert shown.shape == X[:3].shape
    lo, hi = X[:3].min(), X[:3].max()
    np.testing.assert_allclose(shown, (X[:3] - lo) / (hi - lo) * 255, atol=0.51)


def as_fit_takes_its_data(folder: Path) -> None:
    """Whatever `predict` takes the probe takes, and its predictions are those; labels of one axis have errors."""
    import pandas
    import scipy.sparse
    import tensorflow as tf
    import torch

    def look(model: Any, probe: Any, data: Any, oracle: Any, stored: Any = None, **options: Any) -> Any:
        place = folder / str(len(list(folder.iterdir())) if folder.exists() else 0)
        off = dict.fromkeys(("filters", "gradients", "activations", "losses"), False)
        callback = tb_cnnviz.CNNViz(place, probe, every=1, **off)
        model.fit(data, Y, batch_size=8, verbose=0, shuffle=False, callbacks=[callback])
        run = run_of(place)
        last = run.steps("predictions")[-1]
        predicted = model.predict(oracle, verbose=0)
        np.testing.assert_allclose(run.read("predictions", None, last)["y_pred"], predicted, rtol=1e-4, atol=1e-5)
        if stored is not None:
            np.testing.assert_array_equal(run.read("probe", None, 0)["x"], stored)
        return run

    grey = X[..., :1]
    run = look(one_input((6, 5, 1)), (grey[:3, ..., 0], Y[:3]), grey, grey[:3, ..., 0], grey[:3])
    assert run.steps("errors") == [0, 1]
    look(one_input((6, 5, 1)), grey[:3, ..., None], grey, grey[:3, ..., None], grey[:3])
    assert look(one_input(), (list(X[:3]), list(Y[:3])), X, X[:3], X[:3]).steps("errors") == [0, 1]
    look(one_input(), [X[:3]], X, [X[:3]], X[:3])
    look(one_input(), X[:3].tolist(), X, X[:3], X[:3])
    look(one_input(), (torch.tensor(X[:3], requires_grad=True), torch.tensor(Y[:3])), X, X[:3], X[:3])
    look(one_input(), (tf.constant(X[:3]), pandas.Series(Y[:3])), X, X[:3], X[:3])
    more = {"a": X[:3], "b": OTHER[:3], "id": np.arange(3)}
    run = look(two_inputs(by_name=True), (more, Y[:3]), {"a": X, "b": OTHER}, more, X[:3])
    assert set(run.read("probe", None, 0)) & {"x", "x_1", "x_2"} == {"x", "x_1"}
    look(two_inputs(by_name=False), more, [X, OTHER], more, X[:3])

    def table() -> keras.Model:
        return compiled(keras.Sequential([layers.Input((4,)), layers.Dense(2)]))

    frame = pandas.DataFrame(OTHER[:3].astype(np.float64))
    look(table(), (frame, pandas.DataFrame(Y[:3])), OTHER, frame, OTHER[:3])
    look(table(), scipy.sparse.csr_matrix(OTHER[:3]), OTHER, OTHER[:3], OTHER[:3])

    class Free(keras.Model):  # type: ignore[misc]
        """Takes images of any size."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = layers.Conv2D(2, 3), layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.head(ops.mean(self.conv(x), axis=(1, 2)))

    larger = RNG.random((2, 9, 9, 3), dtype=np.float32)
    look(compiled(Free()), larger, X, larger, larger)


def refused(folder: Path) -> None:
    """Before the first step, with both shapes in the message, and with nothing left on the model."""

    def fit(model: Any, probe: Any, data: Any, words: list[str]) -> None:
        before = [to_numpy(v) for v in model.variables]
        with pytest.raises(ValueError, match="probe: ") as raised:
            model.fit(data, Y, verbose=0, callbacks=[tb_cnnviz.CNNViz(folder / str(len(list(folder.parent.iterdir()))), probe)])  # fmt: skip
        assert all(word in str(raised.value) for word in words), str(raised.value)
        for variable, value in zip(model.variables if before else [], before, strict=True):
            np.testing.assert_array_equal(to_numpy(variable), value)
        assert "call" not in vars(model.layers[0])

    takes = "(any, 6, 5, 3)"
    fit(one_input(), np.zeros((2, 9, 9, 3), np.float32), X, ["(2, 9, 9, 3)", takes])
    fit(one_input(), np.zeros((6, 5, 3), np.float32), X, ["(6, 5, 3)", takes])
    fit(one_input(), np.moveaxis(X, -1, 1), X, ["(8, 3, 6, 5)", takes])
    fit(one_input(), [X, X], X, ["2 inputs", takes])
    fit(one_input(), np.full(X.shape, "a"), X, ["dtype", "accepted are numbers"])
    fit(one_input(), (X, np.full(8, "a")), X, ["dtype", "accepted are numbers"])
    fit(one_input(), (X[:3], Y[:2]), X, ["(3, 6, 5, 3)", "(2)"])
    two = {"a": X, "b": OTHER}
    fit(two_inputs(by_name=True), {"a": X, "b": OTHER[:, :3]}, two, ["(8, 3)", "(any, 4)"])
    fit(two_inputs(by_name=True), {"a": X, "c": OTHER}, two, ["c", "a, b"])
    fit(two_inputs(by_name=True), {"a": X}, two, ["a given", "a, b", "Keras"])
    fit(two_inputs(by_name=True), X, two, ["1 inputs", "(any, 4)"])

    class Free(keras.Model):  # type: ignore[misc]
        """Learns only from the first batch what it takes."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = layers.Conv2D(2, 3), layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.head(ops.mean(self.conv(x), axis=(1, 2)))

    fit(compiled(Free()), np.zeros((2, 9, 9, 4), np.float32), X, ["(2, 9, 9, 4)", takes])


PROBE_CASES: dict[str, Callable[[Path], None]] = {
    "probe: arrays": arrays,
    "probe: first batch": first_batch,
    "probe: several inputs": several_inputs,
    "probe: channels first": of_channels_first,
    "probe: as fit takes its data": as_fit_takes_its_data,
    "probe: refused": refused,
}
