"""The binary answer, taken apart with struct and json alone."""

import json
import struct
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz.plugin.binary_answer import frame
from tb_cnnviz.records.record import DTYPES, Record


def take_apart(records: list[Record]) -> tuple[dict[str, Any], bytes]:
    chunks, length = frame(records)
    answer = b"".join(bytes(chunk) for chunk in chunks)
    assert len(answer) == length
    assert answer[:4] == b"CNV1"
    (size,) = struct.unpack("<I", answer[4:8])
    assert (8 + size) % 8 == 0
    return json.loads(answer[8 : 8 + size]), answer[8 + size :]


@st.composite
def records(draw: st.DrawFn) -> Record:
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    arrays = {}
    for name in draw(st.lists(st.sampled_from(["kernel", "bias", "<b>", "ü\n"]), unique=True)):
        dtype = np.dtype(draw(st.sampled_from(DTYPES)))
        shape = draw(st.lists(st.integers(0, 5), max_size=4))
        raw = rng.bytes(int(np.prod(shape, dtype=int)) * dtype.itemsize)
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape)
    layer = draw(st.sampled_from(["conv", "a/b", "\u202e", "\ud800", ""]))
    return Record("filters", draw(st.integers(0, 1 << 50)), layer, arrays, {"of": draw(st.integers())})


@given(st.lists(records(), max_size=4))
def test_every_array_comes_back_bit_by_bit(sent: list[Record]) -> None:
    header, body = take_apart(sent)
    assert header["schema"] == 1
    assert len(header["records"]) == len(sent)
    for entry, record in zip(header["records"], sent, strict=True):
        assert (entry["kind"], entry["layer"], entry["step"]) == ("filters", record.layer, record.step)
        assert entry["attributes"] == dict(record.attributes)
        assert [array["name"] for array in entry["arrays"]] == list(record.arrays)
        for array in entry["arrays"]:
            assert array["offset"] % 8 == 0
            raw = body[array["offset"] : array["offset"] + array["length"]]
            expected = record.arrays[array["name"]]
            assert np.frombuffer(raw, array["dtype"]).tobytes() == expected.tobytes()
            assert tuple(array["shape"]) == expected.shape


def test_order_in_memory_and_byte_order_do_not_matter() -> None:
    kernel = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for variant in (np.asfortranarray(kernel), kernel.astype(">f4"), np.repeat(kernel, 2, axis=2)[:, :, ::2]):
        header, body = take_apart([Record("filters", 0, "conv", {"kernel": variant})])
        (array,) = header["records"][0]["arrays"]
        assert array["dtype"] == "float32"
        assert struct.unpack("<24f", body[: array["length"]]) == tuple(range(24))


def test_numbers_that_json_has_not_are_named() -> None:
    attributes = {"a": float("nan"), "b": [float("inf"), {"c": -float("inf")}]}
    header, _ = take_apart([Record("losses", 0, attributes=attributes)])
    assert header["records"][0]["attributes"] == {"a": "NaN", "b": ["Infinity", {"c": "-Infinity"}]}
