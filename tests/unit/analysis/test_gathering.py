"""What is gathered from a log is what was written, and no run takes more than a bounded number of records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tb_cnnviz
from tb_cnnviz.analysis.gathering import STATISTICS, NothingToJudge, gather
from tb_cnnviz.analysis.sampled_steps import sampled_steps
from tb_cnnviz.eventlog.writer import RecordWriter
from tb_cnnviz.records import ModelRecord, Record
from tests.support.made_logs import LAYERS, STEPS, STRIDE, MadeLog


def test_what_was_written_is_what_is_gathered(tmp_path: Path) -> None:
    made = MadeLog(cosine=-0.5, alike=("hidden",), batches_before=1)
    evidence = made.evidence(tmp_path)
    assert evidence.losses is not None
    assert evidence.gradients is not None
    assert evidence.activations is not None
    assert evidence.errors is not None
    assert evidence.samples is not None
    assert np.allclose(evidence.losses.loss, made.loss)
    assert (evidence.losses.before == 1).all()
    assert evidence.gradients.step.tolist() == list(range(0, STEPS, STRIDE))
    for place, layer in enumerate(LAYERS):
        assert np.allclose(evidence.gradients.norm[:, place], made.norm[layer])
        assert np.allclose(evidence.gradients.update[:, place], made.update[layer])
        row = evidence.activations.of(layer)
        assert row is not None
        assert np.allclose(row.channel_zeros, made.rows[layer].zeros, atol=0.02)
        assert np.allclose(row.channel_std, made.rows[layer].channel_std)
        assert np.isnan(row.saturated).all() == (layer != "hidden")
        assert np.allclose(evidence.errors.norm[layer], made.errors[layer])
    assert np.allclose(evidence.samples.cosine, -0.5, atol=1e-4)
    assert np.allclose(evidence.samples.spread[:, 1], 0, atol=1e-4)
    assert evidence.probe.y is not None
    assert (evidence.probe.y == made.y).all()
    assert evidence.steps == STEPS


def test_a_run_that_was_not_trained_says_so(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path)
    text = ModelRecord("net", [], [], 0).to_json()
    writer.write(Record("model", 0, arrays={"json": np.frombuffer(text, np.uint8)}))
    writer.close()
    with pytest.raises(NothingToJudge, match="no losses and no gradients"):
        gather(tb_cnnviz.open_log(tmp_path)["."])


def test_progress_counts_the_records_that_are_read(tmp_path: Path) -> None:
    counts: list[int] = []
    gather(tb_cnnviz.open_log(MadeLog().write(tmp_path))["."], counts.append)
    assert counts == list(range(1, len(counts) + 1))
    assert len(counts) > STEPS // STRIDE


@given(st.lists(st.integers(0, 10**9), unique=True, max_size=2000), st.integers(3, STATISTICS))
def test_sampled_steps_are_logged_ones_with_first_and_last(steps: list[int], at_most: int) -> None:
    steps = sorted(steps)
    chosen = sampled_steps(steps, at_most)
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(steps)
    assert len(chosen) == min(at_most, len(steps))
    assert chosen[:1] == steps[:1]
    assert chosen[-1:] == steps[-1:]


@given(st.integers(200, 5000))
def test_no_gap_of_the_sampled_steps_is_much_wider_than_another(count: int) -> None:
    gaps = np.diff(sampled_steps(range(count), STATISTICS))[STATISTICS // 3 :]
    assert gaps.max() - gaps.min() <= 1
