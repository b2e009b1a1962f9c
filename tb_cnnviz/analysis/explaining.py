"""Which verdict follows from which: one cause first, and below it what follows from it, instead of ten alarms for one fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tb_cnnviz.analysis.verdict import SEVERITIES, Verdict

#: What can leave a network without useful answers.
_SPOILS_LEARNING = (
    "non_finite",
    "wrong_output",
    "label_or_data",
    "unscaled_input",
    "bad_init",
    "dead_units",
    "saturated",
    "vanishing",
    "frozen",
    "rate_too_high",
    "update_too_large",
    "exploding",
    "rate_too_low",
    "update_too_small",
)

#: By kind, what can bring it about, the likeliest first. Reasons stand in docs/doctor.md.
CAUSES: dict[str, tuple[str, ...]] = {
    "label_or_data": (),
    "unscaled_input": (),
    "wrong_output": ("label_or_data",),
    "bad_init": (),
    "rate_too_high": ("unscaled_input",),
    "update_too_large": ("unscaled_input", "bad_init"),
    "exploding": ("unscaled_input", "bad_init", "rate_too_high", "update_too_large"),
    "non_finite": ("label_or_data", "exploding", "rate_too_high", "update_too_large", "unscaled_input", "bad_init"),
    "saturated": ("unscaled_input", "bad_init", "rate_too_high", "update_too_large"),
    "dead_units": ("non_finite", "unscaled_input", "bad_init", "rate_too_high", "update_too_large", "exploding"),
    "vanishing": ("unscaled_input", "bad_init", "saturated"),
    "frozen": ("non_finite", "wrong_output", "dead_units", "bad_init", "saturated", "vanishing"),
    "rate_too_low": (),
    "update_too_small": ("vanishing", "saturated", "unscaled_input", "wrong_output", "dead_units", "bad_init"),
    "overfitting": ("label_or_data",),
    "constant_output": _SPOILS_LEARNING,
    "not_learning": (*_SPOILS_LEARNING, "constant_output"),
}


def explained(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """In the order in which to read them, each with the places of its causes and consequences in that list.

    A cause has the same severity as what follows from it or a worse one, but a note explains nothing. Those without a
    cause come first, the worst first; behind each what follows from it.
    """
    causes = [_causes_of(verdict, verdicts) for verdict in verdicts]
    roots = [index for index in range(len(verdicts)) if not causes[index]]
    roots.sort(key=lambda index: (SEVERITIES.index(verdicts[index].severity), _rank(verdicts[index])))
    order: list[int] = []

    def visit(index: int) -> None:
        if index in order or any(cause not in order for cause in causes[index]):
            return
        order.append(index)
        for other in sorted(range(len(verdicts)), key=lambda i: _rank(verdicts[i])):
            if index in causes[other]:
                visit(other)

    for root in roots:
        visit(root)
    place = {index: number for number, index in enumerate(order)}
    return [
        replace(
            verdicts[index],
            causes=tuple(sorted(place[cause] for cause in causes[index])),
            consequences=tuple(place[other] for other in order if index in causes[other]),
        )
        for index in order
    ]


def _causes_of(verdict: Verdict, verdicts: Sequence[Verdict]) -> list[int]:
    kinds = CAUSES[verdict.kind]
    return [
        index
        for index, other in enumerate(verdicts)
        if other is not verdict and not verdict.is_root and other.is_alarm and (other.kind in kinds or other.is_root)
    ]


def _rank(verdict: Verdict) -> int:
    """Kinds that cause others come before those that follow."""
    return list(CAUSES).index(verdict.kind)
