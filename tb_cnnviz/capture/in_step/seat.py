"""What one callback has in a training step."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from tb_cnnviz.capture.backends.step_variable import StepVariable
from tb_cnnviz.capture.hook import Hook


class Seat:
    """What one callback has in a training step. The callback's methods are held weakly.

    Args:
        begin: called with the data of the first step (an iterator; on PyTorch a list of batches; None where no step is
            running) before it runs; returns the data to use, and may `add` hooks.
        on_abort: called when an exception, KeyboardInterrupt too, leaves fit's loop over batches.
        on_fault: called with the error when the step with hooks cannot be built or run for a fault of ours; training
            goes on without them.

    Attributes:
        hooks: what to put in place while a step runs.
        quick_hooks: those of them that no compilation is long for.
        cells: all that the hooks read or write inside the step.
        has_begun: whether `begin` was called.
    """

    def __init__(
        self, begin: Callable[[Any], Any], on_abort: Callable[[], None], on_fault: Callable[[Exception], None]
    ) -> None:
        self.begin, self.on_abort = weakref.WeakMethod(begin), weakref.WeakMethod(on_abort)
        self.on_fault = weakref.WeakMethod(on_fault)
        self.hooks: list[Hook] = []
        self.quick_hooks: list[Hook] = []
        self.cells: list[StepVariable] = []
        self.has_begun = False
