"""A run's folder or file that is deleted or renamed while it is being written."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import Record

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there an open file cannot be deleted")


def losses(step: int) -> Record:
    return Record("losses", step, arrays={"step": np.array([step]), "loss": np.array([step / 2], np.float32)})


def begin(writer: RecordWriter, text: bytes = b"{}") -> None:
    writer.write(Record("session", 0, attributes={"epoch_offset": 7}))
    writer.write(Record("model", 0, arrays={"json": np.frombuffer(text, np.uint8)}))
    writer.write(Record("probe", 0, arrays={"x": np.arange(5000, dtype=np.float32)}))


def whole(run: Path) -> None:
    shutil.rmtree(run)


def with_its_parents(run: Path) -> None:
    shutil.rmtree(run.parent)


def the_file(run: Path) -> None:
    for path in run.glob("cnnviz.*"):
        path.unlink()


def made_anew(run: Path) -> None:
    shutil.rmtree(run)
    run.mkdir()
    (run / "notes.txt").write_text("made anew")


@pytest.mark.parametrize("delete", [whole, with_its_parents, the_file, made_anew])
def test_the_rest_goes_to_a_new_file_that_can_be_read(tmp_path: Path, delete: Callable[[Path], None]) -> None:
    run = tmp_path / "runs" / "run"
    writer = RecordWriter(run)
    with warnings.catch_warnings(record=True) as seen, closing(writer):
        warnings.simplefilter("always")
        begin(writer, b'{"first": 1}')
        begin(writer, b'{"second": 2}')  # the last of each is what holds
        for step in range(20):
            writer.write(losses(step))
            if step in (5, 12):
                assert writer.flush(30)
                delete(run)
    (warning,) = seen
    assert "was deleted" in str(warning.message)
    assert str(run) in str(warning.message)
    assert writer.dropped == {}
    (path,) = run.glob("cnnviz.*.records")
    log = open_log(run)["."]
    assert log.steps("losses") == list(range(13, 20))
    assert (log.steps("session"), log.steps("model"), log.steps("probe"), log.steps("notices")) == ([0], [0], [0], [13])
    assert log.read("model")["json"].tobytes() == b'{"second": 2}'
    assert log.read("session")["epoch_offset"] == 7
    np.testing.assert_array_equal(log.read("probe")["x"], np.arange(5000))
    assert any("deleted" in notice.reason for notice in log.notices if notice.file == path.name)
    assert [item.kind for item in log._index.entries()][:4] == ["session", "model", "probe", "notices"]


def test_a_folder_that_is_renamed_keeps_its_file(tmp_path: Path) -> None:
    with warnings.catch_warnings(), closing(RecordWriter(tmp_path / "a")) as writer:
        warnings.simplefilter("error")
        writer.write(losses(0))
        assert writer.flush(30)
        (tmp_path / "a").rename(tmp_path / "b")
        writer.write(losses(1))
        assert writer.flush(30)
        (path,) = (tmp_path / "b").iterdir()
        path.rename(path.with_name(f"{path.name[:-8]}-2.records"))
        writer.write(losses(2))
    assert not (tmp_path / "a").exists()
    assert open_log(tmp_path)["b"].steps("losses") == [0, 1, 2]


def test_where_no_new_file_can_be_made_it_is_counted(tmp_path: Path) -> None:
    run = tmp_path / "run"
    writer = RecordWriter(run)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        begin(writer)
        assert writer.flush(30)
        shutil.rmtree(run)
        run.write_text("in the way")
        for step in range(3):
            writer.write(losses(step))
        assert writer.flush(30)
        run.unlink()
        writer.write(losses(3))
        writer.close()
    assert sorted("deleted" in str(warning.message) for warning in seen) == [False, True]
    assert writer.dropped == {"losses": 3}
    log = open_log(run)["."]
    assert (log.steps("losses"), log.steps("model")) == ([3], [0])
    assert {"deleted", "could not be written"} <= {word for word in ("deleted", "could not be written") for notice in log.notices if word in notice.reason}  # fmt: skip


def test_the_stock_tabs_go_on_with_their_session_and_model(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with warnings.catch_warnings(), closing(StockWriter(run)) as stock:
        warnings.simplefilter("error")  # the records' writer says it
        stock.hparams({"rate": 0.5})
        stock.model(b"{}", 0)
        stock.scalar("loss", 1.0, 0)
        stock.scalar("epoch_loss", 1.0, 0, "train")
        shutil.rmtree(run)
        stock.scalar("loss", 2.0, 1)
        stock.scalar("epoch_loss", 2.0, 1, "train")
    read = EventAccumulator(str(run)).Reload()
    assert set(read.Tags()["tensors"]) == {"_hparams_/session_start_info", "cnnviz/model", "loss"}
    assert [event.step for event in read.Tensors("loss")] == [1]
    assert read.Tensors("cnnviz/model")[0].tensor_proto.string_val[0] == b"{}"
    assert [event.step for event in EventAccumulator(str(run / "train")).Reload().Tensors("epoch_loss")] == [1]
