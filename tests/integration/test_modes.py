"""Capture in every mode of training, on every backend: one process for each, whose results are read here."""

from __future__ import annotations

import pytest

from tests.support.mode_table import BACKENDS, PAGE, Results, page_with, run_all, table
from tests.support.modes import MODES

CELLS = [(backend, name) for backend in BACKENDS for name, mode in MODES.items() if backend in mode.backends]

#: What Keras refuses without us, which the mode shows by a bare run, and what we refuse, for a reason that it gives.
REFUSED_BY_KERAS = {("torch", "steps per execution"), ("tensorflow", "multi-worker")}
REFUSED_BY_US = {("torch", "jit")}
REFUSED = REFUSED_BY_KERAS | REFUSED_BY_US


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_all(tmp_path_factory.mktemp("modes"))


@pytest.mark.parametrize(("backend", "name"), CELLS)
def test_capture_in_a_mode(results: Results, backend: str, name: str) -> None:
    result = results[backend][name]
    assert result["outcome"] != "failed", result["text"]
    assert (result["outcome"] == "refused") == ((backend, name) in REFUSED), result["text"]


def test_the_table_in_the_docs_is_made_from_these_results(results: Results) -> None:
    made = page_with(table(results, {name: mode.title for name, mode in MODES.items()}))
    assert PAGE.read_text(encoding="utf-8") == made, "stale: run scripts/generate_capture_table.py"
