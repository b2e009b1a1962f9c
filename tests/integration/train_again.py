"""Fits for test_tensorboard_stock_tabs, in a process of their own.

python -m tests.integration.train_again twice FOLDER              fit, wait for a line on stdin, fit again
python -m tests.integration.train_again restored FOLDER [fail]    fit with BackupAndRestore; `fail` stops it in epoch 3
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np

from tests.fixtures.make_logs import BATCH, callback, digit_network

BATCHES = 3
EPOCHS = 4


class Stop(keras.callbacks.Callback):
    """Ends the process in the middle of the third epoch, as a crash would."""

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if self.optimizer_steps() == 2 * BATCHES + 1:
            raise RuntimeError("stopped on purpose")

    def optimizer_steps(self) -> int:
        return int(self.model.optimizer.iterations)


def fit(model: keras.Model, run: Path, epochs: int, *others: keras.callbacks.Callback) -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(size=(BATCHES * BATCH, 28, 28, 1)).astype(np.float32)
    y = rng.integers(0, 10, BATCHES * BATCH)
    # Under a number of steps, pictures at epoch ends come as the overhead allows: here every epoch must have its own.
    callbacks = [callback(run, x, y, every="epoch"), *others]
    model.fit(x, y, batch_size=BATCH, epochs=epochs, validation_data=(x[:8], y[:8]), callbacks=callbacks, verbose=0)


def main(way: str, folder: Path, fail: bool) -> None:
    keras.utils.set_random_seed(2)
    model = digit_network()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    if way == "twice":
        fit(model, folder, EPOCHS // 2)
        print("first fit done", flush=True)
        sys.stdin.readline()
        fit(model, folder, EPOCHS // 2)
        print("second fit done", flush=True)
        sys.stdin.readline()  # lives on until the log was looked at
        return
    backup = keras.callbacks.BackupAndRestore(folder.parent / f"{folder.name}-backup")
    fit(model, folder, EPOCHS, backup, *([Stop()] if fail else []))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), "fail" in sys.argv[3:])
