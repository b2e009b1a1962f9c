"""How long a request may read a log."""

from __future__ import annotations

import time

from tb_cnnviz.plugin.guard import HttpError

READING_SECONDS = 30.0


class ReadingTime:
    """Begins where it is made and is up after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def is_up(self) -> bool:
        return time.monotonic() >= self._end

    def check(self, done: int, of: int) -> None:
        """Give up what has more to read.

        Raises:
            HttpError: 503 where the time is up; its reason says how many records were read until then.
        """
        if self.is_up and done:
            raise HttpError(
                503,
                f"{done} of {of} records were read in {self._seconds:g} seconds, which is as long as a request may "
                "read: ask again, which goes on from there, or for fewer columns or points",
            )
