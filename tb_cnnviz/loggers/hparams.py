"""Hyper-parameters of a compiled model, as the HParams tab wants them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_cnnviz.capture.skips import innermost

#: Settings of optimizers that say nothing where they are off.
_NOT_SAID = frozenset({"name", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor"})


def hparams_of(model: Any, batch_size: int | None) -> dict[str, str | float | int | bool]:
    """The optimizer's class and its plain settings, a learning rate schedule by its class; the batch size if known."""
    optimizer = innermost(model.optimizer)
    found: dict[str, str | float | int | bool] = {"optimizer": type(optimizer).__name__}
    for name, value in optimizer.get_config().items():
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, dict) and "class_name" in value:
            value = str(value["class_name"])
        if isinstance(value, str | float | int | bool) and name not in _NOT_SAID:
            found[name] = value
    if batch_size is not None:
        found["batch_size"] = batch_size
    return found
