"""Loops of the user's own around `train_on_batch`, on the backend in KERAS_BACKEND.

`python -m tests.support.loop_cases RESULTS.json` runs all cases.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tests.support.case_runner import run_cases
from tests.support.fits import CLASSES, compiled, identical, images, inventory, run_of, weights

SHAPE = (6, 6, 1)
SIZE = 4
LIGHT: dict[str, Any] = {"feature_maps": False, "errors": False, "activations": False, "every": 1}

#: What the loop and the log of a case are checked by: (model, lists of callbacks) to the losses that it saw.
Loop = Callable[[Any, Sequence[Any]], list[float]]


def made(optimizer: str = "adam", **options: Any) -> keras.Model:
    keras.utils.set_random_seed(4)
    stack = [layers.Conv2D(2, 3, activation="relu", name="conv"), layers.Flatten(), layers.Dropout(0.2)]
    model = keras.Sequential([keras.Input(SHAPE), *stack, layers.Dense(CLASSES, name="dense")])
    return compiled(model, optimizer, **options)


def batch(i: int) -> tuple[np.ndarray, np.ndarray]:
    return images(SIZE, seed=i, shape=SHAPE)


def lists_of(model: Any, *callbacks: Any) -> list[Any]:
    return [keras.callbacks.CallbackList([each], model=model) for each in callbacks]


def twins(loop: Loop, callbacks: Sequence[Any], **options: Any) -> tuple[keras.Model, list[float]]:
    """Run the loop without our callbacks and with them: all variables are the same, and nothing of ours is left."""
    bare = made(**options)
    there = loop(bare, [])
    before = inventory(bare)
    model = made(**options)  # not before: PyTorch's dropout draws from one stream for all models
    here = loop(model, lists_of(model, *callbacks))
    assert here == there
    assert identical(bare, model)
    assert list(inventory(model).values()) == list(before.values())
    assert "cnnviz" not in repr(model.train_function)
    return model, here


def path_of(model: Any, name: str) -> str:
    return str(model.get_layer(name).path)


def check_rows(run: Any, losses: Sequence[float], steps: Sequence[int]) -> None:
    found = [run.read("losses", None, step) for step in run.steps("losses")]
    assert np.concatenate([rows["step"] for rows in found]).tolist() == list(steps)
    np.testing.assert_allclose(np.concatenate([rows["loss"] for rows in found]), losses, rtol=1e-6)
    assert run.steps("gradients") == list(steps)


def a_whole_loop(folder: Path) -> None:
    """All events, with evaluation, prediction and looks at the weights between the batches."""
    seen: list[list[np.ndarray]] = []

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for each in lists:
            each.on_train_begin()
        for epoch in range(2):
            for each in lists:
                each.on_epoch_begin(epoch)
            for i in range(3):
                for each in lists:
                    each.on_train_batch_begin(i)
                losses.append(float(model.train_on_batch(*batch(i))))
                for each in lists:
                    each.on_train_batch_end(i, {"loss": losses[-1]})
                seen.append([weights(model), model.test_on_batch(*batch(7)), model.predict_on_batch(batch(8)[0])])
            logs = {"loss": losses[-1], "val_loss": model.evaluate(*batch(9), verbose=0)}
            for each in lists:
                each.on_epoch_end(epoch, logs)
        for each in lists:
            each.on_train_end()
        return losses

    model, losses = twins(loop, [tb_cnnviz.CNNViz(folder, every=1), keras.callbacks.LambdaCallback()])
    bare, ours = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    keras.tree.map_structure(np.testing.assert_array_equal, bare, ours)
    run = run_of(folder)
    assert run.notices == []
    check_rows(run, losses, range(6))
    conv = path_of(model, "conv")
    assert run.steps("filters", conv) == run.steps("feature_maps", conv) == list(range(7))
    kernels = [ours[step - 1][0][0] for step in range(1, 7)]
    for step, kernel in enumerate(kernels, 1):
        logged = run.read("filters", conv, step)["kernel"]
        np.testing.assert_array_equal(logged, np.moveaxis(kernel, (3, 2), (0, 1)))
    assert run.steps("activations", conv) == list(range(6))
    assert run.steps("errors", conv) == list(range(7))
    np.testing.assert_array_equal(run.read("probe", None, 0)["x"], batch(0)[0])
    for step in range(1, 6):
        change = np.linalg.norm((kernels[step] - kernels[step - 1]).astype(np.float64))
        np.testing.assert_allclose(run.read("gradients", None, step)["update_norm"][0], change, rtol=1e-4)
    assert [run.read("epochs", None, step)["epoch"] for step in run.steps("epochs")] == [0, 1]


def neither_beginning_nor_end(folder: Path) -> None:
    """Events of batches alone, whose numbers say nothing, and more than one batch between two of them."""
    logs: list[Any] = []

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for i in range(3):
            for each in lists:
                each.on_train_batch_begin(0)
            losses += [float(model.train_on_batch(*batch(2 * i + k))) for k in range(2)]
            for each in lists:
                each.on_train_batch_end(0)
            logs.append(run_of(folder).steps("losses") if lists else None)
        return losses

    callbacks = [tb_cnnviz.CNNViz(folder, **LIGHT)]
    model, losses = twins(loop, callbacks)
    check_rows(run_of(folder), losses, range(6))  # while the callback lives, and nobody said that this is the end
    assert run_of(folder).steps("filters", path_of(model, "conv")) == [0, 2, 4, 6]
    assert run_of(folder).notices == []
    writer = callbacks[0].fit.writer.records
    callbacks.clear()
    assert writer._closed
    model.fit(*images(8, shape=SHAPE), batch_size=4, verbose=0, callbacks=[tb_cnnviz.CNNViz(folder, **LIGHT)])
    assert run_of(folder).steps("gradients") == list(range(8))


def two_lists(folder: Path) -> None:
    """A second list joins while the first is alive, and goes on when the first has ended; then fit, with other weights."""

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for i in range(5):
            running = lists[: i + 1] if i < 3 else lists[1:]
            for each in running:
                each.on_train_batch_begin(i)
            losses.append(float(model.train_on_batch(*batch(i))))
            for each in running:
                each.on_train_batch_end(i)
            if i == 2 and lists:
                lists[0].callbacks[0].on_train_end()
        for each in lists[1:]:
            each.callbacks[0].on_train_end()
        model.set_weights([0.5 * value for value in model.get_weights()])
        fitted = [tb_cnnviz.CNNViz(folder / "fit", **LIGHT)] if lists else []
        return losses + model.fit(*images(8, shape=SHAPE), batch_size=4, verbose=0, callbacks=fitted).history["loss"]

    callbacks = [tb_cnnviz.CNNViz(folder / "a", **LIGHT), tb_cnnviz.CNNViz(folder / "b", **LIGHT)]
    model, losses = twins(loop, callbacks)
    check_rows(run_of(folder / "a"), losses[:3], range(3))
    check_rows(run_of(folder / "b"), losses[1:5], range(1, 5))
    conv = path_of(model, "conv")
    assert run_of(folder / "a").steps("filters", conv) == [0, 1, 2, 3]
    assert run_of(folder / "b").steps("filters", conv) == [1, 2, 3, 4, 5]
    for name, steps in {"a": [0, 1, 2], "b": [1, 2, 3, 4], "fit": [5, 6]}.items():
        assert run_of(folder / name).steps("gradients") == steps
        assert run_of(folder / name).notices == []


def updates_outside(folder: Path) -> None:
    """What is trained outside of the events has pictures, and one notice says what else it has not."""

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for each in lists:
            each.on_train_begin()
        for i in range(6):
            for each in lists if i % 2 else []:
                each.on_train_batch_begin(i)
            losses.append(float(model.train_on_batch(*batch(i))))
            for each in lists if i % 2 else []:
                each.on_train_batch_end(i)
        for each in lists:
            each.on_train_end()
        return losses

    model, losses = twins(loop, [tb_cnnviz.CNNViz(folder, **LIGHT)], optimizer="sgd")
    run = run_of(folder)
    check_rows(run, losses[1::2], [1, 3, 5])
    (notice,) = run.notices
    assert "have no gradients, batches, losses: these are taken from `model.train_on_batch`" in notice.reason
    assert run.steps("filters", path_of(model, "conv"))[-1] == 6


def no_batch_is_seen(folder: Path) -> None:
    """Events of epochs alone."""

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for epoch in range(2):
            losses.append(float(model.train_on_batch(*batch(epoch))))
            for each in lists:
                each.on_epoch_end(epoch, {"loss": losses[-1]})
        return losses

    callbacks = [tb_cnnviz.CNNViz(folder, batch(0)[0], **{**LIGHT, "every": "epoch"})]
    model, losses = twins(loop, callbacks)
    run = run_of(folder)
    assert run.steps("filters", path_of(model, "conv")) == run.steps("epochs") == [1, 2]
    (notice,) = run.notices
    assert "have no gradients, gradient norms, batches, losses: " in notice.reason
    np.testing.assert_allclose(run.read("epochs", None, 2)["loss"][0], losses[1], rtol=1e-6)


def a_batch_that_raises(folder: Path) -> None:
    """The user's loop catches it and goes on, and so does the log; a loop that is left leaves a model that trains on."""

    def loop(model: Any, lists: Sequence[Any]) -> list[float]:
        losses = []
        for i in range(4):
            for each in lists:
                each.on_train_batch_begin(i)
            with contextlib.suppress(Exception):
                x, y = batch(i)
                losses.append(float(model.train_on_batch(x if i != 2 else x[:, :2], y)))
            if i == 2:
                assert "cnnviz" not in repr(model.train_function)
                continue
            for each in lists:
                each.on_train_batch_end(i)
        for each in lists:
            each.on_train_batch_begin(4)
        return losses + model.fit(*images(8, shape=SHAPE), batch_size=4, verbose=0).history["loss"]

    _, losses = twins(loop, [tb_cnnviz.CNNViz(folder, **LIGHT)])
    is_counted = keras.config.backend() == "tensorflow"  # the update of the batch that raised
    check_rows(run_of(folder), losses[:3], [0, 1, 2 + is_counted])
    assert run_of(folder).notices == []


CASES: dict[str, Callable[[Path], None]] = {
    "a whole loop": a_whole_loop,
    "neither beginning nor end": neither_beginning_nor_end,
    "two lists": two_lists,
    "updates outside": updates_outside,
    "no batch is seen": no_batch_is_seen,
    "a batch that raises": a_batch_that_raises,
}


if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
