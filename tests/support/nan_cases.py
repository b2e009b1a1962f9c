"""Training on images with NaN and Inf, where TensorFlow's fused kernels turn NaN into 0 before a ReLU.

`python -m tests.support.nan_cases RESULTS.json` runs all cases; the kernels are of TF_ENABLE_ONEDNN_OPTS=1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import tb_cnnviz
from tests.support.case_runner import run_cases
from tests.support.fits import CLASSES, compiled, identical, run_of

Stack = Callable[[], list[Any]]

#: And how many values that enter the ReLU are NaN for one inside an image: one of each channel, at each place whose window
#: holds it.
STACKS: dict[str, tuple[Stack, int]] = {
    "ReLU": (lambda: [layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()], 9 * 4),
    "ReLU6": (lambda: [layers.Conv2D(4, 3, activation="relu6"), layers.GlobalAveragePooling2D()], 9 * 4),
    "a ReLU of its own": (lambda: [layers.Conv2D(4, 3), layers.ReLU(), layers.GlobalAveragePooling2D()], 9 * 4),
    "depthwise": (lambda: [layers.DepthwiseConv2D(3, activation="relu"), layers.GlobalAveragePooling2D()], 9),
    "dense": (lambda: [layers.Flatten(), layers.Dense(4, activation="relu")], 4),
    "volumes": (
        lambda: [layers.Reshape((8, 8, 1, 1)), layers.Conv3D(4, (2, 2, 1), activation="relu"), layers.Flatten()],
        4 * 4,
    ),
}


def images() -> tuple[np.ndarray, np.ndarray]:
    """32 images of 8 × 8; one of the first batch has a NaN inside, two of the second batch a NaN and an Inf."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 8, 8, 1)).astype(np.float32), rng.integers(0, CLASSES, 32)
    x[3, 3, 3], x[20, 4, 4], x[22, 3, 3] = np.nan, np.nan, np.inf
    return x, y


def trained(stack: Stack, callbacks: Sequence[Any]) -> tuple[keras.Model, list[float]]:
    keras.utils.set_random_seed(1)
    model = compiled(keras.Sequential([keras.Input((8, 8, 1)), *stack(), layers.Dense(CLASSES)]), jit_compile=False)
    return model, model.fit(*images(), batch_size=16, verbose=0, shuffle=False, callbacks=list(callbacks)).history[
        "loss"
    ]


def of_stack(stack: Stack, nan: int) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        bare, there = trained(stack, [])
        settings: dict[str, Any] = {"every": 1, "feature_maps": False, "errors": False, "filters": False}
        model, here = trained(stack, [tb_cnnviz.CNNViz(folder, images()[0][:2], **settings)])
        assert identical(bare, model)
        np.testing.assert_array_equal(here, there)
        looked_at = next(layer for layer in model.layers if layer.weights)
        log = run_of(folder)
        assert log.notices == []
        row = log.read("activations", looked_at.path, 0)
        assert row.get("pre_activation", row)["nan"] == nan
        # A loss scale skips the updates of both batches, so both are of step 0.
        is_scaled = keras.config.dtype_policy().name == "mixed_float16"
        assert log.steps("activations", looked_at.path) == ([0] if is_scaled else [0, 1])

    return run


def in_precision(policy: str) -> Callable[[Path], None]:
    def run(folder: Path) -> None:
        keras.config.set_dtype_policy(policy)
        try:
            of_stack(*STACKS["ReLU"])(folder)
        finally:
            keras.config.set_dtype_policy("float32")

    return run


CASES: dict[str, Callable[[Path], None]] = {
    **{name: of_stack(*stack) for name, stack in STACKS.items()},
    **{policy: in_precision(policy) for policy in ("mixed_float16", "mixed_bfloat16")},
}


if __name__ == "__main__":
    run_cases(CASES, Path(sys.argv[1]), sys.argv[2:])
