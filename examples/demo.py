"""Train one network with six optimizers on real images and log every run: `python examples/demo.py`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import demo_data
import keras
from demo_models import OPTIMIZERS, RATES, digit_network, photo_network

import tb_cnnviz

NETWORKS = {"digits": digit_network, "photos": photo_network}
EPOCHS = {"digits": 5, "photos": 8}


class Progress(keras.callbacks.Callback):
    """One line a run, rewritten at each epoch."""

    def __init__(self, name: str, epochs: int) -> None:
        super().__init__()
        self.name, self.epochs, self.start = name, epochs, time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        done = epoch + 1
        bar = "█" * done + "·" * (self.epochs - done)
        line = (
            f"\r{self.name:10s} {bar}  loss {logs['loss']:.3f}  test accuracy {logs['val_accuracy']:6.1%}"
            f"  {time.monotonic() - self.start:4.0f} s"
        )
        print(line, end="\n" if done == self.epochs else "", flush=True)


def train(name: str, data: str, images: demo_data.Images, logdir: Path, epochs: int, seed: int) -> float:
    """Train one run from the same initial weights as all others; returns its accuracy on the test images."""
    keras.utils.set_random_seed(seed)
    model = NETWORKS[data]()
    model.compile(
        optimizer=OPTIMIZERS[name](RATES[data][name]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    cnnviz = tb_cnnviz.CNNViz(
        str(logdir / name),
        probe=images.probe,
        class_names=images.class_names,
        hparams={"data": data, "optimizer": name, "seed": seed},
    )
    history = model.fit(
        images.x_train,
        images.y_train,
        batch_size=32,
        epochs=epochs,
        validation_data=(images.x_test, images.y_test),
        callbacks=[cnnviz, Progress(name, epochs)],
        verbose=0,
    )
    return float(history.history["val_accuracy"][-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=sorted(NETWORKS), default="digits")
    parser.add_argument("--logdir", type=Path, default=Path("runs"), help="a folder without these runs (default: runs)")
    parser.add_argument("--epochs", type=int, help="passes over the training images (default: by data)")
    parser.add_argument("--seed", type=int, default=1, help="of initial weights and the order of images (default: 1)")
    parser.add_argument("--only", nargs="*", choices=list(OPTIMIZERS), help="train only these optimizers")
    chosen = parser.parse_args()
    names = chosen.only or list(OPTIMIZERS)
    there = [name for name in names if (chosen.logdir / name).exists()]
    if there:
        sys.exit(
            f"{chosen.logdir} already holds {', '.join(there)}: give another --logdir (make demo LOGDIR=…) or remove it"
        )

    images = getattr(demo_data, chosen.data)()
    print(f"{chosen.data}: {len(images.x_train)} images to train on, {len(images.x_test)} to test on")
    epochs = chosen.epochs or EPOCHS[chosen.data]
    accuracies = {name: train(name, chosen.data, images, chosen.logdir, epochs, chosen.seed) for name in names}
    print("\nAccuracy on the test images after the last epoch")
    for name, accuracy in sorted(accuracies.items(), key=lambda item: -item[1]):
        print(f"  {name:10s} {accuracy:6.1%}")
    print(f"\nLook at them: tensorboard --logdir {chosen.logdir}, tab CNN")


if __name__ == "__main__":
    main()
