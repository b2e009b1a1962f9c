"""Which of a run's logged steps are read: all of a short run, some of a long one."""

from __future__ import annotations

from collections.abc import Sequence


def sampled_steps(steps: Sequence[int], at_most: int) -> list[int]:
    """The first third densely, since faults begin early; the rest evenly; the last one always.

    Args:
        steps: ascending.
        at_most: how many are wanted, at least 3.

    Returns:
        Ascending; all of them where they are no more than `at_most`.
    """
    if len(steps) <= at_most:
        return list(steps)
    dense = at_most // 3
    rest = at_most - dense
    last = len(steps) - 1
    even = {dense + round(i * (last - dense) / (rest - 1)) for i in range(rest)}
    return [steps[i] for i in sorted({*range(dense), *even})]
