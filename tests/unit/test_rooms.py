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

#: Rooms and root modules that write a log, the ground first: each imports only itself and those before it.
WRITING_FLOORS = (
    ("version.py",),
    ("records",),
    ("capture", "eventlog", "schedule.py"),
    ("analysis", "run_writer.py"),
    ("loggers",),
    ("callbacks.py", "snapshot.py", "command_line", "healthy.py"),
    ("__init__.py",),
)

#: Rooms of capture, the ground first: each imports only itself and those before it.
CAPTURE_FLOORS = ("hook", "messages", "backends", "in_step", "network", "quantities")


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


def files_of(place: str) -> list[Path]:
    return list((PACKAGE / place).rglob("*.py")) if (PACKAGE / place).is_dir() else [PACKAGE / place]


@pytest.mark.parametrize("floor", range(len(WRITING_FLOORS) - 1))
def test_no_room_that_writes_imports_one_above_it(floor: int) -> None:
    """A circle between rooms would need such an import. The package itself is above all."""
    above = [place.removesuffix(".py") for floor in WRITING_FLOORS[floor + 1 : -1] for place in floor]
    for path in [path for place in WRITING_FLOORS[floor] for path in files_of(place)]:
        found = imports(path.read_text(encoding="utf-8"))
        wrong = {name for name in found for bad in above if f"{name}.".startswith(f"tb_cnnviz.{bad}.")}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"
        assert "tb_cnnviz" not in found, f"{path.relative_to(PACKAGE)} imports the package itself"


def test_every_module_of_the_package_has_a_floor() -> None:
    there = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"plugin"} == {place for floor in WRITING_FLOORS for place in floor}


@pytest.mark.parametrize("room", ["records", "capture", "eventlog", "loggers", "plugin"])
def test_no_two_files_of_a_room_import_each_other(room: str) -> None:
    """By whatever way round: what only types need does not count."""
    paths = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in files_of(room)}
    needs = {
        name: {other for other in imports(path.read_text(encoding="utf-8")) if other in paths and other != name}
        for name, path in paths.items()
        if path.name != "__init__.py"
    }
    while free := [name for name, needed in needs.items() if not needed & needs.keys()]:
        for name in free:
            del needs[name]
    assert not needs, f"circles among {sorted(needs)}"


@pytest.mark.parametrize("room", CAPTURE_FLOORS)
def test_no_room_of_capture_imports_one_above_it(room: str) -> None:
    above = CAPTURE_FLOORS[CAPTURE_FLOORS.index(room) + 1 :]
    folder = PACKAGE / "capture" / room
    files = list(folder.rglob("*.py")) or [folder.with_suffix(".py")]
    for path in files:
        found = imports(path.read_text(encoding="utf-8"))
        wrong = {name for name in found for bad in above if f"{name}.".startswith(f"tb_cnnviz.capture.{bad}.")}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


def test_every_file_of_capture_has_a_room() -> None:
    assert {path.stem for path in (PACKAGE / "capture").iterdir() if path.stem[0] != "_"} == set(CAPTURE_FLOORS)


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
