"""Where a run's log ended, for a fit that goes on: its files are read from the newest on, until all is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tb_cnnviz.eventlog.finding import own_records
from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS
from tb_cnnviz.records.record import MAX_STEP, Record

#: Epochs are logged as int32.
_MAX_EPOCH = 1 << 30
_MAX_EXAMPLES = 1 << 62
#: More places that cannot be read are counted, not named.
_MOST_NAMED = 3


@dataclass(frozen=True)
class Resume:
    """`last_epoch` is None where no epoch ended. The offsets are those of the last session record, `examples` those
    seen until the last logged loss. `weights` is the fingerprint of the weights at `weights_step`, None where the last
    pictures do not say it."""

    last_step: int = 0
    last_epoch: int | None = None
    iterations_offset: int = 0
    epoch_offset: int = 0
    examples: int = 0
    weights: int | None = None
    weights_step: int | None = None

    def as_attributes(self) -> dict[str, int | None]:
        """What a session says of the log before it, so that no later fit has to read that again."""
        return {"last_step": self.last_step, "last_epoch": self.last_epoch, "examples": self.examples}


class PastLog:
    """What a folder's own records files say of the fits before.

    Args:
        log_dir: the run's folder; what lies below it belongs to other runs.

    Raises:
        ValueError: for a remote log_dir.
    """

    def __init__(self, log_dir: str | Path) -> None:
        self._unread = own_records(log_dir)
        self._runs: list[RunIndex] = []
        self._unreadable: dict[str, None] = {}

    @property
    def unreadable(self) -> str:
        """What was passed over since it cannot be read, in words; empty where nothing was."""
        named = list(self._unreadable)
        more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
        return "; ".join(named[:_MOST_NAMED] + more)

    def resume(self) -> Resume | None:
        """Where the log ended, or None where it holds no record."""
        is_empty, last_step = True, 0
        epoch = session = examples = weights = None
        for run in self._files():
            is_empty = is_empty and not run.records
            last_step = max(last_step, self._last_step(run, last_step))
            epoch = self._last_epoch(run) if epoch is None else epoch
            examples = self._last_examples(run) if examples is None else examples
            weights = self._last_weights(run) if weights is None else weights
            begun = self._last_begun(run)
            session = begun if session is None else session
            before = begun.get("before") if begun is not None else None
            if isinstance(before, Mapping) and _whole(before.get("last_step")) is not None:
                last_step = max(last_step, _whole(before["last_step"]) or 0)
                epoch = _whole(before.get("last_epoch"), _MAX_EPOCH) if epoch is None else epoch
                examples = _whole(before.get("examples"), _MAX_EXAMPLES) if examples is None else examples
                break
        if is_empty:
            return None
        offsets = session or {}
        return Resume(
            last_step,
            epoch,
            _whole(offsets.get("iterations_offset")) or 0,
            _whole(offsets.get("epoch_offset"), _MAX_EPOCH) or 0,
            examples or 0,
            *(weights or ()),
        )

    def examples_before(self, step: int) -> int:
        """Examples that the run had seen before a step; 0 where the log does not say."""
        for run in self._files() if step > 0 else ():
            entries = run.entries("losses")
            for place in reversed(range(len(entries))):
                if place and entries[place].step >= entries[place - 1].step >= step:
                    continue  # all its rows come after those of the one before it
                seen = self._examples(run, entries[place], step)
                if seen is not None:
                    return seen
        return 0

    def _files(self) -> Iterator[RunIndex]:
        """An index of each file, the newest first; each is made when it is asked for, and once."""
        yield from self._runs
        while self._unread:
            run = RunIndex(".")
            run.refresh([self._unread.pop()])
            self._runs.append(run)
            yield run

    def _last_step(self, run: RunIndex, above: int) -> int:
        """The largest step of a record that is what was written, or 0 where none is larger than `above`.

        A step that was not written would move all that follows, so it is only taken from a record that is intact.
        """
        if run.last_step <= above:
            return 0
        subjects = [
            (kind, layer) for kind in run.kinds for layer in (run.layers(kind) if KINDS[kind].has_layer else [None])
        ]
        left = {subject: run.steps(*subject) for subject in reversed(subjects)}
        while left:
            subject = max(left, key=lambda subject: left[subject][-1])
            step = left[subject].pop()
            if any(self._read(run, entry) is not None for entry in run.repeats(*subject, step)):
                return step
            if not left[subject]:
                del left[subject]
        return 0

    def _last_epoch(self, run: RunIndex) -> int | None:
        for entry in reversed(run.entries("epochs")):
            record = self._read(run, entry)
            epoch = _whole(record.attributes.get("epoch"), _MAX_EPOCH) if record else None
            if epoch is not None:
                return epoch
        return None

    def _last_weights(self, run: RunIndex) -> tuple[int | None, int] | None:
        """The fingerprint of the weights that the last record of costs names, and its step."""
        for entry in reversed(run.entries("cost")):
            record = self._read(run, entry)
            if record is not None:
                return _whole(record.attributes.get("weights")), entry.step
        return None

    def _last_begun(self, run: RunIndex) -> Mapping[str, object] | None:
        """The attributes of the last session record."""
        for entry in reversed(run.entries("session")):
            record = self._read(run, entry)
            if record is not None:
                return record.attributes
        return None

    def _last_examples(self, run: RunIndex) -> int | None:
        for entry in reversed(run.entries("losses")):
            seen = self._examples(run, entry, MAX_STEP + 1)
            if seen is not None:
                return seen
        return None

    def _examples(self, run: RunIndex, entry: IndexEntry, step: int) -> int | None:
        """Examples seen at the record's last row before a step, or None where it has no such row or says nothing."""
        record = self._read(run, entry)
        steps, seen = (record.arrays.get(name) for name in ("step", "examples")) if record else (None, None)
        if (
            steps is None
            or seen is None
            or steps.shape != seen.shape
            or steps.dtype.kind + seen.dtype.kind not in _WHOLE
        ):
            return None
        before = seen.reshape(-1)[steps.reshape(-1) < step]
        return _whole(int(before[-1]), _MAX_EXAMPLES) if before.size else None

    def _read(self, run: RunIndex, entry: IndexEntry) -> Record | None:
        try:
            return run.read_entry(entry)
        except DamagedRecord as damage:
            self._unreadable[f"{entry.kind} at step {entry.step}: {damage.reason}"] = None
            return None


_WHOLE = frozenset(a + b for a in "iu" for b in "iu")


def _whole(value: object, most: int = MAX_STEP) -> int | None:
    """A whole number from 0, or None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None
