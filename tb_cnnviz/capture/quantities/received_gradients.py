"""The gradients that an optimizer receives: in the order of the model record, loss scaling undone, counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.backends.tensorflow.tf_graph_copy import recompute_tail
from tb_cnnviz.capture.hook import Guard, Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import Application, OptimizerCalls


class ReceivedGradients:
    """What one optimizer receives for `variables`.

    Args:
        optimizer: as compiled.
        variables: trainable variables, in the order of the model record.
        paths: names of the variables; None for Keras' own.
        micro_batches: batches whose gradients make one update; by default as the optimizer says.

    Attributes:
        innermost: the optimizer that sees unscaled gradients.
        unconnected: variables on which the loss of the traced step does not depend.
        sparse: places of variables that TensorFlow gives IndexedSlices for.
    """

    def __init__(
        self,
        optimizer: Any,
        variables: Sequence[Any],
        paths: Sequence[str] | None = None,
        micro_batches: int | None = None,
    ) -> None:
        self.outermost, self.innermost = optimizer, innermost(optimizer)
        self.variables = list(variables)
        self.paths = [v.path for v in variables] if paths is None else list(paths)
        self.micro_batches = micro_batches or micro_batches_of(optimizer)
        self.unconnected: list[str] = []
        self.sparse: set[int] = set()
        self._index = {id(v): i for i, v in enumerate(self.variables)}
        self._batch: int | None = None

    def functional_hooks(
        self, calls: OptimizerCalls | None, guard: Guard, record: Callable[[Application], None]
    ) -> list[Hook]:
        """JAX: what to put in place, so that `record` is told of each call of the optimizer after it; `guard` catches its
        faults. Where `calls` watches the optimizer, it tells.
        """

        def listen(application: Application) -> None:
            with guard():
                record(application)

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def stateless_apply(optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
                weights, state = original(optimizer_variables, grads, trainable_variables)
                before, after = (optimizer_variables, trainable_variables), (state, weights)
                with guard():
                    record(Application(0, self.outermost, list(grads), self.variables, before, after))
                return weights, state

            return stateless_apply

        if calls is not None:
            calls.listeners.append(listen)
            return []
        return [Hook(self.outermost, "stateless_apply", wrap)]

    def counted(self) -> tuple[Any, Any]:
        """Updates so far, and which micro-batch of the next one this is.

        On PyTorch as the host counts them: asking the device at every step would make the host wait for it.
        """
        if keras.config.backend() == "torch":
            if self._batch is None:
                self._batch = int(to_numpy(private.raw_iterations(self.innermost)))
            batch, self._batch = self._batch, self._batch + 1
            return divmod(batch, self.micro_batches)
        micro_batch = ops.mod(private.raw_iterations(self.innermost), self.micro_batches)
        return ops.cast(self.innermost.iterations, "int32"), ops.cast(micro_batch, "int32")

    def forget_count(self) -> None:
        """From here on as the device says: somebody may have set it."""
        self._batch = None

    def in_order(self, gradients: Sequence[Any], owners: Sequence[Any] | None) -> list[Any]:
        """Gradients in the order of `variables`; None where the loss does not depend on one."""
        ordered: list[Any] = [None] * len(self.variables)
        for gradient, owner in zip(gradients, self.variables if owners is None else owners, strict=True):
            index = self._index.get(id(owner))
            if index is not None:
                ordered[index] = gradient
        self.sparse = {i for i, gradient in enumerate(ordered) if hasattr(gradient, "dense_shape")}
        self.unconnected = [path for path, g in zip(self.paths, ordered, strict=True) if g is None]
        return ordered

    def scale(self) -> Any:
        """What the gradients that the hooked method gets are scaled by; None where they are not."""
        if keras.config.backend() == "jax" and self.outermost is not self.innermost:
            return ops.convert_to_tensor(self.outermost.dynamic_scale)
        return getattr(self.innermost, "loss_scale_factor", None)

    def flat(self, ordered: Sequence[Any], scale: Any) -> list[Any]:
        """The same as float32 [n], loss scaling undone; zeros for None."""
        flat = []
        for variable, gradient in zip(self.variables, ordered, strict=True):
            size = int(np.prod(variable.shape))
            if gradient is None:
                flat.append(ops.zeros((size,), "float32"))
                continue
            dense = ops.reshape(ops.cast(ops.convert_to_tensor(recompute_tail(gradient)), "float32"), (size,))
            flat.append(dense if scale is None else dense / scale)
        return flat


def micro_batches_of(optimizer: Any) -> int:
    """How many batches' gradients make one update."""
    return int(getattr(innermost(optimizer), "gradient_accumulation_steps", None) or 1)


def scope_at(optimizer: Any, variables: Sequence[Any], values: tuple[Sequence[Any], Sequence[Any]]) -> Any:
    """JAX: where the optimizer's variables and the model's have these values."""
    state, weights = values
    pairs = [*zip(variables, weights, strict=True), *zip(optimizer.variables, state, strict=True)]
    return keras.StatelessScope(state_mapping=pairs)
