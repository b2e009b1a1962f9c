"""The probe as pictures to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Display = tuple[Any, Any] | Callable[[np.ndarray], np.ndarray]


def check_display(display: Any) -> Display | None:
    """`probe_display` as given.

    Raises:
        ValueError: for anything but None, a pair (mean, std) or a callable.
    """
    if display is None or callable(display) or (isinstance(display, tuple | list) and len(display) == 2):
        return display if callable(display) or display is None else (display[0], display[1])
    raise ValueError(f"probe_display: {display!r} given; accepted are (mean, std), or a callable that gives pictures")


def as_picture(x: np.ndarray) -> np.ndarray | None:
    """An input as [images, height, width, 1 or 3], moving a leading channel axis back; None where it is no image."""
    if x.ndim == 3:
        return x[..., None]
    if x.ndim != 4:
        return None
    if x.shape[-1] in (1, 3):
        return x
    if x.shape[1] in (1, 3):
        return np.moveaxis(x, 1, -1)
    return np.moveaxis(x, 1, -1)[..., :1] if x.shape[1] < x.shape[-1] else x[..., :1]


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def to_bytes(picture: np.ndarray, display: Display | None) -> tuple[np.ndarray, list[float]]:
    """Pictures [images, height, width, channels] as uint8, and the values that became 0 and 255."""
    shown = picture
    if display is not None:
        shown = np.asarray(
            display(picture) if callable(display) else picture * np.asarray(display[1]) + np.asarray(display[0])
        )
        if shown.shape[:3] != picture.shape[:3] or shown.ndim != 4 or shown.shape[-1] not in (1, 3):
            raise ValueError(
                f"probe_display: pictures of shape {shown.shape} came out of it; accepted is [images, height, width, "
                f"1 or 3], here {(*picture.shape[:3], '1 or 3')}"
            )
    if shown.dtype == np.uint8:
        return np.ascontiguousarray(shown), [0.0, 255.0]
    finite = shown[np.isfinite(shown)]
    lo, hi = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if display is not None:  # what undoes a normalisation gives either 0 … 1 or 0 … 255
        lo, hi = 0.0, 1.0 if hi <= 1.5 else 255.0
    scaled = (np.nan_to_num(shown.astype(np.float64), nan=lo, posinf=hi, neginf=lo) - lo) / ((hi - lo) or 1.0)
    return np.rint(scaled.clip(0, 1) * 255).astype(np.uint8), [lo, hi]


def as_rgb(picture: np.ndarray, channel_order: str) -> np.ndarray:
    """Pictures of three channels with red first."""
    is_turned = channel_order == "bgr" and picture.shape[-1] == 3
    return np.ascontiguousarray(picture[..., ::-1]) if is_turned else picture
