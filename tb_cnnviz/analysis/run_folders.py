"""The runs below a folder, each opened by itself: looking at one does not index the others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.finding import find_records, own_records
from tb_cnnviz.eventlog.index_cache import user_cache
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.run_index import RunIndex


class RunFolder(NamedTuple):
    """A run's name below the root that was asked, and its folder."""

    name: str
    folder: str


def run_folders(root: str | Path) -> list[RunFolder]:
    """The runs below a folder that hold records, by name; '.' is the folder itself.

    Raises:
        FileNotFoundError: when the folder does not exist.
        ValueError: for a remote address.
    """
    top = local_path(root)
    if not top.is_dir():
        raise FileNotFoundError(f"{str(root)!r} given, but there is no such folder")
    found = {file.folder: os.path.dirname(file.path) for file in find_records(top)}
    return [RunFolder(name, found[name]) for name in sorted(found)]


def open_run(run: RunFolder) -> Run:
    """The run as it stands now."""
    index = RunIndex(run.name, user_cache())
    index.refresh(own_records(run.folder))
    return Run(index)
