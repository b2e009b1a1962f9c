"""Two real TensorBoard processes, one for each of its readers, over one log directory that tests add runs to."""

from __future__ import annotations

import http.client
import json
import shutil
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest

from tests.fixtures.make_logs import shared_logs
from tests.support.tensorboard_process import tensorboard

ROUTE = "/data/plugin/cnnviz/"
READERS = {"rustboard": "true", "python": "false"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def arrays(self) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
        """Header entry and arrays of every record in a binary answer."""
        assert self.status == 200, self.body[:300]
        assert self.headers["Content-Type"] == "application/vnd.cnnviz"
        assert self.body[:4] == b"CNV1"
        (size,) = struct.unpack("<I", self.body[4:8])
        rest = self.body[8 + size :]
        return [(entry, _arrays(entry, rest)) for entry in json.loads(self.body[8 : 8 + size])["records"]]


@dataclass(frozen=True)
class Board:
    """A TensorBoard that runs."""

    address: str
    logdir: Path

    def fetch(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: str | None = None
    ) -> Answer:
        """Ask for a path exactly as it is written: no client must tidy a hostile one before it is sent."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ask(self, route: str, **query: Any) -> Answer:
        """Ask a route of the plugin; lists are parameters given several times."""
        return self.fetch(f"{ROUTE}{route}?{urlencode(query, doseq=True, errors='surrogatepass')}")

    def steps(self, run: str, kind: str, layer: str | None = None) -> list[int]:
        answer = self.ask("run", run=run)
        if answer.status == 404:
            return []
        groups = next((item["groups"] for item in answer.json["kinds"] if item["kind"] == kind), [])
        return next((group["steps"] for group in groups if layer is None or layer in group["layers"]), [])


def _arrays(entry: dict[str, Any], body: bytes) -> dict[str, np.ndarray]:
    arrays = {}
    for item in entry["arrays"]:
        raw = body[item["offset"] : item["offset"] + item["length"]]
        arrays[item["name"]] = np.frombuffer(raw, np.dtype(item["dtype"]).newbyteorder("<")).reshape(item["shape"])
    return arrays


@pytest.fixture(scope="session")
def installed() -> None:
    names = [point.name for point in metadata.entry_points(group="tensorboard_plugins")]
    assert "cnnviz" in names, (
        "tb_cnnviz is not installed here: run `make test`, or `pip install -e .` in this environment"
    )


@pytest.fixture(scope="session")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log directory with the runs `mnist/adam` and `mnist/sgd`, which no test changes; tests add others."""
    return tmp_path_factory.mktemp("logdir")


@pytest.fixture(scope="session")
def boards(logdir: Path, installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Board]]:
    """Both readers over `logdir`, looking for what is new each second."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:

        def start(fast: str) -> Board:
            arguments = ("--logdir", str(logdir), "--load_fast", fast, "--reload_interval", "1")
            return Board(stack.enter_context(tensorboard(*arguments)).address, logdir)

        made = pool.submit(shared_logs, tmp_path_factory.getbasetemp() / "shared-logs")
        started = dict(zip(READERS, pool.map(start, READERS.values()), strict=True))
        shutil.copytree(made.result(), logdir / "mnist")
        yield started


@pytest.fixture(params=list(READERS))
def board(request: pytest.FixtureRequest, boards: dict[str, Board]) -> Board:
    return boards[request.param]
