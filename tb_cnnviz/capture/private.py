"""Every name that Keras does not promise to keep, in one place, each with a test.

A release of Keras that drops one of them makes the part that needs it fail by name, and that part turns itself off.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


def sublayers(layer: Any) -> list[Any]:
    """The layers that a layer or model holds directly, in the order in which it got them."""
    return list(layer._layers)


def epoch_iterator_of_fit(model: Any) -> Any | None:
    """The data iterator of the `fit` that is running this model, found on the stack; None where there is none.

    It belongs to that one fit alone, and fit runs every batch inside its `catch_stop_iteration()`.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
            iterator = frame.f_locals.get("epoch_iterator")
            return iterator if hasattr(iterator, "catch_stop_iteration") else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


def guard_batches(iterator: Any, guard: Callable[[Callable[[], AbstractContextManager[Any]]], Any]) -> None:
    """Put `guard(original)` in the place of the context manager in which fit runs an epoch's batches."""
    iterator.catch_stop_iteration = guard(iterator.catch_stop_iteration)


def batch_size_of(iterator: Any) -> int | None:
    """The batch size of fit's data iterator, where its data have one."""
    size = getattr(getattr(iterator, "data_adapter", None), "batch_size", None)
    return size if isinstance(size, int) else None


def build_step(model: Any) -> Any:
    """A new compiled training step; the model's own stays where it is."""
    own = model.train_function
    try:
        model.make_train_function(force=True)
        return model.train_function
    finally:
        model.train_function = own
