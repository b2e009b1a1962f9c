"""The training step with our hooks in it, and the guarantee that they are nowhere else.

The hooks stand on the model and its optimizer only while fit's call of the training step runs: they are put there
when the call begins and removed before it returns, however it returns. Between two steps, whatever looks at the model
(a checkpoint, a clone, another callback, an exception handler) finds nothing of ours. The one thing outside that call
is `model.train_function`, exchanged from our on_train_batch_begin until fit calls it, and given back by `disarm`.

In a loop of the user's own it is `train_on_batch` that calls the step, as often as the user likes between
on_train_batch_begin and on_train_batch_end. So there `model.train_function` stays exchanged from one to the other.
"""

from __future__ import annotations

import contextlib
import itertools
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import keras

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.jax import jax_carry
from tb_cnnviz.capture.backends.step_variable import StepVariable
from tb_cnnviz.capture.hook import Guard, Hook, forgiving, hooked
from tb_cnnviz.capture.in_step.early_build import build_early
from tb_cnnviz.capture.in_step.optimizers import has_keras_step
from tb_cnnviz.capture.in_step.seat import Seat

if TYPE_CHECKING:
    from tb_cnnviz.capture.backends.jax.later_step import LaterStep

#: A network of more layers is not waited for until XLA has compiled all that we record of it.
_MANY_LAYERS = 60


class InstrumentedStep:
    """A model's training step, recompiled with hooks, run in the place of the model's own during one fit.

    Several callbacks of one fit share it: `of_fit` gives each the same one. So do all those of loops of the user's own
    that train one model at a time.

    Attributes:
        is_running: whether this is inside fit's call of the step.
        is_in_fit: whether Keras' `fit` calls the step, and not a loop of the user's own.
        ran: calls of the step that came to their end.
        cut_off: calls that an exception ended.
        shared: what the callbacks of this fit share beside it, under keys of their own.
        batch_size: of fit's data, where they have one.
        is_whole: whether no step was cut off by an exception, after which the weights may be anything.
        is_at_once: whether the first batch is to run with all hooks, however long that takes to compile.
        batches: that the fit will train on, where they are known.
    """

    def __init__(self, model: Any, *, is_in_fit: bool) -> None:
        self.is_running = False
        self.is_whole = True
        self.is_in_fit = is_in_fit
        self.ran = self.cut_off = 0
        self.is_at_once = False
        self.batches: int | None = None
        self._later: LaterStep | None = None
        self._is_refused = False
        self.shared: dict[Any, Any] = {}
        self.batch_size: int | None = None
        self._model = model
        self._seats: list[Seat] = []
        self._beginning: Seat | None = None
        self._common: list[Hook] = []
        self._common_cells: list[StepVariable] = []
        self._unwatch: Callable[[], None] = lambda: None
        self._own: Any = None
        self._instrumented: Any = None
        self._faults: list[Exception] = []  # of the step while it is traced, which may be built long before

    @classmethod
    def of_fit(cls, model: Any) -> InstrumentedStep:
        """The one of the fit that is running; a new one, without the guard for exceptions, where it is not found.

        Outside of any fit the one of the loops that train this model.
        """
        fit = private.running_fit(model)
        if fit is None:
            looping = _loops.get(id(model)) or cls(model, is_in_fit=False)
            _loops[id(model)] = looping
            return looping
        if fit.iterator is None:
            return cls(model, is_in_fit=True)
        step: InstrumentedStep | None = vars(fit.iterator).get(_ATTRIBUTE)
        if step is None:
            step = cls(model, is_in_fit=True)
            step.batch_size = private.batch_size_of(fit.iterator)
            setattr(fit.iterator, _ATTRIBUTE, step)
            step._unwatch = private.watch_batches(fit, step._cut_off)
        return step

    def join(self, seat: Seat) -> None:
        """Let a callback begin with the next step."""
        self._seats.append(seat)
        self._instrumented = None

    def begin(self, seat: Seat, data: Any) -> Any:
        """Before the callback's first step: the data to use."""
        begin = seat.begin()
        seat.has_begun = True
        if begin is None:
            return data
        self._beginning = seat
        try:
            self._is_refused = True  # what this raises the user has to know; of faults the callback tells itself
            data = begin(data)
            self._is_refused = False
            return data
        finally:
            self._beginning = None

    @property
    def hooks(self) -> list[Hook]:
        """What to put in place while a step runs."""
        return [*self._common, *(hook for seat in self._seats for hook in seat.hooks)]

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step."""
        return [*self._common_cells, *(cell for seat in self._seats for cell in seat.cells)]

    @property
    def is_waiting(self) -> bool:
        """Does the step run without most of its hooks, since it is still being compiled with them?"""
        return self._later is not None and self._later.is_waiting

    def add(
        self,
        hooks: Sequence[Hook],
        cells: Sequence[StepVariable],
        guard: Guard | None = None,
        *,
        is_quick: bool = False,
    ) -> None:
        """From a callback's `begin`: hooks to put in place, and the cells that they read or write.

        A fault in a hook goes to `guard`, or without one costs all hooks. `is_quick` says that the hooks are compiled
        soon, and shall run from the first batch on in any case.
        """
        if self._beginning is not None:
            placed = [forgiving(hook, guard or self._forgiven) for hook in hooks]
            self._beginning.hooks += placed
            self._beginning.quick_hooks += placed if is_quick else []
            self._beginning.cells += cells
            self._instrumented = None

    def add_common(self, hooks: Sequence[Hook], guard: Guard | None = None, cells: Sequence[StepVariable] = ()) -> None:
        """The same, of hooks that stand inside of those of all callbacks, and stay until the last of them leaves."""
        self._common += [forgiving(hook, guard or self._forgiven) for hook in hooks]
        self._common_cells += cells
        self._instrumented = None

    def arm(self) -> None:
        """Let fit's next call of the training step be ours; in a loop of the user's own each call until `disarm`."""
        current = self._model.train_function
        left = getattr(current, "__self__", None)
        if isinstance(left, InstrumentedStep) and left is not self:  # an interrupt came between arming and the call
            left.disarm()
            current = self._model.train_function
        if current == self._run or (current is None and self.is_in_fit):
            return
        if current is None or current is not self._own:  # the first time, or somebody recompiled the model
            self._own, self._instrumented = current, None
        if self.hooks or any(not seat.has_begun for seat in self._seats):
            self._model.train_function = self._run

    def rebuild(self) -> None:
        """Between two steps: the hooks will do something else, so the next one has to be traced again."""
        self._instrumented = None

    def disarm(self) -> None:
        """Give the model its own training step back. Does nothing where it has it."""
        if self._model.train_function == self._run:
            self._model.train_function = self._own

    def leave(self, seat: Seat) -> None:
        """At the end of what a callback logs: its hooks go; with the last one disarm, and hold nothing of fit's."""
        if seat in self._seats:
            self._seats.remove(seat)
            if seat.hooks:
                self._instrumented = None
        if not self._seats:
            self._stop_compiling()
            self.disarm()
            self._unwatch()
            if _loops.get(id(self._model)) is self:
                del _loops[id(self._model)]

    def show_weights(self) -> None:
        """Between two steps: let the model's variables have their values, which fit on JAX holds itself."""
        if self.is_in_fit and not self.is_running and hasattr(self._model, "jax_state_sync"):
            self._model.jax_state_sync()

    def _run(self, *arguments: Any) -> Any:
        """In the place of `train_function`: (data), on JAX (state, iterator)."""
        self.is_running, self.is_whole = True, False
        try:
            self._model.train_function = self._own
            if self._own is None:  # `train_on_batch` found ours in its place, and made none
                self._own = self._model.train_function = private.build_step(self._model)
            if not self.is_in_fit and private.running_fit(self._model) is not None:
                return self._own(*arguments)  # a loop that was left between its events
            result = self._run_hooked(*arguments)
            self.is_whole = True
            self.ran += 1
            if not self.is_in_fit and self._seats and self._model.train_function is self._own:
                self._model.train_function = self._run
            return result
        except BaseException:
            self.cut_off += 1
            if keras.config.backend() == "torch" and self.is_in_fit:
                with contextlib.suppress(Exception):
                    self._cut_off()
            raise
        finally:
            self.is_running = False

    def _run_hooked(self, *arguments: Any) -> Any:
        *state, data = arguments
        if self._instrumented is None:
            try:
                data = self._prepared(state, data)
            except Exception as error:
                if self._is_refused:
                    raise
                self._give_up(error)
        if self._instrumented is None:
            return self._own(*state, data)
        entered = ran = False
        again = data
        try:
            if state or _is_of_one_batch(data):  # a step that fails has taken its batch
                data, again = itertools.tee(data)
            cells = self.cells
            self._faults.clear()
            # A step that is compiled later puts its hooks in place where it is traced.
            with self._in_place() if self._later is None else nullcontext():
                carrying = [jax_carry.loaded(each, cells) for each in state]
                entered = True
                result = self._instrumented(*carrying, data)
                if state:  # not by a function, in which a fault could lose the weights
                    logs, (trainable, fixed, carried, metrics) = result
                    own = len(carried) - len(cells)
                    result = logs, (trainable, fixed, carried[:own], metrics)
                    ran = True
                    jax_carry.give(cells, carried[own:])
                ran = True
        except Exception as error:
            if entered and not ran and not self._faults:
                raise
            self._give_up(error)
        return result if ran else self._own(*state, again)

    def _prepared(self, state: Sequence[Any], data: Any) -> Any:
        """The data for the first step, or for one that was recompiled, which is built here."""
        self._is_refused = False
        try:
            with private.variables_given_back(self._model, *state):
                for seat in [each for each in self._seats if not each.has_begun]:
                    data = self.begin(seat, data)
                if self.hooks and self._instrumented is None:
                    if self.is_in_fit and has_keras_step(self._model):
                        build_early(self._model, data)
                    self._instrumented = self._built()
        except Exception as error:
            if self._is_refused:
                raise
            self._give_up(error)
        return data

    def _built(self) -> Any:
        """The step with our hooks; a long one may have to be waited for."""
        self._stop_compiling()
        quick = [hook for seat in self._seats for hook in seat.quick_hooks]
        if len(quick) == len(self.hooks) or not self._is_compiled_later():
            with self._in_place():
                return private.build_step(self._model)
        from tb_cnnviz.capture.backends.jax.later_step import LaterStep

        with self._in_place(quick):
            now = private.jitted_step(self._model)
        with self._in_place():
            later = private.jitted_step(self._model)

        def run_now(state: Any, data: Any) -> Any:
            with self._in_place(quick):
                return now(state, data)

        def trace(make: Callable[[], Any]) -> Any:
            with self._in_place():
                return make()

        self._later = LaterStep(run_now, later, trace, self._give_up, self.batches)
        return private.over_batches(self._model, self._later)

    def _is_compiled_later(self) -> bool:
        """Would the first batch wait for XLA much longer than without us?"""
        if keras.config.backend() != "jax" or self.is_at_once or not self.is_in_fit or not self._is_jitted():
            return False
        return has_keras_step(self._model) and len(private.all_layers(self._model)) > _MANY_LAYERS

    def _is_jitted(self) -> bool:
        alone = keras.distribution.distribution() is None
        return bool(alone and self._model.jit_compile and not self._model.run_eagerly)

    def _stop_compiling(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            later.close()

    def _in_place(self, chosen: Sequence[Hook] | None = None) -> AbstractContextManager[None]:
        """All hooks, or those that are chosen."""
        hooks = self.hooks if chosen is None else chosen
        riders = jax_carry.hooks(self._model, self.cells, self._faults) if keras.config.backend() == "jax" else []
        return hooked([*hooks, *riders])

    def _give_up(self, error: Exception) -> None:
        """A fault of ours: the next steps are the model's own."""
        self._stop_compiling()
        self._common.clear()
        for seat in list(self._seats):
            seat.hooks.clear()
            seat.quick_hooks.clear()
            seat.has_begun = True
            tell = seat.on_fault()
            with contextlib.suppress(Exception):
                if tell is not None:
                    tell(error)
        self._instrumented = None

    @contextlib.contextmanager
    def _forgiven(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._give_up(error)

    def _cut_off(self) -> None:
        """An exception leaves fit's loop over batches."""
        self.disarm()
        for seat in list(self._seats):
            tell = seat.on_abort()
            with contextlib.suppress(Exception):
                if tell is not None:
                    tell()


def _is_of_one_batch(data: Any) -> bool:
    """Are these the data of `train_on_batch`, which Python iterates over?"""
    return isinstance(data, types.GeneratorType | itertools.chain)


_ATTRIBUTE = "cnnviz_step"

#: By the id of the model, which each of them keeps alive.
_loops: weakref.WeakValueDictionary[int, InstrumentedStep] = weakref.WeakValueDictionary()
