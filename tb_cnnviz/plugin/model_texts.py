"""Model records as JSON: read and checked once, and kept as text, which takes a tenth of what they take in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import Written, to_json

KEPT_BYTES = 32 << 20


class ModelTexts:
    """The newest model of each run, the least recently asked for given up first. Safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._texts: OrderedDict[tuple[int, ...], Written | None] = OrderedDict()
        self._bytes = 0

    def get(self, run: RunIndex) -> Written | None:
        """The newest model record that can be read, or None where none can."""
        for entry in run.model_entries():
            with self._lock:
                if is_known := entry.identity in self._texts:
                    self._texts.move_to_end(entry.identity)
                text = self._texts.get(entry.identity)
            if not is_known:
                model = run.read_model(entry)
                text = Written(to_json(model)) if model is not None else None
                self._keep(entry.identity, text)
            if text is not None:
                return text
        return None

    def _keep(self, key: tuple[int, ...], text: Written | None) -> None:
        with self._lock:
            if key not in self._texts:
                self._texts[key] = text
                self._bytes += _size(text)
            while self._bytes > self._kept_bytes:
                _, given_up = self._texts.popitem(last=False)
                self._bytes -= _size(given_up)


def _size(text: Written | None) -> int:
    return 200 + (len(text.text) if text is not None else 0)
