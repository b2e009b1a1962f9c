"""Judge a fit while it runs: each verdict is told once, and an error may end the fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from tb_cnnviz.analysis.doctor import diagnose
from tb_cnnviz.analysis.gathering import NothingToJudge
from tb_cnnviz.analysis.report import printable
from tb_cnnviz.analysis.verdict import ERROR, Verdict
from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.finding import own_records
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.look_schedule import LookSchedule

#: What warnings and notices call it.
PART = "verdicts"

#: Seconds to wait for the disk before a look; where that is not enough, the look is left out.
_PATIENCE_S = 1.0

#: Looks in a row that find a verdict before it is told while training goes on: early numbers may still recover.
_CONFIRMED = 2

Key = tuple[str, str | None, str | None]


class Doctor:
    """Judges one fit by what its log holds, after what waits on the device was written there.

    Args:
        overhead: the share of training time that logging may take; looks take at most a quarter of it, out of the pictures'.
        stops: whether a verdict of severity error ends the fit.
    """

    def __init__(self, overhead: float, *, stops: bool) -> None:
        self._schedule = LookSchedule(overhead)
        self._stops = stops
        self._index: RunIndex | None = None
        self._begun_at: int | None = None
        self._told: set[Key] = set()
        self._found: dict[Key, int] = {}

    def begin(self, fit: FitLog) -> None:
        """Before the first batch. What began before it, in the log of an earlier fit, is not told again."""
        local_path(fit.writer.log_dir)  # raises for a remote one
        self._begun_at = fit.step()

    def is_due(self, fit: FitLog, ran: int, *, is_epoch_end: bool) -> bool:
        """Is a look due after so many batches?"""
        if self._begun_at is None or PART in fit.off:
            return False
        return self._schedule.is_due(ran, fit.clock.training_s, is_epoch_end=is_epoch_end)

    def look(self, fit: FitLog, ran: int, started_s: float, *, is_last: bool = False) -> None:
        """Judge what was written, and tell what is new.

        Args:
            ran: batches since the fit began.
            started_s: when what waited began to be written, by the fit's clock.
            is_last: whether the fit is over: then every verdict is told at once.
        """
        if self._begun_at is None or PART in fit.off:
            return
        try:
            if fit.writer.records.flush(_PATIENCE_S):
                self._tell(fit, self._alarms(fit), is_last=is_last)
        finally:
            seconds = fit.clock.now() - started_s
            self._schedule.looked(ran, seconds)
            fit.between_pictures_s += seconds

    def _alarms(self, fit: FitLog) -> Sequence[Verdict]:
        if self._index is None:
            self._index = RunIndex(".")
        self._index.refresh(own_records(str(local_path(fit.writer.log_dir))))
        try:
            return diagnose(Run(self._index)).verdicts
        except NothingToJudge:
            return ()

    def _tell(self, fit: FitLog, verdicts: Sequence[Verdict], *, is_last: bool) -> None:
        """Causes alone; what follows from one is named with it."""
        begun_at = self._begun_at or 0
        fresh = [
            v
            for v in verdicts
            if v.is_alarm and not v.causes and (v.step is None or v.step >= begun_at) and key_of(v) not in self._told
        ]
        self._found = {key_of(v): self._found.get(key_of(v), 0) + 1 for v in fresh}
        for verdict in fresh:
            is_sure = is_last or verdict.kind == "non_finite" or self._found[key_of(verdict)] >= _CONFIRMED
            if is_sure:
                self._told.add(key_of(verdict))
                self._say(fit, verdict, verdicts, is_end=self._stops and verdict.severity == ERROR and not is_last)

    def _say(self, fit: FitLog, verdict: Verdict, verdicts: Sequence[Verdict], *, is_end: bool) -> None:
        text = described(verdict, verdicts)
        if is_end:
            fit.model.stop_training = True
            text += ' Training is stopped, as doctor="stop" asks.'
            fit.notice(PART, text)
        warnings.warn(f"tb_cnnviz doctor: {text}", UserWarning, stacklevel=2)


def key_of(verdict: Verdict) -> Key:
    """What makes two verdicts the same one, found again."""
    return verdict.kind, verdict.layer, verdict.variable


def described(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """A verdict in one line: what, where, since when, what to do, and what follows from it."""
    place = verdict.layer or verdict.variable
    where = f" in {place}" if place else ""
    since = f", since step {verdict.step}" if verdict.step is not None else ""
    followed = list(dict.fromkeys(verdicts[i].kind for i in verdict.consequences if i < len(verdicts)))
    follows = f" What follows from it: {', '.join(followed)}." if followed else ""
    return printable(
        f"{verdict.severity}: {verdict.kind}{where}{since}. {verdict.finding} {verdict.words.suggestion}{follows}"
    )
