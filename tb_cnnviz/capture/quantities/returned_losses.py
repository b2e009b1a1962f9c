"""The losses that a training step of the user's own returns: of each batch, where the step gives them to a metric.

A step returns what its metrics say, which is a mean since the epoch began. What it gave to the metric in this step is
the batch's own. A value that comes from no metric is taken as it is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
from keras import ops

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording
from tb_cnnviz.capture.hook import Guard, Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import Application, OptimizerCalls
from tb_cnnviz.capture.in_step.replicas import number_of_replicas, on_one_replica
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RingBuffer
from tb_cnnviz.capture.in_step.step_count import StepCount
from tb_cnnviz.capture.quantities.losses import examples_of, state_scope

#: Losses of a step, and rates of optimizers, that are recorded at most: a ring cannot grow once the step is traced.
MOST = 8

OF_BATCH = "of the batch, as the step gave it to its metric"
AS_RETURNED = "as the step returned it"


class ReturnedLosses(InRing):
    """Records them in training steps, with the rates of the optimizers that were called.

    Args:
        model: with a train_step of its own.
        count: of its steps.
        calls: of its optimizers.
        slots: rows to keep between two drains.

    Attributes:
        sources: by name of a loss what was recorded; `loss` first, where there is one. None were seen yet: empty.
        left_out: names of losses beyond the first eight.
    """

    def __init__(self, model: Any, count: StepCount, calls: OptimizerCalls, *, slots: int) -> None:
        self.sources: dict[str, str] = {}
        self.left_out: list[str] = []
        self._model, self._count, self._calls = model, count, calls
        self._given: dict[int, Any] = {}  # to each metric in this step
        self._results: list[tuple[Any, int]] = []
        self._rates: dict[int, Any] = {}
        self._level: Any = None
        of_each = ((MOST,), "float32")
        numbers = ((), "int32")
        self._ring = RingBuffer(slots, {"step": numbers, "examples": numbers, "values": of_each, "rates": of_each})

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks write to."""
        return self._ring.cells

    @property
    def rates(self) -> list[str]:
        """Names of the optimizers whose rates the columns of `rates` are."""
        return self._calls.names[:MOST]

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""

        def listen(application: Application) -> None:
            with guard(), recording():
                self._rates[application.number] = self._level_here(), _rate_of(application)

        self._calls.listeners.append(listen)
        metrics = [m for m in private.all_metrics(self._model) if isinstance(m, keras.metrics.Mean)]
        on_metrics = [
            Hook(metric, name, wrap)
            for metric in metrics
            for name, wrap in (
                ("update_state", self._update_of(metric, guard)),
                ("result", self._result_of(metric)),
            )
        ]
        return [*on_metrics, Hook(self._model, "train_step", lambda method: self._wrap_step(method, guard))]

    def drain(self) -> dict[str, np.ndarray]:
        """The rows since the last call: step (the count), examples (of the batch), values and rates [rows, MOST]."""
        return self._ring.drain()

    def _update_of(self, metric: Any, guard: Guard) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def update_state(values: Any, sample_weight: Any = None, *args: Any, **kwargs: Any) -> Any:
                with guard(), recording():
                    self._given[id(metric)] = self._level_here(), values, sample_weight
                return original(values, sample_weight, *args, **kwargs)

            return update_state

        return wrap

    def _result_of(self, metric: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def result(*args: Any, **kwargs: Any) -> Any:
                made = original(*args, **kwargs)
                self._results.append((made, id(metric)))
                return made

            return result

        return wrap

    def _wrap_step(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def train_step(*args: Any) -> Any:
            step = rate = None
            with guard(), recording(), self._scope(args):
                self._given.clear()
                self._results.clear()
                self._rates.clear()
                self._level = self._level_here()
                step = self._count.read()
                optimizer = self._count.optimizer
                rate = None if optimizer is None else ops.cast(optimizer.learning_rate, "float32")
            try:
                result = method(*args)
                if step is not None:
                    logs = result[0] if keras.config.backend() == "jax" else result
                    with guard(), recording():
                        self._record(step, rate, logs, args[-1])
                return result
            finally:
                self._given.clear()
                self._results.clear()
                self._rates.clear()

        return train_step

    def _scope(self, args: tuple[Any, ...]) -> AbstractContextManager[Any]:
        return state_scope(self._model, args)

    def _level_here(self) -> Any:
        if keras.config.backend() == "jax":
            return private.trace_on_jax()
        return private.graph_on_tensorflow() if keras.config.backend() == "tensorflow" else None

    def _record(self, step: Any, rate: Any, logs: Any, data: Any) -> None:
        found: dict[str, Any] = {}  # where PyTorch's steps return now these, now those, each keeps its column
        for name in _losses_in(logs):
            if name in self.sources or len(self.sources) < MOST:
                found[name], self.sources[name] = self._value_of(logs[name])
            elif name not in self.left_out:
                self.left_out.append(name)
        values = [found.get(name, np.float32("nan")) for name in self.sources]
        used = list(self._calls.used)[:MOST]
        rates = [rate] if self._count.optimizer is not None else [self._rate(number) for number in used]
        shares = [_padded(values), _padded([np.float32("nan") if each is None else each for each in rates])]
        count = number_of_replicas()

        def record(whole: list[Any]) -> None:
            values, rates, examples = whole
            slot = self._ring.slot()
            columns = {"step": step, "examples": examples, "values": values / count, "rates": rates / count}
            self._ring.put(slot, columns)
            self._ring.advance(after=values)

        on_one_replica(record, [*shares, ops.convert_to_tensor(examples_of(data))])

    def _rate(self, number: int) -> Any:
        """Of an optimizer that was called in this step; one that was called in a branch has it still. None: unknown."""
        if number not in self._rates:
            return None
        level, rate = self._rates[number]
        if level == self._level:
            return rate
        return (
            None
            if keras.config.backend() == "jax"
            else innermost(self._calls.optimizers[number].optimizer).learning_rate
        )

    def _value_of(self, returned: Any) -> tuple[Any, str]:
        for made, metric in self._results:
            if made is returned and metric in self._given:
                level, values, weight = self._given[metric]
                if level == self._level and not _differs(weight, values):
                    return _mean(values), OF_BATCH
        return _mean(returned), AS_RETURNED


def _losses_in(logs: Any) -> list[str]:
    """Names of losses among what a step returns, `loss` first."""
    if not isinstance(logs, Mapping):
        return []
    found = [name for name in logs if isinstance(name, str) and "loss" in name.lower()]
    return sorted(found, key=lambda name: name != "loss")


def _mean(values: Any) -> Any:
    return ops.mean(ops.cast(ops.convert_to_tensor(values), "float32"))


def _differs(weight: Any, values: Any) -> bool:
    """Would a metric weigh the values of this batch against each other?"""
    return weight is not None and len(getattr(weight, "shape", ())) > 0 and len(getattr(values, "shape", ())) > 0


def _padded(values: list[Any]) -> Any:
    """float32 [MOST], NaN where there is none."""
    none = [np.float32("nan")] * (MOST - len(values))
    return ops.stack([ops.cast(ops.convert_to_tensor(each), "float32") for each in (*values, *none)])


def _rate_of(application: Application) -> Any:
    optimizer = innermost(application.optimizer)
    if application.before is None:
        return ops.copy(ops.cast(optimizer.learning_rate, "float32"))
    pairs = list(zip(application.optimizer.variables, application.before[0], strict=True))
    with keras.StatelessScope(state_mapping=pairs):
        return ops.cast(optimizer.learning_rate, "float32")
