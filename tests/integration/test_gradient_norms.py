"""Norms of gradients at every step, on each backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mode_table import BACKENDS, outcome, start


@pytest.mark.parametrize("backend", BACKENDS)
def test_norms_of_every_step_are_those_that_the_weights_show(tmp_path: Path, backend: str) -> None:
    results = tmp_path / "results.json"
    found = outcome(start(backend, "tests.support.norm_cases", results), results)
    assert len(found) >= 6
    assert {name: case["text"] for name, case in found.items() if case["text"]} == {}
