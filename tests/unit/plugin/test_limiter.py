"""What is worked on at once never exceeds the room for it, and all of it is given back."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tb_cnnviz.plugin import limiter
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.limiter import Limiter


def test_many_threads_never_take_more_than_there_is() -> None:
    place, lock, taken, most = Limiter(10, "things"), threading.Lock(), [0], [0]

    def work(seed: int) -> None:
        amount = random.Random(seed).randint(1, 10)
        with place.taken(amount):
            with lock:
                taken[0] += amount
                most[0] = max(most[0], taken[0])
            with lock:
                taken[0] -= amount

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(work, range(500)))
    assert 0 < most[0] <= 10
    assert place.take(10) is not None, "all of it was given back"


def test_who_finds_none_is_refused_and_what_is_given_back_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "WAIT_SECONDS", 0.01)
    place = Limiter(2, "things")
    give_back = place.take(2)
    with pytest.raises(HttpError, match="2 things") as refused:
        place.take(1)
    assert refused.value.status == 503
    give_back()
    give_back()
    place.take(2)
    with pytest.raises(HttpError):
        place.take(1)


def test_a_fault_gives_the_room_back() -> None:
    place = Limiter(1, "things")
    with pytest.raises(ZeroDivisionError), place.taken():
        raise ZeroDivisionError
    place.take(1)


def test_waiting_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(limiter, "MOST_WAITING", 0)
    place = Limiter(1, "things")
    place.take(1)
    with pytest.raises(HttpError):
        place.take(1)
