"""What a log says of a fit as a whole: session, model record and hyper-parameters, once for all that share the log."""

from __future__ import annotations

import keras

from tb_cnnviz.capture.in_step.step_count import UPDATES
from tb_cnnviz.capture.network import architecture, layer_tree
from tb_cnnviz.eventlog.resume import Resume
from tb_cnnviz.loggers.arguments import Scalar
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.hparams import hparams_of, optimizer_text
from tb_cnnviz.loggers.offsets import Offsets
from tb_cnnviz.loggers.settings import Settings
from tb_cnnviz.records import Record
from tb_cnnviz.version import __version__


def session_record(step: int, offsets: Offsets, counted: str = UPDATES, before: Resume | None = None) -> Record:
    """The record that begins a session: how its counting leads to the log's, where that ended, and what wrote it."""
    attributes = {
        **({"before": before.as_attributes()} if before is not None else {}),
        "iterations_offset": offsets.iterations,
        "epoch_offset": offsets.epoch,
        "tb_cnnviz": __version__,
        "backend": keras.config.backend(),
        "steps": counted,
    }
    return Record("session", step, attributes=attributes)


class Session:
    """The records of one fit that are of the whole of it. The model's are written again where it turns out to use others
    of its optimizers than was known.

    Args:
        log: where the log ended before this fit.
    """

    def __init__(self, fit: FitLog, settings: Settings, log: Resume) -> None:
        self._fit, self._settings, self._before = fit, settings, log
        self._begun_at = fit.step()

    def write(self) -> None:
        """Before the first batch."""
        fit = self._fit
        if not fit.writer.first_to_say("session", fit.training):
            return
        with fit.guard("the session"):
            fit.write(session_record(self._begun_at, fit.offsets, fit.count.of, self._before))
        fit.writer.first_to_say(self._optimizers_said(), fit.training)
        self._write_model()
        self._name_wrappers()
        if fit.calls is None:
            self._write_hparams()

    def say_optimizers(self, *, has_run: bool, is_known: bool = False) -> None:
        """Of a train_step of the model's own: which optimizers it uses is seen when it runs.

        Args:
            has_run: whether a batch has run.
            is_known: whether there will hardly be others.
        """
        fit = self._fit
        if fit.calls is None:
            return
        if has_run and fit.count.of == UPDATES and not fit.calls.used:
            fit.count.count_train_steps()
            fit.training.rebuild()
        if fit.writer.first_to_say(self._optimizers_said(), fit.training):
            fit.training.show_weights()  # on JAX the rates of optimizers may be with fit
            with fit.guard("the session"):
                fit.write(session_record(self._begun_at, fit.offsets, fit.count.of, self._before))
            self._write_model()
        if is_known or len(fit.calls.optimizers) == len(fit.used_optimizers):
            self._write_hparams()

    def _write_model(self) -> None:
        fit, settings = self._fit, self._settings
        with fit.guard("the model record"):
            record = architecture.model_record(
                fit.model,
                fit.placed,
                fit.seen,
                networks=fit.networks,
                optimizer=optimizer_text(fit.used_optimizers),
                optimizers_of=fit.optimizers_of,
                steps=fit.count.of,
                hparams=self._hparams(),
                class_names=settings.class_names,
                channel_order=settings.channel_order,
            )
            fit.writer.write_model(record, self._begun_at)

    def _name_wrappers(self) -> None:
        wrappers = layer_tree.wrappers(self._fit.model)
        if wrappers:
            self._fit.notice(
                "the model record",
                f"{layer_tree.listed(wrappers)}: not listed, since they only hold other layers, which are",
            )

    def _write_hparams(self) -> None:
        fit = self._fit
        if fit.writer.first_to_say("hparams", fit.training):
            with fit.guard("the model record"):
                fit.writer.stock.hparams(self._hparams())

    def _hparams(self) -> dict[str, Scalar]:
        fit = self._fit
        return {**hparams_of(fit.used_optimizers, fit.training.batch_size), **self._settings.hparams}

    def _optimizers_said(self) -> str:
        """What the session and the model record say of optimizers and steps."""
        return f"{self._fit.count.of} by {[named.name for named in self._fit.used_optimizers]}"
