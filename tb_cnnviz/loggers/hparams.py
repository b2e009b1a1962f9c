"""Hyper-parameters of the optimizers that train a model, as the HParams tab wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import NamedOptimizer

#: Settings of optimizers that say nothing where they are off.
_NOT_SAID = frozenset({"name", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor"})


def hparams_of(optimizers: Sequence[NamedOptimizer], batch_size: int | None) -> dict[str, str | float | int | bool]:
    """Each optimizer's class and its plain settings, a learning rate schedule by its class; the batch size if known.

    Settings of one optimizer stand under their own names, those of several under `d_optimizer/learning_rate` and so on.
    """
    found: dict[str, str | float | int | bool] = {}
    text = optimizer_text(optimizers)
    if text is not None:
        found["optimizer"] = text
    for named in optimizers:
        folder = f"{named.name}/" if len(optimizers) > 1 else ""
        optimizer = innermost(named.optimizer)
        if folder:
            found[named.name] = type(optimizer).__name__
        found |= {folder + name: value for name, value in _settings_of(optimizer).items()}
    if batch_size is not None:
        found["batch_size"] = batch_size
    return found


def _settings_of(optimizer: Any) -> dict[str, str | float | int | bool]:
    """Nothing where they cannot be read: JAX keeps variables of an optimizer wherever the model's train_step does."""
    found: dict[str, str | float | int | bool] = {}
    try:
        config = optimizer.get_config()
    except Exception:
        return found
    for name, value in config.items():
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, dict) and "class_name" in value:
            value = str(value["class_name"])
        if isinstance(value, str | float | int | bool) and name not in _NOT_SAID:
            found[name] = value
    return found


def optimizer_text(optimizers: Sequence[NamedOptimizer]) -> str | None:
    """Their classes, each once, in one line; None for no optimizer."""
    names = dict.fromkeys(type(innermost(each.optimizer)).__name__ for each in optimizers)
    return ", ".join(names) or None
