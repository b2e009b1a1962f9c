"""The doctor during training: it tells each verdict once, ends a fit where it is asked to, and changes no bit."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.loggers import doctor as doctor_of
from tests.support.fits import identical, run_of

#: A share of the time that lets every look happen that is wanted.
ALL_LOOKS = 1e3


def learnable(count: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Images of three classes: the brighter third of the columns."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 3
    x = rng.normal(0, 0.3, (count, 6, 6, 1))
    for image, label in zip(x, y, strict=True):
        image[:, 2 * label : 2 * label + 2] += 1.5
    return x.astype(np.float32), y.astype(np.int32)


def made(rate: float = 0.05) -> Any:
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Conv2D(6, 3, activation="relu", name="conv"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((6, 6, 1)), *hidden, keras.layers.Dense(3, activation="softmax", name="out")])
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Any, folder: Path | None, x: np.ndarray, y: np.ndarray, epochs: int = 3, **options: Any) -> list[str]:
    """Texts of the doctor's warnings."""
    callbacks = [] if folder is None else [tb_cnnviz.CNNViz(folder, (x[:8], y[:8]), overhead=ALL_LOOKS, **options)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks)
    texts = [str(each.message) for each in caught]
    return [text for text in texts if text.startswith("tb_cnnviz")]


def test_a_healthy_fit_is_silent_and_its_weights_are_the_same_bits(tmp_path: Path) -> None:
    x, y = learnable()
    models = [made(), made()]
    assert fit(models[0], None, x, y) == []
    assert fit(models[1], tmp_path, x, y, doctor=True) == []
    assert identical(*models)


def test_a_sick_fit_is_told_once_with_its_cause(tmp_path: Path) -> None:
    x, y = learnable()
    x[70, 0, 0, 0] = np.nan
    texts = fit(made(), tmp_path, x, y, doctor=True)
    kinds = [text.split(": ")[2].split(",")[0].split(" ")[0] for text in texts]
    assert len(set(kinds)) == len(kinds)
    assert {"label_or_data", "non_finite"} & {kind.rstrip(".") for kind in kinds}
    assert not any("Training is stopped" in text for text in texts)


def test_stop_ends_a_fit_with_an_error_and_says_why(tmp_path: Path) -> None:
    x, y = learnable()
    x[3, 0, 0, 0] = np.nan
    model = made()
    texts = fit(model, tmp_path, x, y, epochs=20, doctor="stop")
    assert [text for text in texts if "error: " in text and "Training is stopped" in text]
    assert int(model.optimizer.iterations) < 20 * 64
    assert any("Training is stopped" in notice.reason for notice in run_of(tmp_path).notices)


def test_without_it_nothing_is_said(tmp_path: Path) -> None:
    x, y = learnable(64)
    x[3] = np.nan
    assert fit(made(), tmp_path, x, y, epochs=1) == []


def test_a_fault_of_ours_costs_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault on purpose")

    monkeypatch.setattr(doctor_of, "diagnose", fail)
    x, y = learnable()
    models = [made(), made()]
    fit(models[0], None, x, y)
    (text,) = fit(models[1], tmp_path, x, y, doctor="stop")
    assert text.startswith("tb_cnnviz: verdicts of this fit will not be logged")
    assert identical(*models)


@pytest.mark.parametrize("value", ["yes", 1, None, "STOP"])
def test_other_values_are_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValueError, match=r'^doctor: .* given; accepted are False, True.*"stop"'):
        tb_cnnviz.CNNViz(tmp_path, doctor=value)


def test_what_an_earlier_fit_suffered_is_not_told_again(tmp_path: Path) -> None:
    x, y = learnable(160)
    sick = x.copy()
    sick[0] = np.nan
    assert fit(made(), tmp_path, sick, y, epochs=1, doctor=True)
    told = list(itertools.chain(fit(made(), tmp_path, x, y, epochs=2, doctor="stop")))
    assert not any("non_finite" in text or "Training is stopped" in text for text in told)
