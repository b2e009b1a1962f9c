"""Which model record of a run is in force at a step, and what it says."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from tb_cnnviz.eventlog.index_entry import IndexEntry, LoggedRecords
from tb_cnnviz.eventlog.record_reading import RecordReader
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.model import ModelRecord

MAX_MODEL_BYTES = 16 << 20
#: A model record takes some ten times its bytes once it is read.
_MODEL_BYTES_KEPT = 4 << 20
#: A run whose newest model records cannot be read is not searched for ever.
_MODELS_TRIED = 16


class ModelRecords:
    """The model records of one run, those read last kept. Safe to use from several threads.

    Args:
        reader: of the run's records; told of one that says no model.
    """

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._models: dict[tuple[int, ...], ModelRecord | None] = {}

    def at(self, logged: LoggedRecords, step: int | None) -> ModelRecord | None:
        """The model record in force at a step (None: the latest), or None where none can be read.

        Where the first one was logged after `step`, that one.
        """
        return next((model for entry in self.entries(logged, step) if (model := self._parsed(entry))), None)

    def entries(self, logged: LoggedRecords, step: int | None) -> Iterator[IndexEntry]:
        """The model records that may be in force at a step (None: the latest), the likeliest first, some at most."""
        steps = logged.steps
        until = np.arange(len(steps)) if step is None else np.flatnonzero(steps <= step)
        behind = np.flatnonzero(steps > step) if step is not None else steps[:0]
        for place in [*until[: -_MODELS_TRIED - 1 : -1].tolist(), *behind[:_MODELS_TRIED].tolist()]:
            yield logged[place]

    def _parsed(self, entry: IndexEntry) -> ModelRecord | None:
        with self._lock:
            if entry.identity in self._models:
                return self._models[entry.identity]
        model = self.read(entry)
        with self._lock:
            self._models[entry.identity] = model
            while len(self._models) > 1 and sum(key[4] for key in self._models) > _MODEL_BYTES_KEPT:
                del self._models[next(iter(self._models))]
        return model

    def read(self, entry: IndexEntry) -> ModelRecord | None:
        """The model of a record, or None where that cannot be read, which a notice says then."""
        try:
            if entry.length > MAX_MODEL_BYTES:
                raise ValueError(f"it has {entry.length} bytes; at most {MAX_MODEL_BYTES} are read")
            return ModelRecord.from_json(self._reader.read_entry(entry).arrays["json"].tobytes())
        except (DamagedRecord, KeyError, ValueError) as error:
            self._reader.note(entry, f"the model record cannot be read: {error}")
            return None
