"""Flip a million bytes of a log and read it: nothing but the records that were hit may be missing, and none be wrong.

    python scripts/flip_bytes.py [--flips 1000000] [--seed 0]

The log has records of every kind, small and larger than what is read of them when they are found, and events of others.
By turns three things are flipped, sixteen bytes at a time:

- the file: every record that no flip touched is found and equal, none is served that was touched;
- records whose CRCs are made right again, so that the decoder sees the damage: whatever it says, it raises nothing but
  DamagedRecord;
- the cached index, with and without a right CRC: the log is read as without it, or a record that is asked for is refused.

Memory is limited, and a look that takes longer than `--seconds` is a find too. Each find is printed with what makes it
again; the exit status is their number, at most 100. docs/log_format.md has the last full run.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import FOOTER_BYTES, HEADER_BYTES, frame
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.index_cache import IndexCache
from tb_cnnviz.eventlog.reader import Log
from tb_cnnviz.records import KINDS, Record
from tb_cnnviz.records.damaged import DamagedRecord

FLIPS_A_LOOK = 16


class Find(AssertionError):
    """The reader did what it must not."""


def records() -> list[Record]:
    rng = np.random.default_rng(0)
    made = []
    for step, kind in enumerate(KINDS):
        arrays = {
            "kernel": rng.normal(size=(2, 1, 3, 3)).astype(np.float32),
            "values": rng.integers(0, 9, 5),
            "empty": np.zeros((0, 3), np.uint8),
        }
        attributes = {"of": step, "names": ["loss", "ü"], "a": {"b": [1.5, None, True]}}
        made.append(
            Record(
                kind, step, f"block{step}/conv" if KINDS[kind].has_layer else None, arrays, attributes, 1000.0 + step
            )
        )
    kernels = rng.normal(size=(3, 4, 8, 7, 7)).astype(np.float32)
    made += [Record("filters", 100 + step, "large", {"kernel": kernel}) for step, kernel in enumerate(kernels)]
    return made


def pieces() -> tuple[list[bytes], list[Record | None]]:
    """Frames of all records, with foreign events between them."""
    frames: list[bytes] = []
    expected: list[Record | None] = []
    for number, record in enumerate(records()):
        frames.append(b"".join(frame(encode(record))))
        expected.append(record)
        if number % 5 == 0:
            frames.append(b"".join(frame([Event(step=number, file_version="brain.Event:2").SerializeToString()])))
            expected.append(None)
    return frames, expected


class Looks:
    """The three ways of looking. Each draws its damage from `rng` and raises what is found."""

    def __init__(self, folder: Path) -> None:
        self.frames, self.expected = pieces()
        self.content = b"".join(self.frames)
        self.starts = np.cumsum([0, *map(len, self.frames)]).tolist()
        self.log = folder / "log"
        self.log.mkdir()
        self.path = self.log / "cnnviz.1.h.1.records"
        self.cache = folder / "cache"
        self.path.write_bytes(self.content)
        self._index(IndexCache(self.cache))
        (self.cached,) = self.cache.iterdir()
        self.cached_content = self.cached.read_bytes()

    def file(self, rng: random.Random) -> None:
        damaged, hit = self._flipped(self.content, rng)
        touched = {np.searchsorted(self.starts, place, "right") - 1 for place in hit}
        self.path.write_bytes(damaged)
        found = self._served(self._index(None))
        for number, (start, record) in enumerate(zip(self.starts, self.expected, strict=False)):
            if record is None:
                continue
            if (start in found) != (number not in touched):
                raise Find(f"record {number} at {start}: {'served' if start in found else 'missing'}")
            if start in found:
                _same(found.pop(start), record)
        if found:
            raise Find(f"records at {sorted(found)}, where there are none")

    def sealed(self, rng: random.Random) -> None:
        frames = list(self.frames)
        for number in rng.sample(range(len(frames)), 4):
            payload, _ = self._flipped(frames[number][HEADER_BYTES:-FOOTER_BYTES], rng, FLIPS_A_LOOK // 4, first=400)
            frames[number] = b"".join(frame([payload]))
        self.path.write_bytes(b"".join(frames))
        index = self._index(None)
        self._served(index)
        run = Log(index)["."]
        for kind in run.kinds:
            for layer in run._index.layers(kind) or [None]:
                for step in run.steps(kind, None if kind == "gradients" else layer):
                    _allowed(lambda kind=kind, layer=layer, step=step: run.read(kind, layer, step))
        _allowed(lambda: run.layers)
        _allowed(lambda: run.notices)

    def index(self, rng: random.Random) -> None:
        self.path.write_bytes(self.content)
        self._index(IndexCache(self.cache))  # saved for the file as it is now
        content = self.cached.read_bytes()
        damaged, _ = self._flipped(content[8:], rng, rng.choice((1, 4, FLIPS_A_LOOK)))
        if rng.random() < 0.7:
            damaged = struct.pack("<I", google_crc32c.value(damaged[4:])) + damaged[4:]
        self.cached.write_bytes(content[:8] + damaged)
        found = self._served(self._index(IndexCache(self.cache)))
        self.cached.unlink()
        for start, record in found.items():
            number = int(np.searchsorted(self.starts, start, "right")) - 1
            expected = self.expected[number]
            if self.starts[number] != start or expected is None:
                raise Find(f"a record served at {start}, where there is none")
            _same(record, expected)

    def _flipped(
        self, content: bytes, rng: random.Random, count: int = FLIPS_A_LOOK, first: int | None = None
    ) -> tuple[bytes, list[int]]:
        """With `first`, half of the flips fall into the first bytes, where the directory is."""
        changed, places = bytearray(content), []
        for _ in range(count):
            near = first is not None and rng.random() < 0.5
            place = rng.randrange(min(len(content), first) if near and first else len(content))
            changed[place] ^= rng.choice((1 << rng.randrange(8), rng.randrange(1, 256)))
            places.append(place)
        return bytes(changed), [place for place in places if changed[place] != content[place]]

    def _index(self, cache: IndexCache | None) -> LogIndex:
        index = LogIndex({"": str(self.log)}, cache)
        index.refresh()
        return index

    def _served(self, index: LogIndex) -> dict[int, Record]:
        run, found = index["."], {}
        for entry in run.entries():
            try:
                found[entry.offset] = run.read_entry(entry)
            except DamagedRecord:
                continue
        if len(run.notices) > 1000:
            raise Find("more notices than are told")
        return found


def _allowed(work: Callable[[], object]) -> None:
    with contextlib.suppress(DamagedRecord, KeyError):  # KeyError: a variable that the damaged model does not have
        work()


def _same(record: Record, expected: Record) -> None:
    is_equal = (record.kind, record.step, record.layer, record.wall_time, dict(record.attributes)) == (
        expected.kind,
        expected.step,
        expected.layer,
        expected.wall_time,
        dict(expected.attributes),
    )
    arrays_are = list(record.arrays) == list(expected.arrays) and all(
        np.array_equal(record.arrays[name], array) and record.arrays[name].dtype == array.dtype
        for name, array in expected.arrays.items()
    )
    if not (is_equal and arrays_are):
        raise Find(f"the record at step {expected.step} is served as another one")


def run(flips: int, seed: int, seconds: float, folder: Path) -> list[str]:
    """Look until so many bytes were flipped; returns the finds."""
    looks, finds = Looks(folder), []
    ways = [looks.file, looks.sealed, looks.index]
    slowest: collections.Counter[str] = collections.Counter()
    for number in range(-(-flips // FLIPS_A_LOOK)):
        way = ways[number % len(ways)]
        begun = time.perf_counter()
        try:
            way(random.Random(f"{seed} {number}"))
        except Exception:
            finds.append(f"--seed {seed}, look {number} ({way.__name__}):\n{traceback.format_exc(limit=-4)}")
            print(finds[-1], flush=True)
        taken = time.perf_counter() - begun
        slowest[way.__name__] = max(slowest[way.__name__], int(1000 * taken))
        if taken > seconds:
            finds.append(f"--seed {seed}, look {number} ({way.__name__}): {taken:.1f} s")
            print(finds[-1], flush=True)
    print(f"{flips} bytes flipped in {number + 1} looks, {len(finds)} finds; slowest look in ms: {dict(slowest)}")
    return finds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(min(100, len(run(options.flips, options.seed, options.seconds, Path(folder)))))


if __name__ == "__main__":
    main()
