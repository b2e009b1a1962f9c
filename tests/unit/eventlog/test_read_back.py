"""What is written is read back equal, by our reader and by stock TFRecord readers; damage costs one record."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.index import LogIndex
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import KINDS, Record
from tb_cnnviz.records.damaged import DamagedRecord
from tb_cnnviz.records.quantisation import quantise_maps
from tb_cnnviz.records.record import DTYPES

NAMES = ["conv", "a/b", "../../etc", "<script>", "\u202etxet", "x" * 10_000, "ä\u0000b"]


def generated(rng: np.random.Generator, step: int) -> Record:
    kind = list(KINDS)[int(rng.integers(len(KINDS)))]
    arrays = {}
    for number in range(int(rng.integers(0, 5))):
        dtype = DTYPES[int(rng.integers(len(DTYPES)))]
        shape = tuple(int(n) for n in rng.integers(0, 5, size=int(rng.integers(0, 5))))
        raw = rng.integers(-100, 100, size=shape)
        array = np.asarray(raw if dtype.startswith(("int", "float")) else np.abs(raw)).astype(dtype)
        if dtype.startswith("float") and array.size:
            array.reshape(-1)[0] = [np.nan, np.inf, -np.inf][number % 3]
        arrays[f"array {number}"] = array
    layer = NAMES[int(rng.integers(len(NAMES)))] if KINDS[kind].has_layer else None
    return Record(kind, step, layer, arrays, {"of": step, "name": "ü"}, wall_time=1000.0 + step)


def records_file(folder: Path) -> Path:
    (path,) = folder.glob("cnnviz.*.records")
    return path


def same(got: Record, expected: Record) -> None:
    assert (got.kind, got.step, got.layer, got.wall_time) == (
        expected.kind,
        expected.step,
        expected.layer,
        expected.wall_time,
    )
    assert dict(got.attributes) == dict(expected.attributes)
    assert list(got.arrays) == list(expected.arrays)
    for name, array in expected.arrays.items():
        assert got.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(got.arrays[name], array)


@pytest.mark.parametrize("seed", range(5))
def test_generated_records_come_back_equal(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    written = [generated(rng, step) for step in range(40)]
    writer = RecordWriter(tmp_path / "run")
    for record in written:
        writer.write(record)
    writer.close()
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    assert index["run"].records == len(written)
    for record in written:
        same(index["run"].read(record.kind, record.layer, record.step), record)


def test_the_later_of_two_records_at_a_step_wins(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        writer = RecordWriter(tmp_path)
        writer.write(Record("filters", 3, "conv", {"kernel": np.full((1, 1, 1, 1), value, np.float32)}))
        writer.close()
    run = open_log(tmp_path)["."]
    assert run.steps("filters", "conv") == [3]
    assert run.read("filters", "conv", 3)["kernel"].item() == 2.0


def test_a_growing_file_is_followed(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    index = LogIndex({"": str(tmp_path)})
    for step in range(5):
        writer.write(Record("cost", step, attributes={"pictures_s": 0.5}))
        writer.flush()
        index.refresh()
        assert index["."].steps("cost") == list(range(step + 1))
    writer.close()


def test_stock_readers_read_it(tmp_path: Path) -> None:
    """TensorBoard's own reader, without TensorFlow: every record is an Event whose values name and hold the arrays."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.util import tensor_util

    kernel = np.random.default_rng(0).normal(size=(2, 3, 5, 5)).astype(np.float32)
    writer = RecordWriter(tmp_path)
    writer.write(Record("filters", 7, "conv", {"kernel": kernel, "norm": np.ones(2, np.float32)}))
    writer.close()
    (raw,) = list(RawEventFileLoader(str(records_file(tmp_path))).Load())
    event = Event.FromString(raw)
    directory, *arrays = event.summary.value
    assert event.step == 7
    assert json.loads(directory.tensor.string_val[0])["layer"] == "conv"
    assert [value.tag for value in arrays] == ["cnnviz/filters/conv/kernel", "cnnviz/filters/conv/norm"]
    np.testing.assert_array_equal(tensor_util.make_ndarray(arrays[0].tensor), kernel)


def test_tensorflow_counts_the_same_records(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    for step in range(9):
        writer.write(Record("cost", step))
    writer.close()
    code = "import sys, tensorflow as tf; print(sum(1 for _ in tf.data.TFRecordDataset(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(records_file(tmp_path))], capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-1:] == ["9"], done.stderr[-2000:]


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_costs_one_record_and_never_gives_a_wrong_number(tmp_path: Path, seed: int) -> None:
    writer = RecordWriter(tmp_path)
    for step in range(6):
        writer.write(Record("filters", step, "conv", {"kernel": np.full((4, 1, 5, 5), step, np.float32)}))
    writer.close()
    path = records_file(tmp_path)
    content = bytearray(path.read_bytes())
    place = int(np.random.default_rng(seed).integers(len(content)))
    content[place] ^= 1 << seed % 8
    path.write_bytes(bytes(content))
    hit = place * 6 // len(content)
    run = open_log(tmp_path)["."]
    for step in range(6):
        try:
            kernel = run.read("filters", "conv", step)["kernel"]
        except (KeyError, DamagedRecord):
            assert step == hit
        else:
            assert step != hit
            assert (kernel == step).all()


@pytest.mark.parametrize("seed", range(20))
def test_neighbours_read_together_are_as_each_read_alone(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(2):  # files
        with closing(RecordWriter(tmp_path)) as writer:
            for step in range(30):
                size = int(rng.choice([1, 50, 20_000, 300_000]))
                writer.write(
                    Record("losses", step, arrays={"step": np.array([step]), "loss": np.zeros(size, np.uint8)})
                )
    index = LogIndex({"": str(tmp_path)})
    index.refresh()
    path = sorted(tmp_path.glob("*.records"))[0]
    content = bytearray(path.read_bytes())
    content[int(rng.integers(len(content)))] ^= 1 << seed % 8
    content = content[: len(content) - int(rng.integers(2)) * 1000]
    path.write_bytes(content)
    run = index["."]
    entries = run.entries()
    chosen = [entries[i] for i in sorted(rng.choice(len(entries), 40, replace=False))]
    together = list(run.read_many(chosen))
    assert len(together) == len(chosen)
    for entry, got in zip(chosen, together, strict=True):
        if isinstance(got, DamagedRecord):
            with pytest.raises(DamagedRecord, match=got.reason):
                run.read_entry(entry)
        else:
            same(got, run.read_entry(entry))
            assert got.arrays["step"].tolist() == [entry.step]
    assert len({(notice.file, notice.offset) for notice in run.notices}) == len(run.notices)


def test_maps_of_a_pooling_layer_bring_its_input(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 3, 8, 8), np.float32), rng.random((2, 3, 4, 4), np.float32)
    writer = RecordWriter(tmp_path)
    channels = np.arange(3, dtype=np.int32)
    writer.write(Record("feature_maps", 0, "conv", {**quantise_maps(before), "channels": channels}, {"of": 3}))
    writer.write(
        Record(
            "feature_maps", 0, "pool", {**quantise_maps(after), "channels": channels}, {"of": 3, "input_layer": "conv"}
        )
    )
    writer.close()
    found = open_log(tmp_path)["."].read("feature_maps", "pool", 0)
    np.testing.assert_allclose(found["maps"], after, atol=1 / 500)
    np.testing.assert_allclose(found["input"], before, atol=1 / 500)


def test_unknown_names_say_what_there_is(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "adam")
    writer.write(Record("filters", 0, "conv", {"kernel": np.ones((1, 1, 1, 1), np.float32)}))
    writer.close()
    log = open_log(tmp_path)
    with pytest.raises(KeyError, match="adam"):
        log["sgd"]
    with pytest.raises(KeyError, match="conv"):
        log["adam"].read("filters", "dense", 0)
    with pytest.raises(KeyError, match="0"):
        log["adam"].read("filters", "conv", 9)


def test_remote_folders_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gs://.*local"):
        RecordWriter("gs://bucket/run")
    with pytest.raises(FileNotFoundError):
        open_log(tmp_path / "nothing")
