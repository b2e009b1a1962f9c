"""Limiter for so many requests, or so many bytes, at once: TensorBoard's server starts a thread for whoever comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tb_cnnviz.plugin.guard import HttpError

#: Requests that are worked on at once, and those of them that read a series.
REQUESTS = 16
SERIES = 2
#: Bytes of all large answers that are being made or sent.
ANSWER_BYTES = 512 << 20

WAIT_SECONDS = 3.0
MOST_WAITING = 64
_LOOK_SECONDS = 0.25


class Limiter:
    """Taken and given back in amounts. Safe to use from several threads.

    Args:
        total: how much there is.
        what: what is taken, for who is refused.
        make_way: called again and again while somebody waits: whoever holds room and need not may give it back.
    """

    def __init__(self, total: int, what: str, make_way: Callable[[], None] | None = None) -> None:
        self._total = total
        self._what = what
        self._left = total
        self._waiting = 0
        self._changed = threading.Condition()
        self._make_way = make_way

    def take(self, amount: int) -> Callable[[], None]:
        """Take so much, which waits `WAIT_SECONDS` for it at most. Returns what gives it back, once.

        Raises:
            HttpError: 503 where there is not so much.
        """
        with self._changed:
            seconds = WAIT_SECONDS if self._waiting < MOST_WAITING else 0
            self._waiting += 1
            try:
                is_there = self._wait(amount, time.monotonic() + seconds)
            finally:
                self._waiting -= 1
            if not is_there:
                raise HttpError(503, f"{self._total} {self._what} are as much as is worked on at once: ask again")
            self._left -= amount
        is_given_back = threading.Lock()

        def give_back() -> None:
            if is_given_back.acquire(blocking=False):
                with self._changed:
                    self._left += amount
                    self._changed.notify_all()

        return give_back

    def _wait(self, amount: int, until: float) -> bool:
        """Whether there is so much before the time is up."""
        while self._left < amount:
            if self._make_way is not None:
                self._make_way()
            seconds = until - time.monotonic()
            if seconds <= 0:
                return False
            self._changed.wait(min(seconds, _LOOK_SECONDS))
        return True

    @contextmanager
    def taken(self, amount: int = 1) -> Iterator[None]:
        """Take so much while the block runs."""
        give_back = self.take(amount)
        try:
            yield
        finally:
            give_back()
