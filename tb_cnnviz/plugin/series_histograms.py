"""The histograms of a series: read for the rows kept only, since they are large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.chosen_rows import refuse_large
from tb_cnnviz.plugin.columns import HISTOGRAM
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.histogram import untrim


def histograms(
    run: RunIndex, entries: Sequence[IndexEntry], size: int, chosen: list[int] | None, time: ReadingTime
) -> tuple[int, np.ndarray]:
    """First bin, and counts uint32 [entries, columns, bins] on the bins that any of them uses.

    Args:
        size: so many variables or rows the records have; one of another number, or that cannot be read, has no counts.
        chosen: the places of those asked for, or None for all.

    Raises:
        HttpError: 400 for an answer above MAX_ANSWER_BYTES, 503 where the time is up.
    """
    kept = slice(None) if chosen is None else chosen
    width = size if chosen is None else len(chosen)
    read: list[tuple[int, np.ndarray]] = []
    start, stop = 0, 0
    for entry in entries:
        time.check(len(read), len(entries))
        first, counts = _histogram(run, entry, size, kept)
        if counts.size:
            last = first + counts.shape[1]
            start, stop = (min(start, first), max(stop, last)) if stop > start else (first, last)
        refuse_large(len(entries) * width * (stop - start) * 4)
        read.append((first, counts))
    joined = np.zeros((len(entries), width, stop - start), np.uint32)
    for row, (first, counts) in enumerate(read):
        if counts.size:
            joined[row, :, first - start : first - start + counts.shape[1]] = counts
    return start, joined


def _histogram(run: RunIndex, entry: IndexEntry, size: int, kept: slice | list[int]) -> tuple[int, np.ndarray]:
    """First bin and counts [kept, bins] of one record, on the bins that they use; no bins where it cannot be read."""
    nothing = 0, np.zeros((0, 0), np.uint32)
    try:
        record = run.read_entry(entry)
    except DamagedRecord:
        return nothing
    start, counts = record.attributes.get("bin_start"), record.arrays.get(HISTOGRAM)
    if not isinstance(start, int) or counts is None or counts.ndim != 2 or len(counts) != size:
        return nothing
    try:
        untrim(start, counts[:0])
    except ValueError:
        return nothing
    bins = np.flatnonzero(counts[kept].any(axis=0))
    if not bins.size:
        return nothing
    # A copy: a view would keep the whole record in memory.
    return start + int(bins[0]), counts[kept][:, bins[0] : bins[-1] + 1].copy()
