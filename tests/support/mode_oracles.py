"""Gradients and updates of each step by a second way, on whichever backend runs: autodiff, and the weights' change."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tb_cnnviz.capture.backends.host import to_numpy
from tests.support.fits import weights

STEPS, BATCH = 8, 8


def show_weights(model: Any) -> None:
    """Let the host read the weights between two steps: on JAX fit holds them itself."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


class Oracle(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the trainable weights before the first step and after each, and each batch's gradients by autodiff.

    Args:
        data: (x, y) or (x, y, sample weights) of all batches, in order; None for no autodiff.
    """

    def __init__(self, data: tuple[np.ndarray, ...] | None = None) -> None:
        super().__init__()
        self.data = data
        self.seen: list[list[np.ndarray]] = []
        self.gradients: list[list[np.ndarray]] = []
        self.batches = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append([w.copy() for w in weights(self.model)])

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self.data is not None:
            show_weights(self.model)
            here = slice(BATCH * self.batches, BATCH * (self.batches + 1))
            self.gradients.append(autodiff(self.model, *(a[here] for a in self.data)))
            self.batches += 1

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        show_weights(self.model)
        self.seen.append([w.copy() for w in weights(self.model)])

    def changes(self) -> list[list[np.ndarray]]:
        """For each batch and variable the weights' change, in float64."""
        return [
            [after.astype(np.float64) - before for before, after in zip(old, new, strict=True)]
            for old, new in zip(self.seen, self.seen[1:], strict=False)
        ]


def autodiff(model: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> list[np.ndarray]:
    """The gradient of the compiled loss by every trainable variable, written anew for each backend."""
    return {"tensorflow": _by_tape, "torch": _by_autograd, "jax": _by_grad}[keras.config.backend()](model, x, y, weight)


def _by_tape(model: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> list[np.ndarray]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = model.loss(y, model(x, training=True), weight)
    return [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, model.trainable_variables)]


def _by_autograd(model: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> list[np.ndarray]:
    import torch

    loss = model.loss(y, model(x, training=True), weight)
    return [g.numpy() for g in torch.autograd.grad(loss, [v.value for v in model.trainable_variables])]


def _by_grad(model: Any, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> list[np.ndarray]:
    import jax

    fixed = [v.value for v in model.non_trainable_variables]

    def loss(trainable: list[Any]) -> Any:
        predicted, _ = model.stateless_call(trainable, fixed, x, training=True)
        return model.loss(y, predicted, weight)

    return [to_numpy(g) for g in jax.grad(loss)([v.value for v in model.trainable_variables])]
