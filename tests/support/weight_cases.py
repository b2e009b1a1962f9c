"""Weights that callbacks set without an update, on the backend in KERAS_BACKEND.

`python -m tests.support.weight_cases RESULTS.json` writes for each case what went wrong, if anything did.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support.case_runner import run_cases
from tests.support.fits import CLASSES, RATE, SHAPE, compiled, identical, images, run_of, train

PROBE = images(2)
STEPS, EPOCHS = 3, 2


def make(optimizer: Any = None, **options: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    stack = [layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.2)]
    stack += [layers.Flatten(), layers.Dense(CLASSES)]
    return compiled(keras.Sequential([keras.Input(SHAPE), *stack]), optimizer, **options)


class Sets(keras.callbacks.Callback):
    """Does something to the weights at one call of one event."""

    def __init__(self, event: str, call: int, change: Callable[[keras.Model], None]) -> None:
        super().__init__()
        self._call, self._change, self._calls = call, change, 0
        setattr(self, event, self._called)

    def _called(self, *args: Any, **kwargs: Any) -> None:
        self._calls += 1
        if self._calls == self._call:
            self._change(self.model)


def halve(model: keras.Model) -> None:
    model.set_weights([0.5 * w for w in model.get_weights()])


def permute(model: keras.Model) -> None:
    """The same numbers in another order."""
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([np.ascontiguousarray(kernel[..., ::-1]), bias])


def clamp(model: keras.Model) -> None:
    for variable in model.trainable_variables:
        variable.assign(keras.ops.clip(variable, -0.05, 0.05))


def same(model: keras.Model) -> None:
    model.set_weights(model.get_weights())


def marks(run: Run) -> dict[int, str]:
    """Step to event."""
    if "weights_set" not in run.kinds:
        return {}
    return {step: run.read("weights_set", None, step)["event"] for step in run.steps("weights_set")}


def kernel_of(model: keras.Model) -> np.ndarray:
    return np.moveaxis(to_numpy(model.get_layer("conv").kernel), (-1, -2), (0, 1))


def path_of(run: Run) -> str:
    return next(layer.path for layer in run.layers if layer.role == "convolution")


def assert_last_is(run: Run, model: keras.Model) -> None:
    """The last pictures of every kind are of the weights in hand."""
    last = run.steps("filters", path_of(run))[-1]
    assert run.steps("predictions")[-1] == last == STEPS * EPOCHS
    np.testing.assert_array_equal(run.read("filters", path_of(run), last)["kernel"], kernel_of(model))
    output = to_numpy(model(PROBE[0], training=False))
    np.testing.assert_allclose(run.read("predictions", None, last)["y_pred"], output, rtol=1e-4, atol=1e-5)
    conv = to_numpy(keras.Model(model.inputs, model.get_layer("conv").output)(PROBE[0], training=False))
    conv = np.moveaxis(conv, -1, 1)
    maps = run.read("feature_maps", path_of(run), last)["maps"]
    np.testing.assert_allclose(maps, conv, atol=1.01 / 510 * np.ptp(conv) + 1e-5)
    operation = run.read("operations", path_of(run), last)["output"]
    np.testing.assert_allclose(operation, conv[0], rtol=1e-4, atol=1e-5)
    if "errors" in run.kinds:  # of softmax with cross-entropy
        odds = np.exp(output - output.max(axis=1, keepdims=True))
        error = (odds / odds.sum(axis=1, keepdims=True) - np.eye(CLASSES)[PROBE[1]]) / len(PROBE[1])
        norm = run.read("errors", run.layers[-1].path, last)["norm"]
        assert norm == pytest.approx(np.linalg.norm(error), rel=1e-3)


def ours(folder: Path, every: Any = 1, *, errors: bool = False) -> tb_cnnviz.CNNViz:
    """Pictures alone: what rides along the step has tests of its own, and takes long to compile."""
    parts = dict.fromkeys(("activations", "gradients", "losses"), False)
    return tb_cnnviz.CNNViz(folder, PROBE, every=every, errors=errors, **parts)


def logged(
    folder: Path, others: Any, *, every: Any = 1, model: Any = None, errors: bool = False, **options: Any
) -> tuple[list[Run], keras.Model]:
    """A fit with one of ours before the others and one behind, whose last pictures are looked at."""
    model = model or make()
    folders = [folder / "before", folder / "behind"]
    mine = [ours(each, every, errors=errors) for each in folders]
    train(model, [mine[0], *others, mine[1]], STEPS, EPOCHS, validation_data=images(8), **options)
    for each in folders:
        assert_last_is(run_of(each), model)
    return [run_of(each) for each in folders], model


def restored(folder: Path, *, every: Any) -> None:
    """EarlyStopping gives the best epoch's weights back when fit ends."""
    stopper = keras.callbacks.EarlyStopping("worst", mode="max", patience=9, restore_best_weights=True)

    class Worse(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["worst"] = -epoch

    runs, model = logged(folder, [Worse(), stopper], every=every, errors=every == 1)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), stopper.best_weights, strict=True))
    assert stopper.best_epoch == 0
    for run in runs:
        assert marks(run) == {STEPS * EPOCHS: "on_train_end"}
        assert run.read("filters", path_of(run))["weights_set"] == "on_train_end"
        assert "weights_set" not in run.read("filters", path_of(run), STEPS)


def set_at(folder: Path, *, event: str, call: int, step: int, change: Any = halve, every: Any = 1) -> None:
    for run in logged(folder, [Sets(event, call, change)], every=every)[0]:
        assert marks(run) == {step: "validation" if event == "on_test_end" else event}
        said = run.read("weights_set", None, step)
        assert said["changed"] == {permute: 1, halve: 8}.get(change, said["changed"])
        assert said["of"] == 8
        assert 0 < len(said["weights"]) <= 8


def not_set(folder: Path, optimizer: Any = None, **options: Any) -> None:
    """Moving statistics, dropout, an average that the optimizer writes, weights that are set to what they are."""
    compile_options = {"steps_per_execution": options.pop("steps_per_execution", 1)}
    model = make(optimizer() if optimizer else None, **compile_options)
    for run in logged(folder, [Sets("on_epoch_end", 1, same)], model=model, **options)[0]:
        assert marks(run) == {}


def average(folder: Path) -> None:
    """The optimizer's average takes the weights' place after the last epoch: said, and in the pictures."""
    for run in logged(folder, [], model=make(keras.optimizers.SGD(RATE, use_ema=True, ema_momentum=0.9)))[0]:
        assert marks(run) == {STEPS * EPOCHS: "the optimizer's moving average"}


def swapped(folder: Path) -> None:
    model = make(keras.optimizers.SGD(RATE, use_ema=True, ema_momentum=0.9))
    for run in logged(folder, [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)], model=model)[0]:
        assert set(marks(run)) == {STEPS, STEPS * EPOCHS}


def accumulated(folder: Path) -> None:
    """Between the micro-batches of one update."""
    model = make(keras.optimizers.SGD(RATE, gradient_accumulation_steps=3))
    train(model, [Sets("on_train_batch_end", 4, halve), ours(folder)], STEPS, EPOCHS)
    assert set(marks(run_of(folder))) <= {1}
    np.testing.assert_array_equal(run_of(folder).read("filters", path_of(run_of(folder)))["kernel"], kernel_of(model))


def two_fits(folder: Path) -> None:
    """What happened to the weights between two fits into one folder is said at the step where they meet."""
    model = make()
    for _ in range(2):
        train(model, [ours(folder)], STEPS, 1)
    assert marks(run_of(folder)) == {}
    loads = Sets("on_train_begin", 1, halve)
    train(model, [ours(folder), loads], STEPS, 1)
    assert marks(run_of(folder)) == {2 * STEPS: "between two fits"}
    train(make(), [ours(folder)], STEPS, 1)
    assert marks(run_of(folder)) == {2 * STEPS: "between two fits", 3 * STEPS: "between two fits"}


def shared(folder: Path) -> None:
    """Several callbacks that share a log say it once."""
    filters = tb_cnnviz.FilterLogger(folder, every=1)
    maps = tb_cnnviz.FeatureMapLogger(folder, PROBE, every=2, activations=False)
    model = make()
    train(model, [filters, Sets("on_epoch_end", 1, halve), maps, Sets("on_train_end", 1, halve)], STEPS, EPOCHS)
    run = run_of(folder)
    assert marks(run) == {STEPS: "on_epoch_end", STEPS * EPOCHS: "on_train_end"}
    assert len(run.wall_times("weights_set", None, STEPS)) == 1
    np.testing.assert_array_equal(run.read("filters", path_of(run))["kernel"], kernel_of(model))
    output = to_numpy(model(PROBE[0], training=False))
    np.testing.assert_allclose(run.read("predictions", None)["y_pred"], output, rtol=1e-4, atol=1e-5)


def same_bits(folder: Path) -> None:
    bare = make(keras.optimizers.Adam(1e-2))  # on PyTorch dropout draws from a state that all models share
    train(bare, [Sets("on_train_batch_end", 2, clamp)], STEPS, EPOCHS)
    watched = make(keras.optimizers.Adam(1e-2))
    everything = tb_cnnviz.CNNViz(folder, PROBE, every=1)
    train(watched, [everything, Sets("on_train_batch_end", 2, clamp)], STEPS, EPOCHS)
    assert identical(bare, watched)


def raises_at_the_end(folder: Path) -> None:
    """A callback that sets weights and breaks: the list of callbacks is as it was, and the log is readable."""

    def breaks(model: keras.Model) -> None:
        halve(model)
        raise ValueError("on purpose")

    model = make()
    given = keras.callbacks.CallbackList([Sets("on_train_end", 1, breaks), ours(folder)], model=model)
    own = set(vars(given))
    with pytest.raises(ValueError, match="on purpose"):
        model.fit(*images(24), batch_size=8, verbose=0, callbacks=given)
    assert set(vars(given)) == own
    found = run_of(folder).steps("filters", path_of(run_of(folder)))
    assert found[-1] == 3, (found, run_of(folder).notices)
    train(model, steps=1)


_EVENTS = {
    "on_train_batch_end": (2, 2),
    "on_train_batch_begin": (3, 2),
    "on_epoch_begin": (2, STEPS),
    "on_epoch_end": (1, STEPS),
    "on_train_end": (1, STEPS * EPOCHS),
    "on_test_end": (1, STEPS),
}
CASES: dict[str, Callable[[Path], None]] = {
    f"restored, every {every}": functools.partial(restored, every=every) for every in (1, "epoch")
}
for _event, (_call, _step) in _EVENTS.items():
    CASES[f"set in {_event}"] = functools.partial(set_at, event=_event, call=_call, step=_step)
CASES |= {
    "permuted": functools.partial(
        set_at, event="on_epoch_end", call=2, step=STEPS * EPOCHS, change=permute, every="epoch"
    ),
    "clamped": functools.partial(set_at, event="on_train_batch_end", call=1, step=1, change=clamp),
    "nothing set": not_set,
    "nothing set, two steps an execution": functools.partial(not_set, steps_per_execution=2),
    "an average that is an update": functools.partial(
        not_set, optimizer=lambda: keras.optimizers.SGD(RATE, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=2)
    ),
    "average": average,
    "swapped": swapped,
    "accumulated": accumulated,
    "two fits": two_fits,
    "shared log": shared,
    "same bits": same_bits,
    "raises at the end": raises_at_the_end,
}
if keras.config.backend() == "torch":  # it refuses several steps an execution
    CASES["nothing set, two steps an execution"] = not_set

if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
