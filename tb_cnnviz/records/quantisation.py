"""Eight-bit forms of kernels and feature maps, with the scale that leads back and a bound on the error.

Values that are not finite are never quantised: such an array stays float32, so that NaN and Inf survive.
"""

from __future__ import annotations

import numpy as np

KERNEL_EXACT_BYTES = 1 << 20


def quantise_kernel(kernel: np.ndarray, exact_bytes: int = KERNEL_EXACT_BYTES) -> dict[str, np.ndarray]:
    """A kernel [out, in/groups, *spatial] as the arrays of a record.

    float32 and exact up to `exact_bytes`, or where a weight is not finite. Above that int8 with a scale per
    filter: weight = kernel * scale[filter], off by at most half a level, 1/254 of the filter's largest weight.
    """
    kernel = np.ascontiguousarray(kernel, dtype=np.float32)
    if kernel.nbytes <= exact_bytes or not np.isfinite(kernel).all():
        return {"kernel": kernel}
    rows = kernel.reshape(kernel.shape[0], -1)
    scale = np.abs(rows).max(axis=1) / np.float32(127)
    levels = np.rint(rows / np.where(scale > 0, scale, 1)[:, None]).clip(-127, 127).astype(np.int8)
    return {"kernel": levels.reshape(kernel.shape), "scale": scale.astype(np.float32)}


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def restore_kernel(kernel: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """The weights [out, in/groups, *spatial] as float32."""
    if scale is None:
        return kernel.astype(np.float32, copy=False)
    weights: np.ndarray = kernel.astype(np.float32) * scale.reshape(-1, *[1] * (kernel.ndim - 1))
    return weights


def quantise_maps(maps: np.ndarray) -> dict[str, np.ndarray]:
    """Feature maps [images, channels, *spatial] as the arrays of a record.

    uint8 with a range per image and channel: value = lo + maps * (hi - lo) / 255, off by at most half a level;
    lo and hi themselves are exact. float32, with no range, where a value is not finite or the range overflows.
    """
    maps = np.ascontiguousarray(maps, dtype=np.float32)
    flat = maps.reshape(*maps.shape[:2], -1)
    if not flat.size:
        return {"maps": maps}
    lo, hi = flat.min(axis=2), flat.max(axis=2)
    with np.errstate(over="ignore", invalid="ignore"):
        span = hi - lo
    if not np.isfinite(span).all():
        return {"maps": maps}
    levels = np.rint((flat - lo[..., None]) * (255 / np.where(span > 0, span, 1).astype(np.float64))[..., None])
    return {"maps": levels.astype(np.uint8).reshape(maps.shape), "lo": lo, "hi": hi}


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def restore_maps(maps: np.ndarray, lo: np.ndarray | None, hi: np.ndarray | None) -> np.ndarray:
    """The feature maps [images, channels, *spatial] as float32."""
    if lo is None or hi is None:
        return maps.astype(np.float32, copy=False)
    tail = [1] * (maps.ndim - 2)
    low, high = lo.reshape(*lo.shape, *tail).astype(np.float64), hi.reshape(*hi.shape, *tail).astype(np.float64)
    return (low + maps * ((high - low) / 255)).astype(np.float32)


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def quantise_errors(maps: np.ndarray) -> dict[str, np.ndarray]:
    """Maps of the backpropagated error [images, channels, *spatial] as the arrays of a record.

    int8 with a scale per image and channel: value = maps * scale, off by at most half a level, 1/254 of the map's
    largest magnitude; zeros stay zeros. float32, with no scale, where a value is not finite or a scale would be
    subnormal.
    """
    maps = np.ascontiguousarray(maps, dtype=np.float32)
    flat = maps.reshape(*maps.shape[:2], -1)
    if not flat.size:
        return {"maps": maps}
    scale = (np.abs(flat).max(axis=2) / np.float32(127)).astype(np.float32)
    if not np.isfinite(scale).all() or ((scale < np.finfo(np.float32).tiny) & flat.any(axis=2)).any():
        return {"maps": maps}
    levels = np.rint(flat / np.where(scale > 0, scale, 1)[..., None]).clip(-127, 127)
    return {"maps": levels.astype(np.int8).reshape(maps.shape), "scale": scale}


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def restore_errors(maps: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """The maps [images, channels, *spatial] as float32."""
    if scale is None:
        return maps.astype(np.float32, copy=False)
    values: np.ndarray = maps.astype(np.float32) * scale.reshape(*scale.shape, *[1] * (maps.ndim - 2))
    return values
