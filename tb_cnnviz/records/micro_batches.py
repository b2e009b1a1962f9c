"""Arrays of a record that have a row for each micro-batch of an update."""

from __future__ import annotations

import numpy as np

MICRO, MICRO_BATCH = "micro_", "micro_batch"


def of_micro_batches(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Take those arrays out that have a row for each micro-batch, and give them; `micro_batch` says which these are.

    Raises:
        ValueError: where one has another number of rows.
    """
    micro_batch = arrays.pop(MICRO_BATCH, None)
    micro = {name: arrays.pop(name) for name in list(arrays) if name.startswith(MICRO)}
    for name, array in micro.items():
        if micro_batch is None or array.ndim < 2 or len(array) != len(micro_batch):
            raise ValueError(f"{name} has not a row for each micro-batch")
    return micro
