"""Ask the doctor about a run, within a bounded time and memory. A log is never trusted: what makes no sense gets no verdict."""

from __future__ import annotations

import logging

import numpy as np

from tb_cnnviz.analysis.doctor import diagnose
from tb_cnnviz.analysis.gathering import STATISTICS, NothingToJudge
from tb_cnnviz.eventlog.reader import Run
from tb_cnnviz.eventlog.run_index import RunIndex
from tb_cnnviz.plugin.http_schema import RunVerdicts
from tb_cnnviz.plugin.reading_time import ReadingTime
from tb_cnnviz.plugin.verdict_answer import judged, not_judged

SECONDS = 10.0
#: Of records that are read for a diagnosis.
MAX_BYTES = 512 << 20
#: Of records of losses and epochs, which are all read.
MAX_RECORDS = 20_000

_WHOLE = ("losses", "epochs")
_ELSEWHERE = "ask `tb-cnnviz doctor`, which takes its time"

_log = logging.getLogger("tb_cnnviz")


class _TimeIsUpError(Exception):
    pass


def judge_run(name: str, index: RunIndex) -> RunVerdicts:
    """What the doctor says of a run, or why it says nothing."""
    if is_too_large(index):
        return not_judged(name, f"its log is too large to be judged here: {_ELSEWHERE}")
    time = ReadingTime(SECONDS)

    def check(_: int) -> None:
        if time.is_up:
            raise _TimeIsUpError

    try:
        return judged(name, diagnose(Run(index), progress=check))
    except _TimeIsUpError:
        return not_judged(name, f"reading its log took more than {SECONDS:g} seconds: {_ELSEWHERE}")
    except NothingToJudge:
        return not_judged(
            name, "its log holds no training that can be read: no model record, or no losses and gradients"
        )
    except OSError:
        return not_judged(name, "its files cannot be read")
    except Exception as error:  # a log may say anything; its text may hold a path, so only its kind is told
        _log.warning("the doctor cannot make sense of a log", exc_info=True)
        return not_judged(name, f"its log cannot be made sense of ({type(error).__name__})")


def is_too_large(index: RunIndex) -> bool:
    """Whether a diagnosis would read more than `MAX_BYTES`, or more than `MAX_RECORDS` of losses and epochs."""
    size = 0
    for kind in index.kinds:
        lengths = index.logged(kind).lengths
        if kind in _WHOLE:
            if len(lengths) > MAX_RECORDS:
                return True
        else:
            lengths = np.sort(lengths)[-STATISTICS:]
        size += int(lengths.sum())
    return size > MAX_BYTES
