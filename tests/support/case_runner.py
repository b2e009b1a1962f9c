"""Cases of the backend in KERAS_BACKEND, run one after the other in a process of their own."""

from __future__ import annotations

import json
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def run_cases(cases: Mapping[str, Callable[[Path], Any]], results: Path, names: list[str]) -> None:
    """Write for each case what went wrong, if anything did, and the seconds it took; all of them where none is named."""
    warnings.filterwarnings("error", message=".*tb_cnnviz.*")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, run) in enumerate(cases.items()):
            if names and name not in names:
                continue
            start = time.perf_counter()
            try:
                run(Path(folder) / str(i))
                text = ""
            except Exception:
                text = traceback.format_exc()
            found[name] = {"text": text, "seconds": round(time.perf_counter() - start, 1)}
            results.write_text(json.dumps(found, indent=1))
