"""Every run below some folders, by the first bytes of its records; any record is one positioned read away."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tb_cnnviz.eventlog.columns import Place
from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.filesystem import FoundFile, find_records
from tb_cnnviz.eventlog.indexed_file import IndexedFile, LogNotice
from tb_cnnviz.records.model import ModelRecord
from tb_cnnviz.records.record import Record

__all__ = ["IndexEntry", "LogIndex", "LogNotice", "RunIndex"]


@dataclass(frozen=True)
class IndexEntry:
    """Where a record lies. `identity` names these very bytes: a record never changes in its place."""

    kind: str
    layer: str | None
    step: int
    wall_time: float
    length: int
    identity: tuple[int, int, int]
    file: IndexedFile
    place: Place


class RunIndex:
    """One run: its files in the order in which they were begun. Safe to read while it grows."""

    def __init__(self, name: str, lock: threading.RLock) -> None:
        self.name = name
        self._lock = lock
        self._files: list[IndexedFile] = []

    @property
    def kinds(self) -> list[str]:
        """Kinds of record that it holds, each once."""
        return list(dict.fromkeys(kind for kind, _ in self._groups()))

    def layers(self, kind: str) -> list[str]:
        """Layers with records of a kind, in the order in which they were logged."""
        return list(dict.fromkeys(layer for found, layer in self._groups() if found == kind and layer is not None))

    def steps(self, kind: str, layer: str | None = None) -> list[int]:
        """Every logged step, ascending, each once."""
        with self._lock:
            return sorted({step for file in self._files for step in file.columns.steps(kind, layer)})

    def entries(self, kind: str, layer: str | None = None) -> list[IndexEntry]:
        """Every record of a kind and layer in the order of writing; one that repeats a step comes later."""
        with self._lock:
            return [
                _entry(kind, layer, file, place) for file in self._files for place in file.columns.places(kind, layer)
            ]

    def locate(self, kind: str, layer: str | None, step: int) -> IndexEntry:
        """The record of a kind and layer at a step; where there are several, the last one written.

        Raises:
            KeyError: when there is none.
        """
        with self._lock:
            for file in reversed(self._files):
                place = file.columns.last_at(kind, layer, step)
                if place is not None:
                    return _entry(kind, layer, file, place)
        raise KeyError((kind, layer, step))

    def read_entry(self, entry: IndexEntry) -> Record:
        """The record itself, its arrays as they were logged.

        Raises:
            DamagedRecord: when its bytes are no longer what was written.
        """
        return entry.file.read(entry.place)

    def read(self, kind: str, layer: str | None, step: int) -> Record:
        """`read_entry` of `locate`."""
        return self.read_entry(self.locate(kind, layer, step))

    def model(self) -> ModelRecord | None:
        """The network as the last session that could be read trained it."""
        for entry in reversed(self.entries("model")):
            try:
                return ModelRecord.from_json(self.read_entry(entry).arrays["json"].tobytes())
            except (DamagedRecord, KeyError, ValueError):
                continue
        return None

    @property
    def notices(self) -> list[LogNotice]:
        """What could not be read, and what the writers say that they gave up."""
        with self._lock:
            broken = [notice for file in self._files for notice in file.notices()]
        return broken + [self._said(entry) for entry in self.entries("notices")]

    @property
    def notice_count(self) -> int:
        """How many `notices` there are, without reading those of the writers."""
        with self._lock:
            return sum(len(file.notices()) for file in self._files) + len(self.entries("notices"))

    @property
    def first_wall_time(self) -> float:
        return min((times[0] for times in self._wall_times()), default=0.0)

    @property
    def last_wall_time(self) -> float:
        return max((times[1] for times in self._wall_times()), default=0.0)

    @property
    def last_step(self) -> int:
        with self._lock:
            return max((file.columns.last_step() for file in self._files), default=0)

    @property
    def records(self) -> int:
        with self._lock:
            return sum(len(file.columns) for file in self._files)

    @property
    def bytes(self) -> int:
        with self._lock:
            return sum(file.size for file in self._files)

    @property
    def index_bytes(self) -> int:
        """Memory that the index takes for this run's records."""
        with self._lock:
            return sum(file.columns.nbytes for file in self._files)

    def _follow(self, found: list[FoundFile]) -> None:
        known = {file.path: file for file in self._files}
        files = [known.get(item.path) or IndexedFile(item) for item in found]
        for file in files:
            file.refresh()
        self._files = sorted(files, key=lambda file: (file.start, file.name))

    def _groups(self) -> list[tuple[str, str | None]]:
        with self._lock:
            return [group for file in self._files for group in file.columns.groups()]

    def _wall_times(self) -> list[tuple[float, float]]:
        with self._lock:
            return [times for file in self._files if (times := file.columns.wall_times()) is not None]

    def _said(self, entry: IndexEntry) -> LogNotice:
        try:
            message = self.read_entry(entry).attributes.get("message")
        except DamagedRecord as damage:
            message = f"a notice cannot be read: {damage.reason}"
        return LogNotice(entry.file.name, entry.place.offset, str(message)[:1000])


class LogIndex(Mapping[str, RunIndex]):
    """Runs by name, below some folders.

    A run's name is its folder relative to the root, with '/', and '.' for the root itself, as TensorBoard names it.

    Args:
        roots: prefix of the names to folder; the prefix "" adds nothing to them.

    Raises:
        ValueError: for a remote folder.
    """

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._roots = dict(roots)
        self._lock = threading.RLock()
        self._refreshing = threading.Lock()
        self._runs: dict[str, RunIndex] = {}

    def refresh(self) -> None:
        """Look for runs and files that came, grew, changed or went. Reads only what is new."""
        with self._refreshing:
            found: dict[str, list[FoundFile]] = {}
            for prefix, root in self._roots.items():
                for item in find_records(root):
                    found.setdefault(_run_name(prefix, item.folder), []).append(item)
            with self._lock:
                runs = {name: self._runs.get(name) or RunIndex(name, self._lock) for name in sorted(found)}
                for name, files in found.items():
                    runs[name]._follow(files)
                self._runs = runs

    def __getitem__(self, name: str) -> RunIndex:
        return self._runs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._runs))

    def __len__(self) -> int:
        return len(self._runs)


def _run_name(prefix: str, folder: str) -> str:
    return folder if not prefix else prefix if folder == "." else f"{prefix}/{folder}"


def _entry(kind: str, layer: str | None, file: IndexedFile, place: Place) -> IndexEntry:
    identity = (*file.key, place.offset)
    return IndexEntry(kind, layer, place.step, place.wall_time, place.length, identity, file, place)
