"""What was skipped in a log, and why: bounded, since a log is not trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_NOTICES_A_FILE = 100
MAX_REASON_CHARACTERS = 500
_MAX_PLACES = 10_000


class LogNotice(NamedTuple):
    """Something that could not be read, or that the writer gave up. `offset` is in bytes from the file's start."""

    file: str
    offset: int
    reason: str


class ToldReason(NamedTuple):
    """A reason, where it was first met, and how often it was."""

    offset: int
    reason: str
    times: int


class NoticeList:
    """The notices of one file: equal reasons are told once with their number, and the rest is counted."""

    def __init__(self, file: str, reasons: Iterable[ToldReason] = (), untold: int = 0) -> None:
        self._file = file
        self._first: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._places: set[int] = set()
        self.untold = untold
        for offset, reason, times in reasons:
            self._first[reason], self._counts[reason] = offset, times

    @property
    def reasons(self) -> list[ToldReason]:
        """What a new list is made from to go on as this one."""
        return [ToldReason(offset, reason, self._counts[reason]) for reason, offset in self._first.items()]

    def tells_of(self, offset: int) -> bool:
        """Whether a notice names this place."""
        return offset in self._first.values()

    def add(self, offset: int, reason: str) -> None:
        reason = reason if len(reason) <= MAX_REASON_CHARACTERS else reason[: MAX_REASON_CHARACTERS - 1] + "…"
        if reason in self._first:
            self._counts[reason] += 1
        elif len(self._first) < MAX_NOTICES_A_FILE:
            self._first[reason], self._counts[reason] = offset, 1
        else:
            self.untold += 1

    def add_once(self, offset: int, reason: str) -> None:
        """As `add`, but a place that was told of before is not told of again."""
        if offset not in self._places and len(self._places) < _MAX_PLACES:
            self._places.add(offset)
            self.add(offset, reason)

    def told(self) -> list[LogNotice]:
        """The notices by offset."""
        notices = [LogNotice(self._file, offset, self._counted(reason)) for reason, offset in self._first.items()]
        if self.untold:
            notices.append(LogNotice(self._file, notices[-1].offset, f"{self.untold} more notices are not listed"))
        return notices

    def _counted(self, reason: str) -> str:
        more = self._counts[reason] - 1
        return f"{reason} ({more} more like it)" if more else reason
