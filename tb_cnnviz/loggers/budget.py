"""What a step's pictures and a run's log may take, in bytes."""

from __future__ import annotations

from collections.abc import Mapping

from tb_cnnviz.capture.quantities.shares import fair_shares
from tb_cnnviz.run_writer import RunWriter
from tb_cnnviz.schedule import thinning

#: Of what a log has left when a fit begins, the part that the pictures of one step, and the operations, may take.
STEPS_TO_LEAVE = 8

#: What the first and the last step may take however full the log is.
MIN_STEP_BYTES = 1 << 16


def step_bytes(max_bytes_per_step: int, left: int) -> int:
    """What the pictures of one step may take, where `left` bytes of the log's limit are left when the fit begins."""
    return min(max_bytes_per_step, max(MIN_STEP_BYTES, left // STEPS_TO_LEAVE))


class Budget:
    """The bytes of a log, as one of the callbacks that share it may use them.

    Args:
        writer: counts what was written, by all of them.
        max_bytes: of the run's records, all callbacks' together.

    Attributes:
        thinning: how many times more rarely than wanted to log, since the log fills up; as `thin_out` found it last.
    """

    def __init__(self, writer: RunWriter, max_bytes: int = 1 << 62) -> None:
        self._writer = writer
        self.max_bytes = max_bytes
        self.thinning = 1

    @property
    def used(self) -> int:
        """At most so many bytes do the run's records take, once all that was given is written."""
        return self._writer.bytes_used()

    @property
    def left(self) -> int:
        """Less what the callbacks keep free for their last pictures."""
        return self.max_bytes - self.used - sum(self._writer.reserved.values())

    def thin_out(self) -> bool:
        """Choose `thinning` anew. Does the log fill up?"""
        self.thinning = thinning(self.max_bytes - self.left, self.max_bytes)
        return self.thinning > 1

    def for_a_step(self, most: int) -> int:
        """Of at most so many bytes, those that one step may take for a fit that begins now."""
        return step_bytes(most, self.left)

    def shared_out(self, most: int, wanted: Mapping[str, float]) -> dict[str, int]:
        """The same, for each of those that want some of it; infinite for as much as there is."""
        return fair_shares(self.for_a_step(most), wanted)

    def keep_free(self, owner: object, size: int) -> None:
        """So many bytes are for the last pictures, and the losses, of one callback."""
        self._writer.reserved[id(owner)] = size

    def let_go(self, owner: object) -> None:
        """Its last pictures are written."""
        self._writer.reserved.pop(id(owner), None)
