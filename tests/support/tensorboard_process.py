"""A real TensorBoard in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60
ADDRESS = re.compile(r"http://localhost:(\d+)/")


@dataclass(frozen=True)
class TensorBoard:
    """`group` is the number of the process and of the group that its children are in."""

    address: str
    group: int

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body of a GET; an error status is an answer, not an exception."""
        request = urllib.request.Request(self.address + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def resident_bytes(self) -> int:
        """Memory of the process and its children (Linux)."""
        pages = 0
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[2]) == self.group:
                    pages += int((folder / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def json(self, path: str) -> Any:
        status, body = self.get(path)
        assert status == 200, (path, status, body[:500])
        return json.loads(body)


@contextmanager
def tensorboard(
    *arguments: str, python: str = sys.executable, env: dict[str, str] | None = None
) -> Iterator[TensorBoard]:
    """Start TensorBoard on a free port, wait until it answers, and end it with all its children."""
    command = [python, "-m", "tensorboard.main", "--port", "0", "--host", "localhost", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        with output.open("w") as sink:
            # In a folder of its own, or Python would take a package that lies in this one for the installed one.
            process = subprocess.Popen(
                command,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=env or dict(os.environ),
                cwd=folder,
                start_new_session=True,
            )
        try:
            yield TensorBoard(f"http://localhost:{_port(process, output)}", process.pid)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _port(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = ADDRESS.search(output.read_text(errors="replace"))
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"TensorBoard did not start within {START_SECONDS} s:\n{output.read_text(errors='replace')}")
