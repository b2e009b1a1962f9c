"""One callback may be given to fits in several threads at once; it logs the first of them alone."""

from __future__ import annotations

import threading
from typing import Any

_taking = threading.Lock()


class OneFit:
    """Whose fit a callback logs. Holds no lock of its own, so a callback can be copied.

    Attributes:
        models: by thread, what Keras told of the model before its fit began.
    """

    def __init__(self) -> None:
        self.models: dict[int, Any] = {}
        self._thread: threading.Thread | None = None
        self._refused: set[int] = set()

    def take(self) -> bool:
        """Take the callback for the fit that begins in this thread; False while one runs in another thread."""
        with _taking:
            if self.is_anothers():
                self._refused.add(threading.get_ident())
                return False
            self._refused.discard(threading.get_ident())
            self._thread = threading.current_thread()
            return True

    def give_back(self) -> None:
        """Its fit has ended, however it did."""
        self._thread = None

    def is_anothers(self) -> bool:
        """Whether a fit runs in another thread."""
        holder = self._thread
        return holder is not None and holder is not threading.current_thread() and holder.is_alive()

    def is_refused(self) -> bool:
        """Whether the fit that runs in this thread is not logged."""
        return threading.get_ident() in self._refused
