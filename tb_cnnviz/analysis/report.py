"""A diagnosis as text for a terminal. Names from a log are hostile: no control character of theirs is printed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tb_cnnviz.analysis.doctor import Diagnosis
from tb_cnnviz.analysis.verdict import Verdict

_WIDTH = 100


def text_of(diagnosis: Diagnosis, *, brief: bool = False) -> str:
    """One block: the run, then each verdict below its cause.

    Args:
        brief: only the finding and what to do, without rule, source and look-alikes.
    """
    name = printable(diagnosis.run)
    if not diagnosis.verdicts:
        return f"{name}: no verdict ({diagnosis.rules} rules on {diagnosis.steps:,} steps)"
    lines = [f"{name}: {_count(diagnosis.verdicts)} on {diagnosis.steps:,} steps"]
    for number, verdict in enumerate(diagnosis.verdicts):
        lines += _lines(number, verdict, diagnosis.verdicts, brief)
    return "\n".join(lines)


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would not show as a character."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _count(verdicts: Sequence[Verdict]) -> str:
    causes = sum(not verdict.causes for verdict in verdicts)
    rest = len(verdicts) - causes
    found = f"{causes} verdict" + ("s" if causes != 1 else "")
    return found + (
        f" and {rest} that follow{'s' if rest == 1 else ''} from {'it' if causes == 1 else 'them'}" if rest else ""
    )


def _lines(number: int, verdict: Verdict, verdicts: Sequence[Verdict], brief: bool) -> list[str]:
    depth = 2 if verdict.causes else 0
    place = verdict.variable or verdict.layer or "the whole network"
    since = f"since step {verdict.step:,}" if verdict.step is not None else ""
    head = f"{verdict.severity:7}  {verdict.kind:16}  {printable(place)}  {since}".rstrip()
    parts = [("", verdict.finding)]
    if verdict.causes:
        parts.append(("because of", ", ".join(dict.fromkeys(verdicts[cause].kind for cause in verdict.causes))))
    if not brief:
        parts += [("rule", verdict.words.rule), ("source", verdict.words.source)]
        parts.append(("or else", verdict.words.otherwise))
    if not verdict.causes:
        parts.append(("do", verdict.words.suggestion))
    indent = " " * (depth + 11)
    lines = [" " * (depth + 2) + head]
    for label, text in parts:
        start = f"{indent}{label}: " if label else indent
        lines += textwrap.wrap(printable(text), _WIDTH, initial_indent=start, subsequent_indent=indent + "  ")
    return lines
