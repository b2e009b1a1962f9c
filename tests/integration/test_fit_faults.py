"""A fault of ours costs the part that has it and one warning; training and the other parts go on, on each backend."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import pytest

import tb_cnnviz
from tests.support.faults import STAGES, STARVED
from tests.support.fits import compiled, images, make, run_of, train
from tests.support.mode_table import BACKENDS, outcome, start

Results = dict[str, dict[str, Any]]


def tried(folder: Path, backend: str, *each: tuple[str, ...]) -> list[Results]:
    """What `tests.support.faults` finds with each of some options, in processes of their own that run at once."""
    files = [folder / f"{backend}-{number}.json" for number in range(len(each))]
    running = [start(backend, "tests.support.faults", file, *own) for file, own in zip(files, each, strict=True)]
    return [outcome(process, file) for process, file in zip(running, files, strict=True)]


def problems(results: Results) -> dict[str, str]:
    return {name: result["problem"] for name, result in results.items() if result["problem"]}


@pytest.mark.parametrize("backend", BACKENDS)
def test_faults_and_interrupts(tmp_path: Path, backend: str) -> None:
    (results,) = tried(tmp_path, backend, ())
    assert problems(results) == {}
    assert {f"{stage}, always, ZeroDivisionError" for stage in STAGES} <= set(results)
    assert {f"{stage}, always, MemoryError" for stage in STARVED} <= set(results)
    assert sum(result["fired"] for result in results.values()) >= 4  # interrupts


@pytest.mark.full
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fault_in_every_function_that_a_fit_calls(
    tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PyTorch's threads of the one process would wait for those of the other.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for results in tried(tmp_path, backend, ("--complete", "ZeroDivisionError"), ("--complete", "KeyboardInterrupt")):
        assert problems(results) == {}
        assert sum(result["fired"] for result in results.values()) > 400


def test_a_model_that_cannot_be_run_beside_training_has_all_but_its_maps(tmp_path: Path) -> None:
    class TrainsOnly(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = make(1)

        def call(self, x: Any, training: bool = False) -> Any:
            if not training:
                raise NotImplementedError("no inference here")
            return self.inner(x)

    model = compiled(TrainsOnly())
    model(images(1)[0], training=True)
    with warnings.catch_warnings():  # the model says itself that it has none: a notice is enough
        warnings.simplefilter("error", RuntimeWarning)
        train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=2)])
    run = run_of(tmp_path)
    assert {"filters", "gradients", "losses"} <= set(run.kinds)
    assert any("no inference here" in str(notice) for notice in run.notices)
