"""Which version of the package this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("tb_cnnviz")
except PackageNotFoundError:  # a checkout on the path, not installed
    __version__ = "0+unknown"
