"""Kernels of convolutions and of convolutional recurrent layers, at picture steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tb_cnnviz.capture.network import layer_kinds
from tb_cnnviz.capture.network.layer_tree import PlacedLayer, listed
from tb_cnnviz.capture.quantities import filters
from tb_cnnviz.loggers.context import FitContext, FitProbe
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.pictures import filter_grid
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import restore_kernel


class FilterRecorder(Recorder):
    """Logs the kernels of every convolution, recurrent ones too, that is asked for; where they would not fit, not all of their filters."""

    name = "filters"
    is_pictures = True

    def __init__(self, channel_order: str = "rgb") -> None:
        self._channel_order = channel_order
        self._kept: dict[str, filters.Kept] = {}
        self._layers: dict[str, Any] = {}
        self._latest: dict[str, Record] = {}

    def wanted_bytes(self, fit: FitLog, probe: FitProbe) -> float:
        sizes = [filters.size_of(item.layer) for item in _convolutions(fit.asked_layers) if item.layer.built]
        return sum(s.bytes(is_exact=True) + 4 * s.pointwise * s.pointwise_weights + s.rest for s in sizes)

    def begin(self, context: FitContext) -> None:
        fit, max_bytes = context.fit, context.budget[self.name]
        for said in filters.notices(context.layers):
            fit.notice(self.name, said)
        convolutions = _convolutions(context.layers)
        self._layers = {item.path: item.layer for item in convolutions if item.layer.built}
        unbuilt = [item.path for item in convolutions if not item.layer.built]
        if unbuilt:
            fit.notice(
                self.name,
                f"{listed(unbuilt)}: not logged, since they have no kernel before the first batch; build them",
            )
        sizes = {path: filters.size_of(layer) for path, layer in self._layers.items()}
        self._kept = filters.choose_kept(sizes, max_bytes)
        cut = [
            f"{kept.filters} of {sizes[path].filters} of {path}"
            if kept.filters < sizes[path].filters
            else f"{kept.pointwise} of {sizes[path].pointwise} filters of the second kernel of {path}"
            for path, kept in self._kept.items()
            if kept.filters < sizes[path].filters or kept.pointwise < sizes[path].pointwise
        ]
        if cut:
            names = ", ".join(cut[:8]) + (f" and so on, {len(cut)} layers in all" if len(cut) > 8 else "")
            fit.notice(
                self.name,
                f"not all filters are logged, but {names}: all would take more than the {max_bytes} bytes that a "
                "step has for kernels (see max_bytes_per_step)",
            )

    def pictures(self, fit: FitLog, step: int, *, is_full: bool) -> list[Record]:
        if any(record.step != step for record in self._latest.values()):
            self._latest.clear()
        fresh = [
            filters.record(layer, path, step, self._kept[path])
            for path, layer in self._layers.items()
            if path not in self._latest
        ]
        self._latest.update({str(record.layer): record for record in fresh})
        return fresh

    def forget_pictures(self) -> None:
        self._latest.clear()

    def stock_pictures(self, fit: FitLog, step: int) -> None:
        for path, record in self._latest.items():
            if record.step == step:
                kernel = restore_kernel(record.arrays["kernel"], record.arrays.get("scale"))
                fit.writer.stock.image(f"filters/{path}", filter_grid(kernel, self._channel_order), fit.logged_epoch)


def _convolutions(layers: Sequence[PlacedLayer]) -> list[PlacedLayer]:
    return [item for item in layers if layer_kinds.has_kernels(item.layer)]
