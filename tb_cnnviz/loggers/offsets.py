"""How a fit's own counting of steps and epochs leads to the log's."""

from __future__ import annotations

from dataclasses import dataclass

from tb_cnnviz.capture.in_step.step_count import TRAIN_STEPS, UPDATES
from tb_cnnviz.eventlog.resume import Resume


@dataclass(frozen=True)
class Offsets:
    """From this fit's counting to the log's: step = `StepCount.host()` + iterations, and likewise for epochs."""

    iterations: int = 0
    epoch: int = 0


def offsets(iterations: int, first_epoch: int, log: Resume | None, counted: str = UPDATES) -> Offsets:
    """How a fit goes on in a log.

    Args:
        iterations: the count before the first batch, of updates optimizer.iterations. 0 is a new optimizer: its steps follow the log's last.
            Above 0 it was trained or restored before: its steps mean what they meant in the log's last session.
        first_epoch: of this fit. Above 0 (initial_epoch, BackupAndRestore) it goes on counting as the last session
            did; 0 follows the log's last epoch.
        log: where the log ended, None for a new one.
        counted: what the count is of. Training steps that were made before are an estimate: a new log begins at 0, and
            none goes on behind its last step.
    """
    if log is None:
        return Offsets(iterations=0 if counted == UPDATES else -iterations)
    following = 0 if log.last_epoch is None else log.last_epoch + 1
    going_on = log.iterations_offset if iterations > 0 else log.last_step
    if counted == TRAIN_STEPS and not 0 <= iterations + going_on <= log.last_step:
        going_on = log.last_step - iterations
    return Offsets(
        iterations=going_on,
        epoch=log.epoch_offset if first_epoch > 0 else following,
    )
