"""Verdicts as they were written last, made again where a run has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.judging import judge_run
from tb_cnnviz.plugin.limiter import Limiter

KEPT_BYTES = 16 << 20


class VerdictCache:
    """Answers by run, the least recently asked for given up first; one run is judged at a time.

    Safe to use from several threads.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._one = Limiter(1, "diagnoses")
        self._kept: OrderedDict[str, tuple[object, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, name: str, run: RunIndex) -> bytes:
        """`RunVerdicts` of the run as JSON.

        Raises:
            HttpError: 503 where others are judged.
        """
        version = run.generation, run.revision
        if (text := self._known(name, version)) is not None:
            return text
        with self._one.taken():
            if (text := self._known(name, version)) is None:
                text = to_json(judge_run(name, run))
                self._keep(name, version, text)
        return text

    def keep(self, names: Mapping[str, object]) -> None:
        """Let go of runs that are gone."""
        with self._lock:
            for name in [name for name in self._kept if name not in names]:
                self._bytes -= len(self._kept.pop(name)[1])

    def _known(self, name: str, version: object) -> bytes | None:
        with self._lock:
            held, text = self._kept.get(name, (None, b""))
            if held != version:
                return None
            self._kept.move_to_end(name)
            return text

    def _keep(self, name: str, version: object, text: bytes) -> None:
        with self._lock:
            before = self._kept.pop(name, None)
            self._kept[name] = version, text
            self._bytes += len(text) - (len(before[1]) if before else 0)
            while self._bytes > self._kept_bytes:
                _, (_, given_up) = self._kept.popitem(last=False)
                self._bytes -= len(given_up)
