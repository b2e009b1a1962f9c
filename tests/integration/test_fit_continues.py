"""A fit into a folder that holds a log goes on where it ended, in the same process and in a new one."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.eventlog.resume import Resume
from tb_cnnviz.loggers.fit import Offsets, offsets
from tests.support.fits import RATE, WeightsByStep, gradients_of, images, make, norms, run_of, train

PROBE = images(2)[0]


def columns(run: Any, name: str) -> list[float]:
    return [value for step in run.steps("losses") for value in run.read("losses", None, step)[name].tolist()]


def test_a_second_fit_of_the_same_model_goes_on(tmp_path: Path) -> None:
    model, oracle = make(1), WeightsByStep()
    train(model, [tb_cnnviz.CNNViz(tmp_path, PROBE, every=2), oracle], epochs=2)
    train(model, [tb_cnnviz.CNNViz(tmp_path, PROBE, every=2), oracle], epochs=2)
    run = run_of(tmp_path)
    assert run.steps("gradients") == list(range(0, 24, 2))
    assert run.steps("predictions") == list(range(0, 25, 2))
    assert run.steps("epochs") == [6, 12, 18, 24]
    assert [int(run.read("epochs", None, step)["epoch"][0]) for step in run.steps("epochs")] == [0, 1, 2, 3]
    assert columns(run, "step") == list(range(24))
    assert columns(run, "examples") == list(range(8, 24 * 8 + 8, 8))
    last = run.read("predictions", None, 24)["y_pred"]
    np.testing.assert_allclose(last, model.predict(PROBE, verbose=0), rtol=1e-4, atol=1e-6)


def test_the_same_callback_may_be_used_again(tmp_path: Path) -> None:
    model, callback = make(1), tb_cnnviz.CNNViz(tmp_path, PROBE, every=2)
    train(model, [callback])
    train(model, [callback])
    assert run_of(tmp_path).steps("gradients") == list(range(0, 12, 2))
    assert len(list(tmp_path.glob("cnnviz.*.records"))) == 2


def test_a_new_model_follows_the_logs_last_step(tmp_path: Path) -> None:
    train(make(1), [tb_cnnviz.CNNViz(tmp_path, PROBE, every=1)])
    oracle = WeightsByStep()
    train(make(2), [tb_cnnviz.CNNViz(tmp_path, PROBE, every=1), oracle])
    run = run_of(tmp_path)
    recorded = gradients_of(run, "norm")
    assert list(recorded) == list(range(12))
    np.testing.assert_allclose(recorded[7], norms(oracle.changes()[1]) / RATE, rtol=1e-3)
    assert run.read("session", None, 6)["iterations_offset"] == 6
    assert run.steps("epochs") == [6, 12]


def test_initial_epoch_counts_on(tmp_path: Path) -> None:
    model = make(1)
    train(model, [tb_cnnviz.LossLogger(tmp_path)], epochs=2)
    train(model, [tb_cnnviz.LossLogger(tmp_path)], epochs=4, initial_epoch=2)
    run = run_of(tmp_path)
    assert [int(run.read("epochs", None, step)["epoch"][0]) for step in run.steps("epochs")] == [0, 1, 2, 3]


KILLED = """
    import os, sys
    import keras, numpy as np
    import tb_cnnviz
    from tests.support.fits import images, make, train

    class Dies(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.count == 15:
                os._exit(9)
            self.count += 1
        count = 0

    log, backup, dies = sys.argv[1], sys.argv[2], sys.argv[3] == "dies"
    model = make(1, keras.optimizers.Adam(1e-3))
    restore = keras.callbacks.BackupAndRestore(backup)
    ours = tb_cnnviz.CNNViz(log, images(2)[0], every=1)
    # In front of ours and after it: what it restores has to be there at the first batch either way.
    order = [ours, restore] if dies else [restore, ours]
    train(model, order + ([Dies()] if dies else []), epochs=4, steps=6)
    np.savez(backup + ".npz", *[v.numpy() for v in model.trainable_variables])
"""


def test_backup_and_restore_in_a_new_process(tmp_path: Path) -> None:
    """Killed in the third epoch of six steps, restored from the second: steps 12, 13 … are trained and logged again."""

    def process(mode: str, log: Path) -> int:
        command = [sys.executable, "-c", textwrap.dedent(KILLED), str(log), str(tmp_path / f"backup-{log.name}"), mode]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 9), done.stderr[-3000:]
        return done.returncode

    assert process("dies", tmp_path / "run") == 9
    before = run_of(tmp_path / "run")
    assert before.steps("predictions")[-1] >= 14
    assert process("goes on", tmp_path / "run") == 0
    assert process("whole", tmp_path / "whole") == 0
    run, whole = run_of(tmp_path / "run"), run_of(tmp_path / "whole")
    for kind in ("gradients", "predictions", "epochs"):
        assert run.steps(kind) == whole.steps(kind)
    assert run.steps("gradients") == list(range(24))
    np.testing.assert_array_equal(list(gradients_of(run, "norm").values()), list(gradients_of(whole, "norm").values()))
    assert [int(run.read("epochs", None, s)["epoch"][0]) for s in run.steps("epochs")] == [0, 1, 2, 3]
    rows = run.read("losses", None, run.steps("losses")[-1])
    assert rows["examples"][-1] == 24 * 8
    last = run.read("predictions", None, 24)["y_pred"]
    with np.load(f"{tmp_path / 'backup-run'}.npz") as saved:
        model = make(1)
        model.set_weights([saved[name] for name in saved.files])
    np.testing.assert_allclose(last, model.predict(PROBE, verbose=0), rtol=1e-4, atol=1e-6)


LOG = Resume(last_step=100, last_epoch=4, iterations_offset=30, epoch_offset=2, examples=0)


@pytest.mark.parametrize(
    ("iterations", "first_epoch", "log", "expected"),
    [
        (0, 0, None, Offsets(0, 0)),
        (50, 3, None, Offsets(0, 0)),
        (0, 0, LOG, Offsets(100, 5)),
        (70, 0, LOG, Offsets(30, 5)),
        (70, 3, LOG, Offsets(30, 2)),
        (0, 3, LOG, Offsets(100, 2)),
        (0, 0, Resume(100, None, 0, 0, 0), Offsets(100, 0)),
    ],
)
def test_offsets(iterations: int, first_epoch: int, log: Resume | None, expected: Offsets) -> None:
    assert offsets(iterations, first_epoch, log) == expected
