"""JAX: a training step whose compilation is not waited for.

For a network of hundreds of layers XLA compiles what we record for longer than the network's own step. So that step is
traced at the third batch and compiled beside training, which XLA does without Python's lock. Until it is there another
step trains, with what is cheap alone. Both make the same bits of the same state.

A fit that will be over before does not begin with it: the third batch shows how long compiling and a step take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax

Step = Callable[[Any, Any], Any]

#: Batches after which it is known how long the first one, with its compilation, and another one take.
_SEEN = 3


class LaterStep:
    """Takes (state, data) of one batch, as the step that Keras compiles.

    Args:
        now: compiled at its first call.
        later: a function of `jax.jit`.
        trace: calls what it is given where `later` can be traced.
        on_fault: told what kept `later` from being compiled or run; from then on only `now` is.
        batches: of the fit, where they are known.

    Attributes:
        is_waiting: whether the latest batch was trained by `now`.
    """

    def __init__(
        self,
        now: Step,
        later: Any,
        trace: Callable[[Callable[[], Any]], Any],
        on_fault: Callable[[Exception], None],
        batches: int | None = None,
    ) -> None:
        self.is_waiting = True
        self._batches = batches
        self._now, self._later = now, later
        self._trace, self._on_fault = trace, on_fault
        self._called: list[float] = []  # when the first batches came
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="cnnviz-compile")
        self._made: dict[Hashable, Future[Step]] = {}  # by what the data are like: a last batch may be smaller
        self._is_given_up = False

    def __call__(self, state: Any, data: Any) -> Any:
        state = tuple(list(part) for part in state)  # fit's own state and a step's result may differ in that
        step = self._compiled(state, data) if self._is_worth_it() else None
        self.is_waiting = step is None
        if step is not None:
            try:
                return step(state, data)
            except (TypeError, ValueError) as error:  # arguments of another kind than it was compiled for
                if any(_is_given_away(leaf) for leaf in jax.tree_util.tree_leaves(state)):
                    raise
                self._give_up(error)
        return self._now(state, data)

    def close(self) -> None:
        """Start no further compilation."""
        self._compiler.shutdown(wait=False, cancel_futures=True)

    def _is_worth_it(self) -> bool:
        if self._is_given_up:
            return False
        if len(self._called) < _SEEN:
            self._called.append(time.perf_counter())
        if len(self._called) < _SEEN:
            return False
        first, second, third = self._called
        return self._batches is None or (third - second) * (self._batches - _SEEN) >= second - first

    def _compiled(self, state: Any, data: Any) -> Step | None:
        """`later` for such data, once it is there."""
        key = _like(data)
        try:
            made = self._made.get(key)
            if made is None:
                lowered = self._trace(lambda: self._later.lower(state, data))
                self._made[key] = self._compiler.submit(lowered.compile)
                return None
            return made.result() if made.done() else None
        except Exception as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        self._is_given_up = self.is_waiting = True
        self._on_fault(error)


def _like(data: Any) -> Hashable:
    leaves, structure = jax.tree_util.tree_flatten(data)
    return structure, tuple((getattr(leaf, "shape", None), str(getattr(leaf, "dtype", ""))) for leaf in leaves)


def _is_given_away(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and leaf.is_deleted()
