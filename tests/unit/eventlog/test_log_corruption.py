"""Every kind of corruption: passed over with file, offset and reason, the next good record found, memory bounded."""

from __future__ import annotations

import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event

from tb_cnnviz import open_log
from tb_cnnviz.eventlog import following
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame, masked_crc
from tb_cnnviz.records import Record
from tb_cnnviz.records.damaged import DamagedRecord


def filters(step: int, size: int = 3) -> bytes:
    """The payload of a good record, whose kernel [2, 1, size, size] holds the step."""
    kernel = np.full((2, 1, size, size), step, np.float32)
    return b"".join(encode(Record("filters", step, "conv", {"kernel": kernel}, wall_time=100.0 + step)))


def framed(payload: bytes) -> bytes:
    return b"".join(frame([payload]))


def header(length: int) -> bytes:
    """A right CRC of whatever length."""
    size = struct.pack("<Q", length)
    return size + struct.pack("<I", masked_crc(size))


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 0x10
    return bytes(changed)


def event(directory: object, content: bytes = b"", *, tag: bytes = b"cnnviz/filters/conv/kernel", **fields: object) -> bytes:  # fmt: skip
    """An Event made by protobuf itself, with a directory of our choice and one array."""
    made = Event(step=7, wall_time=107.0)
    for name, value in fields.items():
        setattr(made, name, value)
    first = made.summary.value.add(tag="cnnviz/directory")
    first.tensor.dtype = 7
    text = directory if isinstance(directory, bytes) else json.dumps(directory).encode()
    first.tensor.tensor_shape.SetInParent()
    first.tensor.string_val.append(text)
    payload = made.SerializeToString()
    if content:
        more = Event()
        value = more.summary.value.add(tag="x" * len(tag))
        value.tensor.tensor_content = content
        payload += more.SerializeToString().replace(b"x" * len(tag), tag)
    return payload


GOOD = {"schema": 1, "kind": "filters", "layer": "conv", "attributes": {}, "arrays": []}
ARRAY = {"name": "kernel", "dtype": "float32", "shape": [2], "offset": 40, "length": 8}


def with_array(**changes: object) -> bytes:
    """A record whose directory says something else of its array than what is there."""
    return event({**GOOD, "arrays": [{**ARRAY, **changes}]}, b"\0" * 8)


BIG = filters(7, 64)  # more than is read of it when it is found

#: What stands in the file, and whether it is noticed when the file is indexed or only when the record is read.
FOUND: dict[str, bytes] = {
    "a length's CRC": flipped(framed(filters(7)), 9),
    "a length": flipped(framed(filters(7)), 1),
    "a small record's content": flipped(framed(filters(7)), 60),
    "a small record's CRC": flipped(framed(filters(7)), -2),
    "garbage": np.random.default_rng(5).bytes(999),
    "zeros": bytes(4000),
    "2^62 bytes declared": header(1 << 62),
    "2 GB declared": header((1 << 31) - 1) + b"x" * 30,
    "content cut off": framed(filters(7))[:-30],
    "a directory of deep nesting": framed(event(b"[" * 100_000)),
    "a kind of deep nesting": framed(event(b'{"schema":1,"kind":' + b'{"a":' * 50_000)),
    "protobuf of deep nesting": framed(b"\x2a\x80\x02" * 2000),
    "a directory that is no UTF-8": framed(event(b'{"schema":1,"kind":"filters","layer":"\xff\xfe"}')),
    "NaN as a step": framed(event(b'{"schema":NaN,"kind":"filters","layer":"conv"}')),
    "a negative step": framed(event(GOOD, step=-5)),
    "NaN as a wall time": framed(event(GOOD, wall_time=float("nan"))),
    "an infinite wall time": framed(event(GOOD, wall_time=float("inf"))),
    "a wall time that overflows": framed(event(GOOD, wall_time=1e306)),
    "1e999": framed(event(b'{"schema":1,"kind":"filters","layer":"conv","attributes":{"a":1e999}}')),
    "a foreign event": framed(Event(step=7, file_version="brain.Event:2").SerializeToString()),
    "a scalar of TensorBoard": framed(Event(step=7).SerializeToString() + b"\x2a\x0b\x0a\x09\x0a\x02ab\x15\0\0\x80?"),
    "a schema to come": framed(event({**GOOD, "schema": 99})),
    "a kind to come": framed(event({**GOOD, "kind": "thoughts"})),
    "a layer that is a number": framed(event({**GOOD, "layer": 7})),
    "NaN in a shape": framed(with_array(shape=[float("nan")])),
    "no bytes at all": framed(b""),
    "a field of number 0": framed(b"\0\1" * 3000),
    "nothing but small fields": framed(b"\x08\1" * 300_000),
    "a megabyte of small fields before the directory": framed(b"\x08\1" * 700_000 + filters(7)),
}
READ: dict[str, bytes] = {
    "a large record's content": flipped(framed(BIG), -900),
    "a large record's CRC": flipped(framed(BIG), -1),
    "a dtype of no array": framed(with_array(dtype="complex64")),
    "another dtype": framed(with_array(dtype="float64")),
    "another shape": framed(with_array(shape=[3])),
    "a negative shape": framed(with_array(shape=[-2])),
    "a shape of 2^60": framed(with_array(shape=[1 << 60])),
    "a shape that overflows": framed(with_array(shape=[1 << 40, 1 << 40, 0])),
    "a shape of 1000 axes": framed(with_array(shape=[1] * 1000)),
    "an offset outside": framed(with_array(offset=1 << 40)),
    "a negative offset": framed(with_array(offset=-20)),
    "two arrays of one name": framed(event({**GOOD, "arrays": [ARRAY, {**ARRAY, "offset": 60}]}, b"\0" * 80)),
    "arrays that overlap": framed(event({**GOOD, "arrays": [ARRAY, {**ARRAY, "name": "b"}]}, b"\0" * 80)),
    "an array that is a list": framed(event({**GOOD, "arrays": [[]]})),
    "no kernel": framed(event(GOOD)),
    "a kernel of one axis": framed(with_array(offset=40)),
    "arrays that are none": framed(event({**GOOD, "arrays": None})),
}
#: Tags are never read where the directory says what there is, and so cannot do harm.
TAG = b"cnnviz/filters/conv/kernel"
AGAIN = Event()
AGAIN.summary.value.add(tag=TAG.decode()).tensor.tensor_content = b"\xff" * 72
#: Tags are not read where the directory says what there is, and so cannot do harm.
HARMLESS: dict[str, bytes] = {
    "a tag that is no UTF-8": framed(filters(7).replace(TAG, TAG.replace(b"i", b"\xff").replace(b"c", b"\xc0"))),
    "duplicate tags": framed(filters(7) + AGAIN.SerializeToString()),
}


def placed(folder: Path, bad: bytes) -> tuple[Path, int]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "cnnviz.1.h.1.records"
    path.write_bytes(framed(filters(0)) + framed(filters(1)) + bad + framed(filters(2)) + framed(filters(3)))
    return path, 2 * len(framed(filters(0)))


def check_the_good_ones(folder: Path) -> None:
    run = open_log(folder)["."]
    for step in range(4):
        assert (run.read("filters", "conv", step)["kernel"] == step).all()


@pytest.mark.parametrize("kind", FOUND)
def test_what_is_broken_is_told_and_the_next_record_found(tmp_path: Path, kind: str) -> None:
    path, offset = placed(tmp_path, FOUND[kind])
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == [0, 1, 2, 3]
    assert {(notice.file, notice.offset) for notice in run.notices} == {(path.name, offset)}
    assert all(notice.reason for notice in run.notices)
    check_the_good_ones(tmp_path)


@pytest.mark.parametrize("kind", READ)
def test_what_only_reading_shows_is_told_then(tmp_path: Path, kind: str) -> None:
    path, offset = placed(tmp_path, READ[kind])
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == [0, 1, 2, 3, 7]
    for _ in range(3):
        with pytest.raises(DamagedRecord) as damage:
            run.read("filters", "conv", 7)
    (notice,) = run.notices  # read three times, told once
    assert (notice.file, notice.offset, notice.reason) == (path.name, offset, damage.value.reason)
    check_the_good_ones(tmp_path)


@pytest.mark.parametrize("kind", HARMLESS)
def test_tags_do_no_harm(tmp_path: Path, kind: str) -> None:
    placed(tmp_path, HARMLESS[kind])
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == [0, 1, 2, 3, 7]
    assert not run.notices
    kernel = run.read("filters", "conv", 7)["kernel"]
    assert kernel.shape == (2, 1, 3, 3)
    assert (kernel == 7).all()
    check_the_good_ones(tmp_path)


def test_all_of_it_in_one_file(tmp_path: Path) -> None:
    everything = [*FOUND.values(), *READ.values(), *HARMLESS.values()]
    content = b"".join(framed(filters(step)) + bad for step, bad in enumerate(everything)) + framed(filters(99))
    (tmp_path / "cnnviz.1.h.1.records").write_bytes(content)
    run = open_log(tmp_path)["."]
    assert set(range(len(everything))) | {99} <= set(run.steps("filters", "conv"))
    for step in {*range(len(everything)), 99} - {7}:  # the bad ones name step 7 as well
        assert (run.read("filters", "conv", step)["kernel"] == step).all()


HOLES: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: b"",
    "2 GB declared": lambda: header((1 << 31) - 1),
    "content that is nothing": lambda: header(1 << 28),
}


@pytest.mark.parametrize("kind", HOLES)
def test_a_hole_takes_little_memory(tmp_path: Path, kind: str) -> None:
    """A sparse file: what it declares is there, as zeros."""
    path = tmp_path / "cnnviz.1.h.1.records"
    hole = (1 << 28) + 4096
    with path.open("wb") as file:
        file.write(framed(filters(0)) + HOLES[kind]())
        file.seek(hole, 1)
        file.write(framed(filters(1)))
    tracemalloc.start()
    run = open_log(tmp_path)["."]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.steps("filters", "conv") == [0, 1]
    assert {notice.offset for notice in run.notices} == {len(framed(filters(0)))}
    assert peak < 16 << 20


def test_a_file_that_names_a_new_layer_in_every_record_is_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_SUBJECTS", 50)
    content = b"".join(framed(b"".join(encode(Record("filters", 0, f"conv{number}")))) for number in range(80))
    (tmp_path / "cnnviz.1.h.1.records").write_bytes(content + framed(b"".join(encode(Record("filters", 1, "conv3")))))
    run = open_log(tmp_path)["."]
    assert run._index.layers("filters") == [f"conv{number}" for number in range(50)]
    assert run.steps("filters", "conv3") == [0, 1]
    (notice,) = run.notices
    assert "50 kinds and layers" in notice.reason
    assert "(29 more like it)" in notice.reason


def test_a_model_record_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    text = np.zeros(65 << 20, np.uint8)
    (tmp_path / "cnnviz.1.h.1.records").write_bytes(framed(b"".join(encode(Record("model", 0, arrays={"json": text})))))
    run = open_log(tmp_path)["."]
    tracemalloc.start()
    assert run.model is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert "at most" in run.notices[0].reason
