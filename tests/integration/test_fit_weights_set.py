"""Weights that callbacks set without an update, on every backend: one process for each, whose results are read here."""

from __future__ import annotations

import pytest

from tests.support.mode_table import BACKENDS, Results, run_all
from tests.support.weight_cases import CASES


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_all(tmp_path_factory.mktemp("weights"), "tests.support.weight_cases")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_weights_set_without_an_update_are_said_and_shown(results: Results, backend: str, case: str) -> None:
    assert not results[backend][case]["text"], results[backend][case]["text"]
