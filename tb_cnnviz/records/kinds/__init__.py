"""Every kind of record: each file here that defines `KIND` adds one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from tb_cnnviz.records.kinds.kind import Form, Kind, Owner, Series

__all__ = ["KINDS", "ROW_KINDS", "SERIES", "Form", "Kind", "Owner", "kind_names_of", "series_of"]


def _found() -> list[Kind]:
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    kinds: list[Kind] = [module.KIND for module in modules if hasattr(module, "KIND")]
    return sorted(kinds, key=lambda kind: (kind.order, kind.name))


#: By name, in the order in which they are listed.
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _found()})


def series_of(kind: str) -> Series:
    """How a kind of `SERIES` is served as columns."""
    series = KINDS[kind].series
    assert series is not None
    return series


def kind_names_of(owner: Owner) -> tuple[str, ...]:
    """The kinds whose records are of this."""
    return tuple(name for name, kind in KINDS.items() if kind.owner is owner)


#: Kinds that are served as columns over steps, by form.
SERIES: tuple[str, ...] = tuple(
    name for form in Form for name, kind in KINDS.items() if kind.series is not None and kind.series.form is form
)

#: Kinds whose records have a row for each layer.
ROW_KINDS = kind_names_of(Owner.ROWS)
