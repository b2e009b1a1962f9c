"""Fits without a probe on data that are not all arrays of numbers: what a bare fit trains on, a logged one does, to the same bits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

import tb_cnnviz
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

    try:
        bare = trained([])
    except Exception as error:
        try:
            trained([tb_cnnviz.CNNViz(folder, every=1)])
        except Exception as found:
            assert type(found) is type(error), (found, error)
            return
        raise AssertionError("a bare fit raised, the logged one did not") from error
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
    if stored is not None:
        assert set(run.read("probe", None, 0)) & {"x", "x_1", "y", "y_1", "display"} == stored
