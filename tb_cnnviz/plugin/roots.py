"""Which directories hold the runs: from TensorBoard's --logdir or --logdir_spec."""

from __future__ import annotations

import os
import re

_URI = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://.*")


def log_roots(logdir: str | None, logdir_spec: str | None = None) -> list[tuple[str, str]]:
    """Pairs of (prefix of the runs' names, directory).

    Args:
        logdir: TensorBoard's --logdir; its runs have no prefix.
        logdir_spec: TensorBoard's --logdir_spec, `name:directory` or `directory` with commas between, read as
            TensorBoard reads it; used where logdir is empty. A directory without a name gives its runs no prefix.
    """
    if logdir:
        return [("", _absolute(logdir))]
    return [_root(part) for part in (logdir_spec or "").split(",") if part]


def _root(part: str) -> tuple[str, str]:
    # "/a:b" is a path that holds a colon, "s3://a" an address and "c:\a" a path on Windows: none of them is a name.
    named = ":" in part and not part.startswith("/") and not _URI.match(part) and not os.path.splitdrive(part)[0]
    name, path = part.split(":", 1) if named else ("", part)
    return name, _absolute(path)


def _absolute(path: str) -> str:
    return path if _URI.match(path) else os.path.realpath(os.path.expanduser(path))
