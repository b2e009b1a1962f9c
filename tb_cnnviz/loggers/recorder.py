"""What every part of a callback can do. A part captures one thing during a fit and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from tb_cnnviz.loggers.context import FitContext, FitProbe
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.records import Record


class Recorder:
    """One thing that is logged. The callback calls every method under the fit's guard for `name`."""

    name = ""
    #: Does it record inside the training step?
    is_in_step = False
    #: Does it record statistics inside the training step, at a stride that the overhead may choose?
    is_statistics = False
    #: Does it give pictures, which a step has only so many bytes for?
    is_pictures = False
    #: Does it run the model over the probe?
    needs_pass = False

    def wanted_bytes(self, fit: FitLog, probe: FitProbe) -> float:
        """Bytes that all of its pictures would take at one step; infinite where they are chosen to fill its share."""
        return inf

    def begin(self, context: FitContext) -> None:
        """Before the first batch, at the weights it will be trained from."""

    def pictures(self, fit: FitLog, step: int, *, is_full: bool) -> list[Record]:
        """Records of what is due at `step`, less what this part gave for that step before.

        `is_full` is true at the first, the last and the epochs' last steps.
        """
        return []

    def forget_pictures(self) -> None:
        """The weights are others than at the latest pictures, at the same step: those it gave do not count."""

    def stock_pictures(self, fit: FitLog, step: int) -> None:
        """At the end of an epoch, after pictures at its last step: the stock tabs' share of them."""

    def steps_ran(self, fit: FitLog, count: int) -> None:
        """After an execution of the training step, which ran about `count` batches."""

    def epoch_ended(self, fit: FitLog, step: int, logs: Mapping[str, float]) -> None:
        """After validation, with Keras' logs of the epoch."""

    def drain(self, fit: FitLog) -> None:
        """Write what waits in the device's memory."""
