"""One fit of one model as it is logged: its steps and epochs in the log's counting, its clock, its notices."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tb_cnnviz.capture.gradients import innermost
from tb_cnnviz.capture.layer_tree import PlacedLayer
from tb_cnnviz.eventlog.resume import Resume
from tb_cnnviz.records import Record
from tb_cnnviz.run_writer import RunWriter


class Clock:
    """Seconds since a fit began, split into training and logging."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.logging_s = 0.0
        self._depth = 0

    @property
    def training_s(self) -> float:
        return time.perf_counter() - self._start - self.logging_s

    @contextlib.contextmanager
    def logging(self) -> Iterator[None]:
        """What runs inside is logging, not training; may be nested."""
        start = time.perf_counter()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.logging_s += time.perf_counter() - start


@dataclass
class Offsets:
    """What leads from this fit's counting to the log's: step = optimizer.iterations + iterations, and so for epochs."""

    iterations: int = 0
    epoch: int = 0


def offsets(iterations: int, first_epoch: int, log: Resume | None) -> Offsets:
    """How a fit goes on in a log.

    Args:
        iterations: optimizer.iterations before the first batch. 0 is a new optimizer: its steps follow the log's last.
            Above 0 it was trained or restored before: its steps mean what they meant in the log's last session.
        first_epoch: of this fit. Above 0 (initial_epoch, BackupAndRestore) it goes on counting as the last session
            did; 0 follows the log's last epoch.
        log: where the log ended, None for a new one.
    """
    if log is None:
        return Offsets()
    following = 0 if log.last_epoch is None else log.last_epoch + 1
    return Offsets(
        iterations=log.iterations_offset if iterations > 0 else log.last_step,
        epoch=log.epoch_offset if first_epoch > 0 else following,
    )


@dataclass
class Fit:
    """What the parts of a callback share during one fit.

    `epoch` is Keras' own, counted from this fit's start; `logged_epoch` the log's.
    """

    model: Any
    writer: RunWriter
    placed: list[PlacedLayer]
    asked: set[str] | None
    token: object
    offsets: Offsets = field(default_factory=Offsets)
    clock: Clock = field(default_factory=Clock)
    epoch: int = 0
    off: set[str] = field(default_factory=set)

    def step(self) -> int:
        """Optimizer updates since the run began. Waits for the device."""
        return int(innermost(self.model.optimizer).iterations) + self.offsets.iterations

    @property
    def logged_epoch(self) -> int:
        return self.epoch + self.offsets.epoch

    def is_asked(self, path: str) -> bool:
        return self.asked is None or path in self.asked

    def write(self, record: Record) -> None:
        self.writer.records.write(record)

    def notice(self, part: str, message: str, step: int | None = None) -> None:
        """Say in the log what was given up, and why."""
        with contextlib.suppress(Exception):
            at = self.step() if step is None else step
            self.write(Record("notices", at, attributes={"part": part, "message": message}))

    def turn_off(self, part: str, why: str) -> None:
        """Give a part up for this fit: one warning that names it, and a notice in the log."""
        if part in self.off:
            return
        self.off.add(part)
        self.notice(part, why)
        warnings.warn(
            f"tb_cnnviz: {part} of this fit will not be logged: {why}. Training goes on.", RuntimeWarning, stacklevel=2
        )

    @contextlib.contextmanager
    def guard(self, part: str) -> Iterator[None]:
        """A fault of ours inside costs the part, never the training."""
        try:
            yield
        except Exception as error:
            self.turn_off(part, f"{type(error).__name__}: {error}")
