"""What was skipped in a log, and why: bounded, since a log is not trusted."""

from __future__ import annotations

from typing import NamedTuple

MAX_NOTICES_A_FILE = 100
MAX_REASON_CHARACTERS = 500


class LogNotice(NamedTuple):
    """Something that could not be read, or that the writer gave up. `offset` is in bytes from the file's start."""

    file: str
    offset: int
    reason: str


class NoticeList:
    """The notices of one file: equal reasons are told once with their number, and the rest is counted."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._first: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._untold = 0

    def add(self, offset: int, reason: str) -> None:
        reason = reason if len(reason) <= MAX_REASON_CHARACTERS else reason[: MAX_REASON_CHARACTERS - 1] + "…"
        if reason in self._first:
            self._counts[reason] += 1
        elif len(self._first) < MAX_NOTICES_A_FILE:
            self._first[reason], self._counts[reason] = offset, 1
        else:
            self._untold += 1

    def told(self) -> list[LogNotice]:
        """The notices by offset."""
        notices = [LogNotice(self._file, offset, self._counted(reason)) for reason, offset in self._first.items()]
        if self._untold:
            notices.append(LogNotice(self._file, notices[-1].offset, f"{self._untold} more notices are not listed"))
        return notices

    def _counted(self, reason: str) -> str:
        more = self._counts[reason] - 1
        return f"{reason} ({more} more like it)" if more else reason
