"""Large payloads are read and compared with their CRC by two threads: the same bytes, and no flipped one passes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz.eventlog.checked_read import read_intact_payload, read_payload
from tb_cnnviz.eventlog.crc_joining import joined_crc
from tb_cnnviz.eventlog.filesystem import RandomAccessFile
from tb_cnnviz.eventlog.framing import frame

MB = 1 << 20
BEFORE = 37


@pytest.fixture(params=[True, False], ids=["two threads", "one thread"], autouse=True)
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tb_cnnviz.eventlog.checked_read.has_free_processor", lambda: request.param)
        yield


def written(folder: Path, content: bytes) -> str:
    path = folder / "payload"
    path.write_bytes(bytes(BEFORE) + content + frame([content])[-1])
    return str(path)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_joined_crcs_are_the_crc_of_both(first: bytes, second: bytes) -> None:
    joined = joined_crc(google_crc32c.value(first), google_crc32c.value(second), len(second))
    assert joined == google_crc32c.value(first + second)


def test_a_long_second_part_joins_too() -> None:
    first, second = os.urandom(3 * MB), os.urandom(5 * MB + 11)
    joined = joined_crc(google_crc32c.value(first), google_crc32c.value(second), len(second))
    assert joined == google_crc32c.value(first + second)


@pytest.mark.parametrize("length", [0, 1, MB - 1, MB, MB + 1, 2 * MB, 7 * MB + 4097])
def test_what_is_read_is_what_was_written(tmp_path: Path, length: int) -> None:
    content = os.urandom(length)
    with RandomAccessFile(written(tmp_path, content)) as file:
        for _ in range(10):  # the threads meet in another place each time
            payload = read_intact_payload(file, BEFORE, length)
            assert payload is not None
            assert payload.readonly
            assert payload == content
        assert read_payload(file, BEFORE, length) == content


@pytest.mark.parametrize("place", [0, MB - 1, MB, 2 * MB + 77, 5 * MB, 6 * MB + 2, "footer"])
def test_no_flipped_byte_passes(tmp_path: Path, place: int | str) -> None:
    length = 6 * MB + 3
    path = written(tmp_path, os.urandom(length))
    raw = np.fromfile(path, np.uint8)
    raw[BEFORE + (length + 2 if place == "footer" else int(place))] ^= 1 << 3
    raw.tofile(path)
    with RandomAccessFile(path) as file:
        for _ in range(10):
            assert read_intact_payload(file, BEFORE, length) is None


def test_a_file_that_ends_before_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, os.urandom(3 * MB))
    for size in (BEFORE + 3 * MB + 3, BEFORE + 3 * MB - 1, BEFORE + MB, 0):
        os.truncate(path, size)
        with RandomAccessFile(path) as file:
            assert read_intact_payload(file, BEFORE, 3 * MB) is None
            assert (read_payload(file, BEFORE, 3 * MB) is None) == (size < BEFORE + 3 * MB)


def test_an_error_in_either_thread_is_raised(tmp_path: Path) -> None:
    with RandomAccessFile(written(tmp_path, os.urandom(8 * MB))) as file:
        read_into, failing = file.read_into, range(BEFORE + 5 * MB, BEFORE + 6 * MB)

        def fails_there(offset: int, buffer: memoryview) -> int:
            if offset in failing:
                raise OSError("no such sector")
            return read_into(offset, buffer)

        file.read_into = fails_there  # type: ignore[method-assign]
        for _ in range(20):
            with pytest.raises(OSError, match="no such sector"):
                read_intact_payload(file, BEFORE, 8 * MB)
