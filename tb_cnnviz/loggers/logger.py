"""A callback made of recorders: Keras' events come in here, each under a guard."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.in_step.first_batch import DataError
from tb_cnnviz.capture.in_step.seat import Seat
from tb_cnnviz.capture.messages import RefusedArgument, in_one_line
from tb_cnnviz.capture.network import layer_tree
from tb_cnnviz.capture.network.forward import pass_over_zeros
from tb_cnnviz.loggers import alive, arguments, beginning
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.loggers.context import FirstLook, FitProbe
from tb_cnnviz.loggers.doctor import Doctor
from tb_cnnviz.loggers.event_guard import guarded
from tb_cnnviz.loggers.fit_log import EVERYTHING, FitLog, warn
from tb_cnnviz.loggers.logged_fit import LoggedFit
from tb_cnnviz.loggers.one_fit import OneFit
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.settings import Settings
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Schedule


class Logger(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """A callback made of recorders. The arguments are those of `CNNViz`."""

    def __init__(
        self,
        log_dir: str | Path,
        *,
        every: int | str | Schedule = "auto",
        layers: Sequence[str] | None = None,
        hparams: Mapping[str, Scalar] | None = None,
        class_names: Sequence[str] | None = None,
        channel_order: str = "rgb",
        overhead: float = 0.03,
        max_bytes_per_step: int = 8 << 20,
        max_log_bytes: int = 2 << 30,
        writer: RunWriter | None = None,
    ) -> None:
        super().__init__()
        self.settings = Settings.checked(
            log_dir,
            every=every,
            layers=layers,
            hparams=hparams,
            class_names=class_names,
            channel_order=channel_order,
            overhead=overhead,
            max_bytes_per_step=max_bytes_per_step,
            max_log_bytes=max_log_bytes,
            writer=writer,
        )
        self._one_fit = OneFit()
        self._logged: LoggedFit | None = None
        self._is_over = False
        self.is_entering = False
        alive.remember(self)

    @property
    def model(self) -> Any:
        """The model, whose variables are given their values by `FitLog.step` alone."""
        return private.model_of(self)

    # What a kind of callback decides: see `beginning.Decisions`.

    def make_recorders(self) -> list[Recorder]:
        """The recorders of one fit."""
        raise NotImplementedError

    def make_doctor(self) -> Doctor | None:
        """Who judges one fit while it runs."""
        return None

    def needs_first_batch(self) -> bool:
        return not self.model.built

    def check(self, batch: Any) -> None:
        if self.model.built:
            arguments.paths_of(self.settings.layers, layer_tree.leaves(self.model))

    def fit_probe(self) -> FitProbe:
        return FitProbe()

    def look(self, fit: LoggedFit, log: FitLog, budget: dict[str, int]) -> FirstLook:
        return FirstLook(pass_over_zeros(log.model, log.placed))

    def describe(self, log: FitLog) -> None:
        pass

    # Keras' events.

    def set_model(self, model: Any) -> None:
        self._one_fit.models[threading.get_ident()] = model
        if not self._one_fit.is_anothers():
            super().set_model(model)

    def set_params(self, params: Any) -> None:
        if not self._one_fit.is_anothers():
            super().set_params(params)

    @guarded
    def on_train_begin(self, logs: Any = None) -> None:
        model = self._one_fit.models.pop(threading.get_ident(), self._model)
        if not self._one_fit.take():
            warn(
                EVERYTHING,
                "this callback logs another fit, which still runs in another thread, and a run is of one fit at a time; "
                "give each fit a callback and a log_dir of its own",
            )
            return
        super().set_model(model)
        self.abandon()
        self._enter()

    @guarded
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if fit := self._entered():
            fit.epoch_begins(epoch)

    @guarded
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if fit := self._entered():
            fit.batch_begins()

    @guarded
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        fit = self._entered()
        if fit is not None and not fit.is_counted():
            self.batch_ran(batch)
            fit.is_counted()
        if fit is not None:
            fit.batch_ended()

    @guarded
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if fit := self._entered():
            fit.epoch_ends(epoch, logs or {})

    @guarded
    def on_train_end(self, logs: Any = None) -> None:
        fit = self._logged
        if fit is not None:
            fit.begin_late(is_epoch_end=False)
        if fit is None or fit.watch is None or not fit.watch.is_around:
            self.end()

    # What the training step and the weights' watch tell.

    @property
    def fit(self) -> FitLog | None:
        """The log of the fit that is running, once it has begun."""
        return self._logged.log if self._logged is not None else None

    @guarded
    def batch_ran(self, batch: int) -> bool:
        """Count what ran until the end of this batch. Are pictures of it due?"""
        return self._logged is not None and self._logged.batch_ran(batch)

    def weights_were_set(self, event: str) -> None:
        """The pictures that were taken at this step are of other weights."""
        if self._logged is not None:
            self._logged.weights_were_set(event)

    @guarded
    def end(self) -> None:
        """All callbacks are done with the fit: the weights are those that the user has in hand."""
        if self._logged is not None:
            self._logged.end()
        self._close()

    def abort(self) -> None:
        """An exception leaves fit: keep what was captured, hold nothing."""
        with contextlib.suppress(Exception):
            if self._logged is not None:
                self._logged.abort()
        self._close()

    def _begin(self, data: Any) -> Any:
        """Before the first batch, when every other callback has restored what it had to restore: the data to train on."""
        held = [data]
        try:
            if self._logged is not None:
                beginning.begin(self._logged, self, held)
        except DataError as error:
            raise error.raised from None
        except RefusedArgument:
            raise
        except Exception as error:
            self.give_up(error)
        return held[0]

    def _lose_step(self, error: Exception) -> None:
        fit = self._logged
        if fit is None or fit.log is None:
            self.give_up(error)
        else:
            fit.lose_step(fit.log, error)

    # The life of one fit.

    def _enter(self) -> None:
        """At its beginning: join the training step."""
        self._is_over, self.is_entering = False, True
        self.check(None)
        self.is_entering = False
        seat = Seat(self._begin, self.abort, self._lose_step)
        self._logged = LoggedFit(
            self.settings, self.model, self.make_recorders(), seat, self.params or {}, self.make_doctor()
        )
        self._logged.join(self)

    def _entered(self) -> LoggedFit | None:
        """What is logged, from the first event on in a loop of the user's own that calls no `on_train_begin`."""
        if self._logged is None and not self._is_over and self._one_fit.take():
            self._enter()
        return self._logged

    def is_refused(self) -> bool:
        """Is the fit that runs in this thread not logged, since this callback logs another?"""
        return self._one_fit.is_refused()

    def refuse(self) -> None:
        """An argument does not fit the model: nothing is logged, and the user is told."""
        self._is_over, self.is_entering = True, False
        self._one_fit.give_back()

    def give_up(self, error: Exception) -> None:
        """A fault of ours that no part is to blame for: all that this callback logs."""
        self._is_over, self.is_entering = True, False
        with contextlib.suppress(Exception):
            if self.fit is not None:
                self.fit.turn_off(EVERYTHING, in_one_line(error))
            else:
                warn(EVERYTHING, in_one_line(error))
        with contextlib.suppress(Exception):
            self._close()

    def abandon(self) -> None:
        """A loop that did not say that it ends: keep what was captured, hold nothing."""
        if self._logged is not None:
            self._logged.abandon()
        self._let_go()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.abandon()

    def _close(self) -> None:
        try:
            self._let_go()
        finally:
            self._one_fit.give_back()

    def _let_go(self) -> None:
        fit = self._logged
        if fit is None:
            return
        try:
            fit.leave(self)
        finally:
            self._logged = None
            fit.release()
