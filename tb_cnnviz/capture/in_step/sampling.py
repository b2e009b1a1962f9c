"""Which elements of a variable stand for all of it.

Both choices step through the flat array by a number that has no factor in common with its size, so that they come by
every channel and every place of the kernel, whatever the layout.
"""

from __future__ import annotations

from math import gcd

import numpy as np

#: From this many elements on a histogram may be of a sample.
SAMPLED_FROM = 1_000_000
_LARGEST_SAMPLE = 1 << 18

#: Weights of a variable that are followed one by one.
FOLLOWED = 256
_GOLDEN = (5**0.5 - 1) / 2


def histogram_stride(size: int) -> int:
    """k, where a histogram of so many elements counts every k-th, from the first on: 1 below a million.

    Else the least k that leaves at most 2^18 of them and has no factor in common with `size`.
    """
    if size < SAMPLED_FROM:
        return 1
    stride = -(-size // _LARGEST_SAMPLE)
    while gcd(stride, size) != 1:
        stride += 1
    return stride


def followed(size: int) -> np.ndarray:
    """Flat indices of up to 256 elements that are followed: int64, ascending, the same for every array of the size.

    All where there are no more. Else i·k mod size for i = 0 … 255, where k is the number next to size · 0.618… (the
    golden ratio, which spreads them evenly) that has no factor in common with `size`.
    """
    if size <= FOLLOWED:
        return np.arange(size, dtype=np.int64)
    step = round(size * _GOLDEN)
    while gcd(step, size) != 1:
        step += 1
    return np.sort(np.arange(FOLLOWED, dtype=np.int64) * step % size)
