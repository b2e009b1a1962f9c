"""What a fit's time goes into."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator


class Clock:
    """Seconds since a fit began, split into training and logging.

    Args:
        now: gives seconds.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.now = now
        self._start = now()
        self._depth = 0
        self._since = 0.0  # when the logging that goes on began
        self.logging_s = 0.0

    @property
    def training_s(self) -> float:
        until = self._since if self._depth else self.now()
        return until - self._start - self.logging_s

    @contextlib.contextmanager
    def logging(self) -> Iterator[None]:
        """What runs inside is logging, not training; may be nested."""
        if self._depth == 0:
            self._since = self.now()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.logging_s += self.now() - self._since
