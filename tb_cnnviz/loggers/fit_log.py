"""One fit of one model as it is logged: its steps and epochs in the log's counting, its clock, its notices."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tb_cnnviz.capture.in_step.optimizers import NamedOptimizer, OptimizerCalls
from tb_cnnviz.capture.in_step.step import InstrumentedStep
from tb_cnnviz.capture.in_step.step_count import StepCount
from tb_cnnviz.capture.messages import in_one_line
from tb_cnnviz.capture.network.forward import ForwardTrace
from tb_cnnviz.capture.network.layer_tree import PlacedLayer
from tb_cnnviz.capture.network.networks import SeenNetwork
from tb_cnnviz.eventlog.record_size import bytes_in_log
from tb_cnnviz.eventlog.resume import PastLog
from tb_cnnviz.loggers.budget import Budget
from tb_cnnviz.loggers.clock import Clock
from tb_cnnviz.loggers.offsets import Offsets
from tb_cnnviz.records import KINDS, Record
from tb_cnnviz.run_writer import RunWriter

_log = logging.getLogger("tb_cnnviz")

#: Names of weights that a record repeats.
_MOST_NAMES = 8

#: The name of all parts.
EVERYTHING = "everything"


@dataclass
class FitLog:
    """What the parts of a callback share during one fit.

    Attributes:
        asked: paths of the layers to look into, None for all.
        training: the training step; the same for all callbacks of one fit.
        count: of the steps, likewise.
        calls: of the optimizers in a train_step of the model's own, likewise; None in Keras' own.
        seen: a pass through the model before the first batch, for shapes; None where there could be none.
        networks: what was run instead where the model cannot be run as a whole.
        epoch: Keras' own count.
        budget: of the log's bytes.
        is_at_an_end: are these the first or the last pictures, which are written in any case?
        statistics_stride: steps between two records of gradients, where the overhead budget chose it.
        weights_set: the event at which the weights of this step were set without an update; None where they were not.
        weights: a fingerprint of the weights at the first and the last pictures; None where it was not taken.
        between_pictures_s: seconds that passes over the probe took between pictures; the pictures' budget counts them.
        off: names of the parts that were given up.
        past: the log as it was before, while the parts begin.
    """

    model: Any
    writer: RunWriter
    budget: Budget
    placed: list[PlacedLayer]
    asked: set[str] | None
    training: InstrumentedStep
    count: StepCount
    calls: OptimizerCalls | None = None
    seen: ForwardTrace | None = None
    networks: list[SeenNetwork] = field(default_factory=list)
    offsets: Offsets = field(default_factory=Offsets)
    clock: Clock = field(default_factory=Clock)
    epoch: int = 0
    is_at_an_end: bool = False
    statistics_stride: int | None = None
    weights_set: str | None = None
    weights: int | None = None
    between_pictures_s: float = 0.0
    off: set[str] = field(default_factory=set)
    past: PastLog | None = None
    _known: int = 0

    def step(self) -> int:
        """Steps since the run began. Waits for the device, and lets the host see the weights."""
        self.training.show_weights()
        self._known = self.count.host() + self.offsets.iterations
        return self._known

    def optimizers_of(self, variable: Any) -> list[str]:
        """Names of the optimizers that update a variable, where a step uses several, as far as it has run."""
        return self.calls.names_of(variable) if self.calls is not None and self.count.optimizer is None else []

    @property
    def shapes(self) -> ForwardTrace | None:
        """The calls of layers that were seen, in whichever pass."""
        if self.seen is not None or not self.networks:
            return self.seen
        return ForwardTrace([], [], [call for each in self.networks for call in each.seen.calls])

    @property
    def used_optimizers(self) -> list[NamedOptimizer]:
        """Those that the training step uses, as far as it has run; before that its only one."""
        if self.calls is None or (not self.calls.used and self.count.optimizer is not None):
            return self.count.optimizers
        return [self.calls.optimizers[number] for number in self.calls.used]

    @property
    def logged_epoch(self) -> int:
        return self.epoch + self.offsets.epoch

    def is_asked(self, path: str) -> bool:
        return self.asked is None or path in self.asked

    @property
    def asked_layers(self) -> list[PlacedLayer]:
        """Those to look into."""
        return [item for item in self.placed if self.is_asked(item.path)]

    def write(self, record: Record, size: int | None = None) -> int:
        """A record into the log, where that has room for it, or has to have it.

        Args:
            size: of the record, where it is known.

        Returns:
            The record's size in bytes.
        """
        size = bytes_in_log(record) if size is None else size
        if KINDS[record.kind].is_unlimited or self.is_at_an_end or size <= self.budget.left:
            self.writer.write(record, size)
        else:
            self.say_that_it_fills_up()
        return size

    def say_that_it_fills_up(self) -> None:
        """One notice, however many callbacks share the log."""
        if self.writer.first_to_say("limit", self.training):
            self.notice(
                "limits",
                f"the log holds {self.budget.used} of at most {self.budget.max_bytes} bytes (max_log_bytes): from "
                "here on pictures and statistics are taken more rarely, and ever more so as it fills up; losses, and "
                "the last step, are logged to the end",
            )

    def say_that_weights_were_set(self, event: str, changed: Sequence[str] | None = None, of: int = 0) -> None:
        """At this step, without an update: paths of the weights that changed, where they are known, of how many."""
        attributes: dict[str, Any] = {"event": event}
        if changed is not None:
            attributes |= {"weights": list(changed[:_MOST_NAMES]), "changed": len(changed), "of": of}
        self.write(Record("weights_set", self.step(), attributes=attributes))

    def notice(self, part: str, message: str) -> None:
        """Say in the log what was given up, and why."""
        step = self._known  # where a fault comes from inside the training step, nothing can be asked
        with contextlib.suppress(Exception):
            step = self.step()
        with contextlib.suppress(Exception):
            self.write(Record("notices", step, attributes={"part": part, "message": message}))

    def turn_off(self, part: str, why: str) -> None:
        """Give a part up for this fit: one warning that names it, and a notice in the log."""
        if part in self.off or EVERYTHING in self.off:
            return
        self.off.add(part)
        self.notice(part, why)
        warn(part, why)

    @contextlib.contextmanager
    def guard(self, part: str) -> Iterator[None]:
        """A fault of ours inside costs the part, never the training."""
        try:
            yield
        except Exception as error:
            _log.debug("tb_cnnviz: %s", part, exc_info=True)
            self.turn_off(part, in_one_line(error))


def warn(part: str, why: str) -> None:
    """The one warning that a fault of ours costs."""
    warnings.warn(
        f"tb_cnnviz: {part} of this fit will not be logged: {why}. Training goes on.", RuntimeWarning, stacklevel=3
    )
