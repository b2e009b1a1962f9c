"""How cells pass through a training step on JAX, where a compiled step keeps no state.

Keras hands the values of all variables to the step and takes the new ones from it. The cells' values ride behind those
of the optimizer. They are appended just outside the compiled function and taken off just inside it, so that neither
Keras nor the user's train_step ever sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tb_cnnviz.capture import private
from tb_cnnviz.capture.cell import Cell
from tb_cnnviz.capture.hook import Hook


def ride(step: Callable[..., Any], cells: Sequence[Cell], state: Any, iterator: Any) -> Any:
    """Call a training step that was built with `hooks`: state and iterator as Keras gives them, and so the result."""
    trainable, fixed, optimizer, metrics = state
    carried = [*optimizer, *(c.value for c in cells)]
    logs, (trainable, fixed, carried, metrics) = step((trainable, fixed, carried, metrics), iterator)
    _give(cells, carried[len(optimizer) :])
    return logs, (trainable, fixed, carried[: len(optimizer)], metrics)


def hooks(model: Any, cells: Sequence[Cell]) -> list[Hook]:
    """What has to stand on the model, outside of all other hooks, while the step is built and runs."""

    def wrap_step(original: Callable[..., Any]) -> Callable[..., Any]:
        def train_step(state: Any, data: Any) -> Any:
            trainable, fixed, carried, metrics = state
            own = len(carried) - len(cells)
            before = [c.value for c in cells]
            try:
                _give(cells, carried[own:])
                logs, (trainable, fixed, optimizer, metrics) = original(
                    (trainable, fixed, carried[:own], metrics), data
                )
                return logs, (trainable, fixed, [*optimizer, *(c.value for c in cells)], metrics)
            finally:
                _give(cells, before)

        return train_step

    def wrap_shardings(original: Callable[[], Any]) -> Callable[[], Any]:
        def shardings() -> Any:
            trainable, fixed, optimizer, metrics = original()
            return trainable, fixed, [*optimizer, *[private.whole_sharding(model)] * len(cells)], metrics

        return shardings

    return [Hook(model, "train_step", wrap_step), private.sharding_hook(model, wrap_shardings)]


def _give(cells: Sequence[Cell], values: Sequence[Any]) -> None:
    for c, value in zip(cells, values, strict=True):
        c.value = value
