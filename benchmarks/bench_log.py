"""Writing speed of the log beside other writers of event files and a plain write, and reading beside a plain read.

    python benchmarks/bench_log.py [--payload-mb 16] [--rounds 6] [--records 24]

A record is a kernel of 16 MB (float32). Ours is timed from the first `write` to the end of `close`, so that queue, copy,
CRC and append all count; theirs (TensorBoard's EventFileWriter, tensorboardX, torch.utils.tensorboard) from the first
`add_event` to the end of `close`: the `flush` of tensorboardX does not wait for its queue. Each is measured twice: until the system has the bytes, which is what a killed process
leaves behind, and until the disk has them (fsync). Who goes first changes with the round, and every file is synced and
removed before the next is timed: a system that writes while the disk still takes in another's bytes is throttled for
them, and the order alone made a plain write look slower than ours.

Reading: a random step's layer of 16 MB beside a plain read of the same bytes, by turns. Two ways, each with a peer of its
own, since the way is what costs: `read_entry`, as open_log and the plugin read, beside an open and a read (twice, as the
control); and HTTP from a real TensorBoard beside the same TensorBoard that answers a plain read (plain_server.py), with
the same bytes through a bare socket as the floor. Warm: the system's cache has the file. Cold: it was told to forget it.
The CRC of the same bytes alone, in the processor's cache, says what checking costs at least.

`pip install -e '.[bench]'` brings the other writers.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import google_crc32c
import numpy as np
from bench_scale import server
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboardX.event_file_writer import EventFileWriter as XEventFileWriter
from tensorboardX.proto.event_pb2 import Event as XEvent
from torch.utils.tensorboard.writer import FileWriter as TorchFileWriter

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record

#: As RecordWriter has it, and a little for what stands around the arrays.
QUEUE_BYTES = 65 << 20


def payload(megabytes: float) -> Record:
    values = np.random.default_rng(0).normal(size=(int(megabytes * 2**20) // 4 // 64, 64)).astype(np.float32)
    return Record("filters", 0, "conv", {"kernel": values.reshape(-1, 64, 1, 1)})


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(folder: Path, record: Record, count: int, waits: list[float]) -> float:
    """Adds to `waits` the milliseconds of each `write`. Waits where the queue is full, which training does not: it would
    drop the oldest pictures."""
    writer = RecordWriter(folder, queue_bytes=QUEUE_BYTES)
    room = max(1, QUEUE_BYTES // record.arrays["kernel"].nbytes)

    def work() -> None:
        for step in range(count):
            item = Record(record.kind, step, record.layer, record.arrays)
            start = time.perf_counter()
            writer.write(item)
            waits.append(1000 * (time.perf_counter() - start))
            if step % room == room - 1:
                writer.flush()
        writer.close()

    seconds = timed(work)
    assert not writer.dropped
    return seconds


#: Name, how a writer is made for a folder, and its class of events.
THEIRS: dict[str, tuple[Callable[[str], Any], Any]] = {
    "EventFileWriter": (EventFileWriter, Event),
    "tensorboardX": (XEventFileWriter, XEvent),
    "torch": (TorchFileWriter, Event),
}


def theirs(name: str, folder: Path, record: Record, count: int) -> float:
    make, event_class = THEIRS[name]
    folder.mkdir(parents=True, exist_ok=True)
    writer = make(str(folder))
    event = event_class.FromString(b"".join(encode(record)))

    def work() -> None:
        for _ in range(count):
            writer.add_event(event)
        writer.close()

    return timed(work)


def plain(folder: Path, record: Record, count: int) -> float:
    """The floor: the arrays' bytes by plain unbuffered writes, without copy, CRC or thread."""
    folder.mkdir(parents=True)
    content = record.arrays["kernel"].tobytes()

    def work() -> None:
        for _ in range(count):
            file.write(content)

    with (folder / "plain").open("wb", buffering=0) as file:
        return timed(work)


def sync(folder: Path) -> None:
    for path in folder.iterdir():
        descriptor = os.open(path, os.O_RDWR)
        os.fsync(descriptor)
        os.close(descriptor)


def spread(values: list[float], digits: int = 1) -> str:
    return f"{statistics.median(values):8.{digits}f}  [{min(values):.{digits}f} … {max(values):.{digits}f}]"


def compare(root: Path, record: Record, rounds: int, count: int, their_count: int) -> None:
    size = record.arrays["kernel"].nbytes / 1e6
    waits: list[float] = []
    systems: dict[str, tuple[int, Callable[[Path, Record, int], float]]] = {
        "tb_cnnviz": (count, lambda folder, record, count: ours(folder, record, count, waits)),
        "plain write": (count, plain),
        **{name: (their_count, partial(theirs, name)) for name in THEIRS},
    }
    taken: dict[str, list[float]] = {name: [] for name in systems}
    synced: dict[str, list[float]] = {name: [] for name in systems}
    for number in range(rounds):
        names = list(systems)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            many, run = systems[name]
            folder = root / name
            seconds = run(folder, record, many)
            until_disk = seconds + timed(lambda folder=folder: sync(folder))  # type: ignore[misc]
            written = sum(path.stat().st_size for path in folder.iterdir())
            assert written >= many * record.arrays["kernel"].nbytes, f"{name} left {written} bytes"
            taken[name].append(size * many / seconds)
            synced[name].append(size * many / until_disk)
            shutil.rmtree(folder)
    print(f"{rounds} rounds by turns, records of {size:.1f} MB, {count} a round ({their_count} for theirs)")
    for title, speeds in (("MB/s until the system has it", taken), ("MB/s until the disk has it", synced)):
        print(f"\n{title}: median [lowest … highest]")
        for name, values in speeds.items():
            print(f"{name:16} {spread(values)}")
        for other in ("plain write", *THEIRS):
            ratios = [a / b for a, b in zip(speeds["tb_cnnviz"], speeds[other], strict=True)]
            print(f"{'ratio':16} {spread(ratios, 2)}   tb_cnnviz / {other}, round by round")
    print(f"\nwrite() ms       {spread(waits)}   how long the caller waits for one record, the queue being filled")


def waiting(root: Path, record: Record, count: int) -> None:
    """What a caller waits beside what it could not avoid: a copy, into memory that the process has or has not yet."""
    writer = RecordWriter(root / "waiting", queue_bytes=1 << 40)
    paced: list[float] = []
    for step in range(count):
        item = Record(record.kind, step, record.layer, record.arrays)
        paced.append(1000 * timed(lambda item=item: writer.write(item)))  # type: ignore[misc]
        writer.flush()
    writer.close()
    shutil.rmtree(root / "waiting")
    kernel, kept = record.arrays["kernel"], list[bytes]()
    fresh = [1000 * timed(lambda: kept.append(kernel.tobytes())) for _ in range(count)]
    kept.clear()
    reused = [1000 * timed(kernel.tobytes) for _ in range(count)]
    print(f"write() ms       {spread(paced)}   the same, each after the last one was written")
    print(f"copy ms          {spread(fresh)}   of the same array into new memory, as a queue that fills up needs")
    print(f"copy ms          {spread(reused)}   into memory that was just freed")


def read_back(root: Path, record: Record, count: int, rounds: int) -> None:
    """One layer of a random step: by the index, by HTTP, and by a plain read of the same bytes."""
    ours(root / "run", record, count, [])
    sync(root / "run")
    index = LogIndex({"": str(root)})
    print(f"\nindex ms         {1000 * timed(index.refresh) / count:8.3f}   for a record, of {count}")
    (path,) = (root / "run").iterdir()
    entries = index["run"].entries()
    small = bytes(record.arrays["kernel"].data)[: 1 << 18]
    pieces = -(-entries[0].length // len(small))
    crcs = [1000 * timed(lambda: [google_crc32c.value(small) for _ in range(pieces)]) for _ in range(20)]
    print(f"CRC ms           {spread(crcs, 2)}   of as many bytes that are in the processor's cache")

    def plainly(entry: Any) -> None:
        with path.open("rb", buffering=0) as file:
            file.seek(entry.offset)
            assert len(file.read(entry.length)) == entry.length

    def first_time(entry: Any) -> None:
        fresh["run"].read_entry(entry)

    plain_ways = {"plain read": plainly, "plain read again": plainly}
    taken: dict[str, list[float]] = {}
    for number in range(rounds):  # a fresh index has not compared any CRC
        fresh = LogIndex({"": str(root)})
        fresh.refresh()
        for name, values in _by_turns({**plain_ways, "read_entry()": first_time}, entries, path, seed=number).items():
            taken.setdefault(name, []).extend(values)
    _tell("warm, read for the first time", taken)
    ways = {**plain_ways, "read_entry()": index["run"].read_entry}
    _by_turns(ways, entries, path)
    _tell("warm, read before", _by_turns(ways, entries * rounds, path))
    _tell("cold", _by_turns(ways, entries * rounds, path, is_cold=True))
    over_http(root, path, entries, rounds)


def over_http(root: Path, path: Path, entries: list[Any], rounds: int) -> None:
    """The same layer from a TensorBoard, beside that TensorBoard answering a plain read, and beside a bare socket."""
    program = (str(Path(__file__).with_name("plain_server.py")), str(root))
    length = entries[0].length
    with server(root, "rustboard", root / "cache", *program) as running, _socket_server(path, length) as address:
        netloc = urlsplit(running.address).netloc
        assert running.ask("runs")["runs"]

        def fetch(route: str, **query: Any) -> None:
            connection = http.client.HTTPConnection(netloc, timeout=60)
            connection.request("GET", f"/data/plugin/{route}?{urlencode(query)}")
            answer = connection.getresponse()
            assert answer.status == 200
            assert len(answer.read()) > length - 4096  # what a record has around its array
            connection.close()

        def served(entry: Any) -> None:
            fetch("cnnviz/records", run="run", kind="filters", layer=entry.layer, step=entry.step)

        def bare(entry: Any) -> None:
            with socket.create_connection(address) as connection, connection.makefile("rb") as answer:
                connection.sendall(entry.offset.to_bytes(8, "little"))
                assert len(answer.read(length)) == length

        time.sleep(10)  # TensorBoard goes on loading after it answers
        ways = {
            "plain read": lambda entry: fetch("plain/read", offset=entry.offset, length=entry.length),
            "CNN": served,
            "bare socket": bare,
        }
        _tell("HTTP, warm, read for the first time", _by_turns(ways, entries, path))
        _tell("HTTP, warm, read before", _by_turns(ways, entries * rounds, path))
        _tell("HTTP, cold", _by_turns(ways, entries * rounds, path, is_cold=True))


@contextmanager
def _socket_server(path: Path, length: int) -> Iterator[tuple[str, int]]:
    """Answers an offset with that record's bytes, in a process of its own."""
    listening = socket.create_server(("localhost", 0))
    process = multiprocessing.get_context("fork").Process(target=_answer, args=(listening, path, length), daemon=True)
    process.start()
    try:
        yield listening.getsockname()
    finally:
        process.kill()
        process.join()
        listening.close()


def _answer(listening: socket.socket, path: Path, length: int) -> None:
    with path.open("rb", buffering=0) as file:
        while True:
            connection, _ = listening.accept()
            with connection:
                file.seek(int.from_bytes(connection.recv(8), "little"))
                connection.sendall(file.read(length))


def _tell(title: str, taken: dict[str, list[float]]) -> None:
    print(f"\n{title}: ms, median [lowest … highest]")
    for name, values in taken.items():
        ratios = [a / b for a, b in zip(values, taken["plain read"], strict=True)]
        print(f"{name:17} {spread(values, 2)}   {spread(ratios, 2)} times the plain read")


def _by_turns(
    ways: dict[str, Callable[[Any], object]], entries: list[Any], path: Path, *, is_cold: bool = False, seed: int = 0
) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number, entry in enumerate(random.Random(seed).sample(entries, len(entries))):
        names = list(ways)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if is_cold:
                _forget(path)
            taken[name].append(1000 * timed(lambda name=name, entry=entry: ways[name](entry)))  # type: ignore[misc]
    return taken


def _forget(path: Path) -> None:
    """Ask the system to drop the file from its cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payload-mb", type=float, default=16)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--records", type=int, default=24, help="of ours, a round")
    parser.add_argument("--their-records", type=int, default=2, help="of each of theirs, a round: they are slow")
    parser.add_argument(
        "--dir", default=None, help="a folder on the disk to measure; default the system's temporary one"
    )
    parser.add_argument("--reading-alone", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        record = payload(options.payload_mb)
        if not options.reading_alone:
            compare(Path(folder), record, options.rounds, options.records, options.their_records)
            waiting(Path(folder), record, options.records)
        read_back(Path(folder) / "reading", record, options.records, options.rounds)


if __name__ == "__main__":
    main()
