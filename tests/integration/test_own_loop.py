"""A training loop of the user's own, with a CallbackList: one process for each backend, whose results are read here."""

from __future__ import annotations

import pytest

from tests.support.loop_cases import CASES
from tests.support.mode_table import BACKENDS, Results, run_all


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_all(tmp_path_factory.mktemp("loops"), "tests.support.loop_cases")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_the_weights_are_the_same_and_the_log_is_right(results: Results, backend: str, case: str) -> None:
    assert not results[backend][case]["text"], results[backend][case]["text"]
