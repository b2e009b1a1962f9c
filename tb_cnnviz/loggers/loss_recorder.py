"""Each batch's loss and learning rate."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tb_cnnviz.capture.network.layer_tree import listed
from tb_cnnviz.capture.quantities.losses import LossCapture
from tb_cnnviz.capture.quantities.returned_losses import MOST, ReturnedLosses
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record
from tb_cnnviz.records.kinds import series_of

_SLOTS = 128

#: Columns of the record that no loss may be named.
_COLUMNS = frozenset({"step", "batch", *series_of("losses").names})


class LossRecorder(Recorder):
    """Logs every training batch's own loss, whatever the schedule: a few bytes each."""

    name = "losses"
    is_in_step = True

    def __init__(self) -> None:
        self._capture: LossCapture | None = None
        self._returned: ReturnedLosses | None = None
        self._since_drain = 0
        self._ends: list[float] = []
        self._examples = 0
        self._last: tuple[int, int] | None = None
        self._is_told = False

    def begin(self, context: FitContext) -> None:
        fit, step = context.fit, context.step
        self._examples = fit.past.examples_before(fit.step()) if fit.past else 0
        slots = max(_SLOTS, 2 * int(fit.model.steps_per_execution))
        self._capture = LossCapture(fit.model, fit.count, slots=slots)

        guard = partial(fit.guard, self.name)
        step.add(self._capture.hooks(guard), self._capture.cells, guard, is_quick=True)
        if fit.calls is not None:
            self._returned = ReturnedLosses(fit.model, fit.count, fit.calls, slots=slots)
            step.add(self._returned.hooks(guard), self._returned.cells, guard)

    def steps_ran(self, fit: FitLog, count: int) -> None:
        if self._capture is None:
            return
        self._since_drain += count
        self._ends += [time.time()] * count
        if self._since_drain + int(fit.model.steps_per_execution) >= self._capture.slots:
            self.drain(fit)

    def drain(self, fit: FitLog) -> None:
        if self._capture is None or not self._since_drain:
            return
        self._since_drain = 0
        ends, self._ends = self._ends, []
        rows, lost, said = self._taken(self._capture)
        if not len(rows["step"]):
            return
        seen = self._examples + np.cumsum(rows.pop("examples").astype(np.int64))
        self._examples = int(seen[-1])
        steps = rows["step"].astype(np.int64) + fit.offsets.iterations
        arrays = rows | {
            "step": steps,
            "batch": self._batches(steps),
            "epoch": np.full(len(steps), fit.logged_epoch, np.int32),
            "examples": seen,
            "wall_time": row_times(ends, len(steps), lost),
        }
        fit.write(Record("losses", int(steps[-1]), arrays=arrays, attributes=said))

    def _taken(self, capture: LossCapture) -> tuple[dict[str, np.ndarray], int, dict[str, Any]]:
        """The rows since the last call, how many were lost, and what is to be said of them.

        What a step returns is asked only where it does not compute its loss as Keras does.
        """
        returned = None if capture.was_called else self._returned
        if returned is None:
            before = capture.lost
            return capture.drain(), capture.lost - before, {}
        before = returned.lost
        rows = returned.drain()
        names, rates = list(returned.sources), returned.rates
        values, learning = rows.pop("values"), rows.pop("rates")
        columns = {name: values[:, i] for i, name in enumerate(names) if name not in _COLUMNS}
        columns |= {f"learning_rate/{name}": learning[:, i] for i, name in enumerate(rates) if len(rates) > 1}
        said = {"loss_name": names[0] if names else None, "sources": dict(returned.sources), "optimizers": rates}
        if not names:  # told at the epoch's end
            rows = {name: column[:0] for name, column in rows.items()}
            values, learning, columns = values[:0], learning[:0], {name: c[:0] for name, c in columns.items()}
        return rows | columns | {"loss": values[:, 0], "learning_rate": learning[:, 0]}, returned.lost - before, said

    def _batches(self, steps: np.ndarray) -> np.ndarray:
        """Which of the batches that share its step each row is: int32, from 0."""
        batch = batches_by_step(steps)
        if self._last is not None and self._last[0] == steps[0]:
            batch[steps == steps[0]] += self._last[1] + 1
        self._last = int(steps[-1]), int(batch[-1])
        return batch

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        if self._capture is None or self._capture.was_called:
            return
        if self._returned is None or not self._returned.sources:
            fit.turn_off(
                self.name,
                f"the model's train_step never {self._capture.source}, and returned nothing whose name says loss, so its "
                "batches show no loss",
            )
        elif self._returned.left_out and not self._is_told:
            self._is_told = True
            fit.notice(
                self.name, f"{listed(self._returned.left_out)}: not logged by batch, the first {MOST} losses are"
            )


def batches_by_step(steps: np.ndarray) -> np.ndarray:
    """0, 1, … within each run of equal steps: int32."""
    places = np.arange(len(steps))
    is_first = np.ones(len(steps), bool)
    is_first[1:] = steps[1:] != steps[:-1]
    return (places - np.maximum.accumulate(np.where(is_first, places, 0))).astype(np.int32)


def row_times(ends: Sequence[float], rows: int, lost: int) -> np.ndarray:
    """When the host saw the step of each row end, float64 [rows].

    Args:
        ends: of the steps since the last drain. Fewer where an exception ended the last one, which gets the time of
            this call; more where the last execution ran out of data; a train_step may also make several rows.
        lost: rows that came before these and were overwritten.
    """
    total = rows + lost
    times = np.repeat(ends, total // len(ends) if total % len(ends) == 0 else 1)[:total]
    return np.concatenate([times, np.full(total - len(times), time.time())])[lost:]
