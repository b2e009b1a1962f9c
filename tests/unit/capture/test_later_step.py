"""JAX: the step that is compiled beside training, with real compilations of small functions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tb_cnnviz.capture.backends.jax.later_step import LaterStep

DATA = np.ones(3, np.float32)
STATE = ([np.float32(1.0)], [], [], [])


def now(state: Any, data: Any) -> Any:
    return "now", state


@jax.jit
def later(state: Any, data: Any) -> Any:
    return data.sum() + state[0][0], state


def at_once(make: Callable[[], Any]) -> Any:
    return make()


class Faults(list[Exception]):
    pass


def step_of(compiled_later: Any) -> tuple[LaterStep, Faults]:
    faults = Faults()
    return LaterStep(now, compiled_later, at_once, faults.append), faults


def until_ready(step: LaterStep, data: Any = DATA) -> Any:
    for _ in range(600):
        result = step(STATE, data)
        if not step.is_waiting:
            return result
        assert result[0] == "now"
        time.sleep(0.05)
    raise AssertionError("never compiled")


def test_the_first_step_is_never_waited_for() -> None:
    step, faults = step_of(later)
    assert step(STATE, DATA)[0] == "now"
    assert step.is_waiting
    assert float(until_ready(step)[0]) == 4.0
    assert not faults


def test_a_fit_that_is_over_before_compiles_nothing() -> None:
    def slow_at_first(state: Any, data: Any) -> Any:
        time.sleep(0.3 if next(calls) == 0 else 0.01)
        return "now", state

    class Untraceable:
        def lower(self, state: Any, data: Any) -> Any:
            raise AssertionError("traced")

    for batches, traced in ((20, False), (2000, True)):
        calls, faults = itertools.count(), Faults()
        step = LaterStep(slow_at_first, Untraceable(), at_once, faults.append, batches)
        assert [step(STATE, DATA)[0] for _ in range(12)] == ["now"] * 12
        assert bool(faults) == traced


def test_other_data_wait_for_a_step_of_their_own() -> None:
    step, faults = step_of(later)
    until_ready(step)
    assert step(STATE, np.ones(5, np.float32))[0] == "now"
    assert step.is_waiting
    assert float(until_ready(step, np.ones(5, np.float32))[0]) == 6.0
    assert float(step(STATE, DATA)[0]) == 4.0
    assert not faults


def test_a_step_that_cannot_be_traced_is_told_of_once() -> None:
    @jax.jit
    def broken(state: Any, data: Any) -> Any:
        raise ZeroDivisionError("in a trace")

    step, faults = step_of(broken)
    assert [step(STATE, DATA)[0] for _ in range(4)] == ["now"] * 4
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


def test_a_step_that_cannot_be_compiled_is_told_of_once() -> None:
    class Lowered:
        def compile(self) -> Any:
            raise MemoryError("no room")

    class Jitted:
        def lower(self, state: Any, data: Any) -> Lowered:
            return Lowered()

    step, faults = step_of(Jitted())
    for _ in range(5):
        assert step(STATE, DATA)[0] == "now"
        time.sleep(0.05)
    assert [type(fault) for fault in faults] == [MemoryError]


def test_a_state_of_another_kind_goes_to_the_other_step() -> None:
    step, faults = step_of(later)
    until_ready(step)
    other = ([np.float32(1.0), np.float32(2.0)], [], [], [])
    assert step(other, DATA)[0] == "now"
    assert len(faults) == 1
    assert step(STATE, DATA)[0] == "now"  # given up


def test_lists_and_tuples_in_the_state_are_one() -> None:
    step, faults = step_of(later)
    until_ready(step)
    as_tuples = [tuple(part) for part in STATE]
    assert float(step(as_tuples, DATA)[0]) == 4.0
    assert not faults


def test_nothing_more_is_compiled_once_it_is_closed() -> None:
    step, faults = step_of(later)
    step.close()
    assert [step(STATE, DATA)[0] for _ in range(3)] == ["now"] * 3
    assert len(faults) == 1
