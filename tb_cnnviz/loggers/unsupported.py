"""Training steps that nothing can be taken from."""

from __future__ import annotations

from typing import Any

import keras


def why_not_supported(model: Any) -> str | None:
    """Why nothing can be taken from inside this model's training steps, or None where it can."""
    if keras.config.backend() == "torch" and model.jit_compile:
        return (
            "torch.compile would compile what records together with the step, again for every shape that it meets; "
            "without jit_compile=True all is logged"
        )
    if keras.config.is_nnx_enabled():
        return "training steps of Flax NNX (KERAS_NNX_ENABLED) cannot be looked into"
    return None
