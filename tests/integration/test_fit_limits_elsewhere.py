"""The tests of limits, which run on TensorFlow, once more on JAX and on PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mode_table import ROOT, kept_programs


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_limits_are_kept_on(tmp_path: Path, backend: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "tests/integration/test_fit_limits.py"]
    environment = {**os.environ, **kept_programs(tmp_path / "found"), "KERAS_BACKEND": backend}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    assert "skipped" not in done.stdout
