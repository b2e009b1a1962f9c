"""Read a log in Python: `open_log`. Needs neither Keras nor TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import user_cache
from tb_cnnviz.eventlog.index_entry import IndexEntry
from tb_cnnviz.eventlog.notices import LogNotice
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.kinds import KINDS, Kind, Owner
from tb_cnnviz.records.kinds.kind import Asked, Join
from tb_cnnviz.records.layer_rows import rows_of
from tb_cnnviz.records.model import LayerRecord, ModelRecord
from tb_cnnviz.records.record import Record


def open_log(path: str | Path) -> Log:
    """Open the log below a folder, read only: a mapping from run name to `Run`.

    Runs are named as TensorBoard names them: by their folder below `path`, with '/', and '.' for `path` itself.

    Example:
        >>> log = open_log("runs")
        >>> run = log["adam"]
        >>> kernel = run.read("filters", "conv2d", run.steps("filters", "conv2d")[-1])["kernel"]

    Raises:
        FileNotFoundError: when the folder does not exist.
        ValueError: for a remote address.
    """
    index = LogIndex({"": str(path)}, user_cache())
    if not Path(path).is_dir():
        raise FileNotFoundError(f"path: {str(path)!r} given, but there is no such folder")
    log = Log(index)
    log.refresh()
    return log


class Log(Mapping[str, "Run"]):
    """The runs below a folder, as they stood at the last `refresh`."""

    def __init__(self, index: LogIndex) -> None:
        self._index = index

    def refresh(self) -> None:
        """Look for what was logged since."""
        self._index.refresh()

    def __getitem__(self, name: str) -> Run:
        try:
            return Run(self._index[name])
        except KeyError:
            there = ", ".join(list(self._index)[:8]) or "nothing"
            raise KeyError(f"run {name!r} is not in this log; there is {there} ({len(self)} in all)") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


class Run:
    """One run of a log."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index

    @property
    def name(self) -> str:
        return self._index.name

    @property
    def kinds(self) -> list[str]:
        """The kinds of record that the run holds."""
        return self._index.kinds

    @property
    def model(self) -> ModelRecord | None:
        """The network as it was last described, or None where that cannot be read."""
        return self._index.model()

    @property
    def layers(self) -> list[LayerRecord]:
        """The layers of the network: path, type, kernel_size, strides, receptive_field …"""
        model = self.model
        return list(model.layers) if model else []

    @property
    def notices(self) -> list[LogNotice]:
        """What was skipped, given up or found damaged, and why."""
        return self._index.notices

    def steps(self, kind: str, layer: str | None = None) -> list[int]:
        """Every logged step of a kind, ascending.

        Args:
            layer: the layer's path for kinds that belong to one; for gradients and
                gradient_samples a variable's path or None; for
                activations and errors the path of a layer that the last record has, or None.

        Raises:
            KeyError: where nothing of the kind is logged; its message says what there is.
        """
        owner = self._kind(kind).owner
        if owner is Owner.VARIABLES and layer is not None:
            self._column(layer, None)
        if owner is Owner.ROWS and layer is not None:
            self._need_row(kind, layer)
        return self._steps(kind, self._owner(kind, layer))

    def wall_times(self, kind: str, layer: str | None, step: int) -> list[float]:
        """When each record at a step was captured, in seconds since the epoch: more than one where a restart repeated it.

        They stand in the order in which they were logged: `read` takes the last, and any other by `repeat`.

        Raises:
            KeyError: for a kind, layer or step that is not logged; its message says what there is.
        """
        return [entry.wall_time for entry in self._index.repeats(kind, self._owner(kind, layer), step)]

    def read(
        self, kind: str, layer: str | None = None, step: int | None = None, *, repeat: int | None = None
    ) -> dict[str, Any]:
        """Arrays and attributes of one record, in full precision where they were logged with eight bits.

        - filters: `kernel` float32 [out, in/groups, *spatial], `norm` [out], `bias`, `pointwise` and
          `recurrent` where there are, `gates` of a recurrent layer;
        - feature_maps: `maps` float32 [images, channels, *spatial], `channels` int64 (which ones), `of` (how many there
          are), statistics over all channels, and for a pooling layer its `input` and `input_channels`;
        - operations: `input` and `output` [channels, *spatial] of the first probe image, float32 or float16 as logged;
        - gradients: for one variable `norm`, `mean`, `min`, `max`, `zeros`, `nan`, `inf`, `histogram` int64 [bins],
          `edges` float64 [bins + 1], `update_norm`, `weight_norm`, and `sampled`: the histogram is of every such
          element (1: of all); with layer None the same with a row for each of `variables`. Under gradient accumulation
          what is received is that of the update's last micro-batch, and `micro_norm`, `micro_histogram` … have a row
          for each of `micro_batch`; where a step uses several `optimizers`, `optimizer` says by its index whose call the
          row is of (the last in the step), and `calls` how many there were;
        - gradient_norms: columns `step`, `batch` and `norm` float32 [m], a row for each training batch; with layer None
          `norm` [m, n] of all `variables`. With step None over all records;
        - gradient_samples: for one variable `indices` int64 (flat), `gradient`, `value` and `update` float32 of up to 256
          weights, and under gradient accumulation `micro_gradient` with a row for each of `micro_batch`; with layer None
          those of all `variables` one after the other, `counts` of each;
        - activations, errors: of one layer, by name as docs/log_format.md lists them, `histogram` and `channel_histogram`
          int64 with all bins between `edges`, and its `pre_activation` as a dict of the same; with layer None all
          `rows` by (layer, place);
        - error_maps: `maps` float32 [images, channels, *spatial], `channels` int64, `of`, `place`;
        - probe: `x`, `y` and what else was given;
        - losses: columns `step`, `batch`, `loss`, `learning_rate`, `epoch`, `examples`, `wall_time`: a row for each batch.
          Batches that share a step (micro-batches of one update, or one whose update was skipped for an overflow) are
          told apart by `batch` = 0, 1, …; the last one's update was applied. Of a train_step that returns its losses also
          a column for each of them, and `sources`: what each is. epochs: a column for each metric, `step` and
          `epoch`; a metric that is named like one of these is `metric:step`, `metric:epoch` …. With
          step None over all records, rows that were logged again once, the later value. A damaged record is left out
          then, with a notice.

        Args:
            layer: the layer's path for kinds that belong to one, and for activations and errors (or None); a variable's
                path or None for gradients and gradient_samples; else None.
            step: a logged step; None takes the last one, and for losses and epochs all of them.
            repeat: which of the records at the step, where a restart repeated it: 0 is the first. None takes the last.

        Raises:
            KeyError: for a kind, layer, variable, step or repeat that is not logged; its message says what there is.
            DamagedRecord: when the bytes on disk are not those that were written.
        """
        known = self._kind(kind)
        if known.join is not None:
            return self._joined(known.join, kind, layer, step, repeat)
        owner = self._owner(kind, layer)
        at = self._steps(kind, owner)[-1] if step is None else step
        entry = self._repeat(kind, owner, at, repeat)
        record = self._index.read_entry(entry)
        try:
            return known.restore(record, self._asked(known, layer, record, entry))
        except DamagedRecord as damage:
            self._index.note(entry, damage.reason)
            raise

    def record(self, kind: str, step: int) -> Record:
        """A record of the whole network as it was written, with a column for each array: many of them are read faster so.

        Raises:
            KeyError, DamagedRecord: as `read` does.
        """
        return self._index.read(kind, None, step)

    def _kind(self, name: str) -> Kind:
        if name not in KINDS:
            self._index.locate(name, None, 0)  # raises, and says what there is
        return KINDS[name]

    def _owner(self, kind: str, layer: str | None) -> str | None:
        """The layer that the records bear: a variable, or the layer of a row, stands inside of them."""
        return None if self._kind(kind).owner in (Owner.VARIABLES, Owner.ROWS) else layer

    def _asked(self, kind: Kind, layer: str | None, record: Record, entry: IndexEntry) -> Asked:
        if kind.owner is Owner.VARIABLES:
            model = self._index.model(record.step)
            names = [item.path for item in model.variables] if model else []
            return Asked(variables=names, column=None if layer is None else self._column(layer, record.step))
        return Asked(layer, source=self._source(kind, record, entry))

    def _repeat(self, kind: str, layer: str | None, step: int, repeat: int | None) -> IndexEntry:
        entries = self._index.repeats(kind, layer, step)
        if repeat is None:
            return entries[-1]
        if not 0 <= repeat < len(entries):
            raise KeyError(f"repeat {repeat} of {kind} at step {step} is not logged; there are 0 to {len(entries) - 1}")
        return entries[repeat]

    def _steps(self, kind: str, layer: str | None) -> list[int]:
        steps = self._index.steps(kind, layer)
        if not steps:
            self._index.locate(kind, layer, 0)  # raises, and says what there is
        return steps

    def _need_row(self, kind: str, layer: str) -> None:
        last = self._index.read_entry(self._repeat(kind, None, self._steps(kind, None)[-1], None))
        layers = list(dict.fromkeys(row["layer"] for row in rows_of(last)))
        if layer not in layers:
            there = ", ".join(layers[:8]) or "none"
            raise KeyError(f"layer {layer!r} has no {kind}; there is {there} ({len(layers)} in all)")

    def _joined(self, join: Join, kind: str, layer: str | None, step: int | None, repeat: int | None) -> dict[str, Any]:
        owner, known = self._owner(kind, layer), KINDS[kind]
        self._steps(kind, owner)
        if step is not None:
            return self._join(join, known, layer, [self._repeat(kind, owner, step, repeat)])
        entries = self._index.entries(kind)
        try:
            return self._join(join, known, layer, entries)
        except DamagedRecord:  # costs itself alone
            sound = [entry for entry in entries if self._is_sound(join, known, layer, entry)]
            if not sound:
                raise
            return self._join(join, known, layer, sound)

    def _join(self, join: Join, kind: Kind, layer: str | None, entries: Sequence[IndexEntry]) -> dict[str, Any]:
        records = [self._index.read_entry(entry) for entry in entries]
        return join(records, self._asked(kind, layer, records[-1], entries[-1]))

    def _is_sound(self, join: Join, kind: Kind, layer: str | None, entry: IndexEntry) -> bool:
        try:
            self._join(join, kind, layer, [entry])
        except DamagedRecord as damage:
            self._index.note(entry, damage.reason)
            return False
        return True

    def _column(self, variable: str, step: int | None) -> int:
        model = self._index.model(step)
        names = [item.path for item in model.variables] if model else []
        if variable not in names:
            there = ", ".join(names[:8]) or "no variable that can be read"
            raise KeyError(f"variable {variable!r} is not in the model record; there is {there} ({len(names)} in all)")
        return names.index(variable)

    def _source(self, kind: Kind, record: Record, entry: IndexEntry) -> Record | None:
        """The record of the layer whose output this one's layer reads, where the record does not hold its input.

        Of a step that was repeated, the one that was logged with this record.
        """
        source = record.attributes.get("input_layer")
        if kind.input_in is None or kind.input_in in record.arrays or not isinstance(source, str):
            return None
        try:
            there = self._index.repeats(record.kind, source, record.step)
        except KeyError:
            return None
        same_file = [other for other in there if other.file == entry.file]
        nearest = min(same_file, key=lambda other: abs(other.offset - entry.offset), default=None)
        return self._index.read_entry(nearest) if nearest else None
