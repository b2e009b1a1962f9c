"""What a fit compiles: as often with the callback as without it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.support.mode_table import ROOT


def printed_by(module: str) -> Any:
    """What a module prints in a process of its own, which chooses the backend."""
    done = subprocess.run([sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_jax_compiles_the_training_step_once() -> None:
    assert printed_by("tests.support.compilations") == {"bare": 1, "logged": 1}


def test_jax_does_not_wait_for_what_takes_long_to_compile() -> None:
    found = printed_by("tests.support.later_cases")
    assert found["same weights"]
    assert found["every loss"]
    # A step is compiled for small batches from the third on, which is one, and for large ones from the fourth on.
    assert found["recorded"] == list(range(4, 36))
    assert found["same numbers"]
    assert len(found["said"]) == 1
    assert found["short"]
    assert found["at once"] == [0, 0]


def test_tensorflow_traces_the_training_step_once() -> None:
    found = printed_by("tests.support.traces")
    assert found["bare"]["traces"] == 2  # by Keras itself: the first one makes the optimizer's variables
    assert found["logged"]["traces"] == 1
    assert found["logged"]["variables"] == found["bare"]["variables"]
    assert found["logged"]["bits"] == found["bare"]["bits"]
