"""See inside a convolutional network while it trains, in TensorBoard.

Names are loaded when they are first used, so that reading a log needs no Keras.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tb_cnnviz.version import __version__

if TYPE_CHECKING:
    from tb_cnnviz.callbacks import CNNViz, FeatureMapLogger, FilterLogger, GradientLogger, LossLogger
    from tb_cnnviz.eventlog.reader import open_log
    from tb_cnnviz.healthy import assert_healthy
    from tb_cnnviz.schedule import Schedule
    from tb_cnnviz.snapshot import snapshot

_HOMES = {
    "CNNViz": "callbacks",
    "FeatureMapLogger": "callbacks",
    "FilterLogger": "callbacks",
    "GradientLogger": "callbacks",
    "LossLogger": "callbacks",
    "Schedule": "schedule",
    "assert_healthy": "healthy",
    "open_log": "eventlog.reader",
    "snapshot": "snapshot",
}

__all__ = [
    "CNNViz",
    "FeatureMapLogger",
    "FilterLogger",
    "GradientLogger",
    "LossLogger",
    "Schedule",
    "__version__",
    "assert_healthy",
    "open_log",
    "snapshot",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tb_cnnviz' has no attribute {name!r}")
    value = getattr(import_module(f"tb_cnnviz.{_HOMES[name]}"), name)
    # The submodule of the same name has just been set on this package: what the user means is the function in it.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
