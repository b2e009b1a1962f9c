"""What is kept between requests, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Values by key, the least recently used given up first. Safe to use from several threads.

    Args:
        most_bytes: that all values may take together; one that takes more alone is not kept.
        size_of: bytes of a value.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[V], int]) -> None:
        self._most_bytes, self._size_of = most_bytes, size_of
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K) -> V | None:
        """The value, or None where there is none."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: K, value: V) -> None:
        """Keep a value, in the place of the one before."""
        size = self._size_of(value)
        with self._lock:
            self._drop(key)
            self._kept[key] = value, size
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def keep(self, keys: Container[K]) -> None:
        """Let go of all others."""
        with self._lock:
            for key in [key for key in self._kept if key not in keys]:
                self._drop(key)

    def values(self) -> Iterator[V]:
        """All that are kept now."""
        with self._lock:
            return iter([value for value, _ in self._kept.values()])

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: K) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
