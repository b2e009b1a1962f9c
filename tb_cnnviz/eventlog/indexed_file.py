"""One records file under watch: scanned from where the last scan stopped, and anew when it is no longer the same."""

from __future__ import annotations

from dataclasses import dataclass

from tb_cnnviz.eventlog import framing
from tb_cnnviz.eventlog.columns import Place, RecordColumns
from tb_cnnviz.eventlog.encoding import DamagedRecord, decode
from tb_cnnviz.eventlog.filesystem import FileIdentity, FoundFile, RandomAccessFile, identity
from tb_cnnviz.eventlog.scanning import FoundRecord, Scan
from tb_cnnviz.records.record import Record

#: So many broken places are named for a file; more are only counted.
MAX_NOTICES = 100


@dataclass(frozen=True)
class LogNotice:
    """Something that could not be read, or that the writer says it gave up. `file` is relative to the run."""

    file: str
    offset: int
    reason: str


class IndexedFile:
    """The records of one file."""

    def __init__(self, found: FoundFile) -> None:
        self.name = found.name
        self.path = found.path
        self.start = found.start
        self.columns = RecordColumns()
        self.size = 0
        self._identity: FileIdentity | None = None
        self._scan = Scan()
        self._notices: list[LogNotice] = []
        self._unnamed = 0

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode: what tells this file from another one that later takes its name."""
        return (self._identity.device, self._identity.inode) if self._identity else (0, 0)

    def refresh(self) -> None:
        """Read what the file has grown by. An unreadable file is a notice, not an error."""
        if self._identity is not None and identity(self.path) == self._identity:
            return
        try:
            with RandomAccessFile(self.path) as file:
                self._follow(file)
        except OSError as error:
            self._notices = [LogNotice(self.name, 0, f"the file cannot be read: {error.strerror}")]

    def notices(self) -> list[LogNotice]:
        broken = self._scan.damage
        open_end = [LogNotice(self.name, broken.offset, broken.reason)] if broken else []
        more = (
            [LogNotice(self.name, self.size, f"{self._unnamed} more broken places in this file")]
            if self._unnamed
            else []
        )
        return [*self._notices, *more, *open_end]

    def read(self, place: Place) -> Record:
        """The record at a place that this file's columns name.

        Raises:
            DamagedRecord: when its CRC does not match, the file is gone, or something does not fit.
        """
        try:
            with RandomAccessFile(self.path) as file:
                framed = file.read(place.offset, place.length + framing.OVERHEAD_BYTES)
        except OSError as error:
            raise DamagedRecord(f"the file cannot be read: {error.strerror}") from error
        payload = framed[framing.HEADER_BYTES : framing.HEADER_BYTES + place.length]
        if not framing.payload_is_intact(payload, framed[framing.HEADER_BYTES + place.length :]):
            raise DamagedRecord("its content does not match its CRC")
        return decode(payload)

    def _follow(self, file: RandomAccessFile) -> None:
        now, known = file.identity(), self._identity
        if known is not None and (not now.is_same_file(known) or now.size < known.size):
            self.columns, self._scan, self._notices, self._unnamed = RecordColumns(), Scan(), [], 0
        self._identity, self.size = now, now.size
        for found in self._scan.advance(file, now.size):
            if isinstance(found, FoundRecord):
                self.columns.append(found)
            elif len(self._notices) < MAX_NOTICES:
                self._notices.append(LogNotice(self.name, found.offset, found.reason))
            else:
                self._unnamed += 1
