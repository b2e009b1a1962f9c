"""One value on the device that a training step reads and writes, and the host too.

A cell belongs to no model and no optimizer. On TensorFlow it is a variable, on PyTorch a tensor that is written in
place. JAX has no state: there the cells ride through the compiled step as further arguments and results (see
`riding`), and while the step is traced a cell holds the tracer of its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends.host import to_numpy


class StepVariable:
    """On JAX; the base of the others.

    Args:
        value: what it holds at first; gives shape and dtype.
    """

    def __init__(self, value: np.ndarray) -> None:
        self.shape, self.dtype = value.shape, value.dtype.name
        self.value = self._made(value)

    def _made(self, value: np.ndarray) -> Any:
        return ops.convert_to_tensor(value)

    def read(self) -> Any:
        """The value as a tensor."""
        return self.value

    def write(self, value: Any) -> None:
        """Another value, of the same shape."""
        import jax

        # A Python number becomes weakly typed otherwise, and the step is compiled again for it.
        self.value = jax.lax.convert_element_type(value, self.dtype)

    def write_row(self, row: Any, value: Any) -> None:
        """Another value at index `row` of the first axis."""
        self.value = self.value.at[row].set(value)

    def host(self) -> np.ndarray:
        """The value as an array; waits for the device."""
        return to_numpy(self.value)


class TensorFlowStepVariable(StepVariable):
    """On TensorFlow."""

    def _made(self, value: np.ndarray) -> Any:
        return keras.Variable(value, dtype=self.dtype, trainable=False, autocast=False, name="cnnviz")

    def read(self) -> Any:
        return ops.convert_to_tensor(self.value)

    def write(self, value: Any) -> None:
        self.value.assign(value)

    def write_row(self, row: Any, value: Any) -> None:
        import tensorflow as tf

        # In place: an update of a slice would copy the whole ring.
        rows = tf.IndexedSlices(ops.expand_dims(value, 0), ops.reshape(row, (1,)))
        self.value.value.scatter_update(rows)


class TorchStepVariable(StepVariable):
    """On PyTorch."""

    def write(self, value: Any) -> None:
        self.value.copy_(ops.convert_to_tensor(value))

    def write_row(self, row: Any, value: Any) -> None:
        self.value[row] = value


_KINDS: dict[str, type[StepVariable]] = {
    "tensorflow": TensorFlowStepVariable,
    "torch": TorchStepVariable,
    "jax": StepVariable,
}


def cell(value: np.ndarray) -> StepVariable:
    """A cell of the backend in use."""
    return _KINDS[keras.config.backend()](value)


def when(due: Any, record: Callable[[], None], cells: Sequence[StepVariable]) -> None:
    """Inside the step: run `record` if the scalar `due` is true.

    Args:
        due: a tensor.
        record: writes to `cells`; has no other effect.
        cells: all that `record` writes to.
    """
    backend = keras.config.backend()
    if backend == "tensorflow":

        def recorded() -> Any:
            record()
            return ops.zeros((), "int32")

        ops.cond(due, recorded, lambda: ops.zeros((), "int32"))
    elif backend == "jax" and _is_traced(due):
        _traced_when(due, record, cells)
    elif bool(due):
        record()


def _is_traced(tensor: Any) -> bool:
    import jax

    return isinstance(tensor, jax.core.Tracer)


def _traced_when(due: Any, record: Callable[[], None], cells: Sequence[StepVariable]) -> None:
    """Under tracing a branch has no effects: it takes the cells' values and gives their new ones."""
    import jax

    before = [c.value for c in cells]

    def recorded(values: list[Any]) -> list[Any]:
        for c, value in zip(cells, values, strict=True):
            c.value = value
        record()
        return [c.value for c in cells]

    try:
        after = jax.lax.cond(due, recorded, lambda values: values, before)
    except BaseException:
        for c, value in zip(cells, before, strict=True):
            c.value = value
        raise
    for c, value in zip(cells, after, strict=True):
        c.value = value


def recording() -> AbstractContextManager[Any]:
    """Inside the step: nothing that is computed here is differentiated."""
    if keras.config.backend() == "torch":
        import torch

        quiet: AbstractContextManager[Any] = torch.no_grad()
        return quiet
    return nullcontext()


def waiting_for(tensor: Any) -> AbstractContextManager[Any]:
    """Inside the step: what is done here is done once `tensor` is computed.

    TensorFlow runs whatever does not wait for data even when the data have run out.
    """
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        waiting: AbstractContextManager[Any] = tf.control_dependencies([tensor])
        return waiting
    return nullcontext()
