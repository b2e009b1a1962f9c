"""The training step with our hooks in it, and the guarantee that they are nowhere else.

The hooks stand on the model and its optimizer only while fit's call of the training step runs: they are put there
when the call begins and removed before it returns, however it returns. Between two steps, whatever looks at the model
(a checkpoint, a clone, another callback, an exception handler) finds nothing of ours. The one thing outside that call
is `model.train_function`, exchanged from our on_train_batch_begin until fit calls it, and given back by `disarm`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tb_cnnviz.capture import private


@dataclass(frozen=True)
class Hook:
    """A method of one object, replaced by `wrap(method)` on that object alone."""

    owner: Any
    name: str
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]]


@contextlib.contextmanager
def hooked(hooks: list[Hook]) -> Iterator[None]:
    """Put the hooks in place, and take them away again in any case."""
    replaced: list[tuple[Hook, Any]] = []
    try:
        for hook in hooks:
            own = vars(hook.owner).get(hook.name)
            replaced.append((hook, own))
            vars(hook.owner)[hook.name] = hook.wrap(getattr(hook.owner, hook.name))
        yield
    finally:
        for hook, own in reversed(replaced):
            if own is None:
                vars(hook.owner).pop(hook.name, None)
            else:
                vars(hook.owner)[hook.name] = own


class InstrumentedStep:
    """A model's training step, recompiled with hooks, run in the place of the model's own during one fit.

    Several callbacks of one fit share it: `of_fit` gives each the same one.

    Attributes:
        hooks: what to put in place while a step runs.
        before_first: called in turn with the step's data iterator before the first step; each returns the iterator to
            use, and may add hooks.
        on_abort: called when an exception, KeyboardInterrupt too, leaves fit's loop over batches.
        shared: what the callbacks of this fit share beside it, under keys of their own.
        batch_size: of fit's data, where they have one.
        on_fault: called with the error when the step with hooks cannot be built; training goes on without them.
    """

    def __init__(self, model: Any) -> None:
        self.hooks: list[Hook] = []
        self.before_first: list[Callable[[Any], Any]] = []
        self.on_abort: list[Callable[[], None]] = []
        self.on_fault: list[Callable[[Exception], None]] = []
        self.shared: dict[Any, Any] = {}
        self.batch_size: int | None = None
        self._model = model
        self._own: Any = None
        self._instrumented: Any = None

    @classmethod
    def of_fit(cls, model: Any) -> InstrumentedStep:
        """The one of the fit that is running; a new one, without the guard for exceptions, where it is not found."""
        iterator = private.epoch_iterator_of_fit(model)
        if iterator is None:
            return cls(model)
        step: InstrumentedStep | None = vars(iterator).get(_ATTRIBUTE)
        if step is None:
            step = cls(model)
            step.batch_size = private.batch_size_of(iterator)
            setattr(iterator, _ATTRIBUTE, step)
            private.guard_batches(iterator, step._guarded)
        return step

    def arm(self) -> None:
        """Let fit's next call of the training step be ours."""
        current = self._model.train_function
        if current is None or current == self._run:
            return
        if current is not self._own:  # the first time, or somebody recompiled the model
            self._own, self._instrumented = current, None
        if self.before_first or self.hooks:
            self._model.train_function = self._run

    def disarm(self) -> None:
        """Give the model its own training step back. Does nothing where it has it."""
        if self._model.train_function == self._run:
            self._model.train_function = self._own

    def _run(self, iterator: Any) -> Any:
        self.disarm()
        while self.before_first:
            iterator = self.before_first.pop(0)(iterator)
        if self.hooks:
            with hooked(self.hooks):
                step = self._build()
                if step is not None:
                    return step(iterator)
        return self._own(iterator)

    def _build(self) -> Any:
        if self._instrumented is None:
            try:
                self._instrumented = private.build_step(self._model)
            except Exception as error:
                self.hooks.clear()
                for tell in self.on_fault:
                    tell(error)
        return self._instrumented

    def _guarded(self, original: Callable[[], Any]) -> Callable[[], Any]:
        @contextlib.contextmanager
        def catch_stop_iteration() -> Iterator[None]:
            try:
                with original():
                    yield
            except BaseException:
                self.disarm()
                for tell in self.on_abort:
                    tell()
                raise

        return catch_stop_iteration


_ATTRIBUTE = "cnnviz_step"
