"""Thin a long series for drawing without losing a peak, a trough or a number that is not finite."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

#: First, last, smallest, largest, and one that is not finite.
MIN_POINTS = 5

#: Rows that are looked at together: what this takes besides the values stays small.
_PIECE = 1024


def thin(values: np.ndarray, points: int) -> np.ndarray:
    """Rows to keep, ascending: int64 [at most `points`].

    The rows are cut into buckets of equal length; of each, the row with the smallest value, the row with the largest
    and, where the series holds NaN or Inf at all, the first row with one are kept. So are the first row and the last.

    Args:
        values: [rows] or [rows, ...]; of a row with many values, the smallest and the largest count.
        points: at most so many rows, at least `MIN_POINTS`.

    Raises:
        ValueError: when points is below `MIN_POINTS`.
    """
    if points < MIN_POINTS:
        raise ValueError(f"points: {points} given; at least {MIN_POINTS} are needed")
    rows = len(values)
    if rows <= points:
        return np.arange(rows)
    low, high, odd = _extremes(values)
    buckets = max(1, (points - 2) // (3 if odd.any() else 2))
    bounds = np.linspace(0, rows, buckets + 1, dtype=np.int64)
    keep = {0, rows - 1}
    for start, stop in pairwise(bounds.tolist()):
        keep.add(start + int(low[start:stop].argmin()))
        keep.add(start + int(high[start:stop].argmax()))
        if odd[start:stop].any():
            keep.add(start + int(odd[start:stop].argmax()))
    return np.array(sorted(keep), dtype=np.int64)


def _extremes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row the smallest and the largest finite value, float64, and whether it holds another."""
    low, high, odd = np.empty(len(values)), np.empty(len(values)), np.empty(len(values), bool)
    for start in range(0, len(values), _PIECE):
        piece = slice(start, start + _PIECE)
        flat = values[piece].reshape(len(values[piece]), -1).astype(np.float64)
        finite = np.isfinite(flat)
        low[piece] = np.where(finite, flat, np.inf).min(axis=1, initial=np.inf)
        high[piece] = np.where(finite, flat, -np.inf).max(axis=1, initial=-np.inf)
        odd[piece] = ~finite.all(axis=1)
    return low, high, odd
