"""`tb-cnnviz doctor`: verdicts on the runs below some folders, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.report import printable, text_of
from tb_cnnviz.analysis.run_folders import RunFolder, run_folders
from tb_cnnviz.analysis.verdict import ERROR, WARNING
from tb_cnnviz.command_line.judging_runs import Judged, judge_runs
from tb_cnnviz.command_line.progress import Progress

#: Of what `--json` prints; it rises when a field changes its meaning.
SCHEMA = 1

FOUND, BAD_USE = 1, 2

_DESCRIPTION = """Say why networks do not learn, from their logs: one cause first, and what follows from it below.

Exit code 0; with --fail-on 1 where something of that severity was found; 2 for bad use, and where there is no run to judge."""


def add_doctor(commands: Any) -> None:
    """Add the command to the subparsers of `tb-cnnviz`."""
    parser = commands.add_parser(
        "doctor",
        help="say why networks do not learn",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("logdirs", nargs="+", metavar="LOGDIR", help="a run's folder, or one that holds several")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/doctor.md has its schema)")
    parser.add_argument("--brief", action="store_true", help="leave out rules, sources and look-alikes")
    parser.add_argument(
        "--fail-on", choices=(ERROR, WARNING), help="exit with 1 where such a verdict, or a worse one, is found"
    )
    parser.add_argument(
        "--baseline", metavar="LOGDIR", help="healthy runs: say which layer left their band first, and when"
    )
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE", help="set one of the limits in docs/doctor.md"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="processes to use (default: one a processor)")
    parser.set_defaults(run=run_doctor, parser=parser)


def run_doctor(given: argparse.Namespace) -> int:
    """Judge, print, and return the exit code."""
    try:
        limits = _limits(given.limit)
        if given.jobs is not None and given.jobs < 1:
            raise ValueError(f"--jobs: {given.jobs} given; accepted is a number of processes from 1 on")
        runs = _runs(given.logdirs)
        healthy = _runs([given.baseline]) if given.baseline else []
    except (ValueError, OSError) as error:
        return _refuse(str(error))
    if not runs:
        return _refuse(
            f"there are no records below {', '.join(given.logdirs)}; CNNViz writes them while a network trains"
        )
    if given.baseline and not healthy:
        return _refuse(f"--baseline: there are no records below {given.baseline}")
    with Progress(len(runs)) as progress:
        judged = judge_runs(runs, healthy, limits, given.jobs, progress)
    print(_as_json(judged, limits) if given.json else _as_text(judged, given.brief))
    if all(each.diagnosis is None for each in judged):
        return _refuse(f"none of the {len(judged)} runs holds a training that can be judged")
    bad = given.fail_on and any(each.diagnosis and each.diagnosis.found(given.fail_on) for each in judged)
    return FOUND if bad else 0


def _refuse(message: str) -> int:
    print(f"tb-cnnviz doctor: {printable(message)}", file=sys.stderr)
    return BAD_USE


def _runs(roots: Sequence[str]) -> list[RunFolder]:
    """Of several folders, runs are named with the folder before them."""
    found = []
    for root in roots:
        for run in run_folders(root):
            name = run.name if len(roots) == 1 else root if run.name == "." else f"{root.rstrip('/')}/{run.name}"
            found.append(RunFolder(name, run.folder))
    return found


def _limits(given: Sequence[str]) -> Limits:
    known = {each.name for each in fields(Limits)}
    chosen: dict[str, float] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise ValueError(f"--limit: {text!r} given; accepted is NAME=VALUE with one of {', '.join(sorted(known))}")
        try:
            chosen[name] = float(value)
        except ValueError:
            raise ValueError(f"--limit {name}: {value!r} given; accepted is a number") from None
    return Limits(**chosen)


def _as_text(judged: Sequence[Judged], brief: bool) -> str:
    blocks = []
    for each in judged:
        if each.diagnosis is None:
            blocks.append(f"{printable(each.run)}: not judged: {printable(each.why)}")
            continue
        block = text_of(each.diagnosis, brief=brief)
        if each.departures is not None:
            block += "\n" + "\n".join(_departure_lines(each))
        blocks.append(block)
    return "\n\n".join(blocks)


def _departure_lines(each: Judged) -> list[str]:
    if not each.departures:
        return ["  baseline: stayed within the band of the healthy runs"]
    lines = []
    for place, departure in enumerate(each.departures[:5]):
        layer = printable(departure.layer) if departure.layer else "the run"
        lines.append(
            f"  {'left the band first' if place == 0 else 'then':19}  step {departure.step:,}  {layer}: {departure.quantity} "
            f"{departure.value:.3g}, healthy {departure.low:.3g} to {departure.high:.3g}"
        )
    rest = len(each.departures) - 5
    return lines + ([f"  and {rest} more"] if rest > 0 else [])


def _as_json(judged: Sequence[Judged], limits: Limits) -> str:
    runs: list[dict[str, Any]] = []
    for each in judged:
        entry: dict[str, Any] = (
            each.diagnosis.as_json() if each.diagnosis else {"run": each.run, "not_judged": each.why, "verdicts": []}
        )
        if each.departures is not None:
            entry["departures"] = [departure.as_json() for departure in each.departures]
        runs.append(entry)
    return json.dumps({"schema": SCHEMA, "limits": asdict(limits), "runs": runs}, indent=1, allow_nan=False)
