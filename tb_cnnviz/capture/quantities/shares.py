"""How a limit is shared out among those that want more than it together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import inf
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def fair_shares(total: int, wanted: Mapping[Name, float]) -> dict[Name, int]:
    """Who wants less than an equal share gets what is wanted; the others share the rest equally.

    Args:
        total: bytes to share out.
        wanted: bytes by name; infinite for as much as there is.
    """
    shares: dict[Name, int] = {}
    left, names = max(0, total), sorted(wanted, key=lambda name: wanted[name])
    for i, name in enumerate(names):
        equal = left // (len(names) - i)
        shares[name] = equal if wanted[name] == inf else min(int(wanted[name]), equal)
        left -= shares[name]
    return shares
