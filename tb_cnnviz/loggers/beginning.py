"""Before the first batch of a fit, when every other callback has restored what it had to restore: its log begins."""

from __future__ import annotations

from typing import Any, Protocol

from tb_cnnviz.capture.in_step.first_batch import NotCallable, NotPossible, build_model, peek
from tb_cnnviz.capture.in_step.optimizers import OptimizerCalls
from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.in_step.step_count import UPDATES, StepCount
from tb_cnnviz.capture.network import layer_tree
from tb_cnnviz.capture.network.networks import seen_networks, why_not_called
from tb_cnnviz.capture.network.probe import unpacked
from tb_cnnviz.eventlog.resume import PastLog, Resume
from tb_cnnviz.loggers import arguments
from tb_cnnviz.loggers.budget import Budget
from tb_cnnviz.loggers.clock import Clock
from tb_cnnviz.loggers.context import FirstLook, FitContext, FitProbe
from tb_cnnviz.loggers.doctor import PART as VERDICTS
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.logged_fit import LoggedFit
from tb_cnnviz.loggers.loss_recorder import LossRecorder
from tb_cnnviz.loggers.offsets import offsets
from tb_cnnviz.loggers.session import Session
from tb_cnnviz.loggers.settings import Settings
from tb_cnnviz.loggers.unsupported import why_not_supported
from tb_cnnviz.loggers.weight_watch import BETWEEN_FITS
from tb_cnnviz.run_writer import RunWriter

#: A batch's row in the records of losses, and its share of what is around the rows.
_LOSS_BYTES = 56


class Decisions(Protocol):
    """What a kind of callback decides."""

    def needs_first_batch(self) -> bool:
        """Has the first training batch to be looked at before it is trained on?"""

    def check(self, batch: Any) -> None:
        """Raise RefusedArgument where an argument does not fit the model; `batch` is the first one, where it is known."""

    def fit_probe(self) -> FitProbe:
        """The images that the model is run on."""

    def look(self, fit: LoggedFit, log: FitLog, budget: dict[str, int]) -> FirstLook:
        """Run the model once, for the model record and the probe's maps."""

    def describe(self, log: FitLog) -> None:
        """Write what belongs to the whole session, before the first pictures."""


def begin(fit: LoggedFit, decisions: Decisions, data: list[Any]) -> None:
    """Let the log of a fit begin.

    Args:
        data: what the fit trains on, one item, exchanged for what gives the same batches where the first was looked at.

    Raises:
        RefusedArgument: where an argument does not fit the model.
        NotPossible: where the model cannot be logged.
    """
    model, batch, obstacle, reason = fit.model, None, "", why_not_called(fit.model)
    if decisions.needs_first_batch():
        try:
            batch, data[0] = peek(data[0], int(model.steps_per_execution))
            build_model(model, unpacked(batch)[0])
        except NotCallable as why:
            reason = reason or str(why)
        except NotPossible as why:
            obstacle = str(why)
    decisions.check(batch)
    placed = layer_tree.leaves(model)
    count, calls = _counting(fit.step, model)
    if not count.optimizers and fit.loop is not None:
        raise NotPossible("the model is not compiled, so that no optimizer counts its steps; call model.compile")
    writer = _writer_of(fit.settings, fit.step)
    fit.step.batches = _batches(fit)
    log = fit.log = FitLog(
        model,
        writer,
        Budget(writer, fit.settings.max_log_bytes),
        placed,
        arguments.paths_of(fit.settings.layers, placed),
        training=fit.step,
        count=count,
        calls=calls,
        clock=fit.step.shared.setdefault(Clock, Clock()),
        epoch=fit.epoch,
    )
    with log.clock.logging():
        if not model.built and not model.weights:
            raise NotPossible(
                f"the model is not built before its first batch, and {obstacle or reason}; build it before fit"
            )
        _open(fit, log, decisions, obstacle, reason)


def do_without_passes(fit: LoggedFit, log: FitLog, reason: str, *, is_unexpected: bool = False) -> None:
    """The model cannot be run over the probe: one notice, or warning, for all that would need it."""
    lost = [part.name for part in fit.recorders if part.needs_pass and part.name not in log.off]
    if not lost:
        return
    text = f"{reason}: {' and '.join(lost)} are not logged, which need a pass over the probe"
    if is_unexpected:
        log.turn_off(lost[0], text)
    else:
        log.notice(lost[0], text)
    log.off.update(lost)


def _open(fit: LoggedFit, log: FitLog, decisions: Decisions, obstacle: str, reason: str | None) -> None:
    past = _go_on(fit, log)
    budget = _share_out(fit, log, decisions.fit_probe())
    look = FirstLook()
    if reason is not None:
        do_without_passes(fit, log, reason)
    else:
        with log.guard("feature maps"):
            if obstacle:
                raise NotPossible(f"no probe was given, and the first batch cannot be looked at: {obstacle}")
            look = decisions.look(fit, log, budget)
    log.seen = look.trace
    if log.seen is None:
        with log.guard("the model record"):
            log.networks = seen_networks(log.model, log.placed)
    fit.session = Session(log, fit.settings, past or Resume())
    fit.session.write()
    _compare_with_log(fit, log, past)
    decisions.describe(log)
    context = FitContext(
        log, fit.step, log.model, log.asked_layers, log.shapes, decisions.fit_probe(), look.maps, budget
    )
    for part in fit.active(log):
        with log.guard(part.name):
            if part.is_in_step and (reason := why_not_supported(log.model)) is not None:
                log.turn_off(part.name, reason)
            else:
                part.begin(context)
    if fit.doctor is not None:
        with log.guard(VERDICTS):
            fit.doctor.begin(log)
    _say_what_was_unreadable(log)
    fit.pictures.take_at_an_end(log, fit.active(log))
    log.budget.keep_free(fit, fit.pictures.bytes_at_an_end + _loss_bytes(fit))


def _go_on(fit: LoggedFit, log: FitLog) -> Resume | None:
    """Let steps and epochs go on where the log ended, which is what is given."""
    log.past = PastLog(log.writer.log_dir)
    past = log.past.resume()
    is_counted_before = fit.loop is not None and log.count.of == UPDATES
    before = fit.loop.updates_before if fit.loop and is_counted_before else log.count.host()
    log.offsets = offsets(before, fit.first_epoch or 0, past, log.count.of)
    return past


def _share_out(fit: LoggedFit, log: FitLog, probe: FitProbe) -> dict[str, int]:
    """Say which share of the time pictures may take, and how many bytes those of each recorder at a step."""
    wanted = {part.name: part.wanted_bytes(log, probe) for part in fit.recorders if part.is_pictures}
    takers = sum(any(part.is_pictures for part in peer.recorders) for peer in fit.peers)
    halves = 2 if any(peer.chooses_statistics for peer in fit.peers) else 1
    fit.pictures.overhead = fit.settings.overhead / max(1, takers) / halves
    return log.budget.shared_out(fit.settings.max_bytes_per_step, wanted)


def _loss_bytes(fit: LoggedFit) -> int:
    """What the losses of this fit will take, where it is known how many batches it has."""
    batches = fit.step.batches
    if batches is None or not any(part.name == LossRecorder.name for part in fit.recorders):
        return 0
    return min(_LOSS_BYTES * batches, fit.settings.max_log_bytes // 4)


def _batches(fit: LoggedFit) -> int | None:
    """How many it has, where Keras knows."""
    epochs, steps = fit.params.get("epochs"), fit.params.get("steps")
    return int(epochs) * int(steps) if epochs and steps else None


def _compare_with_log(fit: LoggedFit, log: FitLog, past: Resume | None) -> None:
    """Does the fit go on with other weights than those that the log ended with at this step?"""
    fit.name_weights(log)
    ended_with = past.weights if past is not None and past.weights_step == log.step() else None
    if None not in (ended_with, log.weights) and ended_with != log.weights:
        log.weights_set = BETWEEN_FITS
        if log.writer.first_to_say(BETWEEN_FITS, log.training):
            log.say_that_weights_were_set(BETWEEN_FITS)


def _say_what_was_unreadable(log: FitLog) -> None:
    """Where the log goes on from earlier records than its last; nothing more of the past is held."""
    past, log.past = log.past, None
    if past is not None and past.unreadable and log.writer.first_to_say("unreadable", log.training):
        log.notice("the log before", f"it goes on from what can be read, without {past.unreadable}")


def _writer_of(settings: Settings, step: InstrumentedStep) -> RunWriter:
    """The writer that was given, which its maker closes; else one that the callbacks of this fit share."""
    if settings.writer is not None:
        return settings.writer
    key = settings.log_dir.absolute()
    shared: RunWriter | None = step.shared.get(key)
    if shared is None or not shared.is_in_use:
        shared = step.shared[key] = RunWriter(settings.log_dir)
    return shared.take()


def _counting(step: InstrumentedStep, model: Any) -> tuple[StepCount, OptimizerCalls | None]:
    """The count of steps of a fit, and the calls of its optimizers: the same for all of its callbacks."""
    if StepCount not in step.shared:
        count = StepCount(model)
        calls = OptimizerCalls(count.optimizers) if count.is_own_step else None
        step.add_common([*count.hooks(), *(calls.hooks() if calls else [])], cells=count.cells)
        step.shared[StepCount] = count, calls
    found: tuple[StepCount, OptimizerCalls | None] = step.shared[StepCount]
    return found
