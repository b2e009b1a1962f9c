"""`assert_healthy`: a training that has to be sound, in a test."""

from __future__ import annotations

from pathlib import Path

from tb_cnnviz.analysis.doctor import diagnose
from tb_cnnviz.analysis.limits import Limits
from tb_cnnviz.analysis.report import text_of
from tb_cnnviz.analysis.run_folders import open_run, run_folders
from tb_cnnviz.analysis.verdict import ERROR, WARNING


def assert_healthy(log_dir: str | Path, *, fail_on: str = WARNING, limits: Limits | None = None) -> None:
    """Fail where the doctor finds something in a log. Needs no Keras.

    Example:
        >>> def test_training(tmp_path):
        ...     train(callbacks=[tb_cnnviz.CNNViz(tmp_path)])
        ...     tb_cnnviz.assert_healthy(tmp_path)

    Args:
        log_dir: a run's folder, or one that holds several: all have to be healthy.
        fail_on: "warning", which is the default, or "error", which lets warnings pass.
        limits: default `Limits()` of tb_cnnviz.analysis.limits; docs/doctor.md lists them.

    Raises:
        AssertionError: where a verdict of that severity, or a worse one, was found; its message is the doctor's table.
        FileNotFoundError: when the folder does not exist.
        ValueError: for another fail_on, a remote log_dir, or a log without a training that can be judged.
    """
    if fail_on not in (ERROR, WARNING):
        raise ValueError(f'fail_on: {fail_on!r} given; accepted are "error" and "warning"')
    runs = run_folders(log_dir)
    if not runs:
        raise ValueError(f"log_dir: {str(log_dir)!r} given, but there are no records below it")
    diagnoses = [diagnose(open_run(run), limits) for run in runs]
    sick = [diagnosis for diagnosis in diagnoses if diagnosis.found(fail_on)]
    if sick:
        raise AssertionError("\n\n".join(text_of(diagnosis) for diagnosis in sick))
