"""Histograms by sign and binary exponent: the bins of every histogram in a log.

A float32's exponent bits give its bin for the price of a shift, and no range has to be known beforehand. Bin
`ZERO_BIN` holds zeros and subnormals, |x| < 2^-126; the bins beside it hold one octave each, 2^(e-127) <= |x| <
2^(e-126) for the exponent field e = 1 … 254, negative numbers below and positive ones above. NaN and Inf are in no
bin: they are counted apart.
"""

from __future__ import annotations

import numpy as np

ZERO_BIN = 254
BIN_COUNT = 509

#: Number of raw bins: sign bit and eight exponent bits, `bits >> 23`.
RAW_COUNT = 512

#: Values that are counted at once, so that what is computed of them stays in the processor's cache.
_PIECE = 1 << 15


def edges(start: int = 0, stop: int = BIN_COUNT) -> np.ndarray:
    """Edges of bins start … stop - 1, ascending, as float64 [stop - start + 1]."""
    octaves = np.exp2(np.arange(-126.0, 129.0))
    return np.concatenate([-octaves[::-1], octaves])[start : stop + 1]


def raw_bins(values: np.ndarray) -> np.ndarray:
    """Counts by sign and exponent bits of float32 values: int64 [RAW_COUNT]."""
    bits = np.ascontiguousarray(values, dtype=np.float32).reshape(-1).view(np.uint32)
    counts = np.zeros(RAW_COUNT, np.int64)
    for start in range(0, len(bits), _PIECE):
        counts += np.bincount((bits[start : start + _PIECE] >> 23).astype(np.intp), minlength=RAW_COUNT)
    return counts


def from_raw(raw: np.ndarray) -> np.ndarray:
    """Raw bins [..., RAW_COUNT] as ascending bins [..., BIN_COUNT]; NaN and Inf (exponent 255) fall out."""
    positive, negative = raw[..., 1:255], raw[..., 257:511]
    zero = raw[..., 0:1] + raw[..., 256:257]
    return np.concatenate([negative[..., ::-1], zero, positive], axis=-1)


def histogram(values: np.ndarray) -> np.ndarray:
    """Counts of finite float32 values by bin: int64 [BIN_COUNT]."""
    return from_raw(raw_bins(values))


def trim(counts: np.ndarray) -> tuple[int, np.ndarray]:
    """Cut the bins that are empty in every row.

    Args:
        counts: [rows, BIN_COUNT] or [BIN_COUNT].

    Returns:
        The index of the first bin kept, and uint32 counts [..., bins kept] (at least one bin).
    """
    used = np.flatnonzero(counts.reshape(-1, counts.shape[-1]).any(axis=0))
    start, stop = (int(used[0]), int(used[-1]) + 1) if used.size else (ZERO_BIN, ZERO_BIN + 1)
    return start, counts[..., start:stop].astype(np.uint32)


def untrim(start: int, counts: np.ndarray) -> np.ndarray:
    """The inverse of `trim`: int64 [..., BIN_COUNT].

    Raises:
        ValueError: when the kept bins reach past the last one.
    """
    kept = counts.shape[-1]
    if start < 0 or start + kept > BIN_COUNT:
        raise ValueError(f"bins {start} to {start + kept} are outside 0 to {BIN_COUNT}")
    full = np.zeros((*counts.shape[:-1], BIN_COUNT), np.int64)
    full[..., start : start + kept] = counts
    return full
