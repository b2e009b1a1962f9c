"""What a fit compiles: as often with the callback as without it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.mode_table import ROOT


def test_jax_compiles_the_training_step_once() -> None:
    command = [sys.executable, "-m", "tests.support.compilations"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"bare": 1, "logged": 1}
