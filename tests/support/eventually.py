"""Wait for what another process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 40


def eventually(look: Callable[[], T], holds: Callable[[T], bool] = bool) -> T:
    """Look again and again until what is seen holds; fail with what was seen last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, f"after {PATIENCE_SECONDS} s there is still {str(seen)[:2000]}"
        time.sleep(0.3)
