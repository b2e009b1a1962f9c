"""What the callbacks have in common: one fit, from its first batch to however it ends."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import threading
import weakref
from collections.abc import Callable, Mapping, MutableSet, Sequence
from pathlib import Path
from typing import Any

import keras

from tb_cnnviz import schedule
from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.in_step.first_batch import DataError, NotCallable, NotPossible, build_model, peek
from tb_cnnviz.capture.in_step.optimizers import OptimizerCalls
from tb_cnnviz.capture.in_step.step import InstrumentedStep, Seat
from tb_cnnviz.capture.in_step.step_count import UPDATES, StepCount
from tb_cnnviz.capture.messages import RefusedArgument, in_one_line
from tb_cnnviz.capture.network import architecture, layer_tree
from tb_cnnviz.capture.network.forward import ForwardTrace, pass_over_zeros
from tb_cnnviz.capture.network.networks import seen_networks, why_not_called
from tb_cnnviz.capture.network.probe import unpacked
from tb_cnnviz.capture.quantities.shares import fair_shares
from tb_cnnviz.capture.quantities.weight_bits import joined
from tb_cnnviz.eventlog.resume import PastLog, Resume
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.loggers.fit_log import EVERYTHING, Clock, FitLog, offsets, session_record, warn
from tb_cnnviz.loggers.hparams import hparams_of, optimizer_text
from tb_cnnviz.loggers.limits import LOSS_BYTES, step_bytes
from tb_cnnviz.loggers.loss_recorder import LossRecorder
from tb_cnnviz.loggers.one_fit import OneFit
from tb_cnnviz.loggers.own_loop import OwnLoop
from tb_cnnviz.loggers.picture_steps import PictureSteps
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.weight_watch import BETWEEN_FITS, BETWEEN_STEPS, WEIGHTS_SET, WeightWatch
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Schedule


def _event(method: Callable[..., Any]) -> Callable[..., Any]:
    """An event of Keras: a fault of ours that no part is blamed for costs all that this callback logs.

    Events of a fit that this callback does not log, since it logs another thread's, are not for it.
    """

    @functools.wraps(method)
    def event(self: Logger, *args: Any, **kwargs: Any) -> Any:
        if self._one_fit.is_refused() and method.__name__ != "on_train_begin":
            return None
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            if isinstance(error, RefusedArgument) and self._is_entering:
                self._is_over, self._is_entering = True, False
                self._one_fit.give_back()
                raise
            return self._give_up(error)

    return event


class Logger(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """A callback made of parts. The arguments are those of `CNNViz`."""

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
        self.log_dir = Path(log_dir)
        self.schedule = schedule.parse(every)
        self.layers = arguments.names("layers", layers)
        self.hparams = arguments.plain_values("hparams", hparams)
        self.class_names = arguments.names("class_names", class_names)
        self.channel_order = arguments.channel_order(channel_order)
        self.overhead = arguments.positive("overhead", overhead)
        self.max_bytes_per_step = arguments.whole("max_bytes_per_step", max_bytes_per_step)
        self.max_log_bytes = arguments.whole("max_log_bytes", max_log_bytes)
        if writer is not None and writer.log_dir != self.log_dir:
            raise ValueError(
                f"writer: it writes to {writer.log_dir}, but log_dir is {self.log_dir}; give the same folder"
            )
        self._given_writer = writer
        self._fit: FitLog | None = None
        self._step: InstrumentedStep | None = None
        self._seat: Seat | None = None
        self._loop: OwnLoop | None = None
        self._watch: WeightWatch | None = None
        self._parts: list[Recorder] = []
        self._one_fit = OneFit()
        self._is_entering = self._is_over = False
        self._forget()
        _loggers.add(self)

    @property
    def model(self) -> Any:
        """The model, whose variables are given their values by `FitLog.step` alone."""
        return private.model_of(self)

    def _forget(self) -> None:
        self._epoch, self._batch = 0, -1
        self._first_epoch: int | None = None
        self._pictures = PictureSteps(self.schedule)
        self._is_due = self._is_counted = False

    # What a kind of callback decides.

    def _make_parts(self) -> list[Recorder]:
        """The parts of one fit."""
        raise NotImplementedError

    def _needs_first_batch(self) -> bool:
        """Has the first training batch to be looked at before it is trained on?"""
        return not self.model.built

    def _check(self, batch: Any) -> None:
        """Raise RefusedArgument where an argument does not fit the model; `batch` is the first one, where it is known."""
        if self.model.built:
            arguments.paths_of(self.layers, layer_tree.leaves(self.model))

    def _look(self, fit: FitLog, batch: Any) -> ForwardTrace | None:
        """Run the model once, for the model record; None where that is not possible."""
        return pass_over_zeros(fit.model, fit.placed)

    def _describe(self, fit: FitLog) -> None:
        """Write what belongs to the whole session, before the first pictures."""

    # Keras' events.

    def set_model(self, model: Any) -> None:
        self._one_fit.models[threading.get_ident()] = model
        if not self._one_fit.is_anothers():
            super().set_model(model)

    def set_params(self, params: Any) -> None:
        if not self._one_fit.is_anothers():
            super().set_params(params)

    @_event
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
        self._abandon()
        self._enter()

    @_event
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._enter_if_needed()
        self._epoch, self._batch = epoch, -1
        if self._first_epoch is None:
            self._first_epoch = epoch
        if self._fit is not None:
            self._fit.epoch = epoch

    @_event
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._enter_if_needed()
        if self._step is not None:
            if self._fit is not None and self._loop is not None:
                self._count_unseen(self._fit, self._loop)
            self._step.arm()
        if self._watch is not None and not self._watch.is_around:
            self._watch.look_again(BETWEEN_STEPS)

    @_event
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._enter_if_needed()
        if not self._is_counted:
            self.batch_ran(batch)
        self._is_counted, fit = False, self._fit
        if fit is None:
            return
        with fit.clock.logging():
            if self._is_due:
                self._look_at_weights("on_train_batch_end")
                self._pictures.take(fit, self._on(fit), is_full=False)
            if self._loop is not None and self._loop.has_to_be_kept(self._pictures.ran):
                self._keep(fit)

    @_event
    def batch_ran(self, batch: int) -> bool:
        """Count what ran until the end of this batch. Are pictures of it due?"""
        ran, self._batch, self._is_counted = batch - self._batch, batch, True
        if self._loop is not None and self._step is not None:
            self._step.disarm()
            self._begin_late(self._loop, is_epoch_end=False)
            ran = self._loop.ran()
        fit = self._fit
        if fit is None:
            return False
        with fit.clock.logging():
            self._pictures.ran += ran
            if self._watch is not None:
                self._watch.stepped(self._pictures.ran)
            self._say_optimizers(fit)
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.steps_ran(fit, ran)
            if self._loop is not None:
                self._count_unseen(fit, self._loop)
            self._is_due = self._pictures.are_due(fit, epoch_end=False)
        return self._is_due

    @_event
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._enter_if_needed()
        if self._first_epoch is None:
            self._first_epoch = epoch
        if self._loop is not None:
            self._begin_late(self._loop, is_epoch_end=True)
        fit = self._fit
        if fit is None:
            return
        fit.epoch = epoch
        with fit.clock.logging():
            if self._loop is not None:
                self._count_unseen(fit, self._loop)
            self._look_at_weights("on_epoch_end")
            is_begun = self._pictures.are_of_now  # the last batch had pictures: only what is rare is missing
            if epoch == self._first_epoch or is_begun or self._pictures.are_due(fit, epoch_end=True):
                self._pictures.take(fit, self._on(fit), is_full=True)
                self._show_in_stock_tabs(fit)
            step = fit.step()
            self._say_optimizers(fit, is_known=True)
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.drain(fit)
                    if fit.training.ran or not part.is_in_step:
                        part.epoch_ended(fit, step, logs or {})
            fit.writer.flush()

    @_event
    def on_train_end(self, logs: Any = None) -> None:
        if self._loop is not None:
            self._begin_late(self._loop, is_epoch_end=False)
        if self._watch is None or not self._watch.is_around:
            self.end()

    @_event
    def end(self) -> None:
        """All callbacks are done with the fit: the weights are those that the user has in hand."""
        fit = self._fit
        if fit is not None:
            with fit.clock.logging():
                if self._loop is not None:
                    self._count_unseen(fit, self._loop)
                self._look_at_weights("on_train_end")
                self._name_weights(fit)
                self._pictures.take_at_an_end(fit, self._on(fit))
                self._show_in_stock_tabs(fit)
                self._finish(fit, succeeded=True)
        self._close()

    # What the weights' watch tells.

    @property
    def fit(self) -> FitLog | None:
        """The fit that is running, once it has begun."""
        return self._fit

    def weights_were_set(self, event: str) -> None:
        """The pictures that were taken at this step are of other weights."""
        if self._fit is not None:
            self._fit.weights_set = event
            for part in self._on(self._fit):
                part.forget_pictures()

    def _look_at_weights(self, event: str) -> None:
        if self._watch is not None:
            self._watch.look(event)

    def _name_weights(self, fit: FitLog) -> None:
        """Let the pictures' cost say which weights they are of."""
        if self._watch is not None:
            with fit.guard(WEIGHTS_SET):
                fit.weights = joined(self._watch.bits())

    def _compare_with_log(self, fit: FitLog, log: Resume | None) -> None:
        """Does the fit go on with other weights than those that the log ended with at this step?"""
        self._name_weights(fit)
        ended_with = log.weights if log is not None and log.weights_step == fit.step() else None
        if None not in (ended_with, fit.weights) and ended_with != fit.weights:
            fit.weights_set = BETWEEN_FITS
            if fit.writer.first_to_say(BETWEEN_FITS, fit.training):
                fit.say_that_weights_were_set(BETWEEN_FITS)

    # The life of one fit.

    def _enter(self) -> None:
        """At its beginning: join the training step."""
        self._forget()
        self._is_over, self._is_entering = False, True
        self._check(None)
        self._is_entering = False
        self._parts = self._make_parts()
        self._step = InstrumentedStep.of_fit(self.model)
        self._seat = Seat(self._begin, self.abort, self._lose_step)
        self._loop = None if self._step.is_in_fit else OwnLoop(self.model, self._step)
        self._step.join(self._seat)
        self._peers().add(self)
        if any(part.is_pictures for part in self._parts):
            self._watch = self._step.shared.setdefault(WeightWatch, WeightWatch(self.model, self._step))
            self._watch.join(self)

    def _enter_if_needed(self) -> None:
        """In a loop of the user's own that calls no `on_train_begin`."""
        if self._step is None and not self._is_over and self._one_fit.take():
            self._enter()

    def _begin_late(self, loop: OwnLoop, *, is_epoch_end: bool) -> None:
        """In a loop that trains by other ways than `train_on_batch`: begin without a batch."""
        if self._step is None or self._seat is None or self._seat.has_begun:
            return
        if is_epoch_end or loop.has_updated():
            self._step.begin(self._seat, None)

    def _count_unseen(self, fit: FitLog, loop: OwnLoop) -> None:
        """Updates that a loop made outside of `train_on_batch`, or of its events."""
        unseen = loop.unseen()
        if not unseen:
            return
        self._pictures.ran += unseen
        if self._watch is not None:
            self._watch.stepped(self._pictures.ran)
        names = [part.name for part in self._on(fit) if part.is_in_step]
        for part in self._on(fit):
            with fit.guard(part.name):
                part.drain(fit)  # what counts steps on the host asks the device anew
        if names and loop.is_first_to_say():
            fit.notice(
                "the loop",
                f"{unseen} updates until step {fit.step()} have no {', '.join(names)}: these are taken from "
                "`model.train_on_batch`, called between on_train_batch_begin and on_train_batch_end; said once",
            )

    def _keep(self, fit: FitLog) -> None:
        """Let the log have what waits: of a loop nobody says for sure that it ends."""
        for part in self._on(fit):
            with fit.guard(part.name):
                part.drain(fit)
        fit.writer.flush()

    def _abandon(self) -> None:
        """A loop that did not say that it ends: keep what was captured, hold nothing."""
        fit = self._fit
        if fit is not None:
            with contextlib.suppress(Exception), fit.clock.logging():
                self._finish(fit, succeeded=True)
        self._let_go()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._abandon()

    def _begin(self, data: Any) -> Any:
        """Before the first batch, when every other callback has restored what it had to restore: the data to train on."""
        held = [data]
        try:
            self._begin_with(held)
        except DataError as error:
            raise error.raised from None
        except RefusedArgument:
            raise
        except Exception as error:
            self._give_up(error)
        return held[0]

    def _begin_with(self, data: list[Any]) -> None:
        """`data` holds one item, exchanged for what gives the same batches where the first was looked at."""
        assert self._step is not None
        model, batch, obstacle, reason = self.model, None, "", why_not_called(self.model)
        if self._needs_first_batch():
            try:
                batch, data[0] = peek(data[0], int(model.steps_per_execution))
                build_model(model, unpacked(batch)[0])
            except NotCallable as why:
                reason = reason or str(why)
            except NotPossible as why:
                obstacle = str(why)
        self._check(batch)
        placed = layer_tree.leaves(model)
        count, calls = _counting(self._step, model)
        if not count.optimizers and self._loop is not None:
            raise NotPossible("the model is not compiled, so that no optimizer counts its steps; call model.compile")
        fit = FitLog(
            model,
            self._writer_of(self._step),
            placed,
            arguments.paths_of(self.layers, placed),
            training=self._step,
            count=count,
            calls=calls,
            clock=self._step.shared.setdefault(Clock, Clock()),
            epoch=self._epoch,
            max_log_bytes=self.max_log_bytes,
        )
        self._fit = fit
        with fit.clock.logging():
            if not model.built and not model.weights:
                raise NotPossible(
                    f"the model is not built before its first batch, and {obstacle or reason}; build it before fit"
                )
            self._open(fit, batch, obstacle, reason)

    def _open(self, fit: FitLog, batch: Any, obstacle: str, reason: str | None) -> None:
        assert self._step is not None
        fit.past = PastLog(fit.writer.log_dir)
        log = fit.past.resume()
        is_counted_before = self._loop is not None and fit.count.of == UPDATES
        before = self._loop.updates_before if self._loop and is_counted_before else fit.count.host()
        fit.offsets = offsets(before, self._first_epoch or 0, log, fit.count.of)
        fit.begun_at = fit.step()
        self._share_out(fit)
        if reason is not None:
            self._do_without_passes(fit, reason)
        else:
            with fit.guard("feature maps"):
                if obstacle:
                    raise NotPossible(f"no probe was given, and the first batch cannot be looked at: {obstacle}")
                fit.seen = self._look(fit, batch)
        if fit.seen is None:
            with fit.guard("the model record"):
                fit.networks = seen_networks(fit.model, fit.placed)
        self._write_session(fit, log or Resume())
        self._compare_with_log(fit, log)
        self._describe(fit)
        for part in self._on(fit):
            with fit.guard(part.name):
                part.begin(fit, self._step)
        self._say_what_was_unreadable(fit)
        self._pictures.take_at_an_end(fit, self._on(fit))
        fit.writer.reserved[id(self)] = self._pictures.bytes_at_an_end + self._loss_bytes()

    def _do_without_passes(self, fit: FitLog, reason: str, *, is_unexpected: bool = False) -> None:
        """The model cannot be run over the probe: one notice, or warning, for all that would need it."""
        lost = [part.name for part in self._parts if part.needs_pass and part.name not in fit.off]
        if not lost:
            return
        text = f"{reason}: {' and '.join(lost)} are not logged, which need a pass over the probe"
        if is_unexpected:
            fit.turn_off(lost[0], text)
        else:
            fit.notice(lost[0], text)
        fit.off.update(lost)

    def _loss_bytes(self) -> int:
        """What the losses of this fit will take, where it is known how many batches it has."""
        params = self.params or {}  # a CallbackList of the user's own may have none
        epochs, steps = params.get("epochs"), params.get("steps")
        if not epochs or not steps or not any(part.name == LossRecorder.name for part in self._parts):
            return 0
        return min(LOSS_BYTES * int(epochs) * int(steps), self.max_log_bytes // 4)

    def _share_out(self, fit: FitLog) -> None:
        """Say how many bytes a step's pictures may take, and which share of the time."""
        self.step_bytes = step_bytes(self.max_bytes_per_step, fit.bytes_left)
        wanted = {part.name: part.wanted_bytes(fit) for part in self._parts if part.is_pictures}
        shares = fair_shares(self.step_bytes, wanted)
        for part in self._parts:
            part.max_bytes = shares.get(part.name, 0)
        peers = self._peers()
        takers = sum(any(part.is_pictures for part in peer._parts) for peer in peers)
        halves = 2 if any(peer.chooses_statistics for peer in peers) else 1
        self._pictures.overhead = self.overhead / max(1, takers) / halves

    @property
    def chooses_statistics(self) -> bool:
        """Do statistics take half of the overhead?"""
        return self.schedule.statistics_stride is None and any(part.is_statistics for part in self._parts)

    def _peers(self) -> MutableSet[Logger]:
        """The callbacks of this fit that share the log."""
        assert self._step is not None
        peers: MutableSet[Logger] = self._step.shared.setdefault(("peers", self.log_dir.absolute()), weakref.WeakSet())
        return peers

    def _lose_step(self, error: Exception) -> None:
        """The training step cannot be run with our hooks."""
        fit = self._fit
        if fit is None:
            self._give_up(error)
            return
        names = [part.name for part in self._on(fit) if part.is_in_step]
        if names:
            fit.turn_off(" and ".join(names), in_one_line(error))
            fit.off.update(names)

    def _give_up(self, error: Exception) -> None:
        """A fault of ours that no part is to blame for: all that this callback logs."""
        self._is_over, self._is_entering = True, False
        with contextlib.suppress(Exception):
            if self._fit is not None:
                self._fit.turn_off(EVERYTHING, in_one_line(error))
            else:
                warn(EVERYTHING, in_one_line(error))
        with contextlib.suppress(Exception):
            self._close()

    def _writer_of(self, step: InstrumentedStep) -> RunWriter:
        """The writer that was given, which its maker closes; else one that the callbacks of this fit share."""
        if self._given_writer is not None:
            return self._given_writer
        shared: RunWriter | None = step.shared.get(self.log_dir.absolute())
        if shared is None or not shared.is_in_use:
            shared = step.shared[self.log_dir.absolute()] = RunWriter(self.log_dir)
        return shared.take()

    def _say_what_was_unreadable(self, fit: FitLog) -> None:
        """Where the log goes on from earlier records than its last; nothing more of the past is held."""
        past, fit.past = fit.past, None
        if past is not None and past.unreadable and fit.writer.first_to_say("unreadable", fit.training):
            fit.notice("the log before", f"it goes on from what can be read, without {past.unreadable}")

    def _write_session(self, fit: FitLog, log: Resume) -> None:
        """The session and the model, once however many callbacks share the log."""
        if not fit.writer.first_to_say("session", fit.training):
            return
        with fit.guard("the session"):
            fit.write(session_record(fit.step(), fit.offsets, fit.count.of, log))
        fit.before = log
        fit.writer.first_to_say(_optimizers_said(fit), fit.training)
        self._write_model(fit, fit.step())
        self._name_wrappers(fit)
        if fit.calls is None:
            self._write_hparams(fit)

    def _name_wrappers(self, fit: FitLog) -> None:
        wrappers = layer_tree.wrappers(fit.model)
        if wrappers:
            fit.notice(
                "the model record",
                f"{layer_tree.listed(wrappers)}: not listed, since they only hold other layers, which are",
            )

    def _write_model(self, fit: FitLog, step: int) -> None:
        with fit.guard("the model record"):
            record = architecture.model_record(
                fit.model,
                fit.placed,
                fit.seen,
                networks=fit.networks,
                optimizer=optimizer_text(fit.used_optimizers),
                optimizers_of=fit.optimizers_of,
                steps=fit.count.of,
                hparams=self._hparams_of(fit),
                class_names=self.class_names,
                channel_order=self.channel_order,
            )
            fit.writer.write_model(record, step)

    def _write_hparams(self, fit: FitLog) -> None:
        if fit.writer.first_to_say("hparams", fit.training):
            with fit.guard("the model record"):
                fit.writer.stock.hparams(self._hparams_of(fit))

    def _hparams_of(self, fit: FitLog) -> dict[str, Scalar]:
        batch_size = self._step.batch_size if self._step is not None else None
        return {**hparams_of(fit.used_optimizers, batch_size), **self.hparams}

    def _say_optimizers(self, fit: FitLog, *, is_known: bool = False) -> None:
        """Of a train_step of the model's own: which optimizers it uses is seen when it runs.

        `is_known` says that there will hardly be others. The records of the session are written again at their step.
        """
        if fit.calls is None:
            return
        if self._pictures.ran and fit.count.of == UPDATES and not fit.calls.used:
            fit.count.count_train_steps()
            fit.training.rebuild()
        if fit.writer.first_to_say(_optimizers_said(fit), fit.training):
            fit.training.show_weights()  # on JAX the rates of optimizers may be with fit
            with fit.guard("the session"):
                fit.write(session_record(fit.begun_at, fit.offsets, fit.count.of, fit.before))
            self._write_model(fit, fit.begun_at)
        if is_known or len(fit.calls.optimizers) == len(fit.used_optimizers):
            self._write_hparams(fit)

    def _show_in_stock_tabs(self, fit: FitLog) -> None:
        step = fit.step()
        for part in self._on(fit):
            with fit.guard(part.name):
                part.stock_pictures(fit, step)

    def _on(self, fit: FitLog) -> list[Recorder]:
        return [part for part in self._parts if part.name not in fit.off]

    def _finish(self, fit: FitLog, *, succeeded: bool) -> None:
        for part in self._on(fit):
            with fit.guard(part.name):
                part.drain(fit)
        self._say_optimizers(fit, is_known=True)
        if fit.writer.first_to_say("end", fit.training):
            fit.writer.stock.end_hparams(succeeded=succeeded)

    def abort(self) -> None:
        """An exception leaves fit: keep what was captured, hold nothing."""
        fit = self._fit
        if fit is not None:
            with contextlib.suppress(Exception), fit.clock.logging():
                self._take_last_pictures(fit)
                self._finish(fit, succeeded=False)
        self._close()

    def _take_last_pictures(self, fit: FitLog) -> None:
        """Of the weights that an exception left, unless it cut a step off that may have changed some of them."""
        is_at_once = keras.config.backend() == "tensorflow" and not self.model.run_eagerly
        if fit.training.is_whole or is_at_once:
            self._pictures.take_at_an_end(fit, self._on(fit))

    def _close(self) -> None:
        try:
            self._let_go()
        finally:
            self._one_fit.give_back()

    def _let_go(self) -> None:
        fit, step, seat, watch = self._fit, self._step, self._seat, self._watch
        self._parts = []
        try:
            if watch is not None:
                watch.leave(self)
            if step is not None and seat is not None:
                self._peers().discard(self)
                step.leave(seat)
        finally:
            self._fit = self._step = self._seat = self._loop = self._watch = None
            if fit is not None:
                fit.writer.reserved.pop(id(self), None)
                with fit.guard("the end of fit"):
                    if self._given_writer is None:
                        fit.writer.release()
                    else:
                        fit.writer.flush()


#: Those that are alive, so that at the end of the process what waits in one is written.
_loggers: weakref.WeakSet[Logger] = weakref.WeakSet()


@atexit.register
def _abandon_all() -> None:
    for logger in list(_loggers):
        with contextlib.suppress(Exception):
            logger._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_loggers.clear)  # what waits is the parent's


def _optimizers_said(fit: FitLog) -> str:
    """What the session and the model record say of optimizers and steps."""
    return f"{fit.count.of} by {[named.name for named in fit.used_optimizers]}"


def _counting(step: InstrumentedStep, model: Any) -> tuple[StepCount, OptimizerCalls | None]:
    """The count of steps of a fit, and the calls of its optimizers: the same for all of its callbacks."""
    if StepCount not in step.shared:
        count = StepCount(model)
        calls = OptimizerCalls(count.optimizers) if count.is_own_step else None
        step.add_common([*count.hooks(), *(calls.hooks() if calls else [])], cells=count.cells)
        step.shared[StepCount] = count, calls
    found: tuple[StepCount, OptimizerCalls | None] = step.shared[StepCount]
    return found
