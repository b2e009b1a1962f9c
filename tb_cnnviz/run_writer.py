"""Both kinds of file of one run, behind one object that several callbacks may share."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np

from tb_cnnviz.eventlog.finding import size_of_own_records
from tb_cnnviz.eventlog.record_size import bytes_in_log
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import ModelRecord, Record


class RunWriter:
    """Writes a run's records and its part in the stock tabs.

    Callbacks of one fit that have the same log_dir share one by themselves; make one yourself to keep it open over
    several fits, and close it.

    Args:
        log_dir: the run's folder.

    Attributes:
        bytes_given: at most so many bytes of records were given to this writer.
        reserved: bytes that each of the callbacks that share it keeps free for its last pictures.
    """

    def __init__(self, log_dir: str | Path) -> None:
        self.log_dir = Path(log_dir)
        self.records = RecordWriter(log_dir)
        self.stock = StockWriter(log_dir)
        self.bytes_given = 0
        self.reserved: dict[int, int] = {}
        self._bytes_before: int | None = None
        self._users = 0
        self._said: tuple[object, set[str]] = (None, set())

    @property
    def is_in_use(self) -> bool:
        """Has anybody taken it, and not released it?"""
        return self._users > 0

    def take(self) -> RunWriter:
        """Count one more user; each of them calls `release`."""
        self._users += 1
        return self

    def release(self) -> None:
        """Flush; the last user closes it."""
        self._users -= 1
        if self._users > 0:
            self.flush()
        else:
            self.close()

    def first_to_say(self, what: str, fit: object) -> bool:
        """Is this the first of the callbacks of one fit to write `what`?"""
        if self._said[0] is not fit:
            self._said = (fit, set())
        is_first = what not in self._said[1]
        self._said[1].add(what)
        return is_first

    def write(self, record: Record, size: int | None = None) -> None:
        """A record into the run's file. `size` as `bytes_in_log` gives it, where it is known."""
        self.bytes_given += bytes_in_log(record) if size is None else size
        self.records.write(record)

    def write_model(self, model: ModelRecord, step: int) -> None:
        """The network, in the run's records and where TensorBoard finds it."""
        text = model.to_json()
        self.write(Record("model", step, arrays={"json": np.frombuffer(text, np.uint8)}))
        self.stock.model(text, step)

    def bytes_used(self) -> int:
        """At most so many bytes do the records files of the run hold, once all that was given is written."""
        if self._bytes_before is None:
            self._bytes_before = size_of_own_records(self.log_dir, but=self.records.path)
        return self._bytes_before + self.bytes_given

    def flush(self) -> None:
        self.records.flush()
        self.stock.flush()

    def close(self) -> None:
        self.records.close()
        self.stock.close()
        self._said = (None, set())

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
