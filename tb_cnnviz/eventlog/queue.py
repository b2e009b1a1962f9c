"""What waits to be written: bounded in bytes, where pictures give way and statistics never do."""

from __future__ import annotations

from collections import Counter, deque

from tb_cnnviz.eventlog.encoding import Snapshot
from tb_cnnviz.records.kinds import KINDS


class RecordQueue:
    """First in, first out. Not thread-safe: its owner holds a lock.

    Above `limit` bytes the oldest pictures are dropped; the newest one stays as long as what is not a picture leaves
    room, so that a picture larger than the queue can be written at all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._others: deque[tuple[int, Snapshot]] = deque()
        self._pictures: deque[tuple[int, Snapshot]] = deque()
        self._other_bytes = 0
        self._picture_bytes = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._others) + len(self._pictures)

    @property
    def pushed(self) -> int:
        """How many records were ever pushed: the number that the next one gets."""
        return self._count

    @property
    def oldest(self) -> int:
        """The number of the oldest record that waits, or `pushed` when none does."""
        return min([side[0][0] for side in (self._others, self._pictures) if side], default=self._count)

    def push(self, item: Snapshot) -> Counter[str]:
        """Add a record; returns how many of which kind were dropped for it."""
        if KINDS[item.kind].is_picture:
            self._pictures.append((self._count, item))
            self._picture_bytes += item.nbytes
        else:
            self._others.append((self._count, item))
            self._other_bytes += item.nbytes
        self._count += 1
        dropped: Counter[str] = Counter()
        while self._is_full():
            dropped[self._take(self._pictures).kind] += 1
        return dropped

    def pop(self) -> Snapshot:
        """The oldest record."""
        if not self._pictures:
            return self._take(self._others)
        if not self._others or self._pictures[0][0] < self._others[0][0]:
            return self._take(self._pictures)
        return self._take(self._others)

    def _is_full(self) -> bool:
        if not self._pictures or self._picture_bytes + self._other_bytes <= self._limit:
            return False
        return len(self._pictures) > 1 or self._other_bytes > self._limit

    def _take(self, side: deque[tuple[int, Snapshot]]) -> Snapshot:
        item = side.popleft()[1]
        if side is self._pictures:
            self._picture_bytes -= item.nbytes
        else:
            self._other_bytes -= item.nbytes
        return item
