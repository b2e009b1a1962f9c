"""JAX: a step that is compiled beside training. `python -m tests.support.later_cases` prints what held, as JSON."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

import tb_cnnviz
from tb_cnnviz.capture.in_step import step as training_step

EPOCHS, BATCH = 12, 16
IMAGES = np.random.default_rng(0).random((40, 8, 8, 3), dtype=np.float32)  # the last batch is smaller
LABELS = np.arange(40) % 4


class Pause(keras.callbacks.Callback):
    """Time for XLA."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        time.sleep(self.seconds)


def network() -> keras.Model:
    keras.utils.set_random_seed(3)
    layers = [
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3),
        keras.layers.Flatten(),
        keras.layers.Dense(4),
    ]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def fitted(callbacks: list[keras.callbacks.Callback], epochs: int = EPOCHS) -> list[np.ndarray]:
    model = network()
    model.fit(IMAGES, LABELS, batch_size=BATCH, epochs=epochs, verbose=0, shuffle=False, callbacks=callbacks)
    return list(model.get_weights())


def logged(folder: str, *, pause: float = 0.0, epochs: int = EPOCHS, **arguments: Any) -> tuple[list[np.ndarray], Any]:
    callback = tb_cnnviz.CNNViz(folder, (IMAGES[:4], LABELS[:4]), **arguments)
    weights = fitted([callback, Pause(pause)], epochs)
    (run,) = tb_cnnviz.open_log(folder).values()
    return weights, run


def losses_of(run: Any) -> tuple[list[int], np.ndarray]:
    records = [run.read("losses", None, step) for step in run.steps("losses")]
    return [int(s) for r in records for s in r["step"]], np.concatenate([r["loss"] for r in records])


def main() -> None:
    bare = fitted([])
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        at_once, every = logged(str(Path(folder, "every")), every=1)
        training_step._MANY_LAYERS = 0
        later, run = logged(str(Path(folder, "later")), pause=0.5)
        _, brief = logged(str(Path(folder, "brief")), epochs=1)
        _, again = logged(str(Path(folder, "again")), every=1, epochs=1)
        found["same weights"] = all(
            np.array_equal(a, b) for other in (at_once, later) for a, b in zip(bare, other, strict=True)
        )
        steps, losses = losses_of(run)
        found["every loss"] = steps == list(range(3 * EPOCHS)) and bool(np.array_equal(losses, losses_of(every)[1]))
        recorded = list(run.steps("gradients"))
        found["first recorded"] = recorded[0]
        whole = [
            s for s in range(recorded[0], 3 * EPOCHS) if s % 3 < 2
        ]  # a last, smaller batch waits for a step of its own
        found["from then on"] = set(whole) <= set(recorded) and recorded[-1] == 3 * EPOCHS - 1
        found["same numbers"] = all(
            np.array_equal(run.read("gradients", None, s)[name], every.read("gradients", None, s)[name])
            for s in recorded
            for name in ("norm", "update_norm", "nan")
        )
        found["said"] = [str(n.reason) for n in run.notices if "compiled" in n.reason]
        found["short"] = "gradients" in brief.kinds or [n.reason for n in brief.notices if "never" in n.reason] == []
        found["at once"] = [next(iter(each.steps("gradients"))) for each in (every, again)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
