"""How often TensorFlow traces the training step of a fit, bare and with us: `python -m tests.support.traces` prints it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

import tb_cnnviz


class Counted(keras.layers.Layer):  # type: ignore[misc]
    """Counts its calls while a training step is traced."""

    calls = 0

    def call(self, x: Any, training: bool = False) -> Any:
        Counted.calls += bool(training)
        return x


def fitted(callbacks: list[keras.callbacks.Callback]) -> dict[str, Any]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Conv2D(4, 3, activation="relu"), Counted(), keras.layers.Flatten(), keras.layers.Dense(4)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    x, y = np.random.default_rng(0).random((32, 8, 8, 3), dtype=np.float32), np.arange(32) % 4
    Counted.calls = 0
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False, callbacks=callbacks)
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    bits = hashlib.sha256(b"".join(np.asarray(v).tobytes() for v in variables)).hexdigest()
    return {"traces": Counted.calls, "variables": [(v.path, list(v.shape)) for v in variables], "bits": bits}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = {"bare": fitted([]), "logged": fitted([tb_cnnviz.CNNViz(folder)])}
    print(json.dumps(found))
