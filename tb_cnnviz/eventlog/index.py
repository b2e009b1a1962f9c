"""The offset index: where every record of every run lies, so that one positioned read serves it."""

from __future__ import annotations

import math
import posixpath
import threading
import time
from collections.abc import Iterator, Mapping

from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.finding import FoundFile, find_records
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.run_index import RunIndex

#: One run's files are scanned for so long at a time where others wait for their turn.
_SLICE_SECONDS = 1.0


class LogIndex(Mapping[str, RunIndex]):
    """Runs by name, as TensorBoard names them: the folder's path below its root with '/', '.' for the root itself.

    Empty until the first `refresh`. Safe to use from several threads.

    Args:
        roots: prefix of the runs' names to directory; the prefix is "" for a plain logdir, and a name of
            `--logdir_spec` otherwise, which comes before the folder and a '/'.

        cache: where the index outlives this process (see `index_cache.user_cache`); None scans every file here.

    Raises:
        ValueError: for a remote directory.
    """

    def __init__(self, roots: Mapping[str, str], cache: IndexCache | None = None) -> None:
        self._cache = cache
        self._roots = {prefix: str(local_path(root)) for prefix, root in roots.items()}
        self._refreshing = threading.Lock()
        self._runs: dict[str, RunIndex] = {}

    def __getitem__(self, name: str) -> RunIndex:
        return self._runs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def refresh(self, seconds: float = math.inf) -> bool:
        """Find new runs and files, follow those that grew, and let go of what is gone.

        Args:
            seconds: after so long, what is not yet scanned is left to the next call, which goes on from there; of one run
                that is not known at least the beginning is taken in.

        Returns:
            Whether all runs were looked at.
        """
        with self._refreshing:
            found = self._find()
            known, runs = self._runs, dict[str, RunIndex]()
            until, is_late, is_complete = time.monotonic() + seconds, False, True
            for name in sorted(found):
                if name not in known and is_late:
                    is_complete = False
                    continue
                runs[name] = known.get(name) or RunIndex(name, self._cache)
                slice_end = min(until, time.monotonic() + _SLICE_SECONDS) if seconds < math.inf else math.inf
                is_complete &= runs[name].refresh(found[name], slice_end)
                is_late |= name not in known and time.monotonic() >= until
            self._runs = runs
            return is_complete

    def _find(self) -> dict[str, list[FoundFile]]:
        found: dict[str, list[FoundFile]] = {}
        for prefix, root in self._roots.items():
            for file in find_records(root):
                name = posixpath.join(prefix, file.folder) if prefix else file.folder
                found.setdefault(name, []).append(file)
        return found
