"""Every kind of layer, network and probe on every backend: one process for each, whose results are read here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.layer_cases import CASES
from tests.support.mode_table import BACKENDS, Results, outcome, run_all, start

MODULE = "tests.support.layer_cases"

#: JAX: all cases are compiled in a quarter of the time so. The modes, and `make test-full`, have XLA optimise as users do.
QUICK = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}

#: But this network's gradients are NaN without optimisations, with the callback and without it.
OPTIMISED = ["layers of images"]


def quickly_compiled(folder: Path) -> Results:
    """As `run_all`; the cases of JAX in two processes."""
    rest = [name for name in CASES if name not in OPTIMISED]
    made = {
        "tensorflow": start("tensorflow", MODULE, folder / "tensorflow.json"),
        "torch": start("torch", MODULE, folder / "torch.json"),
        "jax": start("jax", MODULE, folder / "jax.json", *rest, settings=QUICK),
    }
    optimised = start("jax", MODULE, folder / "optimised.json", *OPTIMISED)
    results = {backend: outcome(process, folder / f"{backend}.json") for backend, process in made.items()}
    return {**results, "jax": {**results["jax"], **outcome(optimised, folder / "optimised.json")}}


@pytest.fixture(scope="module", params=["quickly compiled", pytest.param("as users do", marks=pytest.mark.full)])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("layers")
    return quickly_compiled(folder) if request.param == "quickly compiled" else run_all(folder, MODULE)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_the_log_holds_what_keras_and_numpy_compute(results: Results, backend: str, case: str) -> None:
    assert not results[backend][case]["text"], results[backend][case]["text"]
