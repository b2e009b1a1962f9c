"""One cause first, what follows from it below; and it comes to an end whatever was found."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tb_cnnviz.analysis.explaining import CAUSES, explained
from tb_cnnviz.analysis.verdict import ERROR, KINDS, NOTE, SEVERITIES, WARNING, Verdict, Words

WORDS = Words("rule", "source", "otherwise", "suggestion")


def verdict(kind: str, severity: str = WARNING, **more: object) -> Verdict:
    return Verdict(kind, severity, "finding", WORDS, **more)  # type: ignore[arg-type]


def test_a_dead_layer_because_of_the_rate_because_of_the_inputs() -> None:
    found = explained([verdict("dead_units", ERROR), verdict("rate_too_high"), verdict("unscaled_input")])
    assert [v.kind for v in found] == ["unscaled_input", "rate_too_high", "dead_units"]
    assert [list(v.causes) for v in found] == [[], [0], [0, 1]]
    assert [list(v.consequences) for v in found] == [[1, 2], [2], []]


def test_a_note_explains_nothing() -> None:
    found = explained([verdict("unscaled_input", NOTE), verdict("dead_units")])
    assert [(v.kind, list(v.causes)) for v in found] == [("dead_units", []), ("unscaled_input", [])]


def test_a_root_explains_every_other_alarm_and_has_no_cause() -> None:
    found = explained([verdict("exploding", ERROR), verdict("not_learning", ERROR, is_root=True)])
    assert [(v.kind, list(v.causes)) for v in found] == [("not_learning", []), ("exploding", [0])]


def test_every_kind_can_be_explained_and_no_kind_explains_itself_over_others() -> None:
    assert set(CAUSES) == set(KINDS)

    def reaches(kind: str, seen: frozenset[str]) -> bool:
        return any(cause in seen or reaches(cause, seen | {cause}) for cause in CAUSES[kind])

    assert not [kind for kind in KINDS if reaches(kind, frozenset({kind}))]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(SEVERITIES)), max_size=12))
def test_each_verdict_stands_once_and_after_its_causes(drawn: list[tuple[str, str]]) -> None:
    found = explained([verdict(kind, severity) for kind, severity in drawn])
    assert sorted((v.kind, v.severity) for v in found) == sorted(drawn)
    for place, each in enumerate(found):
        assert all(cause < place and place in found[cause].consequences for cause in each.causes)
        assert all(found[cause].is_alarm and found[cause].kind in CAUSES[each.kind] for cause in each.causes)
    roots = [v.severity for v in found if not v.causes]
    assert all(SEVERITIES.index(a) <= SEVERITIES.index(b) for a, b in pairwise(roots))
