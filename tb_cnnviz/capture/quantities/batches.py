"""What the model is trained on, recorded inside the training step: the tensors that the step gets.

They are arguments of the step, so nothing has to be computed again for them. Where XLA compiles the step, the branch that
reads them gets a copy, since what a branch reads as it is gets its memory layout from that branch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.backends.plain_tensors import is_plain
from tb_cnnviz.capture.backends.step_variable import StepVariable, recording, when
from tb_cnnviz.capture.hook import Guard, Hook
from tb_cnnviz.capture.in_step.replicas import number_of_replicas, of_all_replicas, on_one_replica, own_share
from tb_cnnviz.capture.in_step.ring_buffer import InRing, RecordingSteps, RingBuffer
from tb_cnnviz.capture.in_step.step_count import StepCount
from tb_cnnviz.capture.network.model_inputs import input_names, input_shapes
from tb_cnnviz.capture.quantities.batch_statistics import NOTHING, Classes, Summary, merged, summary
from tb_cnnviz.capture.quantities.losses import state_scope
from tb_cnnviz.records import Record

#: Tensors of a batch that are recorded at most: a ring cannot grow once the step is traced.
MOST = 16

INPUT, LABEL = "input", "label"

#: A record's, and what a value costs, on batches of a million; both on one core.
_SECONDS, _SECONDS_A_VALUE = 3e-4, 1e-8


class BatchCapture(InRing):
    """Records statistics of the batch's inputs and labels at the steps that `due` names.

    Args:
        model: compiled.
        jit: whether XLA compiles the step.
        count: of its steps.
        due: which of them to record.
        slots: rows to keep between two drains.
        classes: of the labels, where they are to be counted.

    Attributes:
        names: of the recorded tensors, once a step was traced: of those the batch has `of`.
        parts: INPUT or LABEL of each.
        left_out: names of those that are no dense tensors of numbers, the first 16 of them.
        beyond: names of those that are, beyond the first 16.
        is_known: whether the batch was one of (x, y, sample_weight), or less of it.
    """

    def __init__(
        self, model: Any, *, jit: bool, count: StepCount, due: RecordingSteps, slots: int, classes: Classes | None
    ) -> None:
        self.names: list[str] = []
        self.parts: list[str] = []
        self.left_out: list[str] = []
        self.beyond: list[str] = []
        self.is_known = True
        self.of = 0
        self._model, self._count, self._due, self._classes = model, count, due, classes
        self._is_functional = keras.config.backend() == "jax"
        self._jit = self._is_functional or (jit and keras.config.backend() == "tensorflow")
        self._counts_classes = False
        columns = {"step": ((), "int32"), "numbers": ((MOST, 4), "float32"), "counts": ((MOST, 3), "int32")}
        if classes is not None:
            columns["classes"] = ((classes.count,), "int32")
        self._ring = RingBuffer(slots, columns)

    @property
    def cells(self) -> list[StepVariable]:
        """All that the hooks write to."""
        return self._ring.cells

    def hooks(self, guard: Guard) -> list[Hook]:
        """What to put in place while a step runs; `guard` catches faults of ours."""

        def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
            def train_step(*args: Any) -> Any:
                with guard(), recording():
                    self._record(args)
                return method(*args)

            return train_step

        return [Hook(self._model, "train_step", wrap)]

    def drain(self, offset: int) -> list[Record]:
        """The rows since the last call as records; step = the count + offset.

        Under gradient accumulation the last micro-batch of an update is kept, and of batches that a LossScaleOptimizer
        skipped the one after them.
        """
        drained = self._ring.drain()
        last = {int(step): i for i, step in enumerate(drained["step"])}
        if not self.names:
            return []
        return [
            self._as_record({name: column[i] for name, column in drained.items()}, step + offset)
            for step, i in last.items()
        ]

    def _as_record(self, seen: dict[str, np.ndarray], step: int) -> Record:
        k = len(self.names)
        mean, squares, least, largest = seen["numbers"][:k].T
        count, nan, inf = seen["counts"][:k].T.astype(np.int64)
        with np.errstate(all="ignore"):  # NaN and Inf are to be shown
            std = np.sqrt(squares / np.maximum(count, 1)).astype(np.float32)
        arrays = {"mean": mean, "std": std, "min": least, "max": largest, "count": count, "nan": nan, "inf": inf}
        if self._counts_classes:
            arrays["class_counts"] = seen["classes"].astype(np.int64)
        said: dict[str, Any] = {"names": self.names, "parts": self.parts, "of": self.of, "source": "training batch"}
        if self.left_out:
            said["left_out"] = self.left_out
        if self._count.batches_per_step > 1:
            said["micro_batches"] = self._count.batches_per_step
        return Record("batches", step, arrays=arrays, attributes=said)

    # Inside the step.

    def _record(self, args: tuple[Any, ...]) -> None:
        """With (data), on JAX (state, data)."""
        tensors = self._tensors(args[-1])
        if not tensors:
            return
        with state_scope(self._model, args):
            number = self._count.read()
            due = self._due.at(number)
        if self._jit:
            tensors = [ops.where(due, each, ops.zeros_like(each)) for each in map(ops.convert_to_tensor, tensors)]
        if number_of_replicas() > 1:
            self._record_shares(number, due, tensors)
            return
        slot = self._ring.slot()
        when(due, lambda: self._put(number, slot, self._summed(tensors)), self._ring.cells)

    def _record_shares(self, number: Any, due: Any, tensors: Sequence[Any]) -> None:
        """Where each replica has a share of the batch."""
        names = ["numbers", "counts", *(["classes"] if self._classes is not None else [])]

        def made() -> list[Any]:
            whole = self._summed(tensors)
            return [whole[name] for name in names]

        def nothing() -> list[Any]:
            whole = self._summed([])
            return [whole[name] for name in names]

        mine = dict(zip(names, ops.cond(due, made, nothing), strict=True))

        def record(shares: dict[str, Any]) -> None:
            slot = self._ring.slot()
            parts = of_all_replicas(shares)
            whole = merged(parts)
            if self._classes is not None:
                whole["classes"] = sum(part["classes"] for part in parts)
            when(due, lambda: self._put(number, slot, whole), self._ring.cells)

        on_one_replica(record, own_share(mine))

    def _put(self, number: Any, slot: Any, values: Summary) -> None:
        self._ring.put(slot, {"step": number, **values})
        self._ring.advance(after=values["counts"])

    def _summed(self, tensors: Sequence[Any]) -> Summary:
        """Of all tensors [MOST, …], and the classes of the labels."""
        parts = [*map(summary, tensors), *[NOTHING] * (MOST - len(tensors))]
        whole = {name: ops.stack([ops.convert_to_tensor(part[name]) for part in parts]) for name in NOTHING}
        if self._classes is not None:
            is_counted = self._counts_classes and len(tensors) > 0
            whole["classes"] = (
                self._classes.counts(tensors[self.parts.index(LABEL)], jit=self._jit)
                if is_counted
                else ops.zeros((self._classes.count,), "int32")
            )
        return whole

    def _tensors(self, data: Any) -> list[Any]:
        """Those of the batch that are recorded, which are named by the way."""
        try:
            x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        except ValueError:  # a batch of the user's own, for a train_step of theirs
            self.is_known = False
            return []
        found = [(name, INPUT, leaf) for name, leaf in _named(x, "x", input_names(self._model))]
        found += [(name, LABEL, leaf) for name, leaf in _named(y, "y", [])]
        plain = [each for each in found if is_plain(each[2])]
        kept = plain[:MOST]
        self.names, self.parts, self.of = [each[0] for each in kept], [each[1] for each in kept], len(found)
        self.left_out = [name for name, _, leaf in found if not is_plain(leaf)][:MOST]
        self.beyond = [name for name, _, _ in plain[MOST:]]
        labels = [leaf for _, part, leaf in kept if part == LABEL]
        self._counts_classes = self._classes is not None and len(labels) == 1 and self._classes.fits(labels[0])
        return [leaf for _, _, leaf in kept]


def _named(nest: Any, letter: str, names: Sequence[str]) -> list[tuple[str, Any]]:
    """The leaves of a nest with their names: those given, keys of dicts, or `x`, `x_0`, `x_1`."""
    leaves = [(path, leaf) for path, leaf in tree.flatten_with_path(nest) if leaf is not None]
    if len(leaves) == len(names) and not any(isinstance(part, str) for path, _ in leaves for part in path):
        return [(name, leaf) for name, (_, leaf) in zip(names, leaves, strict=True)]
    return [
        (
            "/".join(map(str, path))
            if any(isinstance(part, str) for part in path)
            else "_".join([letter, *map(str, path)]),
            leaf,
        )
        for path, leaf in leaves
    ]


def statistics_seconds(model: Any, batch_size: int | None) -> float:
    """A rough cost of recording one step."""
    values = sum(float(np.prod([n or 1 for n in shape[1:]])) for shape in input_shapes(model))
    return _SECONDS + _SECONDS_A_VALUE * values * (batch_size or 32)
