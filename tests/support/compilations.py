"""How often JAX compiles the training step of a fit: `python -m tests.support.compilations` prints it, bare and with us."""

from __future__ import annotations

import json
import logging
import os
import tempfile

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np

import tb_cnnviz


class Compilations(logging.Handler):
    """Counts what JAX says that it compiles by the name `train_step`."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        self.count += message.startswith("Finished XLA compilation") and "train_step" in message


def compilations(callbacks: list[keras.callbacks.Callback]) -> int:
    counter = Compilations()
    logging.getLogger("jax").addHandler(counter)
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    network.compile("adam", "mse")
    x, y = np.zeros((12, 8, 8, 1), np.float32), np.zeros((12, 72), np.float32)
    network.fit(x, y, batch_size=2, epochs=2, verbose=0, callbacks=callbacks)
    logging.getLogger("jax").removeHandler(counter)
    return counter.count


if __name__ == "__main__":
    jax.config.update("jax_log_compiles", True)
    with tempfile.TemporaryDirectory() as folder:
        found = {"bare": compilations([]), "logged": compilations([tb_cnnviz.CNNViz(folder)])}
    print(json.dumps(found))
