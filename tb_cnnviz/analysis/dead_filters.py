"""Which filters or maps of a layer are practically dead: too small beside the others to matter to any later layer."""

from __future__ import annotations

import numpy as np

DEAD_BELOW = 1e-6


def practically_dead(norms: np.ndarray) -> np.ndarray:
    """Whether the norm of each filter is zero, or below a millionth of what is usual in its layer.

    Weight decay leaves such filters behind: their norms are 1e-12 or 4e-34 beside 0.5, and their direction means nothing.
    Usual is the median of the finite norms. Where most of a layer is dead this is the median of the dead: it is taken for
    one where it is below 1e-6, and below a millionth of the layer's largest norm. Usual is then the median of those norms
    that are at least a millionth of the largest. One exploding filter thus makes no other one dead.

    Args:
        norms: the norms of one layer [..., out]; every row along the last axis is judged for itself.

    Returns:
        bool [..., out]. NaN and infinity are never dead.
    """
    norms = np.asarray(norms, np.float64)
    *rows, count = norms.shape
    usual = np.array([_usual(row) for row in norms.reshape(int(np.prod(rows)), count)]).reshape(*rows, 1)
    dead: np.ndarray = (norms == 0) | (norms < DEAD_BELOW * usual)
    return dead


def _usual(norms: np.ndarray) -> float:
    finite = norms[np.isfinite(norms)]
    if not finite.size:
        return 0.0
    median = float(np.median(finite))
    limit = DEAD_BELOW * float(finite.max())
    return float(np.median(finite[finite >= limit])) if median < min(DEAD_BELOW, limit) else median
