"""Models with a train_step of their own on each backend: several optimizers, none that is called, no `call`."""

from __future__ import annotations

import pytest

from tests.support.mode_table import BACKENDS, Results, run_all
from tests.support.own_step_cases import CASES


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run_all(tmp_path_factory.mktemp("own-steps"), "tests.support.own_step_cases")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_a_train_step_of_ones_own(results: Results, backend: str, case: str) -> None:
    if case not in results[backend]:
        pytest.skip("only on TensorFlow")
    assert not results[backend][case]["text"], results[backend][case]["text"]
