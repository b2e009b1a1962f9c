"""How far a long look at logs has come, on a terminal's standard error; nothing elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

#: Seconds before the first line, and between two.
_EVERY = 0.5


class Progress:
    """One line that is overwritten, and cleared at the end."""

    def __init__(self, runs: int) -> None:
        self._runs = runs
        self._done = 0
        self._records = 0
        self._is_shown = sys.stderr.isatty()
        self._next = time.monotonic() + _EVERY
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("")
            sys.stderr.write("\r")

    def run_done(self) -> None:
        self._done, self._records = self._done + 1, 0
        self._show()

    def records_read(self, count: int) -> None:
        """Of the run that is being looked at."""
        self._records = count
        self._show()

    def _show(self) -> None:
        if not self._is_shown or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        records = f", {self._records:,} records of the next" if self._records else ""
        self._write(f"{self._done} of {self._runs} runs judged{records}")

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)
