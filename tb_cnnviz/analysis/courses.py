"""Small questions about a quantity over steps."""

from __future__ import annotations

import numpy as np


def late(values: np.ndarray, share: float = 1 / 3) -> np.ndarray:
    """The last third (or another share) along the first axis, at least one."""
    return values[-max(1, int(len(values) * share)) :]


def typical(values: np.ndarray) -> float:
    """Median of what is known; NaN where nothing is."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if known.size else float("nan")


def first_where(steps: np.ndarray, holds: np.ndarray) -> int | None:
    """The first step at which something holds."""
    at = np.flatnonzero(holds)
    return int(steps[at[0]]) if len(at) else None


def since(steps: np.ndarray, holds: np.ndarray) -> int | None:
    """The first step from which on something holds at every step to the end."""
    if not len(holds) or not holds[-1]:
        return None
    broken = np.flatnonzero(~holds)
    return int(steps[broken[-1] + 1 if len(broken) else 0])


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Mean over the last `window` values at each place, over fewer at the beginning; same length."""
    if not len(values):
        return values
    sums = np.cumsum(np.append(0.0, values))
    begin = np.maximum(np.arange(len(values)) - window + 1, 0)
    return np.asarray((sums[1:] - sums[begin]) / (np.arange(len(values)) + 1 - begin))
