"""What the table of runs says of each: its optimizer, its settings and what logging costs, from two small records."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.records.damaged import DamagedRecord

MAX_SETTINGS = 50
MAX_BYTES = 4 << 10
MAX_OPTIMIZER = 200

#: A larger model record is left to /run: the list of all runs must not wait for it.
MAX_MODEL_BYTES = 4 << 20

Setting = str | float | int | bool


@dataclass(frozen=True)
class Settings:
    """`hparams` holds the first of `total`, as `bounded` cuts them; `cost` is logging's share of the training's time."""

    optimizer: str | None = None
    hparams: Mapping[str, Setting] = field(default_factory=dict)
    total: int = 0
    cost: float | None = None


class SettingsCache:
    """Settings by run, read again only where a record is new. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[object, Settings]] = {}

    def get(self, name: str, run: RunIndex) -> Settings:
        model, cost = _newest(run, "model"), _newest(run, "cost")
        version = (model and model.identity, cost and cost.identity)
        with self._lock:
            known, settings = self._known.get(name, (None, Settings()))
        if known != version:
            settings = _settings(run, model, cost)
            with self._lock:
                self._known[name] = version, settings
        return settings

    def keep(self, names: Mapping[str, Any]) -> None:
        """Let go of runs that are gone."""
        with self._lock:
            self._known = {name: known for name, known in self._known.items() if name in names}


def bounded(hparams: Mapping[str, Setting]) -> dict[str, Setting]:
    """The first `MAX_SETTINGS` that take at most `MAX_BYTES` of JSON together; one that is too long is passed over."""
    kept: dict[str, Setting] = {}
    size = 2
    for name, value in hparams.items():
        needed = len(json.dumps(name)) + len(json.dumps(value)) + 2
        if len(kept) < MAX_SETTINGS and size + needed <= MAX_BYTES:
            kept[name] = value
            size += needed
    return kept


def _newest(run: RunIndex, kind: str) -> IndexEntry | None:
    steps = run.steps(kind)
    try:
        return run.locate(kind, None, steps[-1]) if steps else None
    except KeyError:  # the file went away between the two questions
        return None


def _settings(run: RunIndex, model: IndexEntry | None, cost: IndexEntry | None) -> Settings:
    record = _model(run, model)
    optimizer, given = record.get("optimizer"), record.get("hparams")
    hparams = given if isinstance(given, dict) else {}
    hparams = {name: value for name, value in hparams.items() if isinstance(value, str | int | float)}
    return Settings(
        optimizer[:MAX_OPTIMIZER] if isinstance(optimizer, str) else None,
        bounded(hparams),
        len(hparams),
        _share(run, cost),
    )


def _model(run: RunIndex, entry: IndexEntry | None) -> dict[str, Any]:
    if entry is None or entry.length > MAX_MODEL_BYTES:
        return {}
    try:
        record = json.loads(run.read_entry(entry).arrays["json"].tobytes())
    except (DamagedRecord, KeyError, ValueError, RecursionError):  # /run says what is wrong with it
        return {}
    return record if isinstance(record, dict) else {}


def _share(run: RunIndex, entry: IndexEntry | None) -> float | None:
    if entry is None:
        return None
    try:
        attributes = run.read_entry(entry).attributes
    except DamagedRecord:
        return None
    training, logging = attributes.get("training_s"), attributes.get("logging_s")
    if not isinstance(training, int | float) or not isinstance(logging, int | float) or not training > 0:
        return None
    try:
        share = logging / training
    except OverflowError:  # JSON holds whole numbers of any size
        return None
    return share if math.isfinite(share) else None
