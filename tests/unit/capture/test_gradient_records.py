"""Which elements stand for a variable, statistics of vanishing and exploding ones, and records from rows of a ring."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tb_cnnviz.capture.in_step.sampling import followed, histogram_stride
from tb_cnnviz.capture.quantities.gradient_records import GradientRecords
from tb_cnnviz.capture.quantities.statistics import distances, norms, received
from tb_cnnviz.loggers.gradient_recorder import ring_rows
from tb_cnnviz.loggers.loss_recorder import batches_by_step


@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 3 * 3 * 512 * 512, 25088 * 4096])
def test_a_sampled_histogram_comes_by_every_channel(size: int) -> None:
    stride = histogram_stride(size)
    if size < 1_000_000:
        assert stride == 1
        return
    assert gcd(stride, size) == 1
    assert 1 << 17 < -(-size // stride) <= 1 << 18
    assert len(np.unique(np.arange(0, size, stride)[:512] % 512)) == 512


@pytest.mark.parametrize("size", [0, 7, 256, 257, 300, 512 * 512, 3 * 3 * 512 * 512])
def test_the_weights_that_are_followed_are_spread_over_the_variable(size: int) -> None:
    places = followed(size)
    assert len(np.unique(places)) == len(places) == min(size, 256)
    if size > 256:
        assert 0 <= places[0] < places[-1] < size
        assert np.diff(places, prepend=0, append=size).max() <= 3 * -(-size // 256)
        assert len(np.unique(places % 16)) == 16


@pytest.mark.parametrize("scale", [1e-30, 1e-18, 1.0, 1e18, 1e25])
@pytest.mark.parametrize("jit", [False, True])
def test_statistics_are_numpys_at_every_scale(scale: float, jit: bool) -> None:
    rng = np.random.default_rng(0)
    values = [(rng.normal(size=size) * scale).astype(np.float32) for size in (1000, 3)] + [np.zeros(4, np.float32)]
    values[0][:7] = 0
    flats = [tf.constant(v) for v in values]
    run = tf.function(lambda: (received(flats, jit=jit), norms(lambda: flats, jit=jit)), jit_compile=jit)
    made, plain = run()
    wide = [v.astype(np.float64) for v in values]
    for norm in (made["norm"], plain):
        np.testing.assert_allclose(norm, [np.linalg.norm(v) for v in wide], rtol=1e-5)
    np.testing.assert_allclose(made["mean"], [v.mean() for v in wide], rtol=1e-4, atol=1e-7 * scale)
    assert made["min"].numpy().tolist() == [v.min() for v in values]
    assert made["max"].numpy().tolist() == [v.max() for v in values]
    assert made["zeros"].numpy().tolist() == [7, 0, 4]


@pytest.mark.parametrize("jit", [False, True])
def test_values_that_are_not_finite_are_counted_beside_those_that_are(jit: bool) -> None:
    flats = [tf.constant([1.0, np.nan, -2.0]), tf.constant([np.inf, 4.0, -np.inf]), tf.constant([3.0, 4.0])]
    made = tf.function(lambda: received(flats, jit=jit), jit_compile=jit)()
    np.testing.assert_array_equal(made["norm"], [np.nan, np.inf, 5])
    assert [made[name].numpy().tolist() for name in ("min", "max")] == [[-2, 4, 3], [1, 4, 4]]
    assert [made[name].numpy().tolist() for name in ("nan", "inf")] == [[1, 0, 0], [0, 2, 0]]


@pytest.mark.parametrize("how", ["eager", "graph", "XLA"])
def test_distances_of_any_size_and_magnitude(how: str) -> None:
    rng = np.random.default_rng(5)
    sizes = (0, 1, 7, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 3_000_000, (1 << 22) + 3)
    befores = [rng.normal(size=n).astype(np.float32) for n in sizes]
    afters = [b + rng.normal(size=b.shape).astype(np.float32) * 1e-3 for b in befores]
    for values in ([1e-30, 3e-30], [3e25, -4e25], [np.nan, 1], [np.inf, 1]):
        befores.append(np.zeros(2, np.float32))
        afters.append(np.array(values, np.float32))
    pairs = [tf.constant(a) for a in afters], [tf.constant(b) for b in befores]

    def made() -> Any:
        return distances(*pairs, jit=how == "XLA")

    found = (made if how == "eager" else tf.function(made, jit_compile=how == "XLA"))().numpy()
    expected = [np.linalg.norm(a.astype(np.float64) - b) for a, b in zip(afters, befores, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("zeros", [0, 1, 999, 1000])
def test_zeros_are_counted_where_there_are_some(zeros: int) -> None:
    values = np.random.default_rng(zeros).permutation(np.r_[np.zeros(zeros), np.ones(1000 - zeros)]).astype(np.float32)
    counted = tf.function(lambda: received([tf.constant(values)], jit=False))()["zeros"]
    assert counted.numpy().tolist() == [zeros]


def rows(records: GradientRecords, *batches: tuple[int, int]) -> dict[str, np.ndarray]:
    """What a ring gives after so many (step, micro-batch): each norm says which."""
    made: dict[str, Any] = {
        n: np.zeros((len(batches), *s), d) for n, (s, d) in (records.received | records.applied).items()
    }
    for i, (step, micro_batch) in enumerate(batches):
        made["step"][i], made["micro_batch"][i], made["norm"][i] = step, micro_batch, 10 * step + micro_batch
    return made


def test_micro_batches_make_one_record_however_the_ring_is_drained() -> None:
    records = GradientRecords([6, 2], micro_batches=3, exact=False, samples=True)
    assert records.of(rows(records), 100, [], is_last=False) == []
    made = records.of(rows(records, (4, 1), (4, 2), (5, 0)), 100, [], is_last=False)
    assert [(r.kind, r.step) for r in made] == [("gradients", 104), ("gradient_samples", 104)]
    assert made[0].arrays["norm"].tolist() == [42, 42]
    assert made[0].arrays["micro_norm"].tolist() == [[41, 41], [42, 42]]
    assert made[0].arrays["micro_batch"].tolist() == [1, 2]  # the first came before recording began
    assert records.of(rows(records, (5, 1)), 100, [], is_last=False) == []
    whole, _ = records.of(rows(records, (5, 2), (6, 0)), 100, [], is_last=False)
    assert whole.arrays["micro_norm"][:, 0].tolist() == [50, 51, 52]
    unfinished, _ = records.of(rows(records), 100, [], is_last=True)
    assert unfinished.step == 106
    assert unfinished.arrays["micro_batch"].tolist() == [0]


@pytest.mark.parametrize(
    ("batches", "micro_batches", "stride"), [(8, 1, 1), (9, 1, 4), (16, 4, 2), (5, 4, 3), (40, 4, 5)]
)
def test_a_ring_that_is_drained_by_this_rule_never_runs_over(batches: int, micro_batches: int, stride: int) -> None:
    """Against every place at which the batches may begin."""
    due = np.arange(1000) // micro_batches % stride == 0
    most = max(int(due[start : start + batches].sum()) for start in range(500))
    assert most <= ring_rows(batches, micro_batches, stride) <= batches


def test_batches_that_share_a_step_are_counted() -> None:
    assert batches_by_step(np.array([3, 3, 4, 5, 5, 5])).tolist() == [0, 1, 0, 0, 1, 2]
    assert batches_by_step(np.zeros(0, np.int64)).tolist() == []
