"""Where a run's log ended, for a fit that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tb_cnnviz.eventlog.encoding import DamagedRecord
from tb_cnnviz.eventlog.filesystem import find_records, local_path
from tb_cnnviz.eventlog.index import LogIndex, RunIndex


@dataclass(frozen=True)
class Resume:
    """`last_epoch` is None where no epoch ended. The offsets are those of the last session record, `examples` those
    seen until the last logged loss. `weights` is the fingerprint of the weights at `weights_step`, None where the last
    pictures do not say it."""

    last_step: int
    last_epoch: int | None
    iterations_offset: int
    epoch_offset: int
    examples: int
    weights: int | None = None
    weights_step: int | None = None


def last_session(log_dir: str | Path) -> Resume | None:
    """What the run's own records say, or None where there are none.

    Raises:
        ValueError: for a remote log_dir.
    """
    folder = local_path(log_dir)
    if not any(found.folder == "." for found in find_records(folder)):
        return None
    index = LogIndex({"": str(folder)})
    index.refresh()
    run = index["."]
    if not run.records:
        return None
    session = _last_attributes(run, "session")
    epoch = _last_attributes(run, "epochs").get("epoch")
    weights = _last_attributes(run, "cost").get("weights")
    return Resume(
        last_step=run.last_step,
        last_epoch=epoch if isinstance(epoch, int) else None,
        iterations_offset=_whole(session.get("iterations_offset")),
        epoch_offset=_whole(session.get("epoch_offset")),
        examples=_examples(run),
        weights=weights if isinstance(weights, int) else None,
        weights_step=run.entries("cost")[-1].step if run.entries("cost") else None,
    )


def _examples(run: RunIndex) -> int:
    for entry in reversed(run.entries("losses")):
        try:
            seen = run.read_entry(entry).arrays.get("examples")
        except DamagedRecord:
            continue
        if seen is not None and seen.size and seen.dtype.kind in "iu":
            return int(seen.reshape(-1)[-1])
    return 0


def _last_attributes(run: RunIndex, kind: str) -> dict[str, object]:
    for entry in reversed(run.entries(kind)):
        try:
            return dict(run.read_entry(entry).attributes)
        except DamagedRecord:
            continue
    return {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
