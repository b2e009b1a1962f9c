"""Every kind of layer, network and probe on every backend: one process for each, whose results are read here."""

from __future__ import annotations

import pytest

from tests.support.layer_cases import CASES
from tests.support.mode_table import BACKENDS, Results, run_all

#: XLA compiles in two thirds of the time so. The modes, and `make test-full`, have it compile as users do.
QUICK = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}


@pytest.fixture(scope="module", params=["quickly compiled", pytest.param("as users do", marks=pytest.mark.full)])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    settings = QUICK if request.param == "quickly compiled" else {}
    return run_all(tmp_path_factory.mktemp("layers"), "tests.support.layer_cases", settings=settings)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_the_log_holds_what_keras_and_numpy_compute(results: Results, backend: str, case: str) -> None:
    assert not results[backend][case]["text"], results[backend][case]["text"]
