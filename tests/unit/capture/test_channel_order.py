"""Images whose first channel is blue: pictures are turned to RGB, after what undoes a normalisation, and the log says so."""

from __future__ import annotations

import io
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

import tb_cnnviz
from tb_cnnviz.capture.network import probe
from tb_cnnviz.loggers.pictures import filter_grid
from tb_cnnviz.records import ModelRecord

MEAN, STD = np.array([103.939, 116.779, 123.68], np.float32), np.array([57.0, 58.0, 59.0], np.float32)
RGB = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 3)).astype(np.uint8)
#: As a network from Caffe takes it: blue first, then normalised channel by channel.
CAFFE = ((RGB[..., ::-1] - MEAN) / STD).astype(np.float32)


def network() -> keras.Model:
    return keras.Sequential([keras.Input((6, 5, 3)), keras.layers.Conv2D(4, 3, name="first")], name="net")


def test_a_normalised_probe_comes_back_with_red_first() -> None:
    def shown(x: np.ndarray, display: object = None) -> np.ndarray:
        return probe.record(probe.Probe(x, of=3), 0, display, "bgr").arrays["display"]  # type: ignore[arg-type]

    np.testing.assert_array_equal(shown(RGB[..., ::-1]), RGB)
    np.testing.assert_array_equal(shown(CAFFE, (MEAN, STD)), RGB)
    np.testing.assert_array_equal(shown(CAFFE, lambda x: (x * STD + MEAN) / 255), RGB)
    np.testing.assert_array_equal(shown(np.moveaxis(RGB[..., ::-1], -1, 1)), RGB)
    np.testing.assert_array_equal(shown(RGB[..., :1]), RGB[..., :1])


@pytest.mark.parametrize("space", [(3,), (3, 2), (2, 3, 3)])
def test_the_stock_grid_of_filters_has_red_first(space: tuple[int, ...]) -> None:
    kernel = np.random.default_rng(1).normal(size=(5, 3, *space)).astype(np.float32)
    np.testing.assert_array_equal(filter_grid(kernel, "bgr"), filter_grid(kernel[:, ::-1]))
    assert (filter_grid(kernel, "bgr") != filter_grid(kernel)).any()
    other = np.random.default_rng(1).normal(size=(5, 4, *space)).astype(np.float32)
    np.testing.assert_array_equal(filter_grid(other, "bgr"), filter_grid(other))


def stock_grid(folder: Path) -> np.ndarray:
    """The last picture of filters in the event file."""
    found = [
        value.tensor.string_val[2]
        for path in folder.glob("events.out.tfevents.*")
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
        if value.tag.startswith("filters/")
    ]
    return np.asarray(Image.open(io.BytesIO(found[-1])))


def test_a_fit_and_a_snapshot_log_the_order_and_keep_it_in_every_picture(tmp_path: Path) -> None:
    model = network()
    model.compile("sgd", "mse")
    y = np.zeros((3, 4, 3, 4), np.float32)
    given = {"probe_display": (MEAN, STD), "channel_order": "bgr"}
    model.fit(CAFFE, y, verbose=0, callbacks=[tb_cnnviz.CNNViz(tmp_path / "fit", (CAFFE, y), **given)])
    parts = [tb_cnnviz.FilterLogger(tmp_path / "parts", channel_order="bgr"), tb_cnnviz.FeatureMapLogger(tmp_path / "parts", CAFFE, **given)]  # fmt: skip
    model.fit(CAFFE, y, verbose=0, callbacks=parts)
    tb_cnnviz.snapshot(model, tmp_path / "snapshot", CAFFE, **given)
    tb_cnnviz.snapshot(model, tmp_path / "usual", CAFFE)
    log = tb_cnnviz.open_log(tmp_path)
    for name in ("fit", "parts", "snapshot"):
        assert log[name].model.channel_order == "bgr"
        read = log[name].read("probe", None, log[name].steps("probe")[0])
        np.testing.assert_array_equal(read["display"], RGB)
        np.testing.assert_array_equal(read["x"], CAFFE)
    assert log["usual"].model.channel_order == "rgb"
    path = log["fit"].layers[-1].path
    kernel = log["fit"].read("filters", path, log["fit"].steps("filters", path)[-1])["kernel"]
    np.testing.assert_array_equal(stock_grid(tmp_path / "fit"), filter_grid(kernel[:, ::-1])[0])


def test_a_log_from_before_is_rgb_and_other_orders_are_refused(tmp_path: Path) -> None:
    old = ModelRecord("net", [], [], 0)
    text = old.to_json().replace(b',"channel_order":"rgb"', b"")
    assert b"channel_order" not in text
    assert ModelRecord.from_json(text) == old
    for wrong in ("RGB", "grb", None, 3, ["rgb"]):
        with pytest.raises(ValueError, match=r"channel_order: .* given; accepted are 'rgb' and 'bgr'"):
            tb_cnnviz.CNNViz(tmp_path, channel_order=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"channel_order: .* given; accepted are 'rgb' and 'bgr'"):
            tb_cnnviz.snapshot(network(), tmp_path, RGB, channel_order=wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
