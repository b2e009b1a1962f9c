"""A fit into a folder that holds a log goes on where it ended, in the same process and in a new one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.encoding import encode
from tb_cnnviz.eventlog.framing import frame
from tb_cnnviz.eventlog.resume import Resume
from tb_cnnviz.loggers.offsets import Offsets, offsets
from tb_cnnviz.records import Record
from tests.support.fits import (
    RATE,
    WeightsByStep,
    gradients_of,
    identical,
    images,
    inventory,
    leftovers,
    make,
    norms,
    run_of,
    train,
)

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


# A log that is not as the last fit left it


def fit_again(folder: Path, logged: type[Any] = tb_cnnviz.LossLogger) -> list[str]:
    """One more fit of six steps; the warnings of ours."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        train(make(2), [logged(folder)])
    return [str(warning.message) for warning in seen if "tb_cnnviz" in str(warning.message)]


@pytest.mark.parametrize("how", ["a flipped bit", "malformed", "dangling link", "folder", "fifo"])
def test_a_log_that_is_damaged_costs_the_next_fit_nothing(tmp_path: Path, how: str) -> None:
    train(make(1), [tb_cnnviz.LossLogger(tmp_path)])
    (path,) = tmp_path.glob("cnnviz.*")
    later = tmp_path / f"cnnviz.{int(path.name.split('.')[1]) + 1}.h.1.records"
    if how == "a flipped bit":
        content = bytearray(path.read_bytes())
        content[content.rfind(b"cnnviz/losses/examples") + 40] ^= 1
        path.write_bytes(content)
    elif how == "malformed":
        arrays = {"step": np.arange(6), "examples": np.arange(2), "loss": np.ones(6, np.float32)}
        later.write_bytes(b"".join(frame(encode(Record("losses", 5, arrays=arrays)))))
    elif how == "dangling link":
        later.symlink_to(tmp_path / "nothing")
    elif how == "folder":
        later.mkdir()
    else:
        os.mkfifo(later)
    assert fit_again(tmp_path) == []
    run = run_of(tmp_path)
    assert run.read("losses", None, 11)["step"].tolist() == list(range(6, 12))
    assert run.steps("epochs") == [6, 12]
    examples = run.read("losses", None, 11)["examples"]
    if how == "a flipped bit":
        assert examples.tolist() == list(range(8, 56, 8))
        assert any("CRC" in notice.reason and notice.file == path.name for notice in run.notices)
    else:
        assert examples.tolist() == list(range(56, 104, 8))


def test_a_clock_that_was_set_back_between_two_fits(tmp_path: Path) -> None:
    model = make(1)
    for number in range(3):
        train(model, [tb_cnnviz.LossLogger(tmp_path)])
        for path in list(tmp_path.rglob("cnnviz.*")) if number == 0 else []:
            start = path.name.split(".")[1]
            path.rename(path.with_name(path.name.replace(start, str(int(start) + 10**18))))
    run = run_of(tmp_path)
    assert columns(run, "step") == list(range(18))
    assert [run.read("epochs", None, step)["epoch"][0] for step in run.steps("epochs")] == [0, 1, 2]
    assert columns(run, "examples") == list(range(8, 152, 8))


class Deletes(keras.callbacks.Callback):
    """Somebody who takes a running fit's folder for an old one."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            shutil.rmtree(self.folder)


@pytest.mark.skipif(os.name == "nt", reason="there an open file cannot be deleted")
def test_a_folder_that_is_deleted_in_mid_fit(tmp_path: Path) -> None:
    bare, model, folder = make(1), make(1), tmp_path / "run"
    train(bare, epochs=3)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        train(model, [tb_cnnviz.CNNViz(folder, PROBE, every=2), Deletes(folder)], epochs=3)
    assert identical(model, bare)
    (told,) = [str(warning.message) for warning in seen if "tb_cnnviz" in str(warning.message)]
    assert "was deleted" in told
    run = run_of(folder)
    assert run.steps("epochs") == [12, 18]
    assert columns(run, "step") == list(range(6, 18))
    assert [layer.path for layer in run.layers if layer.role == "convolution"]
    assert run.read("probe")["x"].shape == PROBE.shape
    assert len(run.read("gradients")["variables"]) == len(model.trainable_variables)
    assert sum("deleted" in notice.reason for notice in run.notices) == 1
    train(model, [tb_cnnviz.LossLogger(folder)])
    assert columns(run_of(folder), "step") == list(range(6, 24))


def test_a_loop_of_fits_beside_other_runs_reads_its_last_file_alone(tmp_path: Path) -> None:
    model = make(1)
    for _ in range(3):
        train(model, [tb_cnnviz.LossLogger(tmp_path)], steps=2)
    for number, path in enumerate(sorted(tmp_path.glob("cnnviz.*"))[:2]):
        path.unlink()  # what was in them is not needed
        os.truncate(write_zeros(tmp_path / "below" / f"cnnviz.{number}.h.1.records"), 1 << 40)
    train(model, [tb_cnnviz.LossLogger(tmp_path)], steps=2)
    shutil.rmtree(tmp_path / "below")
    rows = run_of(tmp_path).read("losses")
    assert rows["step"].tolist() == [4, 5, 6, 7]
    assert rows["examples"].tolist() == [40, 48, 56, 64]


def write_zeros(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(100))
    return path


# One callback for two fits at a time


@pytest.mark.parametrize("start", ["together", "one after the other"])
def test_one_callback_in_two_threads_logs_the_first_fit_whole(tmp_path: Path, start: str) -> None:
    """And says of the second that nothing of it is logged; neither training is changed."""
    bare = [make(1), make(2)]
    for model in bare:
        train(model, epochs=2)
    models = [make(1), make(2)]
    callback = tb_cnnviz.CNNViz(tmp_path, every=2, feature_maps=False, activations=False)
    before = [inventory(model) for model in models]
    begun, both = threading.Event(), threading.Barrier(2)

    class Waits(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            begun.set()
            if batch == 1 and not both.broken:
                both.wait(120)

    def fit(number: int) -> None:
        if start != "together" and number == 1:
            begun.wait(120)
        train(models[number], [callback, Waits()], epochs=2)

    threads = [threading.Thread(target=fit, args=(number,)) for number in range(2)]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
    told = [str(warning.message) for warning in seen if "tb_cnnviz" in str(warning.message)]
    assert len(told) == 1
    assert "everything of this fit will not be logged" in told[0]
    assert "callback" in told[0]
    run = run_of(tmp_path)
    assert columns(run, "step") == list(range(12))
    assert run.steps("gradients") == list(range(0, 12, 2))
    assert run.steps("epochs") == [6, 12]
    kernels = [run.read("filters", layer.path)["kernel"] for layer in run.layers if layer.role == "convolution"]
    (logged,) = [number for number, model in enumerate(models) if same_kernels(model, kernels)]
    assert start == "together" or logged == 0
    assert all(identical(model, twin) for model, twin in zip(models, bare, strict=True))
    assert [leftovers(model, was) for model, was in zip(models, before, strict=True)] == [[], []]
    train(models[1 - logged], [callback])  # free again
    assert len(columns(run_of(tmp_path), "step")) == 18


def same_kernels(model: Any, kernels: list[np.ndarray]) -> bool:
    own = [to_numpy(layer.kernel) for layer in model.layers if hasattr(layer, "kernel") and layer.kernel.ndim == 4]
    return len(own) == len(kernels) and all(
        np.array_equal(np.moveaxis(a, (3, 2), (0, 1)), b) for a, b in zip(own, kernels, strict=True)
    )
