"""Answers on their way to a client: a slow one gives way to who waits for its room."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin.limiter import ANSWER_BYTES, Limiter

#: Small answers have room of their own: they must not wait behind large ones.
SMALL_BYTES = 64 << 20
LARGE_FROM_BYTES = 1 << 20

#: A client that has taken less than this of a second since its answer began is slow, and has so many seconds in any case.
LEAST_BYTES_A_SECOND = 1 << 20
GRACE_SECONDS = 10.0


class Sending:
    """One answer. `connection` is the client's socket, or None where the server does not give it."""

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection
        self._started: float | None = None
        self._sent = 0

    def watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, counted as the client takes them."""
        self._started = time.monotonic()
        for piece in pieces:
            yield piece
            self._sent += len(piece)

    @property
    def is_slow(self) -> bool:
        seconds = 0.0 if self._started is None else time.monotonic() - self._started
        return seconds > GRACE_SECONDS and self._sent < LEAST_BYTES_A_SECOND * (seconds - GRACE_SECONDS)

    def end(self) -> None:
        """Break the connection, which ends a write that waits for the client too."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)


class Answers:
    """All answers that are being made or sent. Safe to use from several threads."""

    def __init__(self) -> None:
        self._large = Limiter(ANSWER_BYTES, "bytes of answers", self._end_slow)
        self._small = Limiter(SMALL_BYTES, "bytes of small answers", self._end_slow)
        self._lock = threading.Lock()
        self._sendings: set[Sending] = set()

    def sent(self, request: Request, size: int, make: Any) -> Response:
        """The answer that `make` gives, of about `size` bytes, for which there must be room until it is sent."""
        give_back = (self._large if size >= LARGE_FROM_BYTES else self._small).take(size)
        sending = Sending(request.environ.get("werkzeug.socket"))
        with self._lock:
            self._sendings.add(sending)

        def done() -> None:
            with self._lock:
                self._sendings.discard(sending)
            give_back()

        try:
            response: Response = make()
            response.response = sending.watched(response.response)  # type: ignore[arg-type]
        except BaseException:
            done()
            raise
        response.call_on_close(done)
        return response

    def _end_slow(self) -> None:
        with self._lock:
            slow = [sending for sending in self._sendings if sending.is_slow]
        for sending in slow:
            sending.end()
