"""A run's small part in TensorBoard's own tabs: Scalars, Histograms, Images and HParams, and the CNN tab's sign of life."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import DataClass, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS

from tb_cnnviz.eventlog.appending import AppendFile, FileName, host_name
from tb_cnnviz.eventlog.filesystem import local_path
from tb_cnnviz.eventlog.framing import frame

MODEL_TAG = "cnnviz/model"
PLUGIN_NAME = "cnnviz"

#: The Histograms tab draws this many buckets at most.
HISTOGRAM_BUCKETS = 30

_EVENT_FILE = re.compile(r"events\.out\.tfevents\.([0-9]{10})\..*")
_HPARAMS_START = "_hparams_/session_start_info"
_HPARAMS_END = "_hparams_/session_end_info"

_VERSION = "brain.Event:2"
#: What a file that takes a deleted one's place begins with, beside its version.
_LASTING = frozenset({MODEL_TAG, _HPARAMS_START})


class StockWriter:
    """Writes the stock summaries of a run, one event file a folder, begun at its first summary.

    `folder` is "" for the run itself, or "train" and "validation", as keras.callbacks.TensorBoard has them. Steps are
    whatever the caller counts: docs/log_format.md says epochs. Every summary is in the file when its call returns.
    A disk error costs one warning and never reaches the caller. A file that is deleted goes on in a new one, as the
    records do (see `RecordWriter`, which warns of it). A forked child writes to files of its own.

    Args:
        log_dir: the run's folder, on a local disk.

    Raises:
        ValueError: for a remote log_dir.
    """

    def __init__(self, log_dir: str | Path) -> None:
        self._root = local_path(log_dir)
        self._files: dict[str, AppendFile] = {}
        self._process = os.getpid()
        self._warned = False

    def scalar(self, tag: str, value: float, step: int, folder: str = "") -> None:
        tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[float(value)])
        self._summary(tag, tensor, "scalars", DataClass.DATA_CLASS_SCALAR, step, folder)

    def histogram(self, tag: str, counts: np.ndarray, edges: np.ndarray, step: int, description: str = "") -> None:
        """Counts [bins] and their ascending, finite edges [bins + 1], merged into at most `HISTOGRAM_BUCKETS`.

        `description` is what TensorBoard shows of the tag.

        Raises:
            ValueError: when there is not one edge more than counts.
        """
        buckets = equal_width_buckets(counts, edges, HISTOGRAM_BUCKETS)
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in buckets.shape])
        content = buckets.astype("<f8").tobytes()
        tensor = TensorProto(dtype=DT_DOUBLE, tensor_shape=shape, tensor_content=content)
        self._summary(tag, tensor, "histograms", DataClass.DATA_CLASS_TENSOR, step, "", description=description)

    def image(self, tag: str, images: np.ndarray, step: int, folder: str = "") -> None:
        """Pictures as uint8 [images, height, width, 1 or 3].

        Raises:
            ValueError: for another dtype or shape.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
            raise ValueError(
                f"images: {images.dtype} {images.shape} given; accepted is uint8 [images, height, width, 1 or 3]"
            )
        size = [str(images.shape[2]).encode(), str(images.shape[1]).encode()]
        values = size + [_png(picture) for picture in images]
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=len(values))])
        tensor = TensorProto(dtype=DT_STRING, tensor_shape=shape, string_val=values)
        self._summary(tag, tensor, "images", DataClass.DATA_CLASS_BLOB_SEQUENCE, step, folder)

    def model(self, json_bytes: bytes, step: int) -> None:
        """The model record as JSON: by this summary TensorBoard lists the CNN tab as active."""
        tensor = TensorProto(dtype=DT_STRING, tensor_shape=TensorShapeProto(), string_val=[json_bytes])
        self._summary(MODEL_TAG, tensor, PLUGIN_NAME, DataClass.DATA_CLASS_TENSOR, step, "")

    def hparams(self, hparams: Mapping[str, str | float | int | bool]) -> None:
        """Begin the run's session in the HParams tab; a later fit in the same folder belongs to the same one.

        The tab finds the metrics itself, among the scalars of the run and its folders. It cannot hold a number that is
        not finite, so such a number is written as text.

        Raises:
            ValueError: for a value that is neither text, number nor truth value.
        """
        # A session without a group is named by its run, which no other one shares.
        info = plugin_data_pb2.SessionStartInfo(start_time_secs=time.time())
        for name, given in hparams.items():
            value = given.item() if isinstance(given, np.generic) else given
            if isinstance(value, bool):
                info.hparams[name].bool_value = value
            elif isinstance(value, (int, float)) and math.isfinite(value):
                info.hparams[name].number_value = value
            elif isinstance(value, float):
                info.hparams[name].string_value = str(value)
            elif isinstance(value, str):
                info.hparams[name].string_value = value
            else:
                raise ValueError(
                    f"hparams[{name!r}]: {type(value).__name__} given; accepted are text, numbers, True and False"
                )
        self._hparams(_HPARAMS_START, plugin_data_pb2.HParamsPluginData(session_start_info=info))

    def end_hparams(self, *, succeeded: bool = True) -> None:
        """End the session in the HParams tab."""
        status = STATUS_SUCCESS if succeeded else STATUS_FAILURE
        info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
        self._hparams(_HPARAMS_END, plugin_data_pb2.HParamsPluginData(session_end_info=info))

    def flush(self) -> None:
        """Nothing waits in memory; kept so that both writers of a run are used alike."""

    def close(self) -> None:
        """Close the files. A later summary begins new ones."""
        while self._files:
            with contextlib.suppress(OSError):
                self._files.popitem()[1].close()

    def _hparams(self, tag: str, data: plugin_data_pb2.HParamsPluginData) -> None:
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        nothing = TensorProto(dtype=DT_FLOAT, tensor_shape=shape, float_val=[0.0])
        self._summary(tag, nothing, "hparams", DataClass.DATA_CLASS_TENSOR, 0, "", data.SerializeToString())

    def _summary(
        self,
        tag: str,
        tensor: TensorProto,
        plugin: str,
        data_class: int,
        step: int,
        folder: str,
        content: bytes = b"",
        description: str = "",
    ) -> None:
        metadata = SummaryMetadata(
            plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=content),
            data_class=data_class,
            summary_description=description,
        )
        summary = Summary(value=[Summary.Value(tag=tag, tensor=tensor, metadata=metadata)])
        event = Event(wall_time=time.time(), step=step, summary=summary)
        try:
            self._file(folder).append(frame([event.SerializeToString()]), tag if tag in _LASTING else None)
        except OSError as error:
            if folder in self._files and self._files[folder].is_damaged:
                with contextlib.suppress(OSError):
                    self._files.pop(folder).close()
            self._warn(error)

    def _file(self, folder: str) -> AppendFile:
        if self._process != os.getpid():
            self.close()
            self._process = os.getpid()
        if folder in self._files and self._files[folder].is_deleted():
            self._files[folder] = self._files[folder].renewed()
        if folder not in self._files:
            file = AppendFile(self._root / folder, _FILE_NAME)
            begin = Event(wall_time=time.time(), file_version=_VERSION)
            try:
                file.append(frame([begin.SerializeToString()]), _VERSION)
            except OSError:
                file.close()
                file.path.unlink(missing_ok=True)
                raise
            self._files[folder] = file
        return self._files[folder]

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"tb_cnnviz could not write the stock summaries below {self._root}: {error}. Training goes on.",
                RuntimeWarning,
                stacklevel=4,
            )


def _file_name(start: int) -> str:
    return f"events.out.tfevents.{start // 10**9:010}.{host_name()}.{os.getpid()}.{start}"


_FILE_NAME = FileName(_EVENT_FILE, _file_name, unit=10**9)


def equal_width_buckets(counts: np.ndarray, edges: np.ndarray, limit: int) -> np.ndarray:
    """Counts by bin as float64 [buckets, 3] of left edge, right edge and count, as the Histograms tab wants them.

    The span of the filled bins is cut into `limit` buckets of one width, and a bin's count is shared among those that
    it overlaps, in proportion: octaves near zero would otherwise be thinner than a line. The sum of counts is kept.

    Raises:
        ValueError: when there is not one edge more than counts.
    """
    if len(edges) != len(counts) + 1:
        raise ValueError(f"edges: {len(edges)} given for {len(counts)} counts; there must be one edge more than counts")
    filled = np.flatnonzero(counts)
    if not filled.size:
        return np.zeros((0, 3))
    first, last = int(filled[0]), int(filled[-1]) + 1
    counts, edges = counts[first:last].astype(np.float64), edges[first : last + 1].astype(np.float64)
    borders = np.linspace(edges[0], edges[-1], limit + 1)
    below = np.interp(borders, edges, np.concatenate([[0.0], np.cumsum(counts)]))
    return np.stack([borders[:-1], borders[1:], np.diff(below)], axis=1)


def _png(picture: np.ndarray) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(sink, "PNG")
    return sink.getvalue()
