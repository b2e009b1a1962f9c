"""What a reader raises for a record that is not what it should be."""

from __future__ import annotations


class DamagedRecord(Exception):
    """A record that cannot be read. `reason` says what does not fit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
