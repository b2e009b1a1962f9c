"""How cells pass through a training step on JAX, where a compiled step keeps no state.

Keras hands the values of all variables to the step and takes the new ones from it. The cells' values ride behind those
of the optimizer. They are appended just outside the compiled function and taken off just inside it, so that neither
Keras nor the user's train_step ever sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable
from tb_cnnviz.capture.hook import Hook


def loaded(state: Any, cells: Sequence[StepVariable]) -> Any:
    """The state for a step that was built with `hooks`; in the one that it gives, the cells' values stand likewise."""
    trainable, fixed, optimizer, metrics = state
    return trainable, fixed, [*optimizer, *(c.value for c in cells)], metrics


def give(cells: Sequence[StepVariable], values: Sequence[Any]) -> None:
    """Let the cells have these values."""
    for c, value in zip(cells, values, strict=True):
        c.value = value


def hooks(model: Any, cells: Sequence[StepVariable], faults: list[Exception]) -> list[Hook]:
    """What has to stand on the model, outside of all other hooks, while the step is built and runs.

    Where the step raises while it is traced and neither Keras nor the user is to blame, the error is put into `faults`
    too; nothing has been computed then.
    """

    def wrap_step(original: Callable[..., Any]) -> Callable[..., Any]:
        def train_step(state: Any, data: Any) -> Any:
            is_theirs = False
            try:
                before = [c.value for c in cells]
                try:
                    trainable, fixed, carried, metrics = state
                    own = len(carried) - len(cells)
                    give(cells, carried[own:])
                    is_theirs = True
                    logs, state = original((trainable, fixed, carried[:own], metrics), data)
                    is_theirs = False
                    return logs, loaded(state, cells)
                finally:
                    give(cells, before)
            except Exception as error:
                if not is_theirs:
                    faults.append(error)
                raise

        return train_step

    def wrap_shardings(original: Callable[[], Any]) -> Callable[[], Any]:
        def shardings() -> Any:
            trainable, fixed, optimizer, metrics = original()
            return trainable, fixed, [*optimizer, *[private.whole_sharding(model)] * len(cells)], metrics

        return shardings

    return [Hook(model, "train_step", wrap_step), private.sharding_hook(model, wrap_shardings)]
