"""Many requests at once, and clients that stop reading, at a real TensorBoard: it keeps its bounds and answers on."""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.plugin.limiter import ANSWER_BYTES
from tb_cnnviz.records import Record
from tests.integration.conftest import ROUTE, Answer, Board
from tests.support.eventually import eventually

RUN = "crowd"
#: Four of them fill the room for answers.
LARGE = ANSWER_BYTES // 4 - 4096


@pytest.fixture(scope="module")
def large(boards: dict[str, Board]) -> Board:
    """One reader's TensorBoard, with a run of a large record, most of which is a hole, and a small one."""
    board = boards["python"]
    folder = board.logdir / RUN
    folder.mkdir()
    with (folder / "cnnviz.1.host.1.records").open("wb") as file:
        for layer, size in (("large", LARGE), ("small", 8)):
            for piece in frame(encode(Record("filters", 0, layer, {"kernel": np.zeros(size, np.uint8)}))):
                if len(piece) == LARGE:
                    file.seek(LARGE, os.SEEK_CUR)
                else:
                    file.write(piece)
    eventually(lambda: board.ask("run", run=RUN), lambda answer: answer.status == 200)
    return board


def ask(board: Board, layer: str) -> Answer:
    return board.ask("records", run=RUN, kind="filters", layer=layer, step=0)


def stalled(board: Board) -> socket.socket:
    """A client that asks for the large record and reads no more than that it comes."""
    address = urlsplit(board.address)
    client = socket.create_connection((address.hostname, address.port), timeout=60)
    query = urlencode({"run": RUN, "kind": "filters", "layer": "large", "step": 0})
    client.sendall(f"GET {ROUTE}records?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert b" 200 " in client.recv(64)
    return client


def test_clients_that_do_not_read_keep_no_more_than_the_room_for_answers(large: Board) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(stalled(large)) for _ in range(4)]
        refused = ask(large, "large")
        assert refused.status == 503
        assert refused.json["error"] == "unavailable"
        assert int(refused.headers["Retry-After"]) > 0
        assert ask(large, "small").status == 200
        clients[0].close()
        answer = eventually(lambda: ask(large, "large"), lambda seen: seen.status == 200)
        assert len(answer.body) > LARGE
    assert eventually(lambda: ask(large, "large"), lambda seen: seen.status == 200).status == 200


def test_clients_that_read_slowly_keep_a_large_answer_from_nobody(large: Board) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(stalled(large)) for _ in range(4)]
        stop = stack.enter_context(reading_slowly(clients))
        # Slow ones have some seconds of grace; who is told 503 asks again, as the page does.
        answer = eventually(lambda: ask(large, "large"), lambda seen: seen.status == 200)
        assert len(answer.body) > LARGE
        stop.set()


@contextmanager
def reading_slowly(clients: list[socket.socket]) -> Iterator[threading.Event]:
    """Each takes some bytes a few times a second, so that nothing looks like a client that went away."""
    stop = threading.Event()

    def read() -> None:
        while not stop.wait(0.2):
            for client in clients:
                with suppress(OSError):
                    client.recv(1 << 14)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def test_a_crowd_is_answered_or_told_to_ask_again(large: Board) -> None:
    def one(number: int) -> Answer:
        return large.ask("runs") if number % 4 == 0 else ask(large, "small")

    with ThreadPoolExecutor(150) as pool:
        answers = list(pool.map(one, range(300)))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200] >= 16
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status == 503)
    assert ask(large, "small").status == 200
