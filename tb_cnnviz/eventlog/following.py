"""The files of one run, followed while they grow, and where each of their records lies."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from tb_cnnviz.eventlog.columns import RecordColumns, Row
from tb_cnnviz.eventlog.decoding import Directory
from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile, identity
from tb_cnnviz.eventlog.finding import FoundFile
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.known_file import Group, KnownFile
from tb_cnnviz.eventlog.log_file import Fingerprint, LogFile, Seen
from tb_cnnviz.eventlog.notices import LogNotice, NoticeList
from tb_cnnviz.eventlog.scanning import FoundRecord

Subject = tuple[str, str | None]

#: Each takes about a kilobyte, and a file may name a new layer in every record.
MAX_SUBJECTS = 100_000
#: Records are merged in batches that grow with the file: rows out of order are sorted anew with each.
_BATCH, _MOST_BATCH = 1024, 1 << 14
#: A growing file's index is saved again when it holds a sixteenth more than was saved.
_UNSAVED_SHARE = 16


class RunFiles:
    """Rows by kind and layer over all files of a run. Whoever looks at `rows` or `by_number` holds `lock`.

    Args:
        cache: where the index of earlier processes lies, or None to scan everything here.

    Attributes:
        noted: how many records were noted.
    """

    def __init__(self, cache: IndexCache | None = None) -> None:
        self.lock = threading.RLock()
        self._rows: dict[Subject, RecordColumns] = {}
        self._unsettled: set[Subject] = set()
        self.by_number: dict[int, LogFile] = {}
        self._cache = cache
        self._by_path: dict[str, LogFile] = {}
        self._next_number = 0
        self.noted = 0

    @property
    def rows(self) -> dict[Subject, RecordColumns]:
        """All of them in order, which is made only here: of many files, each adds to the same rows."""
        for subject in self._unsettled:
            self._rows[subject].settle(self._age)
        self._unsettled.clear()
        return self._rows

    @property
    def bytes(self) -> int:
        with self.lock:
            return sum(file.seen.identity.size for file in self.by_number.values() if file.seen)

    @property
    def notices(self) -> list[LogNotice]:
        """By age of the file, and offset."""
        with self.lock:
            told: list[LogNotice] = []
            for file in sorted(self.by_number.values(), key=lambda file: file.age):
                notices = file.notices.told() + file.read_notices.told()
                if damage := file.scan.damage:
                    notices.append(LogNotice(file.found.name, damage.offset, damage.reason))
                told += sorted(notices, key=lambda notice: notice.offset)
            return told

    def note(self, number: int, offset: int, reason: str) -> None:
        """Tell of a record of a file that turned out not to be what it should be; of each at most once."""
        with self.lock:
            file = self.by_number.get(number)
            if file is not None and not file.notices.tells_of(offset):
                file.read_notices.add_once(offset, reason)
                self.noted += 1

    def refresh(self, found: Iterable[FoundFile], until: float = math.inf) -> bool:
        """Follow these files, which are all that the run has now.

        Args:
            until: when to leave what is not yet scanned to the next call, by `time.monotonic`.

        Returns:
            Whether all of them were scanned.
        """
        by_path = {file.path: file for file in found}
        for path in [path for path in self._by_path if path not in by_path]:
            self._forget(self._by_path[path])
        for file in sorted(by_path.values(), key=lambda file: file.age):
            self._follow(file, until)
        with self.lock:
            return all(file.looked_at is not None and not file.is_partly_scanned for file in self.by_number.values())

    def _follow(self, found: FoundFile, until: float) -> None:
        known = self._by_path.get(found.path)
        is_known = known is not None and not known.is_doubtful and not known.is_partly_scanned
        if known is not None and is_known and identity(found.path) == known.looked_at:
            self._save(known, is_at_rest=True)
            return
        try:
            with found.open() as handle:
                now = handle.identity()
                known = self._still_the_same(known, handle, now) or self._recalled(found, handle, now)
                self._scan(known or self._add(found), handle, now, until)
        except OSError as error:
            known = self._by_path.get(found.path) or self._add(found)
            with self.lock:
                known.notices.add(0, f"the file cannot be read: {error.strerror}")
                known.looked_at = identity(found.path)

    def _still_the_same(self, known: LogFile | None, handle: RandomAccessFile, now: FileIdentity) -> LogFile | None:
        """`known`, or None after forgetting what was known of a file that was cut, replaced or overwritten."""
        if known is None:
            return None
        if known.seen is not None and not known.is_doubtful and known.seen.goes_on_in(handle, now):
            return known
        if self._cache is not None:
            self._cache.forget(known.found.path)
        self._forget(known)
        return None

    def _recalled(self, found: FoundFile, handle: RandomAccessFile, now: FileIdentity) -> LogFile | None:
        """The file as another process left it in the cache, where that still is how it stands."""
        saved = self._cache.load(found.path, handle, now) if self._cache is not None else None
        if saved is None:
            return None
        with self.lock:
            file = self._add(found)
            file.notices = NoticeList(found.name, saved.reasons, saved.untold)
            file.scan, file.seen = saved.scan, saved.seen
            file.saved, file.saved_records = saved.seen.identity, saved.records
            file.records = saved.records
            for group in saved.groups:
                subject = group.kind, group.layer
                self._rows.setdefault(subject, RecordColumns()).extend(file.number, group.places)
                self._unsettled.add(subject)
            return file

    def _add(self, found: FoundFile) -> LogFile:
        with self.lock:
            file = LogFile(self._next_number, found, NoticeList(found.name))
            self._by_path[found.path] = self.by_number[file.number] = file
            self._next_number += 1
            return file

    def _forget(self, file: LogFile) -> None:
        with self.lock:
            del self._by_path[file.found.path], self.by_number[file.number]
            for subject, rows in list(self._rows.items()):
                rows.forget(file.number)
                if not len(rows):
                    del self._rows[subject]
                    self._unsettled.discard(subject)

    def _scan(self, file: LogFile, handle: RandomAccessFile, now: FileIdentity, until: float) -> None:
        with self.lock:
            file.seen = Seen(now, Fingerprint.of(handle, file.scan.position))
        batch: list[FoundRecord] = []
        for item in file.scan.advance(handle, now.size, until):
            if isinstance(item, FoundRecord):
                batch.append(item)
            else:
                with self.lock:
                    file.notices.add(item.offset, item.reason)
            if len(batch) >= min(_MOST_BATCH, max(_BATCH, file.records // 8)):
                self._merge(file, batch)
                batch = []
        self._merge(file, batch)
        fingerprint = Fingerprint.of(handle, file.scan.position)
        with self.lock:
            file.seen, file.looked_at = Seen(now, fingerprint), now
            file.is_partly_scanned = file.scan.is_interrupted
        self._save(file, is_at_rest=False)

    def _merge(self, file: LogFile, batch: list[FoundRecord]) -> None:
        with self.lock:
            for item in batch:
                seen = item.directory
                subject = (seen.kind, seen.layer)
                rows = self._rows.get(subject)
                if rows is None:
                    if len(self._rows) >= MAX_SUBJECTS:
                        file.notices.add(item.offset, f"the run has {MAX_SUBJECTS} kinds and layers; more are left out")
                        continue
                    rows = self._rows[subject] = RecordColumns()
                rows.append(Row(seen.step, seen.wall_time, file.number, item.offset, item.length))
                self._unsettled.add(subject)
                file.records += 1
                if seen.kind == "notices":
                    file.notices.add(item.offset, _message(seen))

    def _age(self, number: int) -> tuple[int, str]:
        return self.by_number[number].age

    def _save(self, file: LogFile, *, is_at_rest: bool) -> None:
        """Put what is known of the file into the cache, when enough of it is new or when it stays as it is."""
        if self._cache is None or file.seen is None or file.saved == file.seen.identity:
            return
        unsaved = file.records - file.saved_records
        if file.saved is not None and not is_at_rest and unsaved * _UNSAVED_SHARE < file.records:
            return
        with self.lock:
            groups = [
                Group(kind, layer, places)
                for (kind, layer), rows in self._rows.items()
                if len((places := rows.of_file(file.number)).step)
            ]
            saved = KnownFile(file.seen, file.scan, file.notices.reasons, file.notices.untold, groups)
            content = saved.to_bytes()
            file.saved, file.saved_records = file.seen.identity, file.records
        self._cache.save(file.found.path, content)


def _message(seen: Directory) -> str:
    part, message = seen.attributes.get("part"), seen.attributes.get("message")
    return f"{part}: {message}" if part else str(message)
