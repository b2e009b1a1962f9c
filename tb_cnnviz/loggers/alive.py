"""Callbacks that may still hold what is not written: at the end of the process each lets its log have that."""

from __future__ import annotations

import atexit
import contextlib
import os
import weakref
from typing import Protocol


class Holder(Protocol):
    def abandon(self) -> None:
        """Write what waits, and hold nothing."""


_holders: weakref.WeakSet[Holder] = weakref.WeakSet()


def remember(holder: Holder) -> None:
    """Held weakly."""
    _holders.add(holder)


@atexit.register
def _abandon_all() -> None:
    for holder in list(_holders):
        with contextlib.suppress(Exception):
            holder.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_holders.clear)  # what waits is the parent's
