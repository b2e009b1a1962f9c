"""A loop of the user's own, which trains a model between our events without `fit`."""

from __future__ import annotations

from typing import Any

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import optimizers_of
from tb_cnnviz.capture.in_step.step import InstrumentedStep


class OwnLoop:
    """What the loop did, by what was trained: the numbers that it gives to our events may be anything.

    Args:
        model: may have no optimizer yet.
        step: the training step that `train_on_batch` calls.

    Attributes:
        updates_before: `optimizer.iterations` when the loop began.
    """

    def __init__(self, model: Any, step: InstrumentedStep) -> None:
        self._model, self._step = model, step
        self._counted = self._ran_before = step.ran
        self._unseen = self._kept_at = 0
        self._cut_off = step.cut_off
        self._is_told = False
        self.updates_before = self._updates()

    def _updates(self) -> int:
        """Of the one optimizer; 0 where several, or none, could be asked."""
        found = optimizers_of(self._model)
        return int(to_numpy(innermost(found[0].optimizer).iterations)) if len(found) == 1 else 0

    def ran(self) -> int:
        """Calls of the training step since this was asked before."""
        ran, self._counted = self._step.ran - self._counted, self._step.ran
        return ran

    def has_updated(self) -> bool:
        """Has the optimizer made an update since the loop began?"""
        return self._updates() > self.updates_before

    def unseen(self) -> int:
        """Updates that were not made by our training step, since this was asked before. Waits for the device."""
        seen = self._step.ran - self._ran_before
        unseen = max(0, self._updates() - self.updates_before - seen - self._unseen)
        self._unseen += unseen
        was_cut_off, self._cut_off = self._step.cut_off > self._cut_off, self._step.cut_off
        return 0 if was_cut_off else unseen  # TensorFlow may count the update of a batch that raised

    def is_first_to_say(self) -> bool:
        """Was this not asked before?"""
        is_first, self._is_told = not self._is_told, True
        return is_first

    def has_to_be_kept(self, ran: int) -> bool:
        """Is it time to write what waits, after `ran` batches in all? Ever more rarely, so that records do not get many."""
        if ran - self._kept_at <= self._kept_at // 16:
            return False
        self._kept_at = ran
        return True
