"""Norms of gradients at every step, beside what the weights did under SGD. Run as a module, on one backend."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tests.support.case_runner import run_cases
from tests.support.fits import CLASSES, RATE, SHAPE, WeightsByStep, compiled, identical, make, run_of, train

BACKEND = keras.config.backend()
STEPS = 12
Maker = Callable[[], Any]


def logged(folder: Path, maker: Maker) -> tuple[Any, WeightsByStep]:
    """The run of a fit, whose weights are those of a fit without the callback."""
    model, seen = maker(), WeightsByStep()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        train(model, [tb_cnnviz.GradientLogger(folder), seen], steps=STEPS)
    bare = maker()
    train(bare, [], steps=STEPS)
    assert identical(model, bare)
    return run_of(folder), seen


def changes(seen: WeightsByStep) -> np.ndarray:
    """Norm of each variable's change, float64 [steps, variables]."""
    pairs = zip(seen.seen, seen.seen[1:], strict=False)
    return np.array(
        [[np.linalg.norm(np.float64(b) - a) for a, b in zip(*pair, strict=True)] for pair in pairs], np.float64
    )


def check(run: Any, expected: np.ndarray, steps: list[int]) -> None:
    rows = run.read("gradient_norms")
    assert rows["step"].tolist() == steps
    assert rows["variables"] == [v.path for v in run.model.variables]
    np.testing.assert_allclose(rows["norm"], expected, rtol=2e-3, atol=1e-4)
    for i, variable in enumerate(rows["variables"]):
        np.testing.assert_array_equal(run.read("gradient_norms", variable)["norm"], rows["norm"][:, i])


def of_sgd(**options: Any) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        log, seen = logged(folder, lambda: make(1, noisy=True, **options))
        check(log, changes(seen) / RATE, list(range(STEPS)))

    return run


def by_execution(folder: Path) -> None:
    """Weights are seen between executions only: the norms are those of a fit step by step."""
    log, _ = logged(folder, lambda: make(1, steps_per_execution=5))
    alone, seen = logged(folder.with_name(f"{folder.name} alone"), lambda: make(1))
    check(alone, changes(seen) / RATE, list(range(STEPS)))
    np.testing.assert_allclose(
        log.read("gradient_norms")["norm"], alone.read("gradient_norms")["norm"], rtol=1e-4, atol=1e-6
    )


def micro_batches(folder: Path) -> None:
    log, _ = logged(folder, lambda: make(1, keras.optimizers.SGD(RATE, gradient_accumulation_steps=3)))
    rows = log.read("gradient_norms")
    assert rows["step"].tolist() == [i // 3 for i in range(STEPS)]
    assert rows["batch"].tolist() == [i % 3 for i in range(STEPS)]
    for step in log.steps("gradients"):
        whole = log.read("gradients", None, step)
        for batch, norms in zip(whole["micro_batch"], whole["micro_norm"], strict=True):
            (place,) = np.flatnonzero((rows["step"] == step) & (rows["batch"] == batch))
            np.testing.assert_allclose(rows["norm"][place], norms, rtol=1e-4)


def scaled(folder: Path) -> None:
    """Before the loss scale is undone the norms would be 2^15 times as large; the first steps are skipped."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        scale = {"initial_scale": 2.0**24}
        log, seen = logged(
            folder, lambda: make(1, keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE), **scale))
        )
    finally:
        keras.config.set_dtype_policy("float32")
    moved = [change for change in changes(seen) if change.any()]
    assert 0 < len(moved) < STEPS
    check(log, np.array(moved) / RATE, list(range(len(moved))))


def unconnected_and_broken(folder: Path) -> None:
    """A variable without a gradient has 0; one whose gradient is NaN has NaN, an infinite one Inf."""

    class Scale(layers.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.unused = self.add_weight(shape=(3,), name="unused")
            self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

        def call(self, x: Any) -> Any:
            return keras.ops.log(self.factor) * x

    def maker() -> Any:
        keras.utils.set_random_seed(1)
        stack = [layers.Input(SHAPE), layers.Conv2D(2, 3), Scale(), layers.Flatten(), layers.Dense(CLASSES)]
        model = compiled(keras.Sequential(stack))
        factor = next(v for v in model.trainable_variables if v.name == "factor")
        factor.assign(0.0)
        return model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Keras: a variable without a gradient
        log, _ = logged(folder, maker)
    rows = log.read("gradient_norms")
    norm = dict(zip((path.rsplit("/", 1)[1] for path in rows["variables"]), rows["norm"].T, strict=True))
    assert rows["step"].tolist() == list(range(STEPS))
    assert (norm["unused"] == 0).all()
    assert not np.isfinite(norm["factor"]).any()


def only_in_auto(folder: Path) -> None:
    model = make(1)
    train(model, [tb_cnnviz.GradientLogger(folder, every=4)], steps=STEPS)
    run = run_of(folder)
    assert "gradient_norms" not in run.kinds
    assert run.steps("gradients") == [0, 4, 8]


def long_fit(folder: Path) -> None:
    """More steps than the ring holds, in two epochs."""
    model = make(1)
    train(model, [tb_cnnviz.GradientLogger(folder)], steps=100, epochs=2)
    rows = run_of(folder).read("gradient_norms")
    assert rows["step"].tolist() == list(range(200))
    assert (rows["norm"] > 0).all()
    assert len(run_of(folder).steps("gradient_norms")) < 10


CASES: dict[str, Callable[[Path], None]] = {
    "as compiled": of_sgd(),
    "micro-batches": micro_batches,
    "loss scaling": scaled,
    "unconnected and broken": unconnected_and_broken,
    "only in auto": only_in_auto,
    "a long fit": long_fit,
}
if BACKEND != "torch":
    CASES["steps by execution"] = by_execution
if BACKEND == "tensorflow":
    CASES["under XLA"] = of_sgd(jit_compile=True)
    CASES["eagerly"] = of_sgd(run_eagerly=True)


if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
