"""However fit ends, nothing of the callback stays on the model, and the model goes on working."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tb_cnnviz
from tests.support.fits import RATE, identical, images, inventory, make, run_of, train


class Breaks(keras.callbacks.Callback):
    """Raises at one event."""

    def __init__(self, event: str, error: type[BaseException]) -> None:
        super().__init__()
        setattr(self, event, self._raise)
        self.error = error

    def _raise(self, *args: Any, **kwargs: Any) -> None:
        raise self.error("on purpose")


EVENTS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_epoch_end",
    "on_train_end",
]


def assert_clean_and_working(model: keras.Model, before: dict[str, Any]) -> None:
    assert inventory(model) == before
    train_function = model.train_function
    assert "cnnviz" not in str(getattr(train_function, "__module__", "")) + repr(train_function)
    x, y = images(8)
    assert np.isfinite(float(model.train_on_batch(x, y)))
    train(model, steps=2)


@pytest.mark.parametrize(("is_first", "error"), [(True, KeyboardInterrupt), (False, ValueError)])
def test_an_exception_in_another_callback(tmp_path: Path, is_first: bool, error: type[BaseException]) -> None:
    model = make(1)
    model.optimizer.build(model.trainable_variables)
    before = inventory(model)
    for event in EVENTS:
        ours, theirs = tb_cnnviz.CNNViz(tmp_path / event, images(2)[0], every=1), Breaks(event, error)
        with pytest.raises(error, match="on purpose") as caught:
            train(model, [theirs, ours] if is_first else [ours, theirs], steps=2, validation_data=images(8))
        # While the exception, and with it fit's frame, is still alive.
        assert inventory(model) == before, event
        del caught
    assert_clean_and_working(model, before)


def test_what_was_captured_before_an_exception_is_in_the_log(tmp_path: Path) -> None:
    class Third(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(make(1), [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=1), Third()])
    run = run_of(tmp_path)
    assert run.steps("gradients") == [0, 1, 2]
    assert run.read("losses", None, 2)["step"].tolist() == [0, 1, 2]


def broken_data(count: int) -> Callable[[], Any]:
    def generator() -> Any:
        x, y = images(8)
        for _ in range(count):
            yield x, y
        raise OSError("the disk is gone")

    return generator


@pytest.mark.parametrize(("count", "probe"), [(0, None), (3, None), (3, images(2)[0])])
def test_an_exception_in_the_data(tmp_path: Path, count: int, probe: Any) -> None:
    model = make(2)
    model.optimizer.build(model.trainable_variables)
    before = inventory(model)
    with pytest.raises(Exception, match="the disk is gone"):
        model.fit(broken_data(count)(), verbose=0, callbacks=[tb_cnnviz.CNNViz(tmp_path, probe, every=1)])
    assert inventory(model) == before
    assert_clean_and_working(model, before)


def test_an_exception_in_the_train_step(tmp_path: Path) -> None:
    class Fragile(keras.Sequential):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            raise RuntimeError("a mistake of the user's")

    model = Fragile([keras.Input((12, 12, 3)), keras.layers.Conv2D(2, 3)])
    model.compile(keras.optimizers.SGD(RATE), "mse")
    before = inventory(model)
    with pytest.raises(RuntimeError, match="a mistake of the user's"):
        train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0])])
    assert inventory(model) == before


def test_a_normal_end_leaves_the_model_as_a_bare_fit_does(tmp_path: Path) -> None:
    bare, model = make(3), make(3)
    train(bare)
    callback = tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=1)
    train(model, [callback])
    assert list(inventory(model).values()) == list(inventory(bare).values())
    train(bare, steps=3)
    train(model, steps=3)
    assert identical(bare, model)


def test_nothing_keeps_the_model_alive(tmp_path: Path) -> None:
    model = make(3)
    train(model, [tb_cnnviz.CNNViz(tmp_path, images(2)[0], every=1)], steps=2)
    gone = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert gone() is None


ATTEMPTS = 5
INTERRUPTED = """
    import os, sys, threading, time, signal
    import keras, numpy as np
    import tb_cnnviz
    from tests.support.fits import images, inventory, make, train

    class Alarm(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what it runs beside itself deaf to it
    model = make(1)
    model.optimizer.build(model.trainable_variables)
    model.make_train_function()
    before = inventory(model)
    for attempt in range(int(sys.argv[2])):
        delay = 0.003 * attempt + 0.01
        ours = tb_cnnviz.CNNViz(sys.argv[1] + "/" + str(attempt), images(2)[0], every=1)
        try:
            train(model, [ours, Alarm()], steps=4, epochs=10**6)
        except KeyboardInterrupt:
            assert inventory(model) == before
            assert "cnnviz" not in repr(model.train_function)
        else:
            raise SystemExit("not interrupted")
    train(model, steps=2)
    print("clean")
"""


def test_a_real_interrupt_at_any_moment(tmp_path: Path) -> None:
    code = textwrap.dedent(INTERRUPTED)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(ATTEMPTS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith("clean")
    for attempt in range(ATTEMPTS):
        assert run_of(tmp_path / str(attempt)).steps("losses")
