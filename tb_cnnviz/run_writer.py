"""Both kinds of file of one run, behind one object that several callbacks may share."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np

from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import ModelRecord, Record


class RunWriter:
    """Writes a run's records and its part in the stock tabs.

    Callbacks of one fit that have the same log_dir share one by themselves; make one yourself to keep it open over
    several fits, and close it.

    Args:
        log_dir: the run's folder.
    """

    def __init__(self, log_dir: str | Path) -> None:
        self.log_dir = Path(log_dir)
        self.records = RecordWriter(log_dir)
        self.stock = StockWriter(log_dir)
        self._users = 0
        self._said: tuple[object, set[str]] = (None, set())

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

    def write_model(self, model: ModelRecord, step: int) -> None:
        """The network, in the run's records and where TensorBoard finds it."""
        text = model.to_json()
        self.records.write(Record("model", step, arrays={"json": np.frombuffer(text, np.uint8)}))
        self.stock.model(text, step)

    def bytes_there(self) -> int:
        """Bytes of all records files of the run, this one's and those of earlier fits."""
        return sum(path.stat().st_size for path in self.log_dir.glob("cnnviz.*.records"))

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
