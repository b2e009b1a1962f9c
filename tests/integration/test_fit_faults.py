"""A fault of ours costs the part that has it and one warning; training and the other parts go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

import tb_cnnviz
from tb_cnnviz.capture import architecture, filters, private
from tb_cnnviz.capture.feature_maps import FeatureMaps
from tb_cnnviz.capture.gradients import GradientCapture
from tb_cnnviz.capture.losses import LossCapture
from tb_cnnviz.capture.mailbox import Ring
from tb_cnnviz.eventlog.stock import StockWriter
from tb_cnnviz.loggers import logger, loss_part
from tb_cnnviz.run_writer import RunWriter
from tests.support.fits import compiled, identical, images, inventory, make, run_of, train

#: (where, name), what has to be named in the warning, and kinds that must be in the log all the same.
STAGES: dict[str, tuple[tuple[Any, str], str, set[str]]] = {
    "a kernel": ((filters, "record"), "filters", {"feature_maps", "gradients", "losses", "epochs"}),
    "the probe's pass": ((FeatureMaps, "_choose"), "feature maps", {"filters", "gradients", "losses", "epochs"}),
    "the maps": ((FeatureMaps, "records"), "feature maps", {"filters", "gradients", "losses", "epochs"}),
    "the model record": ((architecture, "model_record"), "model record", {"filters", "gradients", "losses"}),
    "making gradients": ((GradientCapture, "__init__"), "gradients", {"filters", "feature_maps", "losses"}),
    "received gradients": ((GradientCapture, "_record_received"), "gradients", {"filters", "losses"}),
    "applied updates": ((GradientCapture, "_record_applied"), "gradients", {"filters", "losses"}),
    "draining gradients": ((GradientCapture, "drain"), "gradients", {"filters", "losses"}),
    "a loss": ((LossCapture, "_record"), "losses", {"filters", "gradients", "epochs"}),
    "draining losses": ((LossCapture, "drain"), "losses", {"filters", "gradients", "epochs"}),
    "the ring": ((Ring, "__init__"), "gradients", {"filters", "feature_maps", "epochs"}),
    "the step": ((private, "build_step"), "gradients and losses", {"filters", "feature_maps", "epochs"}),
    "stock scalars": ((StockWriter, "scalar"), "metrics", {"filters", "gradients", "losses", "epochs"}),
    "stock pictures": ((StockWriter, "image"), "filters", {"gradients", "losses", "epochs"}),
    "examples": ((loss_part, "examples_before"), "losses", {"filters", "gradients", "epochs"}),
    "the log's end": ((logger, "last_session"), "everything", set()),
    "flushing": ((RunWriter, "flush"), "", {"filters", "gradients", "losses", "epochs"}),
    "the schedule": ((logger.Logger, "_moment"), "the schedule", {"filters"}),
}


@pytest.fixture(scope="module")
def bare() -> keras.Model:
    model = make(1)
    train(model, epochs=2)
    return model


@pytest.mark.parametrize("stage", STAGES)
def test_training_goes_on_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: keras.Model, stage: str
) -> None:
    (owner, name), part, kinds = STAGES[stage]

    def breaks(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(owner, name, breaks)
    model = make(1)
    before = inventory(make(1))
    with pytest.warns(RuntimeWarning, match="tb_cnnviz") as caught:
        train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=2)], epochs=2)
    assert identical(bare, model)
    assert [v for k, v in inventory(model).items() if "own methods" in k or "ours" in k] == [
        v for k, v in before.items() if "own methods" in k or "ours" in k
    ]
    texts = [str(w.message) for w in caught if "tb_cnnviz" in str(w.message)]
    assert any(part in text and "on purpose" in text for text in texts)
    assert len(texts) == len(set(texts)) <= 2
    if kinds:
        run = run_of(tmp_path)
        assert kinds <= set(run.kinds)


def test_a_model_that_cannot_be_run_beside_training_has_all_but_its_maps(tmp_path: Path) -> None:
    class TrainsOnly(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = make(1)

        def call(self, x: Any, training: bool = False) -> Any:
            if not training:
                raise NotImplementedError("no inference here")
            return self.inner(x)

    model = compiled(TrainsOnly())
    model(images(1)[0], training=True)
    with pytest.warns(RuntimeWarning, match="feature maps of this fit will not be logged: .*no inference here"):
        train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=2)])
    run = run_of(tmp_path)
    assert {"filters", "gradients", "losses"} <= set(run.kinds)
    assert any("no inference here" in str(notice) for notice in run.notices)
