"""JAX: a step that is compiled beside training. `python -m tests.support.later_cases` prints what held, as JSON."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

import tb_cnnviz
from tb_cnnviz.capture.backends.jax import later_step
from tb_cnnviz.capture.in_step import step as training_step

EPOCHS, BATCH = 12, 16
IMAGES = np.random.default_rng(0).random((40, 8, 8, 3), dtype=np.float32)  # the last batch is smaller
LABELS = np.arange(40) % 4


class WaitsForXla(keras.callbacks.Callback):
    """After each batch, until nothing is being compiled; so that it is known which batch is recorded first."""

    made: ClassVar[list[later_step.LaterStep]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for future in [each for step in self.made for each in step._made.values()]:
            future.exception()


class Noted(later_step.LaterStep):
    """Lets the callback know of it, and takes the fit for one of unknown length."""

    def __init__(self, now: Any, later: Any, trace: Any, on_fault: Any, batches: int | None = None) -> None:
        super().__init__(now, later, trace, on_fault)
        WaitsForXla.made.append(self)


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


def logged(folder: str, *, epochs: int = EPOCHS, **arguments: Any) -> tuple[list[np.ndarray], Any]:
    callback = tb_cnnviz.CNNViz(folder, (IMAGES[:4], LABELS[:4]), **arguments)
    weights = fitted([callback, WaitsForXla()], epochs)
    (run,) = tb_cnnviz.open_log(folder).values()
    return weights, run


def losses_of(run: Any) -> tuple[list[int], np.ndarray]:
    records = [run.read("losses", None, step) for step in run.steps("losses")]
    return [int(s) for r in records for s in r["step"]], np.concatenate([r["loss"] for r in records])


def main() -> None:
    later_step.LaterStep = Noted
    bare = fitted([])
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        at_once, every = logged(str(Path(folder, "every")), every=1)
        training_step._MANY_LAYERS = 0
        later, run = logged(str(Path(folder, "later")), overhead=1000.0)
        _, brief = logged(str(Path(folder, "brief")), epochs=1)
        _, again = logged(str(Path(folder, "again")), every=1, epochs=1)
        found["same weights"] = all(
            np.array_equal(a, b) for other in (at_once, later) for a, b in zip(bare, other, strict=True)
        )
        steps, losses = losses_of(run)
        found["every loss"] = steps == list(range(3 * EPOCHS)) and bool(np.array_equal(losses, losses_of(every)[1]))
        found["recorded"] = recorded = list(run.steps("gradients"))
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
