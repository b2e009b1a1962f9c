"""A scan that is interrupted again and again finds what one finds in one go, and no file keeps the others from the list."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.scanning import FoundRecord, Scan
from tb_cnnviz.records import Record


def record(step: int, size: int = 9) -> bytes:
    return b"".join(frame(encode(Record("filters", step, "conv", {"kernel": np.full(size, step, np.float32)}))))


def broken(seed: int) -> bytes:
    """Good records among garbage, zeros, and records that are cut off or flipped."""
    rng = np.random.default_rng(seed)
    pieces = []
    for step in range(60):
        good = record(step, int(rng.integers(0, 3000)))
        kind = rng.integers(0, 6)
        if kind == 0:
            pieces.append(rng.bytes(int(rng.integers(1, 40_000))))
        elif kind == 1:
            pieces.append(bytes(int(rng.integers(1, 40_000))))
        elif kind == 2:
            pieces.append(good[: int(rng.integers(1, len(good)))])
        elif kind == 3:
            flipped = bytearray(good)
            flipped[int(rng.integers(0, len(good)))] ^= 1 << int(rng.integers(0, 8))
            pieces.append(bytes(flipped))
        pieces.append(good)
    return b"".join(pieces)


@pytest.mark.parametrize("seed", range(8))
def test_slices_find_what_one_scan_finds(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "cnnviz.1.h.1.records"
    path.write_bytes(broken(seed))
    size = path.stat().st_size
    with RandomAccessFile(str(path)) as file:
        whole, sliced, found = Scan(), Scan(), []
        expected = list(whole.advance(file, size))
        found += sliced.advance(file, size, until=0.0)
        assert sliced.is_interrupted
        while sliced.is_interrupted:
            found += sliced.advance(file, size, until=0.0)
    assert [item for item in found if isinstance(item, FoundRecord)] == [
        item for item in expected if isinstance(item, FoundRecord)
    ]
    assert found == expected
    assert (sliced.position, sliced.damage) == (whole.position, whole.damage)


@pytest.mark.skipif(os.name == "nt", reason="files have no holes there unless they are asked for")
def test_a_file_of_zeros_keeps_no_other_run_from_the_list(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with (tmp_path / "a" / "cnnviz.1.h.1.records").open("wb") as file:
        file.truncate(40 << 30)
    (tmp_path / "b" / "cnnviz.1.h.1.records").write_bytes(record(3))
    index = LogIndex({"": str(tmp_path)})
    began = time.monotonic()
    is_complete = index.refresh(5.0)
    assert index["b"].steps("filters", "conv") == [3]
    while not is_complete:
        is_complete = index.refresh(5.0)
    assert time.monotonic() - began < 30, "a hole is not read"
    assert [notice.reason for notice in index["a"].notices] == [
        "the record's length is damaged, and no good record follows"
    ]
