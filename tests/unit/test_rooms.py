"""Imports go one way: each room may import only what docs/architecture.md allows it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "tb_cnnviz"

FORBIDDEN = {
    "records": (
        "tb_cnnviz.capture",
        "tb_cnnviz.loggers",
        "tb_cnnviz.eventlog",
        "tb_cnnviz.plugin",
        "keras",
        "tensorflow",
        "tensorboard",
    ),
    "capture": ("tb_cnnviz.loggers", "tb_cnnviz.eventlog", "tb_cnnviz.plugin", "tensorboard"),
    "eventlog": ("tb_cnnviz.capture", "tb_cnnviz.loggers", "tb_cnnviz.plugin", "keras", "tensorflow"),
    "analysis": ("tb_cnnviz.capture", "tb_cnnviz.loggers", "tb_cnnviz.plugin", "keras", "tensorflow", "tensorboard"),
    "command_line": (
        "tb_cnnviz.capture",
        "tb_cnnviz.loggers",
        "tb_cnnviz.callbacks",
        "tb_cnnviz.plugin",
        "keras",
        "tensorflow",
    ),
    "plugin": ("tb_cnnviz.capture", "tb_cnnviz.loggers", "tb_cnnviz.callbacks", "keras", "tensorflow"),
}


def imports(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_import_points_back(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        found = imports(path.read_text(encoding="utf-8"))
        wrong = {name for name in found for bad in FORBIDDEN[room] if name == bad or name.startswith(bad + ".")}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


def test_looking_at_a_log_needs_no_keras_and_no_tensorflow() -> None:
    code = (
        "import sys\n"
        "for name in ('keras', 'tensorflow', 'jax', 'torch'): sys.modules[name] = None\n"
        "import tb_cnnviz, tb_cnnviz.plugin.plugin, tb_cnnviz.command_line.main\n"
        "tb_cnnviz.open_log, tb_cnnviz.assert_healthy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_public_names_are_those_of_the_documentation() -> None:
    import tb_cnnviz

    assert set(tb_cnnviz.__all__) == {
        "CNNViz",
        "FeatureMapLogger",
        "FilterLogger",
        "GradientLogger",
        "LossLogger",
        "Schedule",
        "__version__",
        "assert_healthy",
        "open_log",
        "snapshot",
    }
