"""Verdicts as they were written last, made again where a run has changed."""

from __future__ import annotations

from collections.abc import Container

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import to_json
from tb_cnnviz.plugin.bounded_cache import BoundedCache
from tb_cnnviz.plugin.judging import judge_run
from tb_cnnviz.plugin.limiter import Limiter

KEPT_BYTES = 16 << 20


class VerdictCache:
    """Answers by run; one run is judged at a time. Safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._one = Limiter(1, "diagnoses")
        self._kept: BoundedCache[str, tuple[object, bytes]] = BoundedCache(kept_bytes, lambda kept: len(kept[1]))

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
                self._kept.put(name, (version, text))
        return text

    def keep(self, names: Container[str]) -> None:
        """Let go of runs that are gone."""
        self._kept.keep(names)

    def _known(self, name: str, version: object) -> bytes | None:
        held, text = self._kept.get(name) or (None, b"")
        return text if held == version else None
