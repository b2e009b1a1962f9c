"""Kernels of convolutions, at picture steps."""

from __future__ import annotations

from tb_cnnviz.capture import filters, layer_kinds
from tb_cnnviz.capture.layer_tree import PlacedLayer
from tb_cnnviz.capture.step import InstrumentedStep
from tb_cnnviz.loggers.fit import Fit
from tb_cnnviz.loggers.part import Part
from tb_cnnviz.loggers.pictures import filter_grid
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import restore_kernel


class FilterPart(Part):
    """Logs the kernels of every convolution that is asked for.

    Args:
        max_bytes: at one step. The smallest kernels that fit are logged at every picture step, the others at the
            first and the last step and those that end an epoch, which a notice says.
    """

    name = "filters"

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._always: list[PlacedLayer] = []
        self._rarely: list[PlacedLayer] = []
        self._latest: dict[str, Record] = {}

    def begin(self, fit: Fit, step: InstrumentedStep) -> None:
        chosen = [p for p in fit.placed if layer_kinds.role(p.layer) == "convolution" and fit.is_asked(p.path)]
        left = self._max_bytes
        for item in sorted(chosen, key=lambda p: filters.record_bytes(p.layer)):
            left -= filters.record_bytes(item.layer)
            (self._always if left >= 0 else self._rarely).append(item)
        if self._rarely:
            names = ", ".join(p.path for p in self._rarely)
            fit.notice(
                self.name,
                f"the kernels of {names} are logged at the first and the last step and at epoch ends only: with them "
                f"a step's kernels would take more than {self._max_bytes} bytes (see max_bytes_per_step)",
            )

    def pictures(self, fit: Fit, step: int, *, is_full: bool) -> list[Record]:
        if any(record.step != step for record in self._latest.values()):
            self._latest.clear()
        items = [p for p in self._always + (self._rarely if is_full else []) if p.path not in self._latest]
        fresh = [filters.record(item.layer, item.path, step) for item in items]
        self._latest.update({str(record.layer): record for record in fresh})
        return fresh

    def stock_pictures(self, fit: Fit, step: int) -> None:
        for path, record in self._latest.items():
            if record.step == step:
                kernel = restore_kernel(record.arrays["kernel"], record.arrays.get("scale"))
                fit.writer.stock.image(f"filters/{path}", filter_grid(kernel), fit.logged_epoch)
