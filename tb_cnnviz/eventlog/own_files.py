"""Files that this process' user made, told from those of others in a folder that others may use too."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tb_cnnviz.eventlog.opening import open_regular


def user() -> int:
    """This process' user; 0 where the system has no such numbers."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def is_own(status: os.stat_result) -> bool:
    """Whether this is a regular file of this user, which nobody else may write to."""
    if not stat.S_ISREG(status.st_mode):
        return False
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def is_free(place: Path) -> bool:
    """Whether nothing is there, or a file of this user's own."""
    try:
        return is_own(os.lstat(place))
    except OSError:
        return True


def open_own(place: Path) -> int:
    """A descriptor for reading of this user's own file.

    Raises:
        OSError: where it is anything else.
    """
    descriptor = open_regular(str(place), follow=False)
    if not is_own(os.fstat(descriptor)):
        os.close(descriptor)
        raise OSError("another user's file")
    return descriptor
