"""A real fit while the disk takes nothing more, and after there is room again."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
import pytest

import tb_cnnviz
from tests.support.fits import identical, images, inventory, leftovers, make, run_of, train

resource = pytest.importorskip("resource", reason="a limit on file sizes is POSIX")
SMALL = 6_000


class DiskIsFull(keras.callbacks.Callback):
    """During the second of three epochs no file of this process grows."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL if epoch == 1 else hard, hard))


def test_training_goes_on_and_the_log_says_what_it_lost(tmp_path: Path) -> None:
    bare, model = make(1), make(1)
    train(bare, epochs=3)
    before = inventory(model)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            train(model, [DiskIsFull(), tb_cnnviz.CNNViz(tmp_path, images(4)[0], every=1)], epochs=3)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert identical(model, bare)
    assert not leftovers(model, before)
    told = [str(warning.message) for warning in seen if "tb_cnnviz" in str(warning.message)]
    assert len([text for text in told if "could not write to" in text]) == 1
    run = run_of(tmp_path)
    assert run.steps("epochs") == [6, 18]  # of 6, 12 and 18
    assert {0, 6, 13, 18} <= set(run.steps("predictions"))
    assert not {8, 10} & set(run.steps("predictions"))
    assert any("could not be written" in notice.reason for notice in run.notices)
    for layer in run.layers:
        if layer.role == "convolution":
            assert run.read("filters", layer.path)["kernel"].size
    assert set(run.read("losses")["step"].tolist()) >= {*range(6), *range(12, 18)}
