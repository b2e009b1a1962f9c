"""Fits without a probe on data that are not all arrays of numbers: what a bare fit trains on, a logged one does, to the same bits."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import tb_cnnviz
from tests.support.case_runner import run_cases
from tests.support.fits import run_of, weights

BACKEND = keras.config.backend()
RNG = np.random.default_rng(3)
X = RNG.random((8, 6, 6, 1), dtype=np.float32)
VECTORS = RNG.random((8, 5), dtype=np.float32) * (RNG.random((8, 5)) < 0.5)
Y = (np.arange(8) % 2).astype(np.int32)
NAMES = np.array([f"{i}.png" for i in range(8)])
#: What a fit on images and labels logs of the probe.
ALL = {"feature_maps", "predictions", "probe", "errors"}


def of_images(**options: Any) -> keras.Model:
    stack = [layers.Input((6, 6, 1)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(2)]
    return compiled(keras.Sequential(stack), **options)


def of_vectors(**form: Any) -> keras.Model:
    return compiled(keras.Sequential([layers.Input((5,), **form), layers.Dense(2, name="dense")]))


def compiled(model: keras.Model, **options: Any) -> keras.Model:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.125), loss, **options)
    return model


class ByName(keras.Model):  # type: ignore[misc]
    """Takes its image and its labels out of dicts that hold more."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = layers.Conv2D(2, 3, name="conv"), layers.Dense(2, name="head")

    def call(self, x: Any) -> Any:
        return self.head(ops.mean(self.conv(x["image"] if isinstance(x, dict) else x), axis=(1, 2)))

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True) -> Any:  # fmt: skip
        return super().compute_loss(x, y["label"] if isinstance(y, dict) else y, y_pred, sample_weight, training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return {"loss": self.metrics[0].result()}


def by_name() -> keras.Model:
    model = ByName()
    model({"image": X})
    return compiled(model, run_eagerly=BACKEND == "jax")


def check(
    folder: Path,
    make: Callable[[], keras.Model],
    data: Callable[[], tuple[Any, ...]],
    kinds: set[str],
    said: str | None = None,
    stored: set[str] | None = None,
) -> None:
    """Whatever a bare fit does, the logged one does; and the log has these kinds and one notice, if it says anything."""
    options: dict[str, Any] = {"verbose": 0, "shuffle": False, "epochs": 1}

    def trained(callbacks: list[Any]) -> keras.Model:
        keras.utils.set_random_seed(1)
        model = make()
        given = data()
        own = {"batch_size": 4} if len(given) > 1 else {}
        model.fit(*given, callbacks=callbacks, **own, **options)
        return model

    bare, refused = None, None
    try:
        bare = trained([])
    except Exception as error:
        refused = error
    if bare is None:  # Keras trains on no such data on this backend
        with pytest.raises(type(refused)):  # type: ignore[arg-type]
            trained([tb_cnnviz.CNNViz(folder, every=1)])
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*tb_cnnviz.*")
        model = trained([tb_cnnviz.CNNViz(folder, every=1)])
    for mine, theirs in zip(weights(model), weights(bare), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    run = run_of(folder)
    assert {"gradients", "losses"} <= set(run.kinds), run.kinds
    assert set(run.kinds) & ALL == kinds, (run.kinds, run.notices)
    notices = [str(notice.reason) for notice in run.notices]
    assert len(notices) == (said is not None), notices
    assert said is None or said in notices[0], notices
    if "batches" in run.kinds:
        record = run.read("batches", None, run.steps("batches")[0])
        assert record["of"] == len(record["names"]) + len(record.get("left_out", [])), record
    found = set(run.read("probe", None, 0)) & {"x", "x_1", "y", "y_1", "display"} if "probe" in run.kinds else set()
    assert stored is None or found == stored, found


def batches(*parts: Any) -> Callable[[], tuple[Any, ...]]:
    """A tf.data.Dataset, which feeds each backend, in batches of four."""
    import tensorflow as tf

    return lambda: (tf.data.Dataset.from_tensor_slices(parts).batch(4),)


def named_labels(folder: Path) -> None:
    """File names beside images and labels: the model runs on the image, and only the errors are missing."""
    both = {"image": X, "file": NAMES}, {"label": Y, "file": NAMES}
    check(
        folder / "both", by_name, batches(*both), ALL - {"errors"}, "file: an array of dtype", {"x_1", "display", "y"}
    )
    objects = {"label": Y, "file": NAMES.astype(object)}
    check(folder / "arrays", by_name, lambda: (X, objects), ALL - {"errors"}, "labels (file", {"x", "display", "y"})

    class Pairs(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, i: int) -> Any:
            own = slice(4 * i, 4 * i + 4)
            return X[own], {"label": Y[own], "file": ops.convert_to_tensor(NAMES[own])}

    check(folder / "dataset", by_name, lambda: (Pairs(),), ALL - {"errors"}, "labels (file", {"x", "display", "y"})


def text(folder: Path) -> None:
    """Of several inputs the one that can be stored is; and a model of text alone has its maps and errors."""

    def beside_an_image() -> keras.Model:
        a, t = layers.Input((6, 6, 1), name="image"), layers.Input((), dtype="string", name="text")
        known = layers.StringLookup(vocabulary=list(NAMES[:4]), output_mode="one_hot")(t)
        h = layers.Concatenate()([layers.Flatten()(layers.Conv2D(2, 3, name="conv")(a)), known])
        return compiled(keras.Model({"image": a, "text": t}, layers.Dense(2)(h)))

    def alone() -> keras.Model:
        t = layers.Input((), dtype="string")
        words = layers.TextVectorization(vocabulary=["a", "b"], output_mode="multi_hot", standardize=None)(t)
        return compiled(keras.Model(t, layers.Dense(2)(words)))

    both = {"image": X, "text": NAMES}
    check(folder / "both", beside_an_image, batches(both, Y), ALL, "inputs (an array of dtype string)", {"x", "display", "y"})  # fmt: skip
    check(folder / "alone", alone, batches(np.array(list("abababab")), Y), ALL, "inputs (an array of dtype string)", {"y"})  # fmt: skip


def ragged(folder: Path) -> None:
    import tensorflow as tf

    rows = tf.ragged.constant([[[float(i), 1.0]] * (1 + i % 3) for i in range(8)], ragged_rank=1)

    class Mean(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.head = layers.Dense(2, name="head")

        def call(self, x: Any) -> Any:
            return self.head((tf.reduce_mean if BACKEND == "tensorflow" else ops.mean)(x, axis=1))

    def mean() -> keras.Model:
        model = Mean()
        model(rows[:2] if BACKEND == "tensorflow" else np.ones((2, 3, 2), np.float32))
        return compiled(model)

    is_ragged = BACKEND == "tensorflow"  # the others get it padded
    said = "inputs (a ragged tensor of dtype float32)" if is_ragged else None
    check(folder, mean, lambda: (rows, Y), ALL, said, {"y"} if is_ragged else {"x", "display", "y"})


def sparse(folder: Path) -> None:
    import scipy.sparse
    import tensorflow as tf

    is_known = BACKEND != "torch"
    matrix = scipy.sparse.csr_matrix(VECTORS)
    check(folder / "scipy", lambda: of_vectors(sparse=is_known), lambda: (matrix, Y), ALL, None, {"x", "y"})
    if is_known:
        check(folder / "tf", lambda: of_vectors(sparse=True), lambda: (tf.sparse.from_dense(VECTORS), Y), ALL, None, {"x", "y"})  # fmt: skip


def other_numbers(folder: Path) -> None:
    """Numbers that numpy has no name for, or that a log has no dtype for."""
    import tensorflow as tf

    class Absolute(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.head = layers.Dense(2, name="head")

        def call(self, x: Any) -> Any:
            return self.head(tf.abs(x) if BACKEND == "tensorflow" else ops.abs(x))

    complexes = VECTORS.astype(np.complex64)

    def absolute() -> keras.Model:
        model = Absolute()
        model(ops.convert_to_tensor(complexes))
        return compiled(model)

    stored = {"x", "y", "display"}
    check(folder / "complex", absolute, lambda: (complexes, Y), ALL, "inputs (an array of dtype complex64)", {"y"})
    check(folder / "bool", of_images, lambda: (X > 0.5, Y), ALL, None, stored)
    check(folder / "bfloat16", of_images, batches(tf.cast(X, "bfloat16"), Y), ALL, None, stored)
    check(folder / "weighted", of_images, batches(X, Y, np.ones(8, np.float32)), ALL, None, stored)


def nothing_to_run(folder: Path) -> None:
    """A first batch without images, or that only the model's own train_step understands."""

    def one(own: slice) -> Any:
        return X[own], Y[own]

    def generator() -> Iterator[Any]:
        yield one(slice(0, 4))
        yield one(slice(4, 8))

    check(folder / "generator", of_images, lambda: (generator(),), ALL, None, {"x", "y", "display"})

    class Four(ByName):
        def train_step(self, *arguments: Any) -> Any:
            *state, (x, y, _, _name) = arguments
            return super().train_step(*state, (x, y))

    def four() -> keras.Model:
        model = Four()
        model(X)
        return compiled(model)

    data = batches(X, Y, np.ones(8, np.float32), np.arange(8))
    check(
        folder / "four", four, data, ALL, "batches: not recorded, since a batch is not made of x", {"x", "y", "display"}
    )


UNUSUAL_DATA_CASES: dict[str, Callable[[Path], None]] = {
    "data: named labels": named_labels,
    "data: text": text,
    "data: ragged": ragged,
    "data: sparse": sparse,
    "data: other numbers": other_numbers,
    "data: unusual batches": nothing_to_run,
}


if __name__ == "__main__":
    run_cases(UNUSUAL_DATA_CASES, Path(sys.argv[1]), sys.argv[2:])
