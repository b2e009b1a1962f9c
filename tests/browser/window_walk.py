"""How the arrow keys move the Lab's window, said apart from the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

MOVES = (
    ("ArrowRight", 0, 1),
    ("ArrowDown", 1, 0),
    ("Shift+ArrowRight", 0, 5),
    ("Shift+ArrowDown", 5, 0),
    ("ArrowLeft", 0, -1),
    ("ArrowUp", -1, 0),
)


def window_walk(start: Sequence[int], rows: int, columns: int) -> Iterator[tuple[str, int, int]]:
    """Each key once: the key, and the row and column of the output where the window stands after it."""
    row, column = start
    for key, down, across in MOVES:
        row, column = min(max(0, row + down), rows - 1), min(max(0, column + across), columns - 1)
        yield key, row, column
