"""Feature maps of the probe and predictions for it, at picture steps; operations at the full ones."""

from __future__ import annotations

from tb_cnnviz.capture.quantities.feature_maps import FeatureMaps
from tb_cnnviz.loggers.context import FitContext
from tb_cnnviz.loggers.fit_log import FitLog
from tb_cnnviz.loggers.pictures import map_grid
from tb_cnnviz.loggers.recorder import Recorder
from tb_cnnviz.records import Record
from tb_cnnviz.records.quantisation import restore_maps


class FeatureMapRecorder(Recorder):
    """Logs what the layers make of the probe. The model record comes from the same pass."""

    name = "feature maps"
    is_pictures = True
    needs_pass = True

    def __init__(self) -> None:
        self._maps: FeatureMaps | None = None
        self._step: int | None = None
        self._is_told = False
        self._latest: list[Record] = []
        self._operations: list[Record] = []

    def begin(self, context: FitContext) -> None:
        self._maps = context.maps

    def pictures(self, fit: FitLog, step: int, *, is_full: bool) -> list[Record]:
        if self._maps is None:
            return []
        fresh: list[Record] = []
        if self._step != step:
            fresh = self._latest = self._maps.records(step)
            self._operations = self._maps.operations.records
            if self._step is None and self._maps.notice is not None:
                fit.notice(self.name, self._maps.notice)
            left_out = self._maps.operations.notice
            if left_out is not None and not self._is_told:
                self._is_told = True
                fit.notice("operations", left_out)
            self._step = step
        if is_full:  # kept until then: that a step ends an epoch is known only after its pictures
            fresh, self._operations = fresh + self._operations, []
        return fresh

    def forget_pictures(self) -> None:
        self._step, self._latest, self._operations = None, [], []

    def stock_pictures(self, fit: FitLog, step: int) -> None:
        for record in self._latest:
            if record.kind != "feature_maps" or record.step != step:
                continue
            maps = restore_maps(record.arrays["maps"], record.arrays.get("lo"), record.arrays.get("hi"))
            grid = map_grid(maps[0])
            if grid is not None:
                fit.writer.stock.image(f"feature_maps/{record.layer}", grid, fit.logged_epoch)
