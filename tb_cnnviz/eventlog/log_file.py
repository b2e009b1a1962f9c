"""What is known of one records file: how far it was read, and how to tell that it is still the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from tb_cnnviz.eventlog.filesystem import FileIdentity, RandomAccessFile
from tb_cnnviz.eventlog.finding import FoundFile
from tb_cnnviz.eventlog.notices import NoticeList
from tb_cnnviz.eventlog.scanning import Scan

FINGERPRINT_BYTES = 64
_VERIFIED_KEPT = 1024


@dataclass(frozen=True)
class Fingerprint:
    """The first bytes of a file, and the last ones before `stop`, which end with a record's CRC."""

    head: bytes
    tail: bytes
    stop: int

    @classmethod
    def of(cls, file: RandomAccessFile, stop: int, head_bytes: int = FINGERPRINT_BYTES) -> Fingerprint:
        size = min(FINGERPRINT_BYTES, stop)
        return cls(file.read(0, head_bytes), file.read(stop - size, size), stop)


@dataclass(frozen=True)
class Seen:
    """A file as it stood when it was scanned."""

    identity: FileIdentity
    fingerprint: Fingerprint

    def goes_on_in(self, file: RandomAccessFile, now: FileIdentity) -> bool:
        """Whether all that was scanned is still there: the file is untouched, or it only grew."""
        if not now.is_same_file(self.identity) or not (now == self.identity or now.size > self.identity.size):
            return False
        was = self.fingerprint
        return Fingerprint.of(file, was.stop, len(was.head)) == was


@dataclass
class LogFile:
    """One records file of a run. `number` is what the run's rows name it by."""

    number: int
    found: FoundFile
    notices: NoticeList
    scan: Scan = field(default_factory=Scan)
    seen: Seen | None = None
    #: As the file was when it was last looked at, whether or not it could be read.
    looked_at: FileIdentity | None = None
    #: A record was not where the index has it: the file is to be read anew.
    is_doubtful: bool = False
    #: The last scan ended before the file did.
    is_partly_scanned: bool = False
    records: int = 0
    saved: FileIdentity | None = None
    saved_records: int = 0
    #: What only reading found broken; kept apart from what every scan finds.
    read_notices: NoticeList = field(init=False)
    _verified: OrderedDict[int, FileIdentity] = field(default_factory=OrderedDict, repr=False)

    def __post_init__(self) -> None:
        self.read_notices = NoticeList(self.found.name)

    @property
    def age(self) -> tuple[int, str]:
        """Its place in time among the files of its run."""
        return self.found.age

    def is_verified(self, offset: int, now: FileIdentity) -> bool:
        """Whether the record's CRC was compared since the file was last changed."""
        return self._verified.get(offset) == now

    def remember_verified(self, offset: int, now: FileIdentity) -> None:
        self._verified[offset] = now
        while len(self._verified) > _VERIFIED_KEPT:
            self._verified.popitem(last=False)
