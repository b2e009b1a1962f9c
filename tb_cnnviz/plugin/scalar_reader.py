"""TensorBoard's own reader of scalars, which keeps a sample of each tag's points in memory."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.context import RequestContext
from tensorboard.data.provider import RunTagFilter
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from tb_cnnviz.plugin.scalar_table import Datum

#: What the reader keeps of a tag unless --samples_per_plugin says otherwise; 0 there says all.
KEPT_BY_DEFAULT = 1000
MAX_POINTS = 10_000

_SESSION_START = "_hparams_/session_start_info"
_MAX_SESSION_BYTES = 64 << 10
_PLAIN = ("string_value", "number_value", "bool_value")

_log = logging.getLogger("tb_cnnviz")


class ScalarReader:
    """Asks the data provider; where it fails or is missing, says so once and has nothing to tell.

    Args:
        provider: TensorBoard's data provider, or None.
        sampling_hints: points that the reader keeps, by plugin.
    """

    def __init__(self, provider: Any, sampling_hints: Mapping[str, int] | None = None) -> None:
        self._provider = provider
        kept = (sampling_hints or {}).get("scalars")
        self.points = min(KEPT_BY_DEFAULT if kept is None else kept or MAX_POINTS, MAX_POINTS)
        self._has_warned = False

    def tags(self) -> Mapping[str, Mapping[str, Any]] | None:
        """By run and tag: `max_step` and `max_wall_time`; None where this cannot be told now."""
        found: Mapping[str, Mapping[str, Any]] | None = self._ask("list_scalars", plugin_name="scalars")
        return found

    def start_times(self) -> Mapping[str, float]:
        """When each run began, in seconds since the epoch; runs of which it is not known are left out."""
        return {run.run_name: float(run.start_time) for run in self._ask("list_runs") or () if run.start_time}

    def hparams(self) -> Mapping[str, Mapping[str, str | float | bool]]:
        """The settings of each run that began a session of the HParams tab."""
        only = RunTagFilter(tags=[_SESSION_START])
        found = self._ask("list_tensors", plugin_name="hparams", run_tag_filter=only) or {}
        return {run: _settings(tags[_SESSION_START].plugin_content) for run, tags in found.items()}

    def read(
        self, runs: Collection[str], tags: Collection[str], points: int
    ) -> Mapping[str, Mapping[str, Sequence[Datum]]] | None:
        """By run and tag at most so many points, by ascending step; None where they cannot be read now."""
        only = RunTagFilter(runs=runs, tags=tags)
        details = {"plugin_name": "scalars", "downsample": points, "run_tag_filter": only}
        found: Mapping[str, Mapping[str, Sequence[Datum]]] | None = self._ask("read_scalars", **details)
        return found

    def _ask(self, question: str, **details: Any) -> Any:
        # The logs are on this machine's disks: no answer depends on who asks, and the experiment has no name.
        try:
            return getattr(self._provider, question)(RequestContext(), experiment_id="", **details)
        except Exception as error:  # whatever a reader may raise, the runs with records are served
            if not self._has_warned:
                self._has_warned = True
                _log.warning("the tab CNN leaves out runs without records: TensorBoard's reader fails: %r", error)
            return None


def _settings(content: bytes) -> dict[str, str | float | bool]:
    if len(content) > _MAX_SESSION_BYTES:
        return {}
    try:
        values = HParamsPluginData.FromString(content).session_start_info.hparams
    except DecodeError:
        return {}
    return {
        name: getattr(value, kind)
        for name, value in sorted(values.items())
        if (kind := value.WhichOneof("kind")) in _PLAIN
    }
