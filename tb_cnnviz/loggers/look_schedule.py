"""When the doctor looks at a run that goes on: at steps that lie ever farther apart and at epoch ends, within its share of time."""

from __future__ import annotations

#: Batches before the first look; each next one comes after as many as ran before it.
FIRST = 32

#: Of the overhead, the part that looks may take.
SHARE = 0.25

#: What a look is taken to cost before one has shown it.
_EXPECTED_S = 0.1


class LookSchedule:
    """Says when a look is due, by what the looks before it cost.

    Args:
        overhead: the share of training time that logging may take; looks take at most a quarter of it.
    """

    def __init__(self, overhead: float) -> None:
        self._share = overhead * SHARE
        self._next = FIRST
        self._at_last = 0
        self._spent = 0.0
        self._cost = _EXPECTED_S

    def is_due(self, ran: int, training_s: float, *, is_epoch_end: bool) -> bool:
        """Is it worth a look, and is there time for one?

        Args:
            ran: batches since the fit began.
            training_s: seconds that they took.
        """
        is_wanted = ran >= self._next or (is_epoch_end and ran >= FIRST and ran > self._at_last)
        return is_wanted and self._spent + self._cost <= self._share * training_s

    def looked(self, ran: int, seconds: float) -> None:
        """A look at so many batches took so long."""
        self._at_last, self._next = ran, max(2 * ran, FIRST)
        self._spent += seconds
        self._cost = seconds
