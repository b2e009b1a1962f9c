"""What is kept between requests, against a list that does the same by counting."""

from __future__ import annotations

import random

import pytest

from tb_cnnviz.plugin.bounded_cache import BoundedCache


@pytest.mark.parametrize("seed", range(20))
def test_the_least_recently_used_are_given_up_first(seed: int) -> None:
    drawn = random.Random(seed)
    cache: BoundedCache[int, bytes] = BoundedCache(100, len)
    known: list[tuple[int, bytes]] = []  # the most recently used last
    for _ in range(300):
        key = drawn.randrange(12)
        found = dict(known).get(key)
        if drawn.random() < 0.5:
            assert cache.get(key) == found
            if found is not None:
                known = [pair for pair in known if pair[0] != key] + [(key, found)]
        elif drawn.random() < 0.9:
            value = bytes(drawn.choice([0, 1, 20, 40, 99, 100, 101]))
            cache.put(key, value)
            known = [pair for pair in known if pair[0] != key] + [(key, value)]
            while sum(len(each) for _, each in known) > 100:
                known.pop(0)
        else:
            cache.keep(range(6))
            known = [pair for pair in known if pair[0] < 6]
        assert list(cache.values()) == [value for _, value in known]
        assert len(cache) == len(known)
