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
    """The table of the TypeScript module as uint8 [256, 3]: its first entry, and the steps behind it by channel."""
    block = re.search(rf"export const {name}: ColourMap = colourMap\((.*?)\);", SOURCE.read_text("utf-8"), re.DOTALL)
    assert block is not None, f"no table {name}"
    first = re.search(r"\[(.*?)\]", block.group(1))
    assert first is not None
    letters = "".join(re.findall(r'"([A-Z]{10,})"', block.group(1)))
    steps = np.frombuffer(letters.encode(), np.uint8).astype(int).reshape(3, 255) - ord("M")
    levels = np.cumsum(np.column_stack([np.fromstring(first.group(1), int, sep=","), steps]), axis=1)
    assert levels.min() >= 0
    assert levels.max() <= 255
    return levels.T.astype(np.uint8)


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
