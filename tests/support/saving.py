"""What copies of a model made during training hold: the same with the callback as without it.

`python -m tests.support.saving RESULTS.json` copies at every event of a fit, and inside a train_step that runs eagerly,
with the backend in KERAS_BACKEND.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import pickle
import re
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tests.support.fits import compiled, identical, images, train
from tests.support.mode_oracles import show_weights
from tests.support.mode_steps import own_step

#: Event and the place in its sequence at which copies are made.
EVENTS = {
    "on_train_begin": 0,
    "on_epoch_begin": 1,
    "on_train_batch_begin": 1,
    "on_train_batch_end": 2,
    "on_test_begin": 0,
    "on_test_batch_end": 0,
    "on_epoch_end": 0,
    "on_train_end": 0,
}


def make(scaled: bool) -> keras.Model:
    keras.utils.set_random_seed(2)
    layers = keras.layers
    stack = [layers.Conv2D(3, 3, strides=2, activation="relu", name="convolution"), layers.Flatten(name="flat")]
    adam: Any = keras.optimizers.Adam(1e-3, name="adam")
    optimizer = keras.optimizers.LossScaleOptimizer(adam, 2.0**10, name="scaled") if scaled else adam
    inputs = keras.Input((12, 12, 3), name="pictures")
    return compiled(keras.Sequential([inputs, *stack, layers.Dense(5, name="dense")], name="network"), optimizer)


def facts(model: Any, *, trains_on: bool = False) -> dict[str, Any]:
    """Of the files and copies that are made of a model now: names, configurations, and bytes of weights."""
    show_weights(model)
    found: dict[str, Any] = {"optimizer": len(model.optimizer.variables), "config": model.optimizer.get_config()}
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "whole.keras")
        model.save_weights(Path(folder) / "some.weights.h5")
        with zipfile.ZipFile(Path(folder) / "whole.keras") as whole:
            found["files"] = sorted(whole.namelist())
            found["whole"] = json.loads(whole.read("config.json"))
            found["variables in it"] = _names(io.BytesIO(whole.read("model.weights.h5")))
        found["variables"] = _names(Path(folder) / "some.weights.h5")
        loaded = keras.models.load_model(Path(folder) / "whole.keras")
    copies = {
        "loaded": loaded,
        "pickled": pickle.loads(pickle.dumps(model)),
        "deep": copy.deepcopy(model),
        "cloned": keras.models.clone_model(model),
    }
    for name, each in copies.items():
        found[name] = [to_numpy(v).shape if name == "cloned" else to_numpy(v).tobytes().hex() for v in each.variables]
        found[f"{name} has ours"] = [k for k, v in vars(each).items() if "cnnviz" in str(getattr(v, "__module__", ""))]
    for name, optimizer in (
        ("optimizer pickled", pickle.loads(pickle.dumps(model.optimizer))),
        ("optimizer deep", copy.deepcopy(model.optimizer)),
    ):
        found[name] = [sorted(k for k, v in vars(optimizer).items() if callable(v)), optimizer.get_config()]
    if trains_on:
        for name in ("loaded", "deep"):
            train(copies[name], steps=2)
            found[f"{name}, trained on"] = [to_numpy(v).tobytes().hex() for v in copies[name].trainable_variables]
    return json.loads(json.dumps(found, default=str))


def _names(file: Any) -> list[str]:
    names: list[str] = []
    with h5py.File(file) as opened:
        opened.visit(names.append)
    return names


class Copies(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the facts at each of the events."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        for event in EVENTS:
            setattr(self, event, functools.partial(self._note, event))
        self._calls = dict.fromkeys(EVENTS, 0)

    def _note(self, event: str, *args: Any, **kwargs: Any) -> None:
        if self._calls[event] == EVENTS[event]:
            self.found[event] = facts(self.model, trains_on=event == "on_train_batch_end")
        self._calls[event] += 1


def at_events(folder: Path) -> dict[str, str]:
    """By event, what is another with the callback, for one that copies before ours and one that copies after it."""
    found, models = [], []
    for ours in ([], [tb_cnnviz.CNNViz(folder, images(2), every=1)]):
        model, before, after = make(scaled=True), Copies(), Copies()
        train(model, [before, *ours, after], steps=3, epochs=2, validation_data=images(8, seed=4))
        found.append((before.found, after.found))
        models.append(model)
    if not identical(*models):
        return {"training": "the weights are not those of a bare fit"}
    (bare, _), copies = found[0], found[1]
    assert set(bare) == set(EVENTS)
    return {event: difference([bare[event], *(each[event] for each in copies)]) for event in EVENTS}


def in_the_step(folder: Path) -> str:
    """A train_step of one's own that copies its model; where a bare fit cannot, the same error has to come."""
    found: list[Any] = []

    def note(model: Any) -> None:
        try:
            found.append(facts(model))
        except Exception as error:
            found.append(type(error).__name__)

    kind = type(own_step(make(scaled=False)))
    own = kind.train_step
    kind.train_step = _noting(own, note)
    try:
        with keras.saving.custom_object_scope({kind.__name__: kind}):
            for ours in ([], [tb_cnnviz.CNNViz(folder, images(2), every=1)]):
                model = own_step(make(scaled=False))
                compiled(model, keras.optimizers.Adam(1e-3, name="adam"), run_eagerly=True)
                train(model, ours, steps=2)
    finally:
        kind.train_step = own
    if keras.config.backend() != "jax":  # whose steps hold the weights themselves
        assert all(isinstance(each, dict) for each in found), found
    found = json.loads(re.sub(r"(own_on_[a-z_]*[a-z])_\d+", r"\1", json.dumps(found)))  # automatic names count on
    return difference([found[: len(found) // 2], found[len(found) // 2 :]])


def _noting(own: Any, note: Any) -> Any:
    def train_step(self: Any, *args: Any) -> Any:
        note(self)
        return own(self, *args)

    return train_step


def difference(found: list[Any]) -> str:
    first = found[0]
    for other in found[1:]:
        if other != first:
            if isinstance(first, dict):
                return "; ".join(
                    f"{k}: {str(first[k])[:300]} is now {str(other[k])[:300]}" for k in first if first[k] != other[k]
                )
            return f"{str(first)[:600]} is now {str(other)[:600]}"
    return ""


def main(results: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = at_events(Path(folder) / "events")
        found["inside the step"] = in_the_step(Path(folder) / "step")
    results.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
