"""What is looked for again by the requests that need it, and not more often than now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

_log = logging.getLogger("tb_cnnviz")

T = TypeVar("T")

#: So long a request waits for a look that is as a rule quick.
WAIT_SECONDS = 1.0


class Refreshed(Generic[T]):
    """The answer of `look`. Safe to use from several threads.

    Args:
        look: finds the answer; may take long.
        seconds: how long an answer holds.
        quick: a look is waited for where the last one took less; else it goes on beside the request.
    """

    def __init__(self, look: Callable[[], T], seconds: Callable[[], float], quick: float) -> None:
        self._look = look
        self._seconds = seconds
        self._quick = quick
        self._lock = threading.Lock()
        self._looking: threading.Event | None = None
        self._found: T | None = None
        self._error: Exception | None = None
        self._took = 0.0
        self._fresh_until = -1.0

    def get(self) -> T:
        """The answer, as fresh as `seconds` allow where looking is quick; else as the last look found it.

        A look that takes long is begun by this and paid by nobody. Only before the first look all wait for it.
        """
        is_first = self._found is None
        if self._is_stale() and (looking := self._begin(join=is_first)) is not None:
            looking.wait(None if is_first else WAIT_SECONDS if self._took < self._quick else 0.0)
        if self._found is None:
            raise self._error or RuntimeError("the first look ended without an answer")
        return self._found

    def known(self) -> T:
        """What is known now; looks only where nothing was looked for before."""
        return self._found if self._found is not None else self.get()

    def glance(self) -> T | None:
        """What is known now, None before the first look; begins a first or stale look."""
        if self._is_stale():
            self._begin(join=False)
        return self._found

    def _is_stale(self) -> bool:
        return time.monotonic() >= self._fresh_until

    def _begin(self, *, join: bool) -> threading.Event | None:
        """What is set when the look that this begins is over; of one that goes on already only with `join`, else None."""
        with self._lock:
            if self._looking is not None:
                return self._looking if join else None
            if not self._is_stale():
                return None
            self._looking = looking = threading.Event()
        threading.Thread(target=self._run, args=(looking,), name="cnnviz-index", daemon=True).start()
        return looking

    def _run(self, looking: threading.Event) -> None:
        began = time.monotonic()
        try:
            self._found = self._look()
            self._fresh_until = time.monotonic() + self._seconds()
        except Exception as error:
            self._error = error
            _log.exception("looking for runs failed")
        finally:
            self._took = time.monotonic() - began
            with self._lock:
                self._looking = None
            looking.set()
