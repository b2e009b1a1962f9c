"""Gradients and updates where a training step uses several optimizers: one record a step, each variable's last update.

Each optimizer, with the variables that it is given, has a table of its own beside a ring that counts the steps. What is
not called in a step leaves its row of an earlier step there, which the host tells by the step in it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording, when
from tb_cnnviz.capture.hook import Guard, Hook
from tb_cnnviz.capture.in_step.loss_scale_skips import innermost
from tb_cnnviz.capture.in_step.optimizers import Application, OptimizerCalls
from tb_cnnviz.capture.in_step.replicas import on_one_replica
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RecordingSteps, RingBuffer
from tb_cnnviz.capture.in_step.step_count import StepCount, result_of
from tb_cnnviz.capture.quantities.gradient_records import GradientRecords, Rows
from tb_cnnviz.capture.quantities.gradients import GradientCapture, Row, sampled, weight_of
from tb_cnnviz.records import Record

#: Of a table's row: the step + 1, and the last call in it: which of the step's calls it is, which of this table's.
_NUMBERS = ("step", "call", "calls")


class _Table(GradientCapture):
    """One optimizer and variables that it is given. A later call in a step writes over an earlier one."""

    def __init__(self, named: str, ring: RingBuffer, count: StepCount, *args: Any, **options: Any) -> None:
        super().__init__(*args, numbers=_NUMBERS, micro_batches=1, **options)
        self.name = named
        self.call = self.calls = 0
        self._steps, self._count = ring, count

    def _counted(self) -> tuple[Any, Any]:
        return self._count.read(), 0

    def _numbers(self, step: Any, micro_batch: Any) -> dict[str, Any]:
        return {"step": step + 1, "call": self.call, "calls": self.calls}

    def _slot(self) -> Any:
        return self._steps.slot()

    def _complete(self, after: Any) -> None:
        """The step's end completes the row."""

    def take(self, gradients: list[Any], variables: Sequence[Any]) -> Row:
        """Before the optimizer works."""
        return self._record_received(gradients, variables)

    def complete(self, row: Row) -> None:
        """After it."""
        self._record_applied(row)

    def take_functional(self, application: Application) -> None:
        """JAX: after it."""
        self._record_functional(application)

    @property
    def unconnected_variables(self) -> list[Any]:
        received = self.received
        return [v for v, path in zip(self.variables, received.paths, strict=True) if path in received.unconnected]

    def rows_at(self, order: np.ndarray) -> Rows:
        return self._ring.rows(order)


class GradientsByOptimizer(InRing):
    """Records gradients and updates of `variables` at the steps that `due` names, by whichever optimizer makes them.

    Args:
        model: in training.
        calls: of its optimizers.
        count: of its steps.
        variables: trainable variables, in the order of the model record.
        jit, due, slots, exact, samples, paths: as of `GradientCapture`.

    Attributes:
        missed: names of optimizers that are called where nothing can be taken from.
    """

    micro_batches = 1

    def __init__(
        self,
        model: Any,
        calls: OptimizerCalls,
        count: StepCount,
        variables: Sequence[Any],
        *,
        jit: bool,
        due: RecordingSteps,
        slots: int,
        exact: bool,
        samples: bool,
        paths: Sequence[str] | None = None,
    ) -> None:
        self.variables = list(variables)
        self._paths = [str(v.path) for v in self.variables] if paths is None else list(paths)
        self.missed: list[str] = []
        self._model, self._calls, self._count, self._due = model, calls, count, due
        self._options = {"jit": jit, "due": due, "exact": exact, "samples": samples}
        self._ring = RingBuffer(slots, {"step": ((), "int32")})
        self._index = {id(v): i for i, v in enumerate(self.variables)}
        sizes = [int(np.prod(v.shape)) for v in self.variables]
        self._records = GradientRecords(sizes, micro_batches=1, exact=exact, samples=samples)
        self._tables: dict[tuple[int, ...], _Table] = {}
        self._called = 0
        self._calls_of: dict[int, int] = {}
        self._level: Any = None
        if keras.config.backend() == "jax":  # there the cells have to be known before the step is traced
            for number, named in enumerate(calls.optimizers):
                trained = private.trained_by(innermost(named.optimizer)) if named.optimizer.built else []
                if trained:
                    self._made(number, trained)

    @property
    def was_called(self) -> bool:
        """Whether a training step was traced that applies gradients."""
        return bool(self._calls.used)

    @property
    def strides(self) -> list[int]:
        """k, of each variable: its histogram counts every k-th element."""
        return self._records.strides

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step, as far as it is known."""
        tables = [each for table in self._tables.values() for each in table.own_cells]
        return [*self._ring.cells, *self._due.cells, *tables]

    def sampled_weights(self) -> list[Any]:
        """On the host: the elements of each variable that its histogram would count, as float32 tensors [n]."""
        return sampled([weight_of(v) for v in self.variables], self.strides)

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours. Listens to the optimizers, too."""

        def listen(application: Application) -> Callable[[Application], None] | None:
            take = self._take_on_jax if keras.config.backend() == "jax" else self._take
            with guard(), recording():
                return take(application, guard)
            return None

        def wrap_step(method: Callable[..., Any]) -> Callable[..., Any]:
            def train_step(*args: Any) -> Any:
                step = None
                with guard(), recording():
                    step = self._begun()
                result = method(*args)
                if step is not None:
                    with guard(), recording():
                        on_one_replica(lambda _: self._end(step, result), [])
                return result

            return train_step

        self._calls.listeners.append(listen)
        return [Hook(self._model, "train_step", wrap_step)]

    def _begun(self) -> Any:
        self._called, self._calls_of = 0, {}
        self._level = private.trace_on_jax() if keras.config.backend() == "jax" else None
        return self._count.read()

    def _end(self, step: Any, result: Any) -> None:
        def record() -> None:
            self._ring.put(self._ring.slot(), {"step": step})
            self._ring.advance(after=result_of(result))

        when(self._due.at(step), record, self._ring.cells)

    def _take(self, application: Application, guard: Guard) -> Callable[[Application], None]:
        def received(gradients: list[Any]) -> tuple[_Table, Row]:
            table = self._counted(self._made(application.number, application.variables), application.number)
            return table, table.take(gradients, application.variables)

        table, row = on_one_replica(received, application.gradients)

        def applied(_: Application) -> None:
            with guard(), recording():
                on_one_replica(lambda _: table.complete(row), [])

        return applied

    def _take_on_jax(self, application: Application, guard: Guard) -> None:
        name = self._calls.optimizers[application.number].name
        key = _key(application.number, application.variables)
        if private.trace_on_jax() != self._level or key not in self._tables:
            self.missed += [name] if name not in self.missed else []
            return
        table = self._counted(self._tables[key], application.number)
        table.take_functional(application)

    def _counted(self, table: _Table, number: int) -> _Table:
        self._called += 1
        self._calls_of[number] = self._calls_of.get(number, 0) + 1
        table.call, table.calls = self._called, self._calls_of[number]
        return table

    def _made(self, number: int, variables: Sequence[Any]) -> _Table:
        key = _key(number, variables)
        if key not in self._tables:
            known = [v for v in variables if id(v) in self._index]
            named = self._calls.optimizers[number]
            with _outside_of_the_graph():
                self._tables[key] = _Table(
                    named.name, self._ring, self._count, named.optimizer, known, slots=self.slots, **self._options
                )
        return self._tables[key]

    def drain(self, offset: int, *, is_last: bool = False) -> list[Record]:
        """What was recorded since the last call; step = the count + offset."""
        order = self._ring.drain_order()
        steps = self._ring.rows(order)["step"]
        rows = [(table, table.rows_at(order)) for table in self._tables.values()]
        return [record for i, step in enumerate(steps) for record in self._of_step(rows, i, int(step), offset)]

    def _of_step(self, tables: Sequence[tuple[_Table, Rows]], i: int, step: int, offset: int) -> list[Record]:
        here = [(table, {name: column[i] for name, column in rows.items()}) for table, rows in tables]
        here = [(table, row) for table, row in here if row["step"] == step + 1]
        here.sort(key=lambda each: int(each[1]["call"]))
        columns = {
            name: np.zeros(shape, dtype)
            for name, (shape, dtype) in {**self._records.received, **self._records.applied}.items()
        }
        calls = np.zeros(len(self.variables), np.int32)
        last = np.full(len(self.variables), -1, np.int32)
        names = list(dict.fromkeys(table.name for table, _ in here))
        unconnected = {id(v) for v in self.variables}
        places = np.cumsum([0, *map(len, self._records.followed)])
        of_each = [name for name, column in columns.items() if column.ndim and name not in _FOLLOWED]
        for table, row in here:
            chosen = [self._index[id(v)] for v in table.variables]
            for name in of_each:
                columns[name][chosen] = row[name]
            followed = [np.arange(places[k], places[k + 1]) for k in chosen]
            for name in _FOLLOWED:
                columns[name][np.concatenate([*followed, np.zeros(0, np.int64)]).astype(np.int64)] = row[name]
            calls[chosen] += row["calls"]
            last[chosen] = names.index(table.name)
            unconnected -= {id(v) for v in table.variables}
            unconnected |= {id(v) for v in table.unconnected_variables}
        update = {name: column[None] for name, column in columns.items()}
        left = [path for path, v in zip(self._paths, self.variables, strict=True) if id(v) in unconnected]
        said = {"optimizers": names}
        return self._records.of_update(update, step + offset, left, said, {"optimizer": last, "calls": calls})


_FOLLOWED = ("gradient", "value", "update")


def _key(number: int, variables: Sequence[Any]) -> tuple[int, ...]:
    return (number, *map(id, variables))


def _outside_of_the_graph() -> AbstractContextManager[Any]:
    """TensorFlow: cells that are made while a step is traced live as long as its graph, as an optimizer's own do."""
    if keras.config.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    lifted: AbstractContextManager[Any] = tf.init_scope()
    return lifted
