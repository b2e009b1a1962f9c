"""When pictures and statistics are taken."""

from __future__ import annotations

from typing import Any

import pytest

from tb_cnnviz.schedule import (
    Auto,
    EachEpoch,
    Every,
    Schedule,
    ScheduleState,
    parse,
    statistics_stride,
    stride_within,
    thinning,
)


def taken(schedule: Schedule, steps: int, *, step_s: float = 0.01, cost_s: float = 0.02, **options: Any) -> list[int]:
    """Steps at which pictures are taken in a training of known speed, beginning at 0; epochs of ten steps."""
    found, pictures_s = [0], 0.0  # those of the first step do not count
    for step in range(1, steps + 1):
        moment = {
            "epoch": (step - 1) // 10,
            "training_s": step * step_s,
            "cost_s": cost_s,
            "overhead": 0.03,
            **options,
        }
        for epoch_end in [False, True] if step % 10 == 0 else [False]:
            if schedule.is_due(
                ScheduleState(step=step, last=found[-1], epoch_end=epoch_end, pictures_s=pictures_s, **moment)
            ):
                found.append(step)
                pictures_s += cost_s
                break
    return found


def test_auto_begins_two_to_the_octave() -> None:
    assert taken(Auto(), 32) == [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32]


def test_auto_keeps_its_overhead_in_the_long_run() -> None:
    steps = taken(Auto(), 20_000)
    assert 0.02 * len(steps[1:]) <= 0.03 * 20_000 * 0.01
    assert len(steps) >= 0.9 * 0.03 * 20_000 * 0.01 / 0.02
    assert taken(Auto(), 2000, cost_s=10.0) == [0]


def test_auto_takes_its_first_pictures_once_they_are_paid_for() -> None:
    assert taken(Auto(), 19, step_s=1.0, cost_s=0.5) == [0, 1, 2, 3]  # 1.5 s whatever the overhead
    slow = taken(Auto(), 1000, step_s=1.0, cost_s=0.5)
    assert len(slow) > 40
    assert all(0.5 * place <= max(1.5, 0.03 * step) for place, step in enumerate(slow))
    late = taken(Auto(), 32, step_s=6.0, cost_s=1.6)  # 0.03 · 6 s a step: the first one is paid for at the ninth
    assert late[:2] == [0, 9]


def test_auto_leaves_room_for_the_ends_of_epochs() -> None:
    steps = taken(Auto(), 1000, step_s=0.1)  # pictures every 6.7 steps are within the overhead, an epoch has ten
    assert set(range(100, 1001, 10)) < set(steps)
    assert len(steps) >= 0.95 * 0.03 * 1000 * 0.1 / 0.02


def test_auto_takes_the_ends_of_epochs_of_a_short_training() -> None:
    fixed = [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32]
    assert taken(Auto(), 100, step_s=1e-4) == [*fixed, 40, 50, 60, 70, 80, 90, 100]
    assert taken(Auto(), 1000, step_s=1e-4, cost_s=0.06) == [*fixed, *range(40, 171, 10)]  # 24 · 0.06 s
    assert taken(Auto(), 1000, step_s=1e-4, cost_s=0.2) == fixed[:8]


def test_every_takes_multiples_and_catches_up_after_an_execution_of_many_steps() -> None:
    assert taken(Every(7), 40, overhead=1e-9) == [0, 7, 14, 21, 28, 35]
    schedule = Every(10)
    base = {"epoch": 0, "epoch_end": False, "training_s": 1.0, "pictures_s": 9.0, "cost_s": 1.0, "overhead": 0.03}
    assert [s for s in (8, 16, 24) if schedule.is_due(ScheduleState(step=s, last=0, **base))] == [16, 24]


def test_every_takes_epoch_ends_that_it_can_afford() -> None:
    assert 10 in taken(Every(7), 40, step_s=10.0)


def test_each_epoch() -> None:
    assert taken(EachEpoch(), 40) == [0, 10, 20, 30, 40]


def test_a_log_that_fills_up_is_written_more_rarely() -> None:
    assert [thinning(used, 1000) for used in (0, 499, 500, 749, 750, 875, 1000, 2000)] == [
        1,
        1,
        2,
        2,
        4,
        8,
        2**30,
        2**30,
    ]
    assert taken(Every(5), 40, thinning=2, overhead=1e-9) == [0, 10, 20, 30, 40]
    assert taken(EachEpoch(), 40, thinning=2) == [0, 20, 40]
    assert len(taken(Auto(), 5000, thinning=4)) < len(taken(Auto(), 5000)) / 3


def test_strides_keep_statistics_within_their_share() -> None:
    assert stride_within(0.015, 0.001, 1.0) == 1
    stride = stride_within(0.015, 0.002, 0.01)
    assert 0.002 <= 0.015 * 0.01 * stride < 0.002 * 1.1


@pytest.mark.parametrize("step_s", [0.001, 0.005, 0.1, 1.0])
@pytest.mark.parametrize("cost_s", [0.0005, 0.004, 0.05, 0.6])
@pytest.mark.parametrize("steps", [200, 1200, 50_000])
def test_statistics_of_a_fit_keep_within_their_share_and_its_beginning(
    step_s: float, cost_s: float, steps: int
) -> None:
    overhead, fit_s = 0.03, steps * step_s
    allowed_s = overhead / 2 * fit_s + min(0.5, overhead * fit_s)
    begun = min(32, int(min(0.5, overhead * fit_s) / cost_s))  # recorded before a step's time was known
    stride = statistics_stride(overhead, cost_s, step_s, spent_s=begun * cost_s, steps_left=steps - begun)
    recorded = begun + (steps - begun) // stride
    assert recorded * cost_s <= allowed_s * (1 + 1e-9)
    assert stride <= stride_within(overhead / 2, cost_s, step_s)
    if stride > 1:  # no more could have been
        most = begun + (steps - begun) / (stride - 1)
        assert most * cost_s > 0.9 * allowed_s or stride == stride_within(overhead / 2, cost_s, step_s)


def test_a_fit_of_seconds_has_statistics_all_over() -> None:
    stride = statistics_stride(0.03, 0.004, 0.005, spent_s=32 * 0.004, steps_left=1168)
    assert 32 + 1168 // stride >= 60


def test_what_every_may_be() -> None:
    class Mine(Schedule):
        def is_due(self, moment: ScheduleState) -> bool:
            return moment.step == 5

    mine = Mine()
    assert parse(mine) is mine
    assert isinstance(parse("auto"), Auto)
    assert isinstance(parse("epoch"), EachEpoch)
    assert isinstance(parse(3), Every)


@pytest.mark.parametrize("wrong", ["sometimes", 0, -1, 2.5, True, None, [1]])
def test_a_wrong_every_names_what_is_accepted(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"every: .* given; .*(accepted|at least 1)"):
        parse(wrong)
