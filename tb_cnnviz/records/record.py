"""One record: what was seen at one step, of one kind, of one layer or of the whole model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tb_cnnviz.records.kinds import KINDS

SCHEMA_VERSION = 1

#: The largest step that a log holds: up to here every reader of JSON counts exactly.
MAX_STEP = (1 << 53) - 1

#: Array types that a record may hold; anything else in a log is refused.
DTYPES: tuple[str, ...] = (
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int8",
    "uint32",
    "uint8",
)
_KNOWN = frozenset(map(np.dtype, DTYPES))


@dataclass(frozen=True)
class Record:
    """Arrays of one kind at one step.

    Args:
        kind: the name of one of `records/kinds/`.
        step: optimizer updates since the run began; what the record shows is true of the weights after that many.
        layer: the layer's path, or None for kinds that belong to the whole model.
        arrays: name to array; dtypes from `DTYPES`. docs/log_format.md lists names and shapes by kind.
        attributes: small JSON values that describe the arrays. Not for bulk, and never NaN or Inf: those go in arrays.
        wall_time: seconds since the epoch, at capture.

    Raises:
        ValueError: for an unknown kind, a layer where the kind has none (or none where it needs one), a negative
            step, or an array of another dtype.
    """

    kind: str
    step: int
    layer: str | None = None
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    wall_time: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"kind: {self.kind!r} is not a kind of record; accepted are {', '.join(KINDS)}")
        if kind.has_layer != (self.layer is not None):
            needs = "needs the path of a layer" if kind.has_layer else "belongs to the whole model: give layer=None"
            raise ValueError(f"layer: {self.layer!r} given, but a record of kind {self.kind!r} {needs}")
        if self.step < 0:
            raise ValueError(f"step: {self.step} given; a step counts optimizer updates and starts at 0")
        for name, array in self.arrays.items():
            if array.dtype not in _KNOWN and array.dtype.name not in DTYPES:  # the name of a dtype takes long to make
                raise ValueError(f"arrays[{name!r}]: dtype {array.dtype} given; accepted are {', '.join(DTYPES)}")
