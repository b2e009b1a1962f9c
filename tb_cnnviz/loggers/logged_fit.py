"""One fit as one callback logs it: what each event of Keras means for its log."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping, MutableSet
from typing import Any

import keras

from tb_cnnviz.capture.in_step.seat import Seat
from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.quantities.weight_bits import joined
from tb_cnnviz.loggers.doctor import PART as VERDICTS
from tb_cnnviz.loggers.doctor import Doctor
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.own_loop import OwnLoop
from tb_cnnviz.loggers.picture_steps import PictureSteps
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.loggers.session import Session
from tb_cnnviz.loggers.settings import Settings
from tb_cnnviz.loggers.weight_watch import BETWEEN_STEPS, WEIGHTS_SET, Listener, WeightWatch


class LoggedFit:
    """What a callback has of a fit: its seat in the training step, its recorders and, from the first batch on, its log.

    Args:
        params: what Keras says of the fit; may be empty.
        doctor: judges the fit while it runs; None where nobody asked for it.

    Attributes:
        log: None before the first batch, and when the fit is over.
        session: likewise.
        epoch, first_epoch: Keras' own count; `first_epoch` is None before the first one.
        loop: the user's own loop that trains the model; None in `fit`.
        watch: tells of weights that were set; None where no pictures are taken.
        pictures: the steps at which they are.
    """

    def __init__(
        self,
        settings: Settings,
        model: Any,
        recorders: list[Recorder],
        seat: Seat,
        params: Mapping[str, Any],
        doctor: Doctor | None = None,
    ) -> None:
        self.doctor = doctor
        self.settings, self.model, self.recorders, self.seat, self.params = settings, model, recorders, seat, params
        self.step = InstrumentedStep.of_fit(model)
        self.loop = None if self.step.is_in_fit else OwnLoop(model, self.step)
        self.pictures = PictureSteps(settings.schedule)
        self.watch: WeightWatch | None = None
        self.log: FitLog | None = None
        self.session: Session | None = None
        self.epoch = 0
        self.first_epoch: int | None = None
        self._batch = -1
        self._is_due = self._is_counted = False

    def join(self, listener: Listener) -> None:
        """Begin with the next step, and hear of weights that are set."""
        self.step.join(self.seat)
        self.peers.add(self)
        if any(part.is_pictures for part in self.recorders):
            self.watch = self.step.shared.setdefault(WeightWatch, WeightWatch(self.model, self.step))
            self.watch.join(listener)

    @property
    def peers(self) -> MutableSet[LoggedFit]:
        """What the callbacks of this fit have that share the log."""
        key = "peers", self.settings.log_dir.absolute()
        peers: MutableSet[LoggedFit] = self.step.shared.setdefault(key, weakref.WeakSet())
        return peers

    @property
    def chooses_statistics(self) -> bool:
        """Do statistics take half of the overhead?"""
        return self.settings.schedule.statistics_stride is None and any(part.is_statistics for part in self.recorders)

    def active(self, log: FitLog) -> list[Recorder]:
        """Recorders that were not given up."""
        return [part for part in self.recorders if part.name not in log.off]

    # Events.

    def epoch_begins(self, epoch: int) -> None:
        self.epoch, self._batch = epoch, -1
        if self.first_epoch is None:
            self.first_epoch = epoch
        if self.log is not None:
            self.log.epoch = epoch

    def batch_begins(self) -> None:
        if self.log is not None:
            self._count_unseen(self.log)
        self.step.arm()
        if self.watch is not None and not self.watch.is_around:
            self.watch.look_again(BETWEEN_STEPS)

    def batch_ran(self, batch: int) -> bool:
        """Count what ran until the end of this batch. Are pictures of it due?"""
        ran, self._batch, self._is_counted = batch - self._batch, batch, True
        if self.loop is not None:
            self.step.disarm()
            self.begin_late(is_epoch_end=False)
            ran = self.loop.ran()
        log = self.log
        if log is None:
            return False
        with log.clock.logging():
            self.pictures.ran += ran
            if self.watch is not None:
                self.watch.stepped(self.pictures.ran)
            self._say_optimizers()
            for part in self.active(log):
                with log.guard(part.name):
                    part.steps_ran(log, ran)
            self._count_unseen(log)
            self._is_due = self.pictures.are_due(log, epoch_end=False)
        return self._is_due

    def is_counted(self) -> bool:
        """Was `batch_ran` told of the batch that ends? Asked once for each."""
        is_counted, self._is_counted = self._is_counted, False
        return is_counted

    def batch_ended(self) -> None:
        log = self.log
        if log is None:
            return
        with log.clock.logging():
            if self._is_due:
                self._look_at_weights("on_train_batch_end")
                self.pictures.take(log, self.active(log), is_full=False)
            if self.loop is not None and self.loop.has_to_be_kept(self.pictures.ran):
                self._drain(log)  # of a loop nobody says for sure that it ends
                log.writer.flush()
            self._ask_doctor(log, is_epoch_end=False)

    def epoch_ends(self, epoch: int, logs: Mapping[str, Any]) -> None:
        if self.first_epoch is None:
            self.first_epoch = epoch
        self.begin_late(is_epoch_end=True)
        log = self.log
        if log is None:
            return
        log.epoch = epoch
        with log.clock.logging():
            self._count_unseen(log)
            self._look_at_weights("on_epoch_end")
            is_begun = self.pictures.are_of_now  # the last batch had pictures: only what is rare is missing
            if epoch == self.first_epoch or is_begun or self.pictures.are_due(log, epoch_end=True):
                self.pictures.take(log, self.active(log), is_full=True)
                self._show_in_stock_tabs(log)
            step = log.step()
            self._say_optimizers(is_known=True)
            for part in self.active(log):
                with log.guard(part.name):
                    part.drain(log)
                    if log.training.ran or not part.is_in_step:
                        part.epoch_ended(log, step, logs)
            log.writer.flush()
            self._ask_doctor(log, is_epoch_end=True)

    def weights_were_set(self, event: str) -> None:
        """The pictures that were taken at this step are of other weights."""
        if self.log is not None:
            self.log.weights_set = event
            for part in self.active(self.log):
                part.forget_pictures()

    def lose_step(self, log: FitLog, error: Exception) -> None:
        """The training step cannot be run with our hooks."""
        names = [part.name for part in self.active(log) if part.is_in_step]
        if names:
            log.turn_off(" and ".join(names), in_one_line(error))
            log.off.update(names)

    # The end.

    def end(self) -> None:
        """All callbacks are done with the fit: the weights are those that the user has in hand."""
        log = self.log
        if log is None:
            return
        with log.clock.logging():
            self._count_unseen(log)
            self._look_at_weights("on_train_end")
            self.name_weights(log)
            self.pictures.take_at_an_end(log, self.active(log))
            self._show_in_stock_tabs(log)
            self._finish(log, succeeded=True)
            if self.doctor is not None and self.pictures.ran:
                with log.guard(VERDICTS):
                    self.doctor.look(log, self.pictures.ran, log.clock.now(), is_last=True)

    def abort(self) -> None:
        """An exception leaves fit: keep what was captured.

        Pictures are of the weights that it left, unless it cut a step off that may have changed some of them.
        """
        log = self.log
        if log is None:
            return
        with contextlib.suppress(Exception), log.clock.logging():
            is_at_once = keras.config.backend() == "tensorflow" and not self.model.run_eagerly
            if log.training.is_whole or is_at_once:
                self.pictures.take_at_an_end(log, self.active(log))
            self._finish(log, succeeded=False)

    def abandon(self) -> None:
        """A loop that did not say that it ends: keep what was captured."""
        log = self.log
        if log is not None:
            with contextlib.suppress(Exception), log.clock.logging():
                self._finish(log, succeeded=True)

    def _finish(self, log: FitLog, *, succeeded: bool) -> None:
        self._drain(log)
        self._say_optimizers(is_known=True)
        if log.writer.first_to_say("end", log.training):
            log.writer.stock.end_hparams(succeeded=succeeded)

    def leave(self, listener: Listener) -> None:
        """Hold nothing of fit's."""
        try:
            if self.watch is not None:
                self.watch.leave(listener)
        finally:
            self.peers.discard(self)
            self.step.leave(self.seat)

    def release(self) -> None:
        """Give the writer back, which its maker closes where the user gave it."""
        log, self.log, self.session = self.log, None, None
        if log is None:
            return
        log.budget.let_go(self)
        with log.guard("the end of fit"):
            if self.settings.writer is None:
                log.writer.release()
            else:
                log.writer.flush()

    # Loops of the user's own.

    def begin_late(self, *, is_epoch_end: bool) -> None:
        """In a loop that trains by other ways than `train_on_batch`: begin without a batch."""
        if self.loop is None or self.seat.has_begun:
            return
        if is_epoch_end or self.loop.has_updated():
            self.step.begin(self.seat, None)

    def _count_unseen(self, log: FitLog) -> None:
        """Updates that a loop made outside of `train_on_batch`, or of its events."""
        unseen = self.loop.unseen() if self.loop is not None else 0
        if self.loop is None or not unseen:
            return
        self.pictures.ran += unseen
        if self.watch is not None:
            self.watch.stepped(self.pictures.ran)
        names = [part.name for part in self.active(log) if part.is_in_step]
        self._drain(log)  # what counts steps on the host asks the device anew
        if names and self.loop.is_first_to_say():
            log.notice(
                "the loop",
                f"{unseen} updates until step {log.step()} have no {', '.join(names)}: these are taken from "
                "`model.train_on_batch`, called between on_train_batch_begin and on_train_batch_end; said once",
            )

    # What the events have in common.

    def name_weights(self, log: FitLog) -> None:
        """Let the pictures' cost say which weights they are of."""
        if self.watch is not None:
            with log.guard(WEIGHTS_SET):
                log.weights = joined(self.watch.bits())

    def _look_at_weights(self, event: str) -> None:
        if self.watch is not None:
            self.watch.look(event)

    def _ask_doctor(self, log: FitLog, *, is_epoch_end: bool) -> None:
        """Judge the fit so far, where that is due."""
        if self.doctor is None:
            return
        with log.guard(VERDICTS):
            if self.doctor.is_due(log, self.pictures.ran, is_epoch_end=is_epoch_end):
                started = log.clock.now()
                self._drain(log)
                self.doctor.look(log, self.pictures.ran, started)

    def _drain(self, log: FitLog) -> None:
        """Let the log have what waits in the device's memory."""
        for part in self.active(log):
            with log.guard(part.name):
                part.drain(log)

    def _say_optimizers(self, *, is_known: bool = False) -> None:
        if self.session is not None:
            self.session.say_optimizers(has_run=self.pictures.ran > 0, is_known=is_known)

    def _show_in_stock_tabs(self, log: FitLog) -> None:
        step = log.step()
        for part in self.active(log):
            with log.guard(part.name):
                part.stock_pictures(log, step)
