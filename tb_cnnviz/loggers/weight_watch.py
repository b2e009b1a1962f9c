"""Notices weights that were set without an update, whichever callback set them, and wherever it stands in the list."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from keras import callbacks as standard

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import optimizers_of
from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.quantities.weight_bits import bits_of, watched_weights
from tb_cnnviz.loggers.fit_log import FitLog

WEIGHTS_SET = "weights set without an update"

#: In the place of an event, where it was the optimizer: its moving average takes the weights' place when fit ends.
OPTIMIZER = "the optimizer's moving average"

#: In the place of an event: since the log's last step, before this fit's first one.
BETWEEN_FITS = "between two fits"

#: In the place of an event: while fit validated.
VALIDATION = "validation"

#: In the place of an event, in a loop of the user's own.
BETWEEN_STEPS = "between two steps"

_EPOCH = ("on_epoch_begin", "on_epoch_end")
_BATCH = ("on_train_batch_begin", "on_train_batch_end")
_VALIDATION = ("on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end")
_TRAIN_END = "on_train_end"

#: Keras' own callbacks that set no weights while fit trains.
_HARMLESS = (
    standard.History,
    standard.ProgbarLogger,
    standard.ModelCheckpoint,
    standard.BackupAndRestore,
    standard.CSVLogger,
    standard.LearningRateScheduler,
    standard.ReduceLROnPlateau,
    standard.TensorBoard,
    standard.TerminateOnNaN,
)


class Listener(Protocol):
    """A callback that is told."""

    @property
    def fit(self) -> FitLog | None: ...

    def batch_ran(self, batch: int) -> bool:
        """A batch ended, before any callback was told. Are pictures due?"""

    def weights_were_set(self, event: str) -> None:
        """The pictures that were taken of this step are of other weights."""

    def end(self) -> None:
        """All callbacks are done with the fit."""

    def abort(self) -> None:
        """An exception leaves the fit."""


class WeightWatch:
    """Compares the weights' bits between two steps, where another callback could have set them.

    One for all the callbacks of a fit that take pictures. Of the batches only those with pictures are looked at.

    Attributes:
        suspects: events, and what stands in their place, at which somebody may set weights.
    """

    def __init__(self, model: Any, step: InstrumentedStep) -> None:
        self._model, self._step = model, step
        self._joined: list[weakref.ref[Listener]] = []  # a loop of the user's own may forget a callback without a word
        self._weights: list[Any] = []
        self._bits: np.ndarray | None = None
        self._ran = 0
        self._undo: list[Callable[[], None]] = []
        self.suspects: set[str] = {BETWEEN_STEPS}

    def join(self, listener: Listener) -> None:
        """From the callback's on_train_begin."""
        self._joined.append(weakref.ref(listener))
        fit = private.running_fit(self._model)
        if len(self._listeners) > 1 or fit is None:
            return

        def is_heard(event: str) -> bool:
            return any(map(_is_suspect, private.listeners_of(fit.callbacks, event)))

        self.suspects = set(filter(is_heard, (*_EPOCH, *_BATCH, _TRAIN_END)))
        if any(map(is_heard, _VALIDATION)):
            self.suspects.add(VALIDATION)
        if any(getattr(innermost(each.optimizer), "use_ema", False) for each in optimizers_of(self._model)):
            self.suspects.add(OPTIMIZER)
        for event in (*_EPOCH, _TRAIN_END, *self.suspects.intersection(_BATCH)):
            around = (functools.partial(self._before, event), functools.partial(self._after, event), self._abort)
            self._undo.append(private.around_event(fit.callbacks, event, *around))

    @property
    def is_around(self) -> bool:
        """Does it hear of the events before and after all callbacks? Else each callback sees to its own end."""
        return bool(self._undo)

    def leave(self, listener: Listener) -> None:
        """However the callback's fit ended."""
        self._joined = [each for each in self._joined if each() not in (None, listener)]
        if not self._listeners:
            while self._undo:
                self._undo.pop()()

    def stepped(self, ran: int) -> None:
        """So many batches of the fit ran: what was known of the weights is past."""
        if ran == self._ran:
            return
        self._ran, self._bits = ran, None
        for fit in self._fits:
            fit.weights_set = None

    def look(self, event: str) -> None:
        """Are the weights those of the last look, if no batch ran since? At each picture too; costs nothing where nobody
        could have set them."""
        fits = self._fits
        if not fits or not self.suspects or (self._bits is not None and event not in self.suspects):
            return
        with fits[0].clock.logging(), fits[0].guard(WEIGHTS_SET):
            begun = fits[0].clock.now()
            if WEIGHTS_SET not in fits[0].off:
                self._compare(event)
            for fit in fits:
                fit.between_pictures_s += (fits[0].clock.now() - begun) / len(fits)

    def look_again(self, event: str) -> None:
        """As `look`, but only where something is known of these weights."""
        if self._bits is not None:
            self.look(event)

    def bits(self) -> np.ndarray:
        """Of the weights as they are."""
        self._step.show_weights()
        self._weights = self._weights or watched_weights(self._model)
        return bits_of(self._weights)

    def _compare(self, event: str) -> None:
        before, self._bits = self._bits, self.bits()
        if before is None or np.array_equal(before, self._bits):
            return
        changed = [str(w.path) for w, a, b in zip(self._weights, before, self._bits, strict=True) if a != b]
        told: list[Any] = []
        for listener in self._listeners:
            if listener.fit is None:
                continue
            listener.weights_were_set(event)
            if listener.fit.writer not in told:  # which callbacks may share
                told.append(listener.fit.writer)
                listener.fit.say_that_weights_were_set(event, changed, len(self._weights))

    @property
    def _listeners(self) -> list[Listener]:
        return [listener for each in self._joined if (listener := each()) is not None]

    @property
    def _fits(self) -> list[FitLog]:
        return [listener.fit for listener in self._listeners if listener.fit is not None]

    def _before(self, event: str, batch: int = -1, *args: Any, **kwargs: Any) -> None:
        """No callback has heard of the event yet."""
        if event == "on_train_batch_end":
            are_due = [listener.batch_ran(batch) for listener in self._listeners]
            if any(are_due):
                self.look(event)
        elif event == "on_epoch_end":
            self.look(VALIDATION)
        elif event == _TRAIN_END:
            self.look(OPTIMIZER)

    def _after(self, event: str) -> None:
        """All callbacks have heard of the event."""
        self.look_again(event)
        if event == _TRAIN_END:
            for listener in self._listeners:
                listener.end()

    def _abort(self) -> None:
        for listener in self._listeners:
            listener.abort()


def _is_suspect(callback: Any) -> bool:
    return type(callback) not in _HARMLESS and not type(callback).__module__.startswith("tb_cnnviz.")
