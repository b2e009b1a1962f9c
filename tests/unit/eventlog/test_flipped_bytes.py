"""A short run of scripts/flip_bytes.py, which flips a million bytes when it is run by itself.

What it found stands in test_log_corruption and test_index_cache: a wall time of 1e306 s.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.support.scripts import script


@pytest.fixture(scope="module")
def flip_bytes() -> ModuleType:
    return script("scripts/flip_bytes.py")


def test_flipped_bytes_cost_only_what_they_hit(tmp_path: Path, flip_bytes: ModuleType) -> None:
    assert flip_bytes.run(6000, 1, 60, tmp_path) == []
