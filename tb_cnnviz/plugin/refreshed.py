"""What is looked for again by the requests that need it, and not more often than now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

_log = logging.getLogger("tb_cnnviz")

T = TypeVar("T")


class Refreshed(Generic[T]):
    """The answer of `look`, at most `seconds()` old where it is asked for. Safe to use from several threads.

    Args:
        look: finds the answer; may take long. An exception goes to the request that waits.
        seconds: how long an answer holds.
    """

    def __init__(self, look: Callable[[], T], seconds: Callable[[], float]) -> None:
        self._look = look
        self._seconds = seconds
        self._refreshing = threading.Lock()
        self._found: T | None = None
        self._fresh_until = -1.0

    def get(self) -> T:
        """The answer, as fresh as `seconds` allow.

        While one request looks, others get what is known; only before the first look they wait.
        """
        if self._is_stale() and self._refreshing.acquire(blocking=self._found is None):
            try:
                if self._is_stale():
                    self._found = self._look()
                    self._fresh_until = time.monotonic() + self._seconds()
            finally:
                self._refreshing.release()
        found = self._found
        assert found is not None
        return found

    def known(self) -> T:
        """What is known now; looks only where nothing was looked for before."""
        return self._found if self._found is not None else self.get()

    def glance(self) -> T | None:
        """What is known now, None before the first look; a first or stale look goes on in a thread of its own."""
        if self._is_stale() and not self._refreshing.locked():
            threading.Thread(target=self._get_in_background, name="cnnviz-index", daemon=True).start()
        return self._found

    def _is_stale(self) -> bool:
        return time.monotonic() >= self._fresh_until

    def _get_in_background(self) -> None:
        try:
            self.get()
        except Exception:
            _log.exception("looking for runs failed")
