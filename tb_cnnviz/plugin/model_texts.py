"""Model records as JSON: read and checked once, and kept as text, which takes a tenth of what they take in memory."""

from __future__ import annotations

from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.answers import Written, to_json
from tb_cnnviz.plugin.bounded_cache import BoundedCache

KEPT_BYTES = 32 << 20


class ModelTexts:
    """The newest model of each run. Safe to use from several threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        # None in the tuple: that record cannot be read.
        self._texts: BoundedCache[tuple[int, ...], tuple[Written | None]] = BoundedCache(kept_bytes, _size)

    def get(self, run: RunIndex) -> Written | None:
        """The newest model record that can be read, or None where none can."""
        for entry in run.model_entries():
            known = self._texts.get(entry.identity)
            if known is None:
                model = run.read_model(entry)
                known = (Written(to_json(model)) if model is not None else None,)
                self._texts.put(entry.identity, known)
            if known[0] is not None:
                return known[0]
        return None


def _size(known: tuple[Written | None]) -> int:
    (text,) = known
    return 200 + (len(text.text) if text is not None else 0)
