"""From the rows that training steps leave in the ring to records, on the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from tb_cnnviz.capture.in_step.ring_buffer import Columns
from tb_cnnviz.capture.in_step.sampling import followed, histogram_stride
from tb_cnnviz.capture.quantities.statistics import COUNTS, FLOATS
from tb_cnnviz.records import Record
from tb_cnnviz.records.histogram import RAW_COUNT, from_raw, trim

Rows = dict[str, np.ndarray]

_SOURCE = "training batch"

#: What a row says of itself: updates before it, which micro-batch of the next one, batches skipped before.
NUMBERS = ("step", "micro_batch", "skipped")


class GradientRecords:
    """Makes the records of one fit.

    Args:
        sizes: number of elements of each variable.
        micro_batches: batches whose gradients make one update.
        exact: histograms are of all elements, however many.
        samples: gradients of single weights are recorded too.
        numbers: what a row of the ring says of itself.

    Attributes:
        strides: of each variable's histogram.
        followed: of each variable, the flat indices of the single weights; none where they are not recorded.
        weights: how many these are.
        received: what a row of the ring holds before the optimizer works: name to (shape, dtype).
        applied: what it holds beside after that.
    """

    def __init__(
        self, sizes: Sequence[int], *, micro_batches: int, exact: bool, samples: bool, numbers: Sequence[str] = NUMBERS
    ) -> None:
        self.micro_batches = micro_batches
        self.strides = [1 if exact else histogram_stride(size) for size in sizes]
        self.followed = [followed(size if samples else 0) for size in sizes]
        self.weights = sum(map(len, self.followed))
        n = len(sizes)
        of_each, of_some = ((n,), "float32"), ((self.weights,), "float32")
        self.received: Columns = {
            **dict.fromkeys(numbers, ((), "int32")),
            "raw": ((n, RAW_COUNT), "int32"),
            **dict.fromkeys((*FLOATS, "weight_norm"), of_each),
            **dict.fromkeys(COUNTS, ((n,), "int32")),
            **dict.fromkeys(("gradient", "value"), of_some),
        }
        self.applied: Columns = {"update_norm": of_each, "update": of_some}
        self._waiting: Rows | None = None
        self._skips_told = 0

    def of(self, rows: Rows, offset: int, unconnected: Sequence[str], *, is_last: bool) -> list[Record]:
        """Records of the updates that are whole; step = optimizer.iterations + offset.

        The micro-batches of one update share a step and a record. Those of an update that is not whole wait for the
        next call, unless this is the last one.
        """
        if self._waiting is not None:
            rows = {name: np.concatenate([self._waiting[name], column]) for name, column in rows.items()}
            self._waiting = None
        bounds = [0, *(np.flatnonzero(np.diff(rows["step"])) + 1), len(rows["step"])]
        records: list[Record] = []
        for start, stop in pairwise(bounds):
            update = {name: column[start:stop] for name, column in rows.items()}
            is_whole = stop < bounds[-1] or stop == start or update["micro_batch"][-1] == self.micro_batches - 1
            if not is_whole and not is_last:
                self._waiting = update
            elif stop > start:
                records += self.of_update(update, int(update["step"][-1]) + offset, unconnected)
        return records

    def of_update(
        self,
        update: Rows,
        step: int,
        unconnected: Sequence[str],
        said: Mapping[str, Any] = MappingProxyType({}),
        beside: Mapping[str, np.ndarray] = MappingProxyType({}),
    ) -> list[Record]:
        """Records of one update, from the rows of its micro-batches.

        Args:
            said: attributes of its own.
            beside: arrays of its own, of the gradients record.
        """
        micro = {"micro_batches": self.micro_batches} if self.micro_batches > 1 else {}
        start, counts = trim(from_raw(update["raw"].astype(np.int64)))
        received = {name: update[name] for name in FLOATS} | {name: update[name].astype(np.int64) for name in COUNTS}
        arrays = self._of_last(received | {"histogram": counts}, update)
        arrays |= {name: update[name][-1] for name in ("weight_norm", "update_norm")}
        arrays["sampled"] = np.array(self.strides, np.int32)
        arrays |= beside
        is_exact = max(self.strides, default=1) == 1
        attributes: dict[str, Any] = {"bin_start": start, "source": _SOURCE, "exact": is_exact, **micro, **said}
        skipped = int(update["skipped"][-1]) - self._skips_told
        if skipped:
            self._skips_told += skipped
            attributes["skipped"] = skipped
        if unconnected:
            attributes["unconnected"] = list(unconnected)
        records = [Record("gradients", step, arrays=arrays, attributes=attributes)]
        if self.weights:
            arrays = self._of_last({"gradient": update["gradient"]}, update)
            arrays |= {"value": update["value"][-1], "update": update["update"][-1]}
            arrays["counts"] = np.array([len(each) for each in self.followed], np.int32)
            arrays["indices"] = np.concatenate(self.followed)
            attributes = {"source": _SOURCE, **micro, **said}
            records.append(Record("gradient_samples", step, arrays=arrays, attributes=attributes))
        return records

    def _of_last(self, received: Rows, update: Rows) -> Rows:
        """What the last micro-batch received, and where there are several, what each did, as `micro_…`."""
        arrays = {name: column[-1] for name, column in received.items()}
        if self.micro_batches > 1:
            arrays |= {f"micro_{name}": column for name, column in received.items()}
            arrays["micro_batch"] = update["micro_batch"]
        return arrays
