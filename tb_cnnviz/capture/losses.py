"""Each training batch's own loss, with the learning rate it was trained at, recorded inside the training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.gradients import innermost
from tb_cnnviz.capture.mailbox import Ring
from tb_cnnviz.capture.step import Hook


class LossCapture:
    """Records what the model's `compute_loss` returns in training steps: the batch's loss, regularisation included.

    Args:
        model: compiled; a train_step that never calls `compute_loss` leaves the ring empty.
        slots: rows to keep between two drains.

    Attributes:
        was_called: whether a training step was traced that computes its loss by `compute_loss`.
    """

    def __init__(self, model: Any, *, slots: int) -> None:
        self.was_called = False
        self._model = model
        self._optimizer = innermost(model.optimizer)
        self._ring = Ring(
            slots,
            {
                "step": ((), "int32"),
                "loss": ((), "float32"),
                "learning_rate": ((), "float32"),
                "examples": ((), "int32"),
            },
        )

    def hook(self, guard: Callable[[], Any]) -> Hook:
        """What to put in the place of the model's `compute_loss` while a step runs."""

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def compute_loss(*args: Any, **kwargs: Any) -> Any:
                self.was_called = True
                loss = original(*args, **kwargs)
                with guard():
                    self._record(loss, args, kwargs)
                return loss

            return compute_loss

        return Hook(self._model, "compute_loss", wrap)

    def _record(self, loss: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors = [t for t in tree.flatten((args[:3], kwargs)) if getattr(t, "shape", None)]
        slot = self._ring.slot()
        self._ring.put(
            slot,
            {
                "step": self._optimizer.iterations,
                "loss": loss,
                "learning_rate": self._optimizer.learning_rate,
                "examples": ops.shape(tensors[0])[0] if tensors else 0,
            },
        )
        self._ring.advance(after=loss)

    @property
    def slots(self) -> int:
        """Rows that are kept between two drains."""
        return self._ring.slots

    @property
    def lost(self) -> int:
        """Rows that were overwritten before they were drained."""
        return self._ring.lost

    def drain(self) -> dict[str, np.ndarray]:
        """The rows since the last call: step (optimizer.iterations), loss, learning_rate, examples (of the batch)."""
        return self._ring.drain()
