"""How filters move through training, from the kernels that were logged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.analysis.dead_filters import practically_dead

SETTLED_COSINE = 0.95


def filter_cosines(kernels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Cosine of the angle between each filter at each step and the same filter of a reference.

    Args:
        kernels: float32 [steps, out, in/groups, *spatial].
        reference: float32 [out, in/groups, *spatial].

    Returns:
        float64 [steps, out], from -1 to 1; NaN where either filter holds a value that is not finite, or is practically
        dead in its layer: zero, or so small that its direction is what rounding and weight decay left of it.

    Raises:
        ValueError: when the two have filters of different shapes.
    """
    if kernels.shape[1:] != reference.shape:
        raise ValueError(
            f"kernels: filters of shape {kernels.shape[1:]} given, but the reference has {reference.shape}"
        )
    steps = kernels.reshape(*kernels.shape[:2], -1).astype(np.float64)
    fixed = reference.reshape(reference.shape[0], -1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        products = np.einsum("sow,ow->so", steps, fixed)
        norms, fixed_norms = np.linalg.norm(steps, axis=2), np.linalg.norm(fixed, axis=1)
        cosines = products / (norms * fixed_norms)
    has_direction = np.isfinite(cosines) & ~practically_dead(norms) & ~practically_dead(fixed_norms)
    return np.where(has_direction, np.clip(cosines, -1, 1), np.nan)


def settled_from(steps: Sequence[int], cosines: np.ndarray, limit: float = SETTLED_COSINE) -> list[int | None]:
    """The first logged step from which each filter's cosine to the last one stays above the limit.

    Args:
        steps: the logged steps, ascending [steps].
        cosines: as `filter_cosines` gives them, with the last step as reference [steps, out].
        limit: default 0.95.

    Returns:
        A step for each filter; None where even the last cosine is not above the limit (a practically dead filter).
    """
    above = cosines > limit
    unbroken = np.logical_and.accumulate(above[::-1], axis=0)[::-1]
    return [int(steps[int(np.argmax(column))]) if column.any() else None for column in unbroken.T]
