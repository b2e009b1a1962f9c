"""The training step with our hooks in it, and the guarantee that they are nowhere else.

The hooks stand on the model and its optimizer only while fit's call of the training step runs: they are put there
when the call begins and removed before it returns, however it returns. Between two steps, whatever looks at the model
(a checkpoint, a clone, another callback, an exception handler) finds nothing of ours. The one thing outside that call
is `model.train_function`, exchanged from our on_train_batch_begin until fit calls it, and given back by `disarm`.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras

from tb_cnnviz.capture import private, riding
from tb_cnnviz.capture.cell import Cell
from tb_cnnviz.capture.hook import Guard, Hook, forgiving, hooked


class InstrumentedStep:
    """A model's training step, recompiled with hooks, run in the place of the model's own during one fit.

    Several callbacks of one fit share it: `of_fit` gives each the same one.

    Attributes:
        hooks: what to put in place while a step runs.
        cells: all that the hooks read or write inside the step.
        before_first: called in turn with the step's data (an iterator; on PyTorch a list of batches) before the first
            step; each returns the data to use, and may `add` hooks.
        is_running: whether this is inside fit's call of the step.
        on_abort: called when an exception, KeyboardInterrupt too, leaves fit's loop over batches.
        shared: what the callbacks of this fit share beside it, under keys of their own.
        batch_size: of fit's data, where they have one.
        on_fault: called with the error when the step with hooks cannot be built or run for a fault of ours; training
            goes on without them.
        is_whole: whether no step was cut off by an exception, after which the weights may be anything.
    """

    def __init__(self, model: Any) -> None:
        self.hooks: list[Hook] = []
        self.cells: list[Cell] = []
        self.is_running = False
        self.is_whole = True
        self._is_refused = False
        self.before_first: list[Callable[[Any], Any]] = []
        self.on_abort: list[Callable[[], None]] = []
        self.on_fault: list[Callable[[Exception], None]] = []
        self.shared: dict[Any, Any] = {}
        self.batch_size: int | None = None
        self._model = model
        self._unwatch: Callable[[], None] = lambda: None
        self._own: Any = None
        self._instrumented: Any = None
        self._faults: list[Exception] = []  # of the step while it is traced, which may be built long before

    @classmethod
    def of_fit(cls, model: Any) -> InstrumentedStep:
        """The one of the fit that is running; a new one, without the guard for exceptions, where it is not found."""
        fit = private.running_fit(model)
        if fit is None:
            return cls(model)
        step: InstrumentedStep | None = vars(fit.iterator).get(_ATTRIBUTE)
        if step is None:
            step = cls(model)
            step.batch_size = private.batch_size_of(fit.iterator)
            setattr(fit.iterator, _ATTRIBUTE, step)
            step._unwatch = private.watch_batches(fit, step._cut_off)
        return step

    def add(self, hooks: Sequence[Hook], cells: Sequence[Cell], guard: Guard | None = None) -> None:
        """Before the first step: hooks to put in place, and the cells that they read or write.

        A fault in a hook goes to `guard`, or without one costs all hooks.
        """
        self.hooks += [forgiving(hook, guard or self._forgiven) for hook in hooks]
        self.cells += cells

    def arm(self) -> None:
        """Let fit's next call of the training step be ours."""
        current = self._model.train_function
        left = getattr(current, "__self__", None)
        if isinstance(left, InstrumentedStep) and left is not self:  # an interrupt came between arming and the call
            left.disarm()
            current = self._model.train_function
        if current is None or current == self._run:
            return
        if current is not self._own:  # the first time, or somebody recompiled the model
            self._own, self._instrumented = current, None
        if self.before_first or self.hooks:
            self._model.train_function = self._run

    def rebuild(self) -> None:
        """Between two steps: the hooks will do something else, so the next one has to be traced again."""
        self._instrumented = None

    def disarm(self) -> None:
        """Give the model its own training step back. Does nothing where it has it."""
        if self._model.train_function == self._run:
            self._model.train_function = self._own

    def leave(self) -> None:
        """At fit's end: disarm, and hold nothing of fit's that may outlive it."""
        self.disarm()
        self._unwatch()

    def show_weights(self) -> None:
        """Between two steps: let the model's variables have their values, which fit on JAX holds itself."""
        if not self.is_running and hasattr(self._model, "jax_state_sync"):
            self._model.jax_state_sync()

    def _run(self, *arguments: Any) -> Any:
        """In the place of `train_function`: (data), on JAX (state, iterator)."""
        self.is_running, self.is_whole = True, False
        try:
            self._model.train_function = self._own
            result = self._run_hooked(*arguments)
            self.is_whole = True
            return result
        except BaseException:
            if keras.config.backend() == "torch":
                with contextlib.suppress(Exception):
                    self._cut_off()
            raise
        finally:
            self.is_running = False

    def _run_hooked(self, *arguments: Any) -> Any:
        *state, data = arguments
        if self.before_first or self._instrumented is None:
            try:
                data = self._prepared(state, data)
            except Exception as error:
                if self._is_refused:
                    raise
                self._give_up(error)
        if self._instrumented is None:
            return self._own(*state, data)
        entered = ran = False
        data, again = itertools.tee(data) if state else (data, data)  # a step that fails has taken its batch
        self._faults.clear()
        try:
            with self._in_place():
                carrying = [riding.loaded(each, self.cells) for each in state]
                entered = True
                result = self._instrumented(*carrying, data)
                if state:  # not by a function, in which a fault could lose the weights
                    logs, (trainable, fixed, carried, metrics) = result
                    own = len(carried) - len(self.cells)
                    result = logs, (trainable, fixed, carried[:own], metrics)
                    ran = True
                    riding.give(self.cells, carried[own:])
                ran = True
        except Exception as error:
            if entered and not ran and not self._faults:
                raise
            self._give_up(error)
        return result if ran else self._own(*state, again)

    def _prepared(self, state: Sequence[Any], data: Any) -> Any:
        """The data for the first step, or for one that was recompiled, which is built here."""
        try:
            with private.variables_given_back(self._model, *state):
                self._is_refused = True  # what these raise the user has to know; of faults they tell themselves
                while self.before_first:
                    data = self.before_first.pop(0)(data)
                self._is_refused = False
                if self.hooks and self._instrumented is None:
                    with self._in_place():
                        self._instrumented = private.build_step(self._model)
        except Exception as error:
            if self._is_refused:
                raise
            self._give_up(error)
        return data

    def _in_place(self) -> AbstractContextManager[None]:
        riders = riding.hooks(self._model, self.cells, self._faults) if keras.config.backend() == "jax" else []
        return hooked([*self.hooks, *riders])

    def _give_up(self, error: Exception) -> None:
        """A fault of ours: the next steps are the model's own."""
        self.hooks.clear()
        self.before_first.clear()
        self._instrumented = None
        for tell in self.on_fault:
            with contextlib.suppress(Exception):
                tell(error)

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._give_up(error)

    def _cut_off(self) -> None:
        """An exception leaves fit's loop over batches."""
        self.disarm()
        for tell in self.on_abort:
            with contextlib.suppress(Exception):
                tell()


_ATTRIBUTE = "cnnviz_step"
