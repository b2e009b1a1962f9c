"""Which layer left the band of healthy runs first, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_cnnviz.analysis.evidence import OUTPUT, Evidence

#: The band of one healthy run and the next is this many times wider on each side than what was seen.
WIDER = 3.0
#: Records in a row that have to lie outside.
IN_A_ROW = 3
_SMOOTHED = 5


@dataclass(frozen=True)
class Departure:
    """A quantity of a layer (or of the run, with layer None) that left the band at `step`.

    `value` is what it was then, `low` and `high` the band's ends there.
    """

    quantity: str
    layer: str | None
    step: int
    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        value = self.value if np.isfinite(self.value) else str(self.value)
        return {
            "quantity": self.quantity,
            "layer": self.layer,
            "step": self.step,
            "value": value,
            "low": self.low,
            "high": self.high,
        }


def departures(evidence: Evidence, healthy: Sequence[Evidence]) -> list[Departure]:
    """What left the band of the healthy runs, the earliest first; of equal steps the first layer in forward order.

    The band at a step reaches from a third of the least to three times the largest of the healthy runs, each smoothed by
    the median of five records. Outside is what lies outside three records in a row, or is not finite.

    Raises:
        ValueError: when there are no healthy runs.
    """
    if not healthy:
        raise ValueError("healthy: no run given; at least one is needed")
    order = evidence.network.order
    of_healthy = [dict(_quantities(each)) for each in healthy]
    found = []
    for key, (steps, values) in _quantities(evidence):
        bands = [each[key] for each in of_healthy if key in each and len(each[key][0])]
        if bands and len(steps):
            departure = _first(key, steps, values, bands)
            if departure is not None:
                found.append(departure)
    return sorted(found, key=lambda d: (d.step, order.get(d.layer or "", len(order))))


def _quantities(evidence: Evidence) -> Iterator[tuple[tuple[str, str | None], tuple[np.ndarray, np.ndarray]]]:
    """((quantity, layer), (steps, values)); values are positive."""
    if evidence.losses is not None:
        yield ("loss", None), (evidence.losses.step, evidence.losses.loss)
    gradients, network = evidence.gradients, evidence.network
    if gradients is not None:
        for column in network.kernels:
            layer = network.layer_of(column)
            yield ("gradient norm", layer), (gradients.step, gradients.norm[:, column])
            with np.errstate(all="ignore"):
                yield (
                    ("update / weight", layer),
                    (gradients.step, gradients.update[:, column] / gradients.weight[:, column]),
                )
    if evidence.activations is not None:
        for (layer, place), row in evidence.activations.rows.items():
            if place == OUTPUT:
                yield ("activation size", layer), (evidence.activations.step, row.rms)


def _first(
    key: tuple[str, str | None],
    steps: np.ndarray,
    values: np.ndarray,
    bands: Sequence[tuple[np.ndarray, np.ndarray]],
) -> Departure | None:
    until = max(int(band_steps[-1]) for band_steps, _ in bands)
    within = steps <= until
    steps, course = steps[within], _smooth(values)[within]
    table = np.stack([np.interp(steps, band_steps, _smooth(band)) for band_steps, band in bands])
    if not table.size:
        return None
    low, high = np.nanmin(table, 0) / WIDER, np.nanmax(table, 0) * WIDER
    is_bad = ~np.isfinite(values[within])
    outside = is_bad | (course < low) | (course > high)
    for index in range(len(steps)):
        few = outside[index : index + IN_A_ROW]
        if is_bad[index] or (len(few) == IN_A_ROW and few.all()):
            value = values[within][index] if is_bad[index] else course[index]
            return Departure(*key, int(steps[index]), float(value), float(low[index]), float(high[index]))
    return None


def _smooth(values: np.ndarray) -> np.ndarray:
    """The median of the records around each, as many on both sides as there are."""
    half = _SMOOTHED // 2
    with np.errstate(all="ignore"):
        return np.array([np.median(values[max(0, i - half) : i + half + 1]) for i in range(len(values))])
