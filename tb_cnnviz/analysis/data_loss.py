"""Losses as the rules know them: their family, what a constant answer costs, and what the predictions alone cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

CLASSES, BINARY, SQUARED, ABSOLUTE, OTHER = "classes", "binary", "squared", "absolute", "other"

_FAMILIES = {
    "sparse_categorical_crossentropy": CLASSES,
    "categorical_crossentropy": CLASSES,
    "binary_crossentropy": BINARY,
    "mean_squared_error": SQUARED,
    "mse": SQUARED,
    "mean_absolute_error": ABSOLUTE,
    "mae": ABSOLUTE,
}
_TINY = 1e-7


def family_of(loss: str | None) -> str:
    """One of CLASSES (cross-entropy over exclusive classes), BINARY, SQUARED, ABSOLUTE, OTHER, by the loss' name."""
    return _FAMILIES.get((loss or "").strip().lower(), OTHER)


def is_sparse(loss: str | None) -> bool:
    """Whether labels are the numbers of classes."""
    return (loss or "").startswith("sparse")


def takes_logits(config: Mapping[str, object] | None) -> bool | None:
    """Whether the loss applies a softmax or sigmoid of its own, by its configuration; None where that is not known."""
    said = (config or {}).get("from_logits")
    return said if isinstance(said, bool) else None


def entropy(shares: np.ndarray) -> float:
    """In nats, of shares that add up to 1."""
    p: np.ndarray = np.clip(np.asarray(shares, np.float64), 0, 1)
    total = p.sum()
    if not np.isfinite(total) or total <= 0:
        return float("nan")
    there = p[p > 0] / total
    return float(-(there * np.log(there)).sum())


def binary_entropy(shares: np.ndarray) -> float:
    """In nats, the mean over several yes-or-no shares."""
    p: np.ndarray = np.clip(np.asarray(shares, np.float64), _TINY, 1 - _TINY)
    return float(np.mean(-(p * np.log(p) + (1 - p) * np.log(1 - p))))


def explained(y: np.ndarray, predictions: np.ndarray) -> float:
    """R²: the part of the targets' variance over images that the predictions explain; NaN where they do not fit each other."""
    if y.dtype.kind not in "fiub" or y.size != predictions.size or len(y) < 2:
        return float("nan")
    target = np.asarray(y, np.float64).reshape(len(y), -1)
    whole = float(((target - target.mean(0)) ** 2).sum())
    rest = float(((target - predictions.reshape(target.shape)) ** 2).sum())
    return 1 - rest / whole if whole > 0 and np.isfinite(rest) else float("nan")


def prediction_loss(loss: str | None, y: np.ndarray, predictions: np.ndarray, *, logits: bool) -> float:
    """What the predictions cost by the loss' formula, without penalties and weights; NaN where that is not known.

    It is not known either where a probability is too small to be told from zero.

    Args:
        y: labels [n], [n, 1] or as the predictions.
        predictions: [n, …].
        logits: whether the loss takes them through softmax or sigmoid first.
    """
    family = family_of(loss)
    p = np.asarray(predictions, np.float64)
    with np.errstate(all="ignore"):
        if family == CLASSES:
            return _cross_entropy(np.asarray(y, np.float64), p, is_sparse(loss), logits)
        target = np.asarray(y, np.float64)
        if target.size != p.size:
            return float("nan")
        target = target.reshape(p.shape)
        if family == BINARY:
            q = 1 / (1 + np.exp(-p)) if logits else p
            cost = -(target * np.log(q) + (1 - target) * np.log(1 - q))
            return _mean_unless_clipped(np.where((target == 0) & (q == 0) | (target == 1) & (q == 1), 0.0, cost))
        if family == SQUARED:
            return float(np.mean((target - p) ** 2))
        if family == ABSOLUTE:
            return float(np.mean(abs(target - p)))
    return float("nan")


def _cross_entropy(y: np.ndarray, p: np.ndarray, sparse: bool, logits: bool) -> float:
    classes = p.shape[-1]
    rows = p.reshape(-1, classes)
    if logits:
        rows = np.exp(rows - rows.max(1, keepdims=True))
    rows = rows / rows.sum(1, keepdims=True)
    if sparse:
        index = y.reshape(-1).astype(np.int64)
        if len(index) != len(rows) or (index < 0).any() or (index >= classes).any():
            return float("nan")
        return _mean_unless_clipped(-np.log(rows[np.arange(len(rows)), index]))
    if y.size != rows.size:
        return float("nan")
    costs = np.where(y.reshape(rows.shape) == 0, 0.0, -y.reshape(rows.shape) * np.log(rows))
    return _mean_unless_clipped(costs.sum(1))


def _mean_unless_clipped(costs: np.ndarray) -> float:
    return (
        float(np.mean(costs)) if np.isfinite(costs).all() and costs.max(initial=0.0) < -np.log(_TINY) else float("nan")
    )
