"""Room for so many requests, or so many bytes, at once: TensorBoard's server starts a thread for whoever comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tb_cnnviz.plugin.guard import Refused

#: Requests that are worked on at once, and those of them that read a series.
REQUESTS = 16
SERIES = 2
#: Bytes of all binary answers that are being made or sent.
ANSWER_BYTES = 512 << 20

WAIT_SECONDS = 3.0
MOST_WAITING = 64


class Room:
    """Taken and given back in amounts. Safe to use from several threads.

    Args:
        total: how much there is.
        what: what is taken, for who is refused.
    """

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._left = total
        self._waiting = 0
        self._changed = threading.Condition()

    def take(self, amount: int) -> Callable[[], None]:
        """Take so much, which waits `WAIT_SECONDS` for it at most. Returns what gives it back, once.

        Raises:
            Refused: 503 where there is not so much.
        """
        with self._changed:
            seconds = WAIT_SECONDS if self._waiting < MOST_WAITING else 0
            self._waiting += 1
            is_there = self._changed.wait_for(lambda: self._left >= amount, seconds)
            self._waiting -= 1
            if not is_there:
                raise Refused(503, f"{self._total} {self._what} are as much as is worked on at once: ask again")
            self._left -= amount
        is_given_back = threading.Lock()

        def give_back() -> None:
            if is_given_back.acquire(blocking=False):
                with self._changed:
                    self._left += amount
                    self._changed.notify_all()

        return give_back

    @contextmanager
    def taken(self, amount: int = 1) -> Iterator[None]:
        """Take so much while the block runs."""
        give_back = self.take(amount)
        try:
            yield
        finally:
            give_back()
