"""Write the table of docs/capture.md from a run of every mode on every backend. Takes some minutes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.mode_table import PAGE, page_with, run_all, table
from tests.support.modes import MODES


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = run_all(Path(folder))
    failed = [f"{b}, {m}:\n{r['text']}" for b, of in results.items() for m, r in of.items() if r["outcome"] == "failed"]
    if failed:
        raise SystemExit("\n\n".join(failed))
    PAGE.write_text(page_with(table(results, {name: mode.title for name, mode in MODES.items()})), encoding="utf-8")


if __name__ == "__main__":
    main()
