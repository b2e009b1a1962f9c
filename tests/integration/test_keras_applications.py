"""Networks that people use, trained two steps with everything logged: the log against the model itself.

Run by `make test-full`, on the backend in KERAS_BACKEND.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import applications

import tb_cnnviz
from tests.support.fits import run_of
from tests.support.layer_oracles import check_gradients, check_kernels, check_maps

#: Smallest input that each takes, and how many of its layers have a receptive field at least.
FAMILIES: dict[str, tuple[int, int]] = {
    "MobileNetV3Small": (32, 20),
    "ResNet50V2": (32, 150),
    "VGG16": (32, 18),
    "InceptionV3": (75, 300),
    "Xception": (71, 120),
    "ConvNeXtTiny": (32, 100),
    "NASNetMobile": (32, 300),
}


@pytest.mark.full
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_logged_whole(name: str, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    side, fields = FAMILIES[name]
    keras.utils.set_random_seed(0)
    options = {"include_preprocessing": False} if name in ("MobileNetV3Small", "ConvNeXtTiny") else {}
    model = getattr(applications, name)(weights=None, input_shape=(side, side, 3), classes=5, **options)
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
    x = np.random.default_rng(0).random((4, side, side, 3), dtype=np.float32)
    logger = tb_cnnviz.CNNViz(
        tmp_path, x[:1], every=1, max_bytes_per_step=1 << 28, max_log_bytes=1 << 33, overhead=100.0
    )
    model.fit(x, np.arange(4), batch_size=2, shuffle=False, verbose=0, callbacks=[logger])
    assert [str(w.message) for w in recwarn if "tb_cnnviz" in str(w.message)] == []

    run = run_of(tmp_path)
    # Operations have a budget of their own, and an unlabelled probe has no error to go back.
    assert [n for n in run.notices if "largest ones" not in n.reason and "labels" not in n.reason] == []
    check_gradients(run, model, [0, 1])
    convolutions = sum(check_kernels(run, model, step) for step in (2,))
    assert convolutions == len([layer for layer in run.layers if layer.role == "convolution"]) > 0
    assert check_maps(run, model, x[:1], 2) > convolutions
    records = {layer.path: layer for layer in run.layers}
    assert sum(layer.parameters for layer in records.values()) == model.count_params()
    for layer in records.values():
        assert layer.role == "input" or layer.inbound, layer.path
        if layer.role in ("convolution", "dense"):
            assert layer.multiply_adds, layer.path
    is_flat = not any(isinstance(layer, keras.Model) for layer in model.layers)
    assert not is_flat or inbound_of(model) == {
        path: set(layer.inbound) for path, layer in records.items() if layer.role != "input"
    }
    known = [layer for layer in records.values() if layer.receptive_field is not None]
    assert len(known) >= fields, len(known)


def inbound_of(model: Any) -> dict[str, set[str]]:
    """What each layer reads, as Keras' own graph says; operations that are no layers are looked through."""

    def sources(tensor: Any) -> set[str]:
        operation, node, _ = tensor._keras_history
        if isinstance(operation, keras.layers.Layer) and not isinstance(operation, keras.Model):
            return {operation.path or operation.name}
        given = operation._inbound_nodes[node].input_tensors
        return set().union(*(sources(each) for each in given))

    found = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            found[layer.path or layer.name] = set().union(*(sources(t) for t in keras.tree.flatten(layer.input)))
    return found
