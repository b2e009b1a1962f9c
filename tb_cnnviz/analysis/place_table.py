"""Records that have a row for each place in the network, many of them at once: a quantity of one place over all steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.layer_rows import rows_of
from tb_cnnviz.records.record import Record

Place = tuple[str, str]


class PlaceTable:
    """By place, (layer, "output" or "pre_activation"); NaN where a record has no such row, or another number of channels.

    `steps` int64 [n]; `channels` by place, as the last record has them; `said` by place, what each record says of the row.
    """

    def __init__(self, records: Sequence[Record], rows: Sequence[list[dict[str, Any]]]) -> None:
        self._records = records
        self.steps = np.array([record.step for record in records], np.int64)
        self.attributes = [record.attributes for record in records]
        self.channels: dict[Place, int] = {}
        self.said: dict[Place, list[dict[str, Any]]] = {}
        self._at: dict[Place, np.ndarray] = {}
        self._begin: dict[Place, np.ndarray] = {}
        for number, table in enumerate(rows):
            begin = 0
            for index, row in enumerate(table):
                place = (row["layer"], row["place"])
                if place not in self._at:
                    self._at[place] = np.full(len(records), -1)
                    self._begin[place] = np.full(len(records), -1)
                    self.said[place] = [{}] * len(records)
                self._at[place][number], self._begin[place][number] = index, begin
                self.said[place][number] = row
                self.channels[place] = row["channels"]
                begin += row["channels"]
        self._stacked: dict[str, np.ndarray | None] = {}

    @classmethod
    def of(cls, records: Sequence[Record]) -> PlaceTable | None:
        """None where no record can be read; those that cannot are passed over."""
        sound, rows = [], []
        known: dict[bytes, list[dict[str, Any]]] = {}
        for record in records:
            try:
                text = record.arrays["rows"].tobytes()
                table = known[text] if text in known else known.setdefault(text, rows_of(record))
                _check(record, table)
            except (KeyError, DamagedRecord):
                continue
            sound.append(record)
            rows.append(table)
        return cls(sound, rows) if sound else None

    @property
    def places(self) -> list[Place]:
        return list(self._at)

    def by_row(self, name: str, place: Place) -> np.ndarray:
        """float64 [n]."""
        return self._taken(name, self._at[place], 1)[:, 0]

    def by_channel(self, name: str, place: Place) -> np.ndarray:
        """float64 [n, channels]."""
        longest = max((len(record.arrays[name]) for record in self._records if name in record.arrays), default=0)
        # What a row says of its channels was compared with the arrays of its own record alone.
        wanted = self.channels[place] if self.channels[place] <= longest else 0
        same = np.array([row.get("channels") == wanted for row in self.said[place]])
        return self._taken(name, np.where(same, self._begin[place], -1), wanted)

    def _taken(self, name: str, begin: np.ndarray, count: int) -> np.ndarray:
        """`count` values from `begin` on in each record's array; all at once where they lie at one place."""
        stacked = self._all(name)
        if stacked is not None and (begin == begin[0]).all() and begin[0] >= 0:
            return stacked[:, begin[0] : begin[0] + count].astype(np.float64)
        out = np.full((len(self._records), count), np.nan)
        for number, first in enumerate(begin):
            array = self._records[number].arrays.get(name)
            if first >= 0 and array is not None:
                out[number] = array[first : first + count]
        return out

    def _all(self, name: str) -> np.ndarray | None:
        if name not in self._stacked:
            arrays = [record.arrays.get(name) for record in self._records]
            shapes = {None if array is None else array.shape for array in arrays}
            is_same = len(shapes) == 1 and None not in shapes
            self._stacked[name] = np.stack([a for a in arrays if a is not None]) if is_same else None
        return self._stacked[name]


def _check(record: Record, rows: Sequence[dict[str, Any]]) -> None:
    """Raises DamagedRecord where an array of one value a row or channel has another length."""
    channels = sum(row["channels"] for row in rows)
    for name, array in record.arrays.items():
        if name in ("rows", "channel_edges") or name.endswith("histogram"):
            continue
        wanted = channels if name.startswith("channel_") else len(rows)
        if array.shape != (wanted,):
            raise DamagedRecord(f"{name} has shape {array.shape}, ({wanted},) expected")
