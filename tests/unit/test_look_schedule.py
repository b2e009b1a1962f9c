"""How often the doctor looks: counted over fits with a clock of the test's own."""

from __future__ import annotations

import pytest

from tb_cnnviz.loggers.look_schedule import FIRST, SHARE, LookSchedule


def looks(overhead: float, cost_s: float, step_s: float, batches: int, epoch: int = 10**9) -> list[int]:
    """The batches after which a fit is looked at."""
    schedule, found = LookSchedule(overhead), []
    for ran in range(1, batches + 1):
        if schedule.is_due(ran, ran * step_s, is_epoch_end=ran % epoch == 0):
            schedule.looked(ran, cost_s)
            found.append(ran)
    return found


def test_where_there_is_time_they_lie_ever_farther_apart() -> None:
    assert looks(1.0, 0.0, 10.0, 1000) == [32, 64, 128, 256, 512]


def test_epoch_ends_come_besides() -> None:
    assert looks(1.0, 0.0, 10.0, 200, epoch=20) == [32, 40, 60, 80, 100, 120, 140, 160, 180, 200]


@pytest.mark.parametrize("cost_s", [0.01, 0.2, 3.0])
@pytest.mark.parametrize("step_s", [0.001, 0.1])
def test_all_together_they_take_no_more_than_their_share(cost_s: float, step_s: float) -> None:
    for batches in (FIRST, 1000, 20000):
        found = looks(0.03, cost_s, step_s, batches, epoch=100)
        first_may_be_wrong = cost_s  # what one costs is not known before the first
        assert cost_s * len(found) <= 0.03 * SHARE * batches * step_s + first_may_be_wrong
    assert looks(0.03, 0.01, 0.1, 20000, epoch=100)
