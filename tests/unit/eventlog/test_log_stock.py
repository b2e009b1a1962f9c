"""The stock summaries, as TensorBoard's own reader and plugins' own parsers find them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader, LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import DataClass
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
from tensorboard.util import tensor_util

from tb_cnnviz import open_log
from tb_cnnviz.eventlog.stock import HISTOGRAM_BUCKETS, StockWriter, equal_width_buckets
from tb_cnnviz.records.histogram import BIN_COUNT, edges, histogram


def events(folder: Path) -> list[Event]:
    """Every event of every file in a folder, after the one that begins each."""
    found: list[Event] = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        first, *rest = LegacyEventFileLoader(str(path)).Load()
        assert first.file_version == "brain.Event:2"
        assert len(list(EventFileLoader(str(path)).Load())) == len(rest) + 1
        found += rest
    return found


def test_each_folder_has_its_scalars(tmp_path: Path) -> None:
    stock = StockWriter(tmp_path / "run")
    written = [("train", 0.5), ("validation", 0.25), ("", float("nan")), ("train", float("inf")), ("train", 1e-30)]
    for step, (folder, value) in enumerate(written):
        stock.scalar("epoch_loss", value, step, folder)
    stock.close()
    assert {path.name for path in (tmp_path / "run").iterdir() if path.is_dir()} == {"train", "validation"}
    for folder in ("train", "validation", ""):
        expected = [(step, np.float32(value)) for step, (name, value) in enumerate(written) if name == folder]
        found = events(tmp_path / "run" / folder)
        assert [event.step for event in found] == [step for step, _ in expected]
        for event, (_, value) in zip(found, expected, strict=True):
            (summary,) = event.summary.value
            assert (summary.tag, summary.metadata.plugin_data.plugin_name) == ("epoch_loss", "scalars")
            assert summary.metadata.data_class == DataClass.DATA_CLASS_SCALAR
            np.testing.assert_array_equal(tensor_util.make_ndarray(summary.tensor), value)


def test_images_are_the_pictures_that_were_given(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stock = StockWriter(tmp_path)
    given_images = [rng.integers(0, 256, (3, 5, 7, channels), dtype=np.uint8) for channels in (1, 3)]
    for step, images in enumerate(given_images):
        stock.image("filters/conv", images, step)
    stock.close()
    for event, images in zip(events(tmp_path), given_images, strict=True):
        (summary,) = event.summary.value
        assert summary.metadata.plugin_data.plugin_name == "images"
        assert summary.metadata.data_class == DataClass.DATA_CLASS_BLOB_SEQUENCE
        width, height, *pictures = tensor_util.make_ndarray(summary.tensor)
        assert (width, height) == (b"7", b"5")
        for png, expected in zip(pictures, images, strict=True):
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))).reshape(expected.shape), expected)


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 2, 2, 1), np.float32), np.zeros((2, 2, 1), np.uint8), np.zeros((1, 2, 2, 4), np.uint8)]
)
def test_what_is_no_picture_is_refused(tmp_path: Path, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"images: .* given; accepted is uint8"):
        StockWriter(tmp_path).image("a", bad, 0)


@pytest.mark.parametrize("seed", range(8))
def test_histograms_hold_every_value_near_its_place(tmp_path: Path, seed: int) -> None:
    """Against np.histogram of the values themselves: at any border, as many values below it, but for those of the one
    octave that the border cuts."""
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=5000) * 10.0 ** rng.uniform(-6, 3)).astype(np.float32)
    if seed % 2:
        values = np.maximum(values, 0)
    stock = StockWriter(tmp_path)
    stock.histogram("w", histogram(values), edges(), 3)
    stock.close()
    (event,) = events(tmp_path)
    (summary,) = event.summary.value
    assert summary.metadata.plugin_data.plugin_name == "histograms"
    buckets = tensor_util.make_ndarray(summary.tensor)
    assert buckets.dtype == np.float64
    assert buckets.shape[1] == 3
    assert len(buckets) <= HISTOGRAM_BUCKETS
    left, right, counts = buckets.T
    np.testing.assert_allclose(counts.sum(), len(values))
    np.testing.assert_array_equal(left[1:], right[:-1])
    assert left[0] <= values.min() <= values.max() <= right[-1]
    assert right[-1] <= max(2.0 * values.max(), 2.0**-126)
    for border, below in zip(right, np.cumsum(counts), strict=True):
        octave = np.exp2(np.floor(np.log2(abs(border)))) if border else 0.0
        low, high = sorted([np.sign(border) * octave, np.sign(border) * octave * 2])
        low, high = min(low, border), max(high, border)
        assert (values < low).sum() - 1e-6 <= below <= (values <= high).sum() + 1e-6


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, BIN_COUNT - 1), max_size=20, unique=True), st.integers(1, 40), st.integers(0, 2**31 - 1))
def test_buckets_keep_the_sum_for_any_bins(bins: list[int], limit: int, seed: int) -> None:
    counts = np.zeros(BIN_COUNT, np.int64)
    counts[bins] = np.random.default_rng(seed).integers(1, 1 << 40, len(bins))
    buckets = equal_width_buckets(counts, edges(), limit)
    assert len(buckets) == (limit if bins else 0)
    assert np.isfinite(buckets).all()
    assert (buckets[:, 2] >= 0).all()
    assert (buckets[:, 1] >= buckets[:, 0]).all()
    np.testing.assert_allclose(buckets[:, 2].sum(), counts.sum(), rtol=1e-9)


def test_edges_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one edge more"):
        equal_width_buckets(np.ones(3), np.arange(3.0), 30)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_session_in_the_hparams_tab(tmp_path: Path, succeeded: bool) -> None:
    hparams = {
        "optimizer": "adam",
        "rate": 1e-3,
        "batch": 32,
        "nesterov": True,
        "decay": float("nan"),
        "clip": float("inf"),
        "momentum": np.float32(0.5),
        "depth": np.int64(3),
    }
    stock = StockWriter(tmp_path)
    stock.hparams(hparams)
    stock.end_hparams(succeeded=succeeded)
    stock.close()
    start, end = (event.summary.value[0] for event in events(tmp_path))
    assert (start.tag, end.tag) == (hparams_metadata.SESSION_START_INFO_TAG, hparams_metadata.SESSION_END_INFO_TAG)
    began = hparams_metadata.parse_session_start_info_plugin_data(start.metadata.plugin_data.content)
    ended = hparams_metadata.parse_session_end_info_plugin_data(end.metadata.plugin_data.content)
    assert ended.status == (STATUS_SUCCESS if succeeded else STATUS_FAILURE)
    assert 0 < began.start_time_secs <= ended.end_time_secs
    assert began.group_name == ""
    found = {name: getattr(value, value.WhichOneof("kind")) for name, value in began.hparams.items()}
    assert found == {
        "optimizer": "adam",
        "rate": 1e-3,
        "batch": 32.0,
        "nesterov": True,
        "decay": "nan",
        "clip": "inf",
        "momentum": 0.5,
        "depth": 3.0,
    }


def test_a_hyperparameter_of_another_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"hparams\['layers'\]: list given"):
        StockWriter(tmp_path).hparams({"layers": [1, 2]})  # type: ignore[dict-item]


def test_the_model_summary_is_small_and_of_the_plugins_own_class(tmp_path: Path) -> None:
    stock = StockWriter(tmp_path)
    stock.model(b'{"name": "net"}', 5)
    stock.close()
    ((event),) = events(tmp_path)
    (summary,) = event.summary.value
    assert (event.step, summary.tag, summary.metadata.plugin_data.plugin_name) == (5, "cnnviz/model", "cnnviz")
    assert summary.metadata.data_class == DataClass.DATA_CLASS_TENSOR
    assert tensor_util.make_ndarray(summary.tensor).item() == b'{"name": "net"}'


def test_a_disk_error_costs_one_warning(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    stock = StockWriter(tmp_path / "run")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for step in range(4):
            stock.scalar("loss", 1.0, step)
    (warning,) = seen
    assert "stock summaries" in str(warning.message)
    (tmp_path / "run").unlink()
    stock.scalar("loss", 1.0, 9)
    stock.close()
    assert [event.step for event in events(tmp_path / "run")] == [9]


def test_closing_begins_new_files_and_takes_nothing_away(tmp_path: Path) -> None:
    stock = StockWriter(tmp_path)
    for step in range(3):
        stock.scalar("loss", 1.0, step)
        stock.flush()
        stock.close()
    assert len(list(tmp_path.iterdir())) == 3
    assert [event.step for event in events(tmp_path)] == [0, 1, 2]
    assert not open_log(tmp_path)  # no records file: no run of ours


FORK = """
import os, sys
from tb_cnnviz.eventlog.stock import StockWriter
stock = StockWriter(sys.argv[1])
stock.scalar("loss", 1.0, 0)
child = os.fork()
stock.scalar("loss", 1.0, 1 if child else 2)
stock.close()
if child: assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_writes_to_a_file_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORK, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == 2
    assert sorted(event.step for event in events(tmp_path)) == [0, 1, 2]


def test_writing_needs_no_tensorflow_and_no_keras(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('keras', 'tensorflow', 'jax', 'torch'): sys.modules[name] = None\n"
        "import numpy as np\n"
        "from tb_cnnviz.eventlog.stock import StockWriter\n"
        "stock = StockWriter(sys.argv[1])\n"
        "stock.scalar('loss', 1.0, 0)\n"
        "stock.histogram('w', np.ones(2), np.arange(3.0), 0)\n"
        "stock.image('i', np.zeros((1, 2, 2, 1), np.uint8), 0)\n"
        "stock.hparams({'rate': 0.1})\n"
        "stock.model(b'{}', 0)\n"
        "stock.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(events(tmp_path)) == 5
