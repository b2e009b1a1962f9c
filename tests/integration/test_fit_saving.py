"""Saving, loading, cloning and pickling during a fit hold nothing of ours and go on working."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tests.support.fits import identical, images, make, train, weights
from tests.support.mode_table import BACKENDS, ROOT, kept_programs


class Copies(keras.callbacks.Callback):
    """Copies the model in every way between two steps."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.made: dict[str, keras.Model] = {}

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch != 3:
            return
        self.model.save(self.folder / "whole.keras")
        self.model.save_weights(self.folder / "some.weights.h5")
        self.made = {
            "pickled": pickle.loads(pickle.dumps(self.model)),
            "deep": copy.deepcopy(self.model),
            "cloned": keras.models.clone_model(self.model),
        }
        self.config = self.model.optimizer.get_config()
        self.variables = len(self.model.optimizer.variables)
        self.weights = weights(self.model)


@pytest.mark.parametrize("optimizer", ["adam", "scaled"])
def test_copies_made_during_training(tmp_path: Path, optimizer: str) -> None:
    def made() -> Any:
        adam = keras.optimizers.Adam(1e-3)
        return adam if optimizer == "adam" else keras.optimizers.LossScaleOptimizer(adam, initial_scale=2.0**10)

    copies, bare = Copies(tmp_path), Copies(tmp_path / "bare")
    (tmp_path / "bare").mkdir()
    model, other = make(1, made()), make(1, made())
    train(model, [tb_cnnviz.CNNViz(tmp_path / "run", images(2)[0], every=1), copies])
    train(other, [bare])
    assert identical(model, other)
    assert copies.variables == bare.variables
    assert copies.config == bare.config | {"name": copies.config["name"]} or optimizer == "scaled"
    loaded = keras.models.load_model(tmp_path / "whole.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = make(1, made())
        again.build((None, 12, 12, 3))
        again.optimizer.build(again.trainable_variables)
        again.load_weights(tmp_path / "some.weights.h5")
    for copied in (loaded, again, copies.made["pickled"], copies.made["deep"]):
        assert all(np.array_equal(a, b) for a, b in zip(weights(copied), copies.weights, strict=True))
        assert int(copied.optimizer.iterations) == 4
        assert len(copied.optimizer.variables) == bare.variables
    train(loaded, steps=2)
    assert len(copies.made["cloned"].variables) == len(model.variables)


@pytest.mark.parametrize("backend", BACKENDS)
def test_copies_made_at_every_event_and_inside_a_step(tmp_path: Path, backend: str) -> None:
    environment = {
        **os.environ,
        **kept_programs(tmp_path / "found"),
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "tests.support.saving", str(tmp_path / "found.json")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found) == 9
    assert {place: what for place, what in found.items() if what} == {}


def test_checkpoints_and_a_callback_that_loads_them(tmp_path: Path) -> None:
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True, monitor="loss")
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=10.0, restore_best_weights=True)
    model = make(2, keras.optimizers.Adam(1e-3))
    train(model, [tb_cnnviz.CNNViz(tmp_path / "run", images(2)[0], every=1), checkpoint, stop], epochs=3)
    loaded = keras.models.load_model(tmp_path / "best.keras")
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    assert np.isfinite(loaded.predict(images(2)[0], verbose=0)).all()


def test_a_recompiled_model_is_followed(tmp_path: Path) -> None:
    """Unfreezing a layer needs another training step: the new one is recorded, not the old one run on."""

    class Unfreezes(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                self.model.layers[0].trainable = True
                self.model.make_train_function(force=True)

    models = []
    for ours in ([], [tb_cnnviz.LossLogger(tmp_path)]):
        keras.utils.set_random_seed(0)
        model = make(3)
        model.layers[0].trainable = False
        model.compile(keras.optimizers.SGD(0.05), model.loss)
        first = weights(model)[0]
        model.optimizer.build(model.variables)
        train(model, [*ours, Unfreezes()], epochs=2)
        models.append(model)
        assert first is not None
    assert identical(*models)
    assert tb_cnnviz.open_log(tmp_path)["."].read("losses", None, 11)["step"].tolist() == list(range(6, 12))
