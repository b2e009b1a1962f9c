"""The page's colour tables equal matplotlib's own answer for values inside each entry's range."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "plugin_frontend" / "src" / "math" / "colour_maps.ts"


def baked_table(name: str) -> np.ndarray:
    """The table of the TypeScript module as uint8 [256, 3]."""
    block = re.search(rf"export const {name}: ColourMap = {{(.*?)}};", SOURCE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None, f"no table {name}"
    digits = "".join(re.findall(r'"([0-9a-f]{6,})"', block.group(1)))
    return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, 3)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("viridis", "viridis"), ("cividis", "cividis"), ("rdbu", "RdBu_r"), ("brbg", "BrBG"), ("grey", "gray")],
)
def test_table_equals_matplotlib(ours: str, theirs: str) -> None:
    middles = (np.arange(256) + 0.5) / 256
    expected = np.rint(matplotlib.colormaps[theirs](middles)[:, :3] * 255).astype(int)
    assert np.abs(baked_table(ours).astype(int) - expected).max() <= 1


def test_rdbu_runs_from_blue_to_red() -> None:
    red, _, blue = baked_table("rdbu").astype(int).T
    assert blue[0] > red[0]
    assert red[255] > blue[255]


def test_committed_file_is_up_to_date() -> None:
    script = ROOT / "scripts" / "bake_colour_maps.py"
    subprocess.run([sys.executable, str(script), "--check"], check=True, capture_output=True)
