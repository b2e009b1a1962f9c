"""Which layer left the band of healthy runs first: the one that was pushed out of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tb_cnnviz.analysis.baseline import departures
from tests.support.made_logs import STEPS, STRIDE, MadeLog, spike


def test_a_layer_that_leaves_is_named_with_its_step(tmp_path: Path) -> None:
    healthy = [MadeLog().evidence(tmp_path / "a"), MadeLog().evidence(tmp_path / "b")]
    made = MadeLog()
    made.norm["hidden"] = spike(96, 50)
    made.norm["out"] = spike(120, 50)
    found = departures(made.evidence(tmp_path / "c"), healthy)
    assert [(d.quantity, d.layer, d.step) for d in found] == [
        ("gradient norm", "hidden", 96),
        ("gradient norm", "out", 120),
    ]
    assert found[0].value == pytest.approx(5.0)
    assert (found[0].low, found[0].high) == (pytest.approx(0.1 / 3), pytest.approx(0.3))


def test_a_healthy_run_stays_within(tmp_path: Path) -> None:
    healthy = [MadeLog().evidence(tmp_path / "a")]
    made = MadeLog()
    made.norm["conv"] = spike(48, 100, 48 + STRIDE)  # one record, which is no departure
    made.loss = made.loss * np.random.default_rng(5).uniform(0.7, 1.4, STEPS)
    assert departures(made.evidence(tmp_path / "b"), healthy) == []


def test_what_is_not_finite_leaves_at_once(tmp_path: Path) -> None:
    made = MadeLog()
    made.loss[77] = np.nan
    found = departures(made.evidence(tmp_path / "b"), [MadeLog().evidence(tmp_path / "a")])
    assert (found[0].quantity, found[0].layer, found[0].step) == ("loss", None, 77)
    assert np.isnan(found[0].value)


def test_a_baseline_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one is needed"):
        departures(MadeLog().evidence(tmp_path), [])
