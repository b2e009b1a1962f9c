"""What the layers make of the training batch, recorded inside the training step.

The tensors are picked up where the layers are called and read at the end of the step, in branches that run only when it
is due. PyTorch's are read at once. Under XLA the branch makes the forward pass again (see `model_calls`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.backends.jax.recompute import ModelCalls
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording, when
from tb_cnnviz.capture.backends.tensorflow.recompute import GraphCalls
from tb_cnnviz.capture.backends.tensorflow.tf_graph_copy import safe_read
from tb_cnnviz.capture.hook import Guard, Hook, forgiving, hooked
from tb_cnnviz.capture.in_step.replicas import number_of_replicas, of_all_replicas, on_one_replica, own_share
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RecordingSteps, RingBuffer
from tb_cnnviz.capture.in_step.step_count import StepCount
from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.forward import ForwardTrace
from tb_cnnviz.capture.quantities.activation_records import as_record
from tb_cnnviz.capture.quantities.activation_rows import OUTPUT, PRE_ACTIVATION, Row, by_layer
from tb_cnnviz.capture.quantities.activation_statistics import (
    ChannelBins,
    Summary,
    columns,
    empty,
    merged,
    sample_stride,
    stacked_summaries,
    summaries,
    together,
)
from tb_cnnviz.capture.quantities.losses import state_scope
from tb_cnnviz.records import Record

#: Bytes that a ring may take for histograms by channel; where they would take more, these have fewer bins.
_RING_BYTES = 16 << 20

#: What a value costs, on a map of two million.
_SECONDS = {"tensorflow": 1e-8, "jax": 2.2e-8, "torch": 1.1e-7}

#: Octaves of each sign in a histogram by channel: as many as the ring has room for.
_OCTAVES = (16, 8, 4)


@dataclass
class _Step:
    """One training step of one replica, while it is traced or runs.

    `due` says whether it is recorded; `found` are tensors, or summaries already, with their rows' numbers; `level` is
    where they may come from, but where the calls are made again.
    """

    due: Any
    number: Any
    level: Any = None
    found: list[tuple[int, Any]] = field(default_factory=list)
    is_quiet: bool = False


class ActivationCapture(InRing):
    """Records statistics of the layers' outputs and pre-activations at the steps that `due` names.

    Args:
        model: compiled.
        rows: what to record, in this order.
        jit: whether XLA compiles the step.
        count: of its steps.
        due: which of them to record.
        slots: rows to keep between two drains.
        calls: under XLA the calls of the model, to be made again; their hooks stand inside of these.
        batch_size: of the data, where it is known; a larger one makes samples larger than they have to be.

    Attributes:
        was_called: whether a training step was traced in which a layer of `rows` was called.
        missed: paths of layers that were called where nothing can be taken from: in a loop, a branch or a function that
            is compiled by itself.
        apart: paths of layers that were called outside of any call of the whole model, where such calls are made again.
    """

    def __init__(
        self,
        model: Any,
        rows: Sequence[Row],
        *,
        jit: bool,
        count: StepCount,
        due: RecordingSteps,
        slots: int,
        calls: ModelCalls | GraphCalls | None,
        batch_size: int | None = None,
    ) -> None:
        self.rows = list(rows)
        self.due = due
        self.was_called = False
        self.missed: list[str] = []
        self.apart: list[str] = []
        self._model = model
        self._calls = calls
        self._count = count
        self._is_functional = keras.config.backend() == "jax"
        self._jit = self._is_functional or (jit and keras.config.backend() == "tensorflow")
        self._batch_size = batch_size or 32
        self._here = threading.local()
        self._bins = _bins(self.rows, slots)
        self._summary_of = summaries(self._bins, jit=self._jit)
        self._ring = RingBuffer(slots, {"step": ((), "int32"), **columns(self.rows, self._bins)})

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks read or write inside the step."""
        return [*self._ring.cells, *self.due.cells]

    def drain(self, offset: int) -> list[Record]:
        """The rows since the last call as records; step = the count + offset.

        Under gradient accumulation the last micro-batch of an update is kept, and of batches that a LossScaleOptimizer
        skipped the one after them.
        """
        drained = self._ring.drain()
        last = {int(step): i for i, step in enumerate(drained["step"])}
        micro_batches = self._count.batches_per_step
        said = {"micro_batches": micro_batches} if micro_batches > 1 else {}
        return [
            as_record(self.rows, self._bins, {name: column[i] for name, column in drained.items()}, step + offset, said)
            for step, i in last.items()
        ]

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""
        wrap_step = self._wrap_functional_step if self._is_functional else self._wrap_step
        return [
            Hook(self._model, "call", self._wrap_model),
            Hook(self._model, "train_step", lambda method: wrap_step(method, guard)),
            *(
                layer_kinds.on_call(layer, self._wrapper(layer, places, guard))
                for layer, places in by_layer(self.rows).values()
            ),
        ]

    # Around the step.

    def _wrap_step(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def train_step(data: Any) -> Any:
            with guard(), recording():
                self._here.step = self._begun()
            try:
                result = method(data)
                step = self._step
                if step is not None:
                    with guard(), recording():
                        self._end(step, step.found)
                return result
            finally:
                self._here.step = None

        return train_step

    def _wrap_functional_step(self, method: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
        def train_step(state: Any, data: Any) -> Any:
            with guard(), state_scope(self._model, (state, data)):
                self._here.step = self._begun()
            try:
                result = method(state, data)
                step = self._step
                if step is not None:
                    with guard():
                        self._end(step, step.found)
                return result
            finally:
                self._here.step = None

        return train_step

    def _wrap_model(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """What the whole model makes in inference mode is not what it is trained by."""

        def call(*args: Any, **kwargs: Any) -> Any:
            step = self._step
            if step is None or kwargs.get("training") is not False:
                return method(*args, **kwargs)
            before, step.is_quiet = step.is_quiet, True
            try:
                return method(*args, **kwargs)
            finally:
                step.is_quiet = before

        return call

    @property
    def _step(self) -> _Step | None:
        """The step of this thread: each replica of MirroredStrategy has its own."""
        return getattr(self._here, "step", None)

    def _begun(self) -> _Step:
        number = self._count.read()
        due = self.due.at(number)
        if keras.config.backend() == "torch":
            return _Step(bool(due), number)
        return _Step(due, number, None if self._is_functional else private.graph_on_tensorflow())

    # Around a layer.

    def _wrapper(
        self, layer: Any, places: dict[str, int], guard: Guard
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def take(place: str, tensor: Any) -> None:
            step = self._step
            if step is not None and not step.is_quiet:
                with guard(), recording():
                    if not private.is_for_shapes():
                        self._take(step, places[place], next(iter(tree.flatten(tensor)), None))

        def wrap_activation(activation: Callable[..., Any]) -> Callable[..., Any]:
            def activated(tensor: Any, *args: Any, **kwargs: Any) -> Any:
                take(PRE_ACTIVATION, tensor)
                return activation(tensor, *args, **kwargs)

            return activated

        swap = [forgiving(Hook(layer, "activation", wrap_activation), guard)] if PRE_ACTIVATION in places else []

        def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                with hooked(swap):
                    result = method(*args, **kwargs)
                take(OUTPUT, result)
                return result

            return call

        return wrap

    def _take(self, step: _Step, number: int, tensor: Any) -> None:
        row = self.rows[number]
        if self._calls is not None and self._calls.repeater not in (None, self):  # another callback's second pass
            return
        if not ops.is_tensor(tensor) or len(tensor.shape) < 2 or tensor.shape[row.axis] != row.channels:
            return
        if self._calls is not None and self._calls.level is None:
            self.apart += [row.path] if row.path not in self.apart else []
            return
        if not self._is_in_reach(step, row, tensor):
            self.missed += [row.path] if row.path not in self.missed else []
            return
        if self._calls is not None and self._calls.repeater is None:
            return
        self.was_called = True
        if keras.config.backend() != "torch":
            step.found.append((number, tensor))
        elif step.due:
            step.found.append((number, self._summary(number, tensor.detach())))

    def _is_in_reach(self, step: _Step, row: Row, tensor: Any) -> bool:
        if private.is_rematerialised(row.layer):
            return False
        if self._calls is not None:
            return bool(self._calls.level == self._calls.trace())
        if keras.config.backend() == "torch":
            return not private.is_vectorised_on_torch(tensor)
        return step.level is private.graph_on_tensorflow()

    # At the end of the step.

    def _end(self, step: _Step, found: list[tuple[int, Any]]) -> None:
        """All in one branch, but where the rows of several replicas meet."""
        if self._calls is not None:
            self._end_again(step, self._calls)
            return
        if self._jit or number_of_replicas() > 1:
            self._end_by_row(step, found)
            return
        slot = self._ring.slot()

        def put() -> None:
            self._put(step, slot, self._by_row([(number, self._read(number, tensor)) for number, tensor in found]))

        when(step.due, put, self._ring.cells)

    def _end_by_row(self, step: _Step, found: list[tuple[int, Any]]) -> None:
        mine = self._by_row([(number, self._when_due(step.due, number, tensor)) for number, tensor in found])

        def record(shares: list[Any]) -> None:
            slot = self._ring.slot()
            whole = [merged(of_all_replicas(share)) for share in shares]
            when(step.due, lambda: self._put(step, slot, whole), self._ring.cells)

        on_one_replica(record, [own_share(each) for each in mine])

    def _end_again(self, step: _Step, calls: ModelCalls | GraphCalls) -> None:
        """Where the model is called again."""
        tensors = calls.shielded(step.due)
        slot = self._ring.slot()

        def put() -> None:
            calls.again(self, tensors)
            found = [(self.rows[number], tensor, _stride_of(tensor, self._batch_size)) for number, tensor in step.found]
            summed = stacked_summaries(found, self._bins)
            self._put(
                step, slot, self._by_row([(number, s) for (number, _), s in zip(step.found, summed, strict=True)])
            )

        when(step.due, put, self._ring.cells)

    def _put(self, step: _Step, slot: Any, by_row: Sequence[Summary]) -> None:
        values = together(by_row)
        self._ring.put(slot, {"step": step.number, **values})
        self._ring.advance(after=values["count"])

    def _by_row(self, found: Sequence[tuple[int, Summary]]) -> list[Summary]:
        parts: list[list[Summary]] = [[] for _ in self.rows]
        for number, part in found:
            parts[number].append(part)
        return [merged(mine or [empty(row, self._bins)]) for row, mine in zip(self.rows, parts, strict=True)]

    def _when_due(self, due: Any, number: int, tensor: Any) -> Summary:
        if self._jit:
            # As for gradients: what a branch of XLA reads as it is gets its memory layout from that branch.
            tensor = ops.where(due, tensor, ops.zeros_like(tensor))
        none = empty(self.rows[number], self._bins)
        names = list(none)

        def read() -> list[Any]:
            made = self._read(number, tensor)
            return [made[name] for name in names]

        values = ops.cond(due, read, lambda: [none[name] for name in names])
        return dict(zip(names, values, strict=True))

    def _read(self, number: int, tensor: Any) -> Summary:
        """Inside a branch. On PyTorch it was read when the layer was called."""
        if isinstance(tensor, dict):
            return tensor
        return self._summary(number, tensor if self._jit else safe_read(tensor))

    def _summary(self, number: int, tensor: Any) -> Summary:
        return self._summary_of(self.rows[number], tensor, _stride_of(tensor, self._batch_size))


def _stride_of(tensor: Any, batch_size: int) -> int:
    return sample_stride(math.prod(batch_size if n is None else int(n) for n in tensor.shape))


def _bins(rows: Sequence[Row], slots: int) -> ChannelBins:
    channels = sum(row.channels for row in rows)
    for octaves in _OCTAVES:
        bins = ChannelBins(octaves)
        if 4 * channels * bins.count * max(slots, 32) <= _RING_BYTES:
            break
    return bins


def statistics_seconds(
    rows: Sequence[Row], seen: ForwardTrace | None, batch_size: int | None, *, is_again: bool
) -> float:
    """A rough cost of recording one step: by value as measured on one core, and 400 µs a row.

    With `is_again` also 0.1 ns for each product with a weight in the forward pass that is made again.
    """
    shapes = {call.placed.path: call.outputs[0].shape[1:] for call in seen.calls if call.outputs} if seen else {}
    values = [float(np.prod([n or 1 for n in shapes.get(row.path, (row.channels,))])) for row in rows]
    backend, images = keras.config.backend(), batch_size or 32
    seconds = sum(_SECONDS[backend] * images * each + 4e-4 for each in values)
    if not is_again:
        return seconds
    outputs = [(row, each) for row, each in zip(rows, values, strict=True) if row.place == OUTPUT]
    return seconds + sum(1e-10 * images * each / row.channels * _weights(row.layer) for row, each in outputs)


def _weights(layer: Any) -> int:
    return sum(int(np.prod(variable.shape)) for variable in layer.variables)
