"""A record's bytes and back: generated records, and whatever else may stand in a file."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.util import tensor_util

from tb_cnnviz.eventlog import wire
from tb_cnnviz.eventlog.decoding import ForeignRecord, decode, decode_directory
from tb_cnnviz.eventlog.encoding import encode, snapshot
from tb_cnnviz.eventlog.framing import MAX_PAYLOAD_BYTES, frame, masked_crc, payload_length
from tb_cnnviz.records import KINDS, Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.record import DTYPES

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
HOSTILE = st.sampled_from(
    ["", "../../etc/passwd", "<script>alert(1)</script>", "\u202etxet", "a\x00b", "ü/名", "x" * 10_000]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: st_numpy.arrays(
        np.dtype(dtype).newbyteorder("<"), st_numpy.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=4)
    )
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(list(KINDS)))
    return Record(
        kind,
        draw(st.integers(0, 2**63 - 1)),
        draw(TEXT | HOSTILE) if KINDS[kind].has_layer else None,
        draw(st.dictionaries(TEXT | HOSTILE, ARRAYS, max_size=5)),
        draw(st.dictionaries(TEXT | HOSTILE, JSON, max_size=4)),
        draw(st.floats(0, 2e9)),
    )


def payload_of(record: Record) -> bytes:
    return b"".join(encode(record))


def event(directory: object, *, tag: str = "cnnviz/directory", step: int = 3, wall_time: float = 1.0) -> bytes:
    """An Event by TensorBoard's own proto classes, with any JSON as its directory and one array of eight bytes."""
    proto = Event(wall_time=wall_time, step=step)
    text = directory if isinstance(directory, bytes) else json.dumps(directory).encode()
    proto.summary.value.add(tag=tag, tensor={"dtype": 7, "string_val": [text]})
    proto.summary.value.add(tag="cnnviz/cost/a", tensor={"dtype": 4, "tensor_content": bytes(range(8))})
    return bytes(proto.SerializeToString())


def directory(**changes: object) -> dict[str, object]:
    """A directory that fits the array of `event`, with changes."""
    at = {"name": "a", "dtype": "uint8", "shape": [8], "offset": 23, "length": 8}
    return {"schema": 1, "kind": "cost", "layer": None, "attributes": {}, "arrays": [at], **changes}


def array(**changes: object) -> list[object]:
    return [{"name": "a", "dtype": "uint8", "shape": [8], "offset": 23, "length": 8, **changes}]


@settings(max_examples=150, deadline=None)
@given(records())
def test_any_record_comes_back_equal(record: Record) -> None:
    back = decode(payload_of(record))
    assert (back.kind, back.step, back.layer, back.wall_time) == (
        record.kind,
        record.step,
        record.layer,
        record.wall_time,
    )
    assert back.attributes == record.attributes
    assert list(back.arrays) == list(record.arrays)
    for name, expected in record.arrays.items():
        got = back.arrays[name]
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        assert got.tobytes() == expected.tobytes()  # every bit of every NaN


@settings(max_examples=60, deadline=None)
@given(records())
def test_a_stock_proto_holds_the_same_arrays(record: Record) -> None:
    proto = Event.FromString(payload_of(record))
    first, *rest = proto.summary.value
    assert (proto.step, proto.wall_time) == (record.step, record.wall_time)
    assert first.tag == "cnnviz/directory"
    assert json.loads(first.tensor.string_val[0])["layer"] == record.layer
    for value, (name, expected) in zip(rest, record.arrays.items(), strict=True):
        assert value.tag.startswith(f"cnnviz/{record.kind}/")
        assert value.tag.endswith(name)
        assert tuple(dim.size for dim in value.tensor.tensor_shape.dim) == expected.shape
        if expected.size:  # of empty arrays TensorBoard reads only some dtypes
            got = tensor_util.make_ndarray(value.tensor)
            assert got.dtype == expected.dtype
            assert got.shape == expected.shape
            assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "given",
    [
        np.arange(12, dtype=">f4").reshape(3, 4),
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.arange(24, dtype=np.int64)[::-2],
        np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(3, 4)),
        np.broadcast_to(np.float32(3), (2, 5)),
    ],
)
def test_any_memory_layout_is_written_little_endian_in_c_order(given: np.ndarray) -> None:
    back = decode(payload_of(Record("cost", 0, arrays={"a": given}))).arrays["a"]
    np.testing.assert_array_equal(back, given)
    assert back.dtype == given.dtype.newbyteorder("<")


def test_a_name_that_utf8_cannot_hold_is_written_all_the_same() -> None:
    assert decode(payload_of(Record("filters", 0, "a\ud800b"))).layer == "a?b"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), np.float32("nan")])
def test_attributes_that_json_cannot_hold_are_refused_before_they_are_written(value: object) -> None:
    with pytest.raises(ValueError, match="attributes of 'cost'"):
        snapshot(Record("cost", 0, attributes={"a": value}))


def test_numpy_numbers_are_attributes_too() -> None:
    attributes = {"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True)}
    assert decode(payload_of(Record("cost", 0, attributes=attributes))).attributes == {"a": 3, "b": 0.5, "c": True}


@pytest.mark.parametrize(("step", "wall_time"), [(2**63, 0.0), (0, float("nan")), (0, float("inf"))])
def test_numbers_that_no_reader_takes_are_refused(step: int, wall_time: float) -> None:
    with pytest.raises(ValueError, match="given"):
        snapshot(Record("cost", step, wall_time=wall_time))


def test_a_directory_larger_than_readers_take_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        encode(Record("cost", 0, attributes={"a": "x" * (1 << 20)}))
    with pytest.raises(ValueError, match="at most"):
        encode(Record("filters", 0, "x" * ((1 << 16) + 1)))


def test_the_hand_made_event_is_good() -> None:
    """What the cases below change would be read, were it not for the change."""
    record = decode(event(directory()))
    assert (record.kind, record.step) == ("cost", 3)
    np.testing.assert_array_equal(record.arrays["a"], np.arange(8))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": 1, "kind": "cost", "attributes": {"a": NaN}, "arrays": []}',
        b'{"schema": 1, "kind": "cost", "attributes": {"a": 1e999}, "arrays": []}',
        b'{"schema": 1, "kind": "cost", "attributes": {"a": %s}, "arrays": []}' % (b"9" * 5000),
        b'{"schema": 1, "kind": "filters", "layer": "\\ud800", "attributes": {}, "arrays": []}',
        [],
        None,
        directory(schema=None),
        directory(schema=True),
        directory(schema=0),
        directory(schema=1.0),
        directory(kind=7),
        directory(kind=["cost"]),
        directory(layer="conv"),
        directory(kind="filters"),
        directory(kind="filters", layer=3),
        directory(kind="filters", layer="x" * ((1 << 16) + 1)),
        directory(attributes=[]),
        directory(arrays=None),
        directory(arrays={}),
        directory(arrays=[3]),
        directory(arrays=array(name=None)),
        directory(arrays=array(dtype="object")),
        directory(arrays=array(dtype="complex64")),
        directory(arrays=array(dtype=["uint8"])),
        directory(arrays=array(dtype="float32")),
        directory(arrays=array(shape=None)),
        directory(arrays=array(shape=[9])),
        directory(arrays=array(shape=[-8])),
        directory(arrays=array(shape=[-2, -4])),
        directory(arrays=array(shape=[8.0])),
        directory(arrays=array(shape=[True, 8])),
        directory(arrays=array(shape=[1] * 33)),
        directory(arrays=array(shape=[2**40, 2**40])),
        directory(arrays=array(shape=[2**62, 4], length=2**64)),
        directory(arrays=array(shape=[0, 10**30], length=0)),
        directory(arrays=array(offset=-1)),
        directory(arrays=array(offset=2**70)),
        directory(arrays=array(offset=24)),
        directory(arrays=array(offset="23")),
        directory(arrays=array(length=-8)),
        directory(arrays=array(length=2**70, shape=[2**70])),
        directory(arrays=array() + array()),
        directory(arrays=array() + array(name="b")),
    ],
)
def test_a_directory_that_does_not_fit_is_damage(bad: object) -> None:
    with pytest.raises(DamagedRecord):
        decode(event(bad))


def test_deep_nesting_in_protobuf_is_no_recursion() -> None:
    content = b""
    for _ in range(5000):
        content = wire.bytes_field(1, content)
    with pytest.raises(DamagedRecord):
        decode(wire.bytes_field(5, content))


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        Event(file_version="brain.Event:2").SerializeToString(),
        event(directory(), tag="loss"),
        event(directory(schema=2)),
        event(directory(kind="a kind of next year")),
    ],
)
def test_what_is_not_ours_is_foreign(foreign: bytes) -> None:
    with pytest.raises(ForeignRecord):
        decode(foreign)


@pytest.mark.parametrize(
    "bad",
    [
        event(directory(), step=-1),
        event(directory(), wall_time=float("nan")),
        event(directory(), wall_time=float("-inf")),
        b"\x0b",
        b"\xff" * 11,
        wire.length_prefix(5, 2**40),
        struct.pack("<B7s", 9, b"short"[:5]),
    ],
)
def test_an_event_that_does_not_fit_is_damage(bad: bytes) -> None:
    with pytest.raises(DamagedRecord):
        decode(bad)


GOOD = payload_of(Record("filters", 5, "conv", {"kernel": np.arange(9, dtype=np.float32)}, {"a": [1, 2.5, "ü"]}))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
@example(b"\x2a\x02\x0a\x00")
def test_no_bytes_make_the_decoder_raise_anything_else(content: bytes) -> None:
    with pytest.raises(DamagedRecord):
        decode(content)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)), min_size=1, max_size=4), st.data())
def test_no_flipped_bytes_make_the_decoder_raise_anything_else(
    flips: list[tuple[int, int]], data: st.DataObject
) -> None:
    content = bytearray(GOOD)
    for place, mask in flips:
        content[place] ^= mask
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        try:
            record = decode(damaged)
        except DamagedRecord:
            continue
        assert record.kind in KINDS


@settings(max_examples=50, deadline=None)
@given(records(), st.integers(0, 200))
def test_a_directory_is_read_from_the_first_bytes_alone(record: Record, first: int) -> None:
    payload = payload_of(record)
    needed, known = first, -1
    while needed > known:
        known = needed
        try:
            found = decode_directory(payload[:needed], len(payload))
        except wire.TruncatedProto as more:
            needed = more.needed
    assert (found.kind, found.layer, found.step) == (record.kind, record.layer, record.step)
    for place in found.arrays:
        assert payload[place.start : place.stop] == record.arrays[place.name].tobytes()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=6))
def test_framing_is_that_of_tensorboard(pieces: list[bytes]) -> None:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    content = b"".join(pieces)
    framed = b"".join(frame(pieces))
    assert masked_crc(*pieces) == masked_crc32c(content)
    length = struct.pack("<Q", len(content))
    crcs = struct.pack("<I", masked_crc32c(length)), struct.pack("<I", masked_crc32c(content))
    assert framed == length + crcs[0] + content + crcs[1]
    assert payload_length(framed[:12]) == len(content)


def test_a_length_that_no_proto_has_is_refused_even_with_its_crc() -> None:
    for length, known in ((MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES), (MAX_PAYLOAD_BYTES + 1, None), (2**64 - 1, None)):
        size = struct.pack("<Q", length)
        assert payload_length(size + struct.pack("<I", masked_crc(size))) == known
