"""Calls of the whole model that a training step made, to be made once more in a branch of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


class RepeatedCalls:
    """Of one model in one fit; the fit's callbacks share it. What a call is, the backend's kind says.

    Attributes:
        level: which trace the model is called in, by the user's step or again; None where it is not called.
        repeater: who makes the calls again right now; None while the user's own are made.
    """

    def __init__(self, model: Any) -> None:
        self.level: Any = None
        self.repeater: Any = None
        self._model = model
        self._made: list[Any] | None = None

    def trace(self) -> Any:
        """What is being traced here."""
        raise NotImplementedError

    def _make_again(self, call: Any, tensors: list[Any]) -> None:
        raise NotImplementedError

    def again(self, repeater: Any, tensors: list[list[Any]]) -> None:
        """Inside the branch: make the calls of the step once more, with these tensors. What they give is dropped."""
        self.repeater = repeater
        try:
            for call, own in zip(self._made or [], tensors, strict=True):
                self._make_again(call, own)
        finally:
            self.repeater = None

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        before, self.level = self.level, self.trace()
        try:
            yield
        finally:
            self.level = before
