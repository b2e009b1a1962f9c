"""A train_step of a user's own for each backend: plain SGD's, the loss given to Keras' metric."""

from __future__ import annotations

from typing import Any

import keras


def own_step(network: keras.Model) -> keras.Model:
    """The same layers in a model with a train_step of its own."""
    kind = {"tensorflow": OwnOnTensorFlow, "torch": OwnOnTorch, "jax": OwnOnJax}[keras.config.backend()]
    return kind(network.inputs, network.outputs)


class OwnOnTensorFlow(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> dict[str, Any]:
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self._loss_tracker.update_state(loss)
        return {"loss": self._loss_tracker.result()}


class OwnOnTorch(keras.Model):  # type: ignore[misc]
    def train_step(self, data: Any) -> dict[str, Any]:
        import torch

        x, y = data
        self.zero_grad()
        loss = self.compute_loss(x, y, self(x, training=True))
        loss.backward()
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in self.trainable_variables], self.trainable_variables)
        self._loss_tracker.update_state(loss)
        return {"loss": self._loss_tracker.result()}


class OwnOnJax(keras.Model):  # type: ignore[misc]
    def loss_of(self, trainable: Any, fixed: Any, x: Any, y: Any) -> Any:
        predicted, fixed = self.stateless_call(trainable, fixed, x, training=True)
        return self.compute_loss(x, y, predicted), fixed

    def train_step(self, state: Any, data: Any) -> Any:
        import jax

        trainable, fixed, optimizer, metrics = state
        x, y = data
        (loss, fixed), gradients = jax.value_and_grad(self.loss_of, has_aux=True)(trainable, fixed, x, y)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        logs, kept, place = {}, [], 0
        for metric in self.metrics:
            values = metrics[place : place + len(metric.variables)]
            place += len(metric.variables)
            if metric.name == "loss":
                values = metric.stateless_update_state(values, loss)
                logs["loss"] = metric.stateless_result(values)
            kept += values
        return logs, (trainable, fixed, optimizer, kept)
