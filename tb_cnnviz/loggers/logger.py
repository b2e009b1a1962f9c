"""What the callbacks have in common: one fit, from its first batch to however it ends."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from tb_cnnviz import schedule
from tb_cnnviz.capture import architecture, layer_tree
from tb_cnnviz.capture.first_batch import DataError, NotCallable, NotPossible, build_model, peek
from tb_cnnviz.capture.forward import Pass, pass_over_zeros
from tb_cnnviz.capture.networks import seen_networks, why_not_called
from tb_cnnviz.capture.optimizers import OptimizerCalls
from tb_cnnviz.capture.shares import fair_shares
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.capture.step_count import UPDATES, StepCount
from tb_cnnviz.eventlog.resume import last_session
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.loggers.fit import EVERYTHING, Clock, Fit, in_one_line, offsets, session_record, warn
from tb_cnnviz.loggers.hparams import hparams_of, optimizer_text
from tb_cnnviz.loggers.limits import LOSS_BYTES, step_bytes
from tb_cnnviz.loggers.loss_part import LossPart
from tb_cnnviz.loggers.part import Part
from tb_cnnviz.loggers.picture_steps import PictureSteps
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import Schedule


def _event(method: Callable[..., None]) -> Callable[..., None]:
    """An event of Keras: a fault of ours that no part is blamed for costs all that this callback logs."""

    @functools.wraps(method)
    def event(self: Logger, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if isinstance(error, ValueError) and method.__name__ == "on_train_begin":
                raise  # an argument that does not fit the model
            self._give_up(error)

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
        self.overhead = arguments.positive("overhead", overhead)
        self.max_bytes_per_step = arguments.whole("max_bytes_per_step", max_bytes_per_step)
        self.max_log_bytes = arguments.whole("max_log_bytes", max_log_bytes)
        if writer is not None and writer.log_dir != self.log_dir:
            raise ValueError(
                f"writer: it writes to {writer.log_dir}, but log_dir is {self.log_dir}; give the same folder"
            )
        self._given_writer = writer
        self._fit: Fit | None = None
        self._step: InstrumentedStep | None = None
        self._parts: list[Part] = []
        self._forget()

    def _forget(self) -> None:
        self._epoch, self._batch = 0, -1
        self._first_epoch: int | None = None
        self._pictures = PictureSteps(self.schedule)

    # What a kind of callback decides.

    def _make_parts(self) -> list[Part]:
        """The parts of one fit."""
        raise NotImplementedError

    def _needs_first_batch(self) -> bool:
        """Has the first training batch to be looked at before it is trained on?"""
        return not self.model.built

    def _check(self, batch: Any) -> None:
        """Raise ValueError where an argument does not fit the model; `batch` is the first one, where it is known."""
        if self.model.built:
            arguments.paths_of(self.layers, layer_tree.leaves(self.model))

    def _look(self, fit: Fit, batch: Any) -> Pass | None:
        """Run the model once, for the model record; None where that is not possible."""
        return pass_over_zeros(fit.model, fit.placed)

    def _describe(self, fit: Fit) -> None:
        """Write what belongs to the whole session, before the first pictures."""

    # Keras' events.

    @_event
    def on_train_begin(self, logs: Any = None) -> None:
        self._close()
        self._forget()
        self._check(None)
        self._parts = self._make_parts()
        self._step = InstrumentedStep.of_fit(self.model)
        self._step.before_first.append(self._begin)
        self._step.on_abort.append(self._abort)
        self._step.on_fault.append(self._lose_step)
        self._peers().append(self)

    @_event
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._batch = epoch, -1
        if self._first_epoch is None:
            self._first_epoch = epoch
        if self._fit is not None:
            self._fit.epoch = epoch

    @_event
    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._step is not None:
            self._step.arm()

    @_event
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        ran, self._batch = batch - self._batch, batch
        fit = self._fit
        if fit is None:
            return
        with fit.clock.logging():
            self._pictures.ran += ran
            self._say_optimizers(fit)
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.steps_ran(fit, ran)
            if self._pictures.are_due(fit, epoch_end=False):
                self._pictures.take(fit, self._on(fit), is_full=False)

    @_event
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        fit = self._fit
        if fit is None:
            return
        with fit.clock.logging():
            is_begun = self._pictures.are_of_now  # the last batch had pictures: only what is rare is missing
            if epoch == self._first_epoch or is_begun or self._pictures.are_due(fit, epoch_end=True):
                self._pictures.take(fit, self._on(fit), is_full=True)
                self._show_in_stock_tabs(fit)
            step = fit.step()
            self._say_optimizers(fit, is_known=True)
            for part in self._on(fit):
                with fit.guard(part.name):
                    part.drain(fit)
                    part.epoch_ended(fit, step, logs or {})
            fit.writer.flush()

    @_event
    def on_train_end(self, logs: Any = None) -> None:
        fit = self._fit
        if fit is not None:
            with fit.clock.logging():
                self._pictures.take_at_an_end(fit, self._on(fit))
                self._show_in_stock_tabs(fit)
                self._finish(fit, succeeded=True)
        self._close()

    # The life of one fit.

    def _begin(self, data: Any) -> Any:
        """Before the first batch, when every other callback has restored what it had to restore: the data to train on."""
        held = [data]
        try:
            self._begin_with(held)
        except DataError as error:
            raise error.raised from None
        except ValueError:
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
                build_model(model, keras.utils.unpack_x_y_sample_weight(batch)[0])
            except NotCallable as why:
                reason = reason or str(why)
            except NotPossible as why:
                obstacle = str(why)
        self._check(batch)
        placed = layer_tree.leaves(model)
        count, calls = _counting(self._step, model)
        fit = Fit(
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
            try:
                self._open(fit, batch, obstacle, reason)
            except ValueError as error:  # of an argument no more
                self._give_up(error)

    def _open(self, fit: Fit, batch: Any, obstacle: str, reason: str | None) -> None:
        assert self._step is not None
        log = last_session(fit.writer.log_dir)
        fit.offsets = offsets(fit.count.host(), self._first_epoch or 0, log, fit.count.of)
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
        self._write_session(fit)
        self._describe(fit)
        for part in self._on(fit):
            with fit.guard(part.name):
                part.begin(fit, self._step)
        self._pictures.take_at_an_end(fit, self._on(fit))
        fit.writer.reserved[id(self)] = self._pictures.bytes_at_an_end + self._loss_bytes()

    def _do_without_passes(self, fit: Fit, reason: str, *, is_unexpected: bool = False) -> None:
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
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        if not epochs or not steps or not any(part.name == LossPart.name for part in self._parts):
            return 0
        return min(LOSS_BYTES * int(epochs) * int(steps), self.max_log_bytes // 4)

    def _share_out(self, fit: Fit) -> None:
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

    def _peers(self) -> list[Logger]:
        """The callbacks of this fit that share the log."""
        assert self._step is not None
        peers: list[Logger] = self._step.shared.setdefault(("peers", self.log_dir.absolute()), [])
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
        shared: RunWriter = step.shared.setdefault(self.log_dir.absolute(), RunWriter(self.log_dir))
        return shared.take()

    def _write_session(self, fit: Fit) -> None:
        """The session and the model, once however many callbacks share the log."""
        if not fit.writer.first_to_say("session", fit.training):
            return
        with fit.guard("the session"):
            fit.write(session_record(fit.step(), fit.offsets, fit.count.of))
        fit.writer.first_to_say(_optimizers_said(fit), fit.training)
        self._write_model(fit, fit.step())
        if fit.calls is None:
            self._write_hparams(fit)

    def _write_model(self, fit: Fit, step: int) -> None:
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
            )
            fit.writer.write_model(record, step)

    def _write_hparams(self, fit: Fit) -> None:
        if fit.writer.first_to_say("hparams", fit.training):
            with fit.guard("the model record"):
                fit.writer.stock.hparams(self._hparams_of(fit))

    def _hparams_of(self, fit: Fit) -> dict[str, Scalar]:
        batch_size = self._step.batch_size if self._step is not None else None
        return {**hparams_of(fit.used_optimizers, batch_size), **self.hparams}

    def _say_optimizers(self, fit: Fit, *, is_known: bool = False) -> None:
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
                fit.write(session_record(fit.begun_at, fit.offsets, fit.count.of))
            self._write_model(fit, fit.begun_at)
        if is_known or len(fit.calls.optimizers) == len(fit.used_optimizers):
            self._write_hparams(fit)

    def _show_in_stock_tabs(self, fit: Fit) -> None:
        step = fit.step()
        for part in self._on(fit):
            with fit.guard(part.name):
                part.stock_pictures(fit, step)

    def _on(self, fit: Fit) -> list[Part]:
        return [part for part in self._parts if part.name not in fit.off]

    def _finish(self, fit: Fit, *, succeeded: bool) -> None:
        for part in self._on(fit):
            with fit.guard(part.name):
                part.drain(fit)
        self._say_optimizers(fit, is_known=True)
        if fit.writer.first_to_say("end", fit.training):
            fit.writer.stock.end_hparams(succeeded=succeeded)

    def _abort(self) -> None:
        """An exception leaves fit: keep what was captured, hold nothing."""
        fit = self._fit
        if fit is not None:
            with contextlib.suppress(Exception), fit.clock.logging():
                self._take_last_pictures(fit)
                self._finish(fit, succeeded=False)
        self._close()

    def _take_last_pictures(self, fit: Fit) -> None:
        """Of the weights that an exception left, unless it cut a step off that may have changed some of them."""
        is_at_once = keras.config.backend() == "tensorflow" and not self.model.run_eagerly
        if fit.training.is_whole or is_at_once:
            self._pictures.take_at_an_end(fit, self._on(fit))

    def _close(self) -> None:
        fit, step = self._fit, self._step
        self._fit, self._step, self._parts = None, None, []
        try:
            if step is not None:
                step.leave()
        finally:
            if fit is not None:
                fit.writer.reserved.pop(id(self), None)
                with fit.guard("the end of fit"):
                    if self._given_writer is None:
                        fit.writer.release()
                    else:
                        fit.writer.flush()


def _optimizers_said(fit: Fit) -> str:
    """What the session and the model record say of optimizers and steps."""
    return f"{fit.count.of} by {[named.name for named in fit.used_optimizers]}"


def _counting(step: InstrumentedStep, model: Any) -> tuple[StepCount, OptimizerCalls | None]:
    """The count of steps of a fit, and the calls of its optimizers: the same for all of its callbacks."""
    if StepCount not in step.shared:
        count = StepCount(model)
        calls = OptimizerCalls(count.optimizers) if count.is_own_step else None
        step.add([*count.hooks(), *(calls.hooks() if calls else [])], count.cells)
        step.shared[StepCount] = count, calls
    found: tuple[StepCount, OptimizerCalls | None] = step.shared[StepCount]
    return found
