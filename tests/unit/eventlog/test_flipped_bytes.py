"""A short run of scripts/flip_bytes.py, which flips a million bytes when it is run by itself.

What it found stands in test_log_corruption and test_index_cache: a wall time of 1e306 s.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "flip_bytes.py"


@pytest.fixture(scope="module")
def flip_bytes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flip_bytes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_flipped_bytes_cost_only_what_they_hit(tmp_path: Path, flip_bytes: ModuleType) -> None:
    assert flip_bytes.run(6000, 1, 60, tmp_path) == []
