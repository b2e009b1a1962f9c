"""How limits are shared out, and what is kept within them."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_cnnviz.capture.quantities.filters import Kept, Size, choose_kept
from tb_cnnviz.capture.quantities.shares import fair_shares
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.record_size import bytes_in_log
from tb_cnnviz.loggers.budget import MIN_STEP_BYTES, step_bytes
from tb_cnnviz.loggers.clock import Clock
from tb_cnnviz.records import Record
from tb_cnnviz.schedule import Auto, Schedule, ScheduleState

#: The convolutions of VGG16: inputs and filters, 14.7 million weights.
VGG = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2, (256, 512), *[(512, 512)] * 5]


def vgg() -> dict[str, Size]:
    return {f"conv{i}": Size(out, 9 * ins, 0, 0, 8 * out) for i, (ins, out) in enumerate(VGG)}


def bytes_of(sizes: dict[str, Size], kept: dict[str, Kept]) -> int:
    """Counted from the shapes of what would be written."""
    total = 0
    for path, size in sizes.items():
        row = 4 * size.weights if kept[path].is_exact else size.weights + 4
        total += kept[path].filters * row + kept[path].pointwise * 4 * size.pointwise_weights + size.rest
    return total


def test_shares_are_what_is_wanted_or_equal() -> None:
    assert fair_shares(100, {"a": 10, "b": inf, "c": inf}) == {"a": 10, "b": 45, "c": 45}
    assert fair_shares(100, {"a": 10, "b": 20}) == {"a": 10, "b": 20}
    assert fair_shares(-5, {"a": 10}) == {"a": 0}
    assert fair_shares(7, {}) == {}


@given(st.integers(0, 10**9), st.dictionaries(st.integers(), st.integers(0, 10**8) | st.just(inf), min_size=1))
def test_shares_never_exceed_the_total(total: int, wanted: dict[int, float]) -> None:
    shares = fair_shares(total, wanted)
    assert sum(shares.values()) <= total
    assert all(shares[name] <= most for name, most in wanted.items())
    if sum(wanted.values()) <= total:
        assert shares == wanted
    if inf in wanted.values():
        assert sum(shares.values()) > total - len(wanted)


def test_a_large_network_keeps_within_a_step() -> None:
    sizes = vgg()
    assert sum(s.filters * s.weights for s in sizes.values()) == 14_710_464
    for budget in (1 << 18, 1 << 20, 4 << 20, 8 << 20):
        kept = choose_kept(sizes, budget)
        assert 0.9 * budget < bytes_of(sizes, kept) <= budget
        cut = {path for path in sizes if kept[path].filters < sizes[path].filters}
        largest = sorted(sizes, key=lambda path: -sizes[path].filters * sizes[path].weights)[: len(cut)]
        assert {sizes[p].filters * sizes[p].weights for p in cut} == {
            sizes[p].filters * sizes[p].weights for p in largest
        }
        assert not any(kept[path].is_exact for path in cut)  # eight bits come first
    whole = choose_kept(sizes, 64 << 20)
    assert all(whole[path].filters == sizes[path].filters for path in sizes)
    assert whole["conv0"].is_exact
    assert not whole["conv12"].is_exact


def test_eight_bits_come_before_fewer_filters_and_one_filter_is_kept_at_least() -> None:
    sizes = {"small": Size(8, 9, 0, 0, 64), "large": Size(64, 576, 0, 0, 512)}
    assert choose_kept(sizes, 1 << 20) == {"small": Kept(8, 0, True), "large": Kept(64, 0, True)}
    assert choose_kept(sizes, 50_000) == {"small": Kept(8, 0, True), "large": Kept(64, 0, False)}
    assert choose_kept(sizes, 10_000)["large"].filters < 64
    assert choose_kept(sizes, 0) == {"small": Kept(1, 0, False), "large": Kept(1, 0, False)}
    assert choose_kept({"points": Size(16, 9, 256, 16, 1024)}, 9_000)["points"].pointwise < 256


def test_a_step_has_an_eighth_of_what_a_log_has_left() -> None:
    assert step_bytes(8 << 20, 2 << 30) == 8 << 20
    assert step_bytes(8 << 20, 16 << 20) == 2 << 20
    assert step_bytes(8 << 20, -5) == MIN_STEP_BYTES
    assert step_bytes(1000, -5) == 1000


@settings(max_examples=60)
@given(st.integers(0, 6), st.text(max_size=30), st.lists(st.integers(0, 30), max_size=5), st.integers(0, 2**62))
def test_the_size_of_a_record_is_never_taken_for_less(count: int, layer: str, shape: list[int], step: int) -> None:
    arrays = {f"array_{i}": np.zeros(shape[: i + 1], np.float32) for i in range(count)}
    record = Record("filters", step, layer, arrays, {"of": step, "names": [layer] * count})
    written = sum(map(len, frame(encode(record))))
    assert written <= bytes_in_log(record) <= written + 160 + (100 + 8 * len(layer)) * (count + 1)


class Seconds:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("overhead", [0.01, 0.03, 0.2])
@pytest.mark.parametrize("thinning", [1, 4])
def test_measured_costs_steer_when_pictures_are_taken(overhead: float, thinning: int) -> None:
    """Pictures of changing cost, on a clock that counts training and logging apart: beyond the first ones, what they
    took is within the share up to what the last one was dearer than foreseen."""
    seconds, rng = Seconds(), np.random.default_rng(0)
    clock, schedule = Clock(seconds), Auto()
    cost, spent, first, last, taken = 0.05, 0.05, 0.0, 0, 1
    for step in range(1, 3000):
        seconds.now += 0.01 * rng.uniform(0.5, 1.5)
        with clock.logging():
            if schedule.is_due(ScheduleState(step, last, 0, False, clock.training_s, spent, cost, overhead, thinning)):
                cost = 0.05 * rng.uniform(0.2, 3)
                seconds.now += cost
                spent, last, taken = spent + cost, step, taken + 1
                if step > 32:
                    assert spent - max(0.0, cost) <= overhead * clock.training_s / thinning
                else:
                    first += cost
    assert clock.training_s == pytest.approx(30, rel=0.02)
    assert clock.logging_s == pytest.approx(spent - 0.05)
    assert spent <= max(first + 0.05, overhead * clock.training_s / thinning) + 0.15
    if overhead == 0.2 and thinning == 1:
        assert spent >= 0.8 * overhead * clock.training_s


def test_a_schedule_of_a_users_own_is_thinned_for_it() -> None:
    assert not Schedule.is_thinning
    assert Auto.is_thinning
