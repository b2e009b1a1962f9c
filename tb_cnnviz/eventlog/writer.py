"""Records into a file, from a thread of its own, so that training waits for no disk."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import warnings
import weakref
from collections import Counter
from pathlib import Path

from tb_cnnviz.eventlog.appending import AppendFile, FileName, host_name
from tb_cnnviz.eventlog.encoding import Snapshot, encode, snapshot
from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.finding import RECORDS_FILE
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.queue import RecordQueue
from tb_cnnviz.records.record import MAX_STEP, Record

#: Seconds between two records that say what was dropped, while dropping goes on.
_NOTICE_SECONDS = 5.0
#: Seconds that the end of the process waits for the disk.
_EXIT_SECONDS = 30.0
#: Faults of our own that the writing thread survives; after them `flush` writes.
_FAULTS = 3

_TOO_SLOW = "the disk was slower than training: {count} pictures were dropped before they were written ({kinds})"
_DELETED = "the run's file was deleted while it was written, with all that was logged before; it goes on in a new file"
_REFUSED = "the disk is full or broken: {count} records could not be written ({kinds})"

#: Kinds that say what the records after them are about.
_LASTING = frozenset({"session", "model", "probe"})

_writers: weakref.WeakSet[RecordWriter] = weakref.WeakSet()


class RecordWriter:
    """Writes the records of a run to a new file `cnnviz.<start>.<host>.<pid>.records` in its folder.

    A record whose `write` returned and that was flushed is on its way to the disk whatever becomes of the process.
    Disk errors never reach the caller: one warning says that there were some, `dropped` counts what they cost, and so
    does a `notices` record as soon as the disk takes one.
    Where its file is deleted, the rest goes to a new one, in a folder that is made anew where it is gone too; it begins
    with the session, model and probe, and one warning and a `notices` record say so.
    Safe to use from several threads; a forked child that goes on using it writes to a file of its own.

    Args:
        log_dir: the run's folder, on a local disk; made at the first record.
        queue_bytes: how much may wait for the disk. Above it the oldest unwritten pictures (filters, feature_maps, error_maps,
            operations, predictions) are dropped, never anything else, and a `notices` record says how many.

    Raises:
        ValueError: for a remote log_dir, or queue_bytes below 1.
    """

    def __init__(self, log_dir: str | Path, *, queue_bytes: int = 64 << 20) -> None:
        if queue_bytes < 1:
            raise ValueError(f"queue_bytes: {queue_bytes} given; it must be at least 1")
        self._folder = local_path(log_dir)
        self._queue_bytes = queue_bytes
        self._start_afresh()
        _writers.add(self)

    def _start_afresh(self) -> None:
        self.dropped: dict[str, int] = {}
        self._changed = threading.Condition()
        self._queue = RecordQueue(self._queue_bytes)
        self._file: AppendFile | None = None
        self._thread: threading.Thread | None = None
        self._has_ended = False
        self._writing: int | None = None
        self._closed = False
        self._warned: set[str] = set()
        self._was_deleted = False
        self._unsaid: dict[str, Counter[str]] = {}
        self._saying: tuple[str, Counter[str]] | None = None
        self._said = 0
        self._said_at = 0.0
        self._takes = True
        self._step = 0

    @property
    def path(self) -> Path | None:
        """The file that is being written, or None before the first record."""
        return self._file.path if self._file else None

    def write(self, record: Record) -> None:
        """Queue a record. Returns after copying its arrays, which may then change.

        Raises:
            ValueError: when the writer is closed, for a step above `MAX_STEP`, or where the record holds what a log
                cannot (see `encoding.snapshot`).
        """
        if record.step > MAX_STEP:
            raise ValueError(
                f"step: {record.step} given; accepted are steps up to {MAX_STEP}, which JSON counts exactly"
            )
        item = snapshot(record)
        with self._changed:
            if self._closed:
                raise ValueError("this RecordWriter is closed; make a new one to log on")
            self._count_dropped(self._queue.push(item), _TOO_SLOW)
            if self._thread is None:
                self._start_thread()
            self._changed.notify_all()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything queued before this call is in the file or given up.

        Args:
            timeout: seconds to wait at most; None waits as long as it takes.

        Returns:
            False when the time was not enough.
        """
        with self._changed:
            goal, words = self._queue.pushed, self._said + len(self._unsaid)
            self._takes = True  # try again to say what was lost
            self._changed.notify_all()

            def is_written() -> bool:
                return self._oldest_unwritten() >= goal and (self._said >= words or not self._takes)

            self._changed.wait_for(lambda: is_written() or not self._has_thread(), timeout)
            if not self._has_thread():
                self._drain()
            return is_written()

    def close(self) -> None:
        """Flush, then close the file. A second call does nothing."""
        self.flush()
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._takes = True  # a last try for what has to be said
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        self._drain()
        self._release_file()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="tb_cnnviz-writer", daemon=True)
        with contextlib.suppress(RuntimeError):  # too late in the interpreter's life: flush writes in its own thread
            thread.start()
            self._thread = thread

    def _has_thread(self) -> bool:
        """One that writes still: it may have ended before it did anything."""
        return self._thread is not None and self._thread.is_alive() and not self._has_ended

    def _run(self) -> None:
        faults = 0
        try:
            while faults < _FAULTS:
                try:
                    self._write_until_closed()
                    return
                except Exception as error:  # not the disk's, which `_put` sees to
                    faults += 1
                    with self._changed:
                        self._writing = None
                        self._changed.notify_all()
                    self._warn(error)
        finally:  # whatever happens, nobody waits for a thread that has ended
            with self._changed:
                self._writing, self._has_ended = None, True
                self._changed.notify_all()

    def _write_until_closed(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._has_work() or self._closed)
                if not self._has_work():
                    return
                self._writing = self._queue.oldest
                item = self._next()
            self._put(item)
            with self._changed:
                self._writing = None
                self._changed.notify_all()

    def _drain(self) -> None:
        while self._has_work():
            self._put(self._next())

    def _has_work(self) -> bool:
        return bool(len(self._queue) or (self._unsaid and self._takes))

    def _oldest_unwritten(self) -> int:
        return self._queue.oldest if self._writing is None else self._writing

    def _next(self) -> Snapshot:
        """What to write next: a record of the callers, or what they have to know of lost ones."""
        due = self._takes and (not len(self._queue) or time.monotonic() - self._said_at > _NOTICE_SECONDS)
        self._saying = self._unsaid.popitem() if self._unsaid and due else None
        if self._saying is not None:
            self._said_at = time.monotonic()
            return snapshot(_notice(*self._saying, self._step))
        item = self._queue.pop()
        self._step = item.step
        return item

    def _put(self, item: Snapshot) -> None:
        """Append a record. Whatever goes wrong costs that record and, once, a warning."""
        try:
            pieces = frame(encode(item))
            file = self._present_file(item.step)
            file.append(pieces, item.kind if item.kind in _LASTING else None)
            self._takes = True
            self._said += self._saying is not None
        except Exception as error:
            if self._file is not None and self._file.is_damaged:
                self._release_file()  # the next record goes to a new one
            with self._changed:
                self._takes = False  # until the next record has been taken, there is no use in saying what was lost
                if self._saying is not None:
                    self._unsaid.setdefault(self._saying[0], Counter()).update(self._saying[1])
                else:
                    self._count_dropped(Counter({item.kind: 1}), _REFUSED)
            self._warn(error)

    def _present_file(self, step: int) -> AppendFile:
        """The file to append to: a new one at first, and where the last one was deleted."""
        if self._file is None:
            self._file = AppendFile(self._folder, _FILE_NAME)
        elif self._file.is_deleted():
            self._warn_once(
                "deleted",
                f"tb_cnnviz: {self._file.path} was deleted while it was being written, with all that was logged before. "
                "Training goes on, and the rest of the log goes to a new file in its place.",
            )
            self._was_deleted = True
            self._file = self._file.renewed()
        if self._was_deleted:
            self._file.append(
                frame(encode(Record("notices", step, attributes={"part": "writer", "message": _DELETED})))
            )
            self._was_deleted = False
        return self._file

    def _release_file(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _count_dropped(self, dropped: Counter[str], why: str) -> None:
        for kind, count in dropped.items():
            self.dropped[kind] = self.dropped.get(kind, 0) + count
        if dropped:
            self._unsaid.setdefault(why, Counter()).update(dropped)

    def _warn(self, error: Exception) -> None:
        self._warn_once(
            "disk",
            f"tb_cnnviz could not write to {self._folder}: {error}. Training goes on; what cannot be written is missing "
            "from the log and counted in RecordWriter.dropped.",
        )

    def _warn_once(self, about: str, text: str) -> None:
        if about in self._warned:
            return
        self._warned.add(about)
        with contextlib.suppress(Warning):  # where warnings are errors, this thread still has records to write
            warnings.warn(text, RuntimeWarning, stacklevel=2)


_FILE_NAME = FileName(RECORDS_FILE, lambda start: f"cnnviz.{start}.{host_name()}.{os.getpid()}.records")


def _notice(why: str, lost: Counter[str], step: int) -> Record:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(lost.items()))
    message = why.format(count=lost.total(), kinds=kinds)
    return Record("notices", step, attributes={"part": "writer", "message": message, "dropped": dict(lost)})


def _flush_all() -> None:
    for writer in list(_writers):
        if not writer.flush(_EXIT_SECONDS):
            warnings.warn(
                f"tb_cnnviz: {writer._folder} did not take the last records in time", RuntimeWarning, stacklevel=1
            )


def _forget_parent() -> None:
    """In a forked child: the parent's thread, lock and queue are the parent's, and so is its file."""
    for writer in list(_writers):
        writer._release_file()
        writer._start_afresh()


atexit.register(_flush_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
