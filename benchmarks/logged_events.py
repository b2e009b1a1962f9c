"""How many events a log holds: what the cost of systems with different rhythms is divided by.

An event is one set of statistics (of a variable's gradients, of a layer's activations or error, at one step), or one
picture record (the filters, maps or operations of one layer, at one step). In what others write it is one summary value that
holds a histogram or images. Losses, metrics, single weights and the graph count as none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

import tb_cnnviz
from tb_cnnviz.eventlog.reader import Run

PICTURES = ("filters", "feature_maps", "operations", "error_maps")
_PLUGINS = ("histograms", "images")


@dataclass(frozen=True)
class Window:
    """The part of a fit that is measured: its steps, and the wall time at its ends."""

    first_step: int
    stop_step: int
    begin: float
    end: float


def count(folder: Path, window: Window | None = None) -> int:
    """Events in the log of one fit, all of them or those of a window."""
    if any(folder.rglob("*.records")):
        return _ours(tb_cnnviz.open_log(folder)["."], window)
    return sum(_values(path, window) for path in folder.rglob("*tfevents*"))


def _ours(run: Run, window: Window | None) -> int:
    found = 0
    for kind in run.kinds:
        if kind in PICTURES:
            found += sum(_is_picture_in(run, kind, path, step, window) for path, step in _pictures(run, kind))
        elif kind in ("gradients", "activations", "errors"):
            for step in run.steps(kind):
                if window is None or window.first_step <= step < window.stop_step:
                    record = run.read(kind, None, step)
                    found += len(record["rows"] if "rows" in record else record["norm"])
    return found


def _pictures(run: Run, kind: str) -> list[tuple[str, int]]:
    found = []
    for layer in run.layers:
        try:
            found += [(layer.path, step) for step in run.steps(kind, layer.path)]
        except KeyError:
            continue
    return found


def _is_picture_in(run: Run, kind: str, path: str, step: int, window: Window | None) -> bool:
    """The pictures at a window's first step were taken before it began."""
    if window is None:
        return True
    return step > window.first_step and window.begin <= run.wall_times(kind, path, step)[0] <= window.end


def _values(path: Path, window: Window | None) -> int:
    found = 0
    for event in tf.compat.v1.train.summary_iterator(str(path)):
        if window is None or window.begin <= event.wall_time <= window.end:
            found += sum(value.metadata.plugin_data.plugin_name in _PLUGINS for value in event.summary.value)
    return found


if __name__ == "__main__":
    import sys

    print(json.dumps({folder: count(Path(folder)) for folder in sys.argv[1:]}))
