"""Judge many runs, in as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tb_cnnviz.analysis.baseline import Departure, departures
from tb_cnnviz.analysis.doctor import Diagnosis, judge
from tb_cnnviz.analysis.evidence import Evidence
from tb_cnnviz.analysis.gathering import NothingToJudge, gather
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.run_folders import RunFolder, open_run
from tb_cnnviz.command_line.progress import Progress

#: Up to so many runs a process of its own costs more time than it saves.
_FEW = 3


@dataclass(frozen=True)
class Judged:
    """One run's diagnosis, or `why` there is none. `departures` is None without a baseline."""

    run: str
    diagnosis: Diagnosis | None
    why: str = ""
    departures: Sequence[Departure] | None = None


def judge_runs(
    runs: Sequence[RunFolder], healthy: Sequence[RunFolder], limits: Limits, jobs: int | None, progress: Progress
) -> list[Judged]:
    """In the order given. A run that cannot be judged says why, and holds up no other."""
    baseline = [found for run in healthy if (found := _gathered(run)) is not None]
    if healthy and not baseline:
        return [Judged(run.name, None, "no run of the baseline holds a training") for run in runs]
    processes = min(jobs or os.cpu_count() or 1, len(runs))
    done = []
    if processes == 1 or (jobs is None and len(runs) <= _FEW):
        for run in runs:
            done.append(_judge_one(run, baseline, limits, progress))
            progress.run_done()
    else:
        for judged in _in_processes(runs, baseline, limits, processes):
            done.append(judged)
            progress.run_done()
    return done


def _in_processes(
    runs: Sequence[RunFolder], baseline: Sequence[Evidence], limits: Limits, processes: int
) -> Iterator[Judged]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(baseline, limits)) as pool:
        yield from pool.map(_judge_in_child, runs)


_given: tuple[Sequence[Evidence], Limits] = ((), Limits())


def _begin(baseline: Sequence[Evidence], limits: Limits) -> None:
    global _given
    _given = (baseline, limits)


def _judge_in_child(run: RunFolder) -> Judged:
    return _judge_one(run, *_given)


def _judge_one(
    run: RunFolder, baseline: Sequence[Evidence], limits: Limits, progress: Progress | None = None
) -> Judged:
    try:
        evidence = gather(open_run(run), progress.records_read if progress else None)
        left = departures(evidence, baseline) if baseline else None
        return Judged(run.name, judge(evidence, limits, run.name), departures=left)
    except (NothingToJudge, OSError) as error:
        return Judged(run.name, None, str(error))
    except Exception as error:  # one log that says nonsense does not hold up the others
        return Judged(run.name, None, f"its log cannot be made sense of ({type(error).__name__}: {error})")


def _gathered(run: RunFolder) -> Evidence | None:
    try:
        return gather(open_run(run))
    except (
        Exception
    ):  # a log that holds nothing, or says nonsense, is no baseline; `judge_runs` says where none is left
        return None
