"""What capture has to do in each mode of training: a small fit with the callback, held against values computed another
way and against a bare fit.

`python -m tests.support.modes RESULTS.json` runs all modes of the backend in KERAS_BACKEND.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before a backend starts
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import tb_cnnviz
from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.eventlog.reader import Run
from tests.support import activation_oracles
from tests.support.batch_cases import check_batch
from tests.support.fits import (
    RATE,
    compiled,
    gradients_of,
    identical,
    images,
    inventory,
    norms,
    run_of,
    train,
)
from tests.support.mode_oracles import BATCH, STEPS, Oracle
from tests.support.mode_steps import own_step
from tests.support.sample_oracles import check_micro_batches, check_samples

TOLERANCE = 1e-4
X, Y = images(STEPS * BATCH)
LABELLED = images(2, seed=7)
PROBE = LABELLED[0]


class Refused(Exception):
    """Not possible in this mode: the message says who refuses it, and why."""


@dataclass(frozen=True)
class Mode:
    """`title` as docs/capture.md names it. `run` gets a folder; it gives a note, or raises Refused."""

    title: str
    run: Callable[[Path], str | None]
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")


# Checks.


def close(got: Any, want: Any) -> None:
    """Norms by step and variable, at the scale of the step."""
    got, want = np.array(list(got), np.float64), np.array(list(want), np.float64)
    assert got.shape == want.shape, f"{got.shape} recorded, {want.shape} expected"
    scale = want.max(axis=-1, keepdims=True)
    assert (np.abs(got - want) <= TOLERANCE * scale).all(), f"{got}\nis not\n{want}"
    large = want > 1e-2 * scale
    np.testing.assert_allclose(got[large], want[large], rtol=TOLERANCE)


def received(run: Run) -> list[np.ndarray]:
    return list(gradients_of(run, "norm").values())


def applied(run: Run) -> list[np.ndarray]:
    return list(gradients_of(run, "update_norm").values())


def check_log(run: Run, model: Any, steps: list[int]) -> None:
    """The steps of gradients, that each histogram counts every parameter, and that nothing was given up."""
    assert run.notices == [], run.notices
    assert run.steps("gradients") == steps
    sizes = [int(np.prod(v.shape)) for v in model.trainable_variables]
    for step in steps:
        record = run.read("gradients", None, step)
        assert record["histogram"].sum(axis=1).tolist() == sizes
        assert not record["nan"].any()
        assert not record["inf"].any()


def check_activations(run: Run, oracle: Oracle, batches: Sequence[tuple[int, int]] | None = None) -> None:
    """Those of each step against numpy's, from the weights before it.

    Args:
        batches: of each step, the number of its weights in `oracle.seen` and that of its batch in X. By default all, in order.
    """
    loose = keras.config.dtype_policy().name != "float32"
    paths = [layer.path for layer in run.layers if layer.type in ("Conv2D", "Dense")]
    batches = [(i, i) for i in range(len(oracle.seen) - 1)] if batches is None else batches
    assert run.steps("activations") == list(range(len(batches)))
    for step, (weights, batch) in enumerate(batches):
        made = activation_oracles.of_the_small_network(X[BATCH * batch : BATCH * (batch + 1)], oracle.seen[weights])
        wanted = {(paths[layer], place): [values] for (layer, place), values in made.items()}
        activation_oracles.check(run, step, wanted, 2e-2 if loose else TOLERANCE)


def losses(run: Run, column: str = "loss") -> np.ndarray:
    """A column of all rows; micro-batches of one update share a step."""
    return np.concatenate([run._index.read("losses", None, step).arrays[column] for step in run.steps("losses")])


def network() -> keras.Model:
    """Small, since XLA compiles it many times."""
    layers = [keras.layers.Conv2D(3, 3, strides=2, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(5)]
    return keras.Sequential([keras.Input(X.shape[1:]), *layers])


def make(optimizer: Any = None, **options: Any) -> keras.Model:
    """The same weights each time; plain SGD unless another optimizer is given."""
    keras.utils.set_random_seed(1)
    return compiled(network(), optimizer, **options)


def everything(folder: Path) -> list[Any]:
    return [tb_cnnviz.CNNViz(folder, LABELLED, every=1)]


def in_step(folder: Path) -> list[Any]:
    """Only what is recorded inside the step."""
    activations = tb_cnnviz.FeatureMapLogger(folder, PROBE, every=1, feature_maps=False)
    return [tb_cnnviz.GradientLogger(folder, every=1), activations, tb_cnnviz.LossLogger(folder)]


def both(
    folder: Path,
    maker: Callable[[], Any],
    oracle: Oracle,
    fit: Callable[..., Any] = train,
    callbacks: Callable[[Path], list[Any]] = in_step,
) -> Any:
    """Fit a model bare and its twin with the callback: the weights are the same bits, and nothing stays on the twin."""
    options = {"steps": STEPS} if fit is train else {}
    bare, model = maker(), maker()
    before = fit(bare, [], **options).history
    after = fit(model, [*callbacks(folder), oracle], **options).history
    assert identical(bare, model), "the weights are not the same bits as without the callback"
    np.testing.assert_array_equal(after["loss"], before["loss"], "the history is not that of a bare fit")
    assert list(inventory(model).values()) == list(inventory(bare).values())
    assert len(losses(run_of(folder))) == oracle_batches(oracle)
    if np.isfinite(before["loss"][0]):
        np.testing.assert_allclose(np.mean(losses(run_of(folder))), before["loss"][0], rtol=1e-4)
    return model


def oracle_batches(oracle: Oracle) -> int:
    return len(oracle.seen) - 1


# Modes.


def sgd(
    folder: Path,
    fit: Callable[..., Any] = train,
    maker: Callable[[], Any] = make,
    callbacks: Callable[[Path], list[Any]] = in_step,
) -> None:
    """Under plain SGD the gradient is the weights' change by the learning rate."""
    oracle = Oracle()
    model = both(folder, maker, oracle, fit, callbacks)
    run = run_of(folder)
    check_log(run, model, list(range(STEPS)))
    close(received(run), [norms(c) / RATE for c in oracle.changes()])
    close(applied(run), [norms(c) for c in oracle.changes()])
    check_samples(run, oracle.seen[:-1], [[-v / RATE for v in c] for c in oracle.changes()], oracle.changes())
    check_activations(run, oracle)
    if callbacks is everything:
        assert {"filters", "feature_maps", "predictions", "operations", "epochs"} <= set(run.kinds)
        check_pictures(run, model, oracle)


def check_pictures(run: Run, model: Any, oracle: Oracle) -> None:
    """Kernels are the weights before each step, and the last prediction is the trained model's own."""
    path = next(layer.path for layer in run.layers if layer.type == "Conv2D")
    for step, kernel in enumerate(seen[0] for seen in oracle.seen):
        logged = run.read("filters", path, step)["kernel"]
        np.testing.assert_allclose(np.moveaxis(logged, (0, 1), (-1, -2)), kernel, atol=1e-6)
    predicted = to_numpy(model(PROBE, training=False)).astype(np.float32)
    tolerance = 1e-5 if keras.config.dtype_policy().name == "float32" else 2e-2
    np.testing.assert_allclose(run.read("predictions", None, STEPS)["y_pred"], predicted, atol=tolerance)
    check_errors(run, model)


def check_errors(run: Run, model: Any) -> None:
    """At every step; the last one's error of the logits is the closed form of softmax with cross-entropy."""
    path = next(layer.path for layer in run.layers if layer.type == "Dense")
    assert run.steps("errors") == run.steps("error_maps", path) == list(range(STEPS + 1))
    logits = to_numpy(model(PROBE, training=False)).astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    exact = (shares - np.eye(shares.shape[1])[LABELLED[1]]) / len(PROBE)
    tolerance = 1e-4 if keras.config.dtype_policy().name == "float32" else 2e-2
    error = run.read("errors", path, STEPS)
    np.testing.assert_allclose(error["norm"], np.linalg.norm(exact), rtol=tolerance)
    np.testing.assert_allclose(error["channel_norm"], np.linalg.norm(exact, axis=0), atol=tolerance)
    maps = run.read("error_maps", path, STEPS)["maps"]
    np.testing.assert_allclose(maps, exact, atol=np.abs(exact).max() / 200 + tolerance)


def as_compiled(folder: Path) -> None:
    sgd(folder, callbacks=everything)


def with_options(**options: Any) -> Callable[[], Any]:
    return lambda: make(**options)


def jit(folder: Path) -> None:
    if keras.config.backend() == "torch":
        jit_on_torch(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Model doesn't support `jit_compile")
        sgd(folder, maker=with_options(jit_compile=True))


def jit_on_torch(folder: Path) -> None:
    """All but what is recorded inside the step is logged, and the compiled step stays what it was."""
    bare, model = (
        compiled(keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(5)]))
        for _ in range(2)
    )
    for model_of in (bare, model):
        model_of.jit_compile = True
    model.set_weights(bare.get_weights())
    train(bare, steps=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(model, everything(folder), steps=2)
    said = [str(w.message) for w in caught if "tb_cnnviz" in str(w.message)]
    assert len(said) == 4, said
    assert all("torch.compile" in text for text in said)
    assert identical(bare, model)
    kinds = set(run_of(folder).kinds)
    assert {"predictions", "feature_maps", "epochs"} <= kinds
    assert not {"gradients", "activations", "batches", "losses"} & kinds
    raise Refused(
        "by tb_cnnviz, gradients, activations, batches and batch losses only: torch.compile would compile what records together with the "
        "step, again for every shape that it meets. Without `jit_compile=True`, which is PyTorch's default, all is "
        "logged"
    )


def unjitted(folder: Path) -> None:
    sgd(folder, maker=with_options(jit_compile=False))


def eager(folder: Path) -> None:
    sgd(folder, maker=with_options(run_eagerly=True), callbacks=everything)


def steps_per_execution(folder: Path) -> None:
    """Between the steps of one execution nothing can be seen: the oracle watches the same steps one by one."""
    options = {"steps_per_execution": STEPS}
    try:
        train(make(**options), steps=STEPS)
    except ValueError as error:
        raise Refused(f"by Keras: {one_line(error)}") from error
    oracle = Oracle()
    bare, model = make(**options), make(**options)
    train(bare, steps=STEPS)
    train(model, in_step(folder), steps=STEPS)
    train(make(), [oracle], steps=STEPS)
    assert identical(bare, model)
    check_log(run_of(folder), model, list(range(STEPS)))
    close(received(run_of(folder)), [norms(c) / RATE for c in oracle.changes()])
    check_activations(run_of(folder), oracle)


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def mixed_float16(folder: Path) -> None:
    with policy("mixed_float16"):
        sgd(folder, callbacks=everything)
        assert type(make().optimizer).__name__ == "LossScaleOptimizer"


def mixed_bfloat16(folder: Path) -> None:
    with policy("mixed_bfloat16"):
        sgd(folder)


def overflow(folder: Path) -> None:
    """The weights of the fourth batch's examples make its scaled gradients infinite: its update is skipped."""
    weight = np.ones(len(Y), np.float32)
    weight[3 * BATCH : 4 * BATCH] = 1e33

    def maker() -> Any:
        return make(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE), initial_scale=2.0**30))

    def fit(model: Any, callbacks: Any) -> Any:
        return model.fit(X, Y, BATCH, sample_weight=weight, shuffle=False, verbose=0, callbacks=callbacks)

    oracle = Oracle()
    model = both(folder, maker, oracle, fit)
    run, changes = run_of(folder), oracle.changes()
    assert norms(changes[3]).tolist() == [0] * len(changes[3])
    check_log(run, model, list(range(STEPS - 1)))
    close(received(run), [norms(c) / RATE for i, c in enumerate(changes) if i != 3])
    skipped = [run._index.read("gradients", None, s).attributes.get("skipped", 0) for s in range(STEPS - 1)]
    assert skipped == [0, 0, 0, 1, 0, 0, 0]
    check_activations(run, oracle, [(i, i) for i in range(STEPS) if i != 3])
    joined = run.read("losses")
    assert joined["step"].tolist() == losses(run, "step").tolist() == [0, 1, 2, 3, 3, 4, 5, 6]
    assert joined["batch"].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def accumulation(folder: Path) -> None:
    """Each of four micro-batches receives a gradient of its own, and the update is that of all four."""
    oracle = Oracle((X, Y))
    model = both(folder, lambda: make(keras.optimizers.SGD(RATE, gradient_accumulation_steps=4)), oracle)
    run, changes = run_of(folder), oracle.changes()
    check_log(run, model, [0, 1])
    assert all(run._index.read("gradients", None, s).attributes["micro_batches"] == 4 for s in (0, 1))
    close(received(run), [norms(oracle.gradients[i]) for i in (3, 7)])
    close(applied(run), [norms(changes[i]) for i in (3, 7)])
    check_activations(run, oracle, [(3, 3), (7, 7)])
    of_four = [np.mean([g[v] for g in oracle.gradients[4:]], axis=0) for v in range(len(changes[0]))]
    close(applied(run)[1:], [norms(of_four) * RATE])
    last = [3, 7]
    check_samples(run, *([each[i] for i in last] for each in (oracle.seen, oracle.gradients, changes)))
    check_micro_batches(run, oracle.gradients, 4)
    joined = run.read("losses")
    assert joined["step"].tolist() == losses(run, "step").tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert joined["batch"].tolist() == [0, 1, 2, 3] * 2
    np.testing.assert_array_equal(joined["loss"], losses(run))


def by_autodiff(folder: Path, optimizer: Callable[[], Any]) -> tuple[Run, Oracle]:
    """What is received is the gradient before the optimizer changes it; what is applied is the weights' change."""
    oracle = Oracle((X, Y))
    model = both(folder, lambda: make(optimizer()), oracle)
    run = run_of(folder)
    check_log(run, model, list(range(STEPS)))
    close(received(run), [norms(g) for g in oracle.gradients])
    close(applied(run), [norms(c) for c in oracle.changes()])
    check_samples(run, oracle.seen[:-1], oracle.gradients, oracle.changes())
    check_activations(run, oracle)
    return run, oracle


def clipped(name: str) -> Callable[[Path], None]:
    def run_mode(folder: Path) -> None:
        run, _ = by_autodiff(folder, lambda: keras.optimizers.SGD(RATE, **{name: 1e-3}))
        assert all((a < 0.5 * RATE * r).any() for a, r in zip(applied(run), received(run), strict=True))

    return run_mode


def averaged(folder: Path) -> None:
    def optimizer() -> Any:
        rate = keras.optimizers.schedules.ExponentialDecay(1e-2, 2, 0.5)
        return keras.optimizers.Adam(rate, weight_decay=1e-2, use_ema=True, ema_overwrite_frequency=3)

    run, _ = by_autodiff(folder, optimizer)
    np.testing.assert_allclose(losses(run, "learning_rate"), [1e-2 * 0.5 ** (i / 2) for i in range(STEPS)], rtol=1e-5)


def fitted_twice(folder: Path, between: Callable[[Any], None]) -> tuple[Any, list[Any]]:
    """Two fits with `between(model)` between them: the run, and the weights' changes in both."""

    def fit(model: Any, callbacks: Any) -> None:
        train(model, callbacks, steps=STEPS)
        between(model)
        train(model, callbacks, steps=STEPS)

    oracle = Oracle()
    bare, model = make(), make()
    fit(bare, [])
    fit(model, [*in_step(folder), oracle])
    assert identical(bare, model)
    run = run_of(folder)
    check_log(run, model, list(range(2 * STEPS)))
    check_activations(run, oracle, [(fit * (STEPS + 1) + i, i) for fit in (0, 1) for i in range(STEPS)])
    return run, oracle.changes()


def second_fit(folder: Path) -> None:
    run, both = fitted_twice(folder, lambda model: None)
    changes = [c for i, c in enumerate(both) if i != STEPS]  # from one fit's end to the next one's begin
    close(received(run), [norms(c) / RATE for c in changes])


def ended_by(error: type[BaseException]) -> Callable[[Path], None]:
    class Ends(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 4:
                raise error("on purpose")

    def run_mode(folder: Path) -> None:
        bare, model, oracle = make(), make(), Oracle()
        clean = None
        for fitted, callbacks in ((bare, []), (model, [*everything(folder), oracle])):
            try:
                train(fitted, [*callbacks, Ends()], steps=STEPS)
            except error:  # fit's frame is still alive
                clean = list(inventory(fitted).values())
                assert "cnnviz" not in repr(fitted.train_function)
        assert clean == list(inventory(bare).values())
        assert identical(bare, model)
        run = run_of(folder)
        check_log(run, model, list(range(5)))
        close(received(run), [norms(c) / RATE for c in oracle.changes()])
        check_activations(run, oracle)
        assert losses(run, "step").tolist() == list(range(5))
        for fitted in (bare, model):
            train(fitted, steps=2)
        assert identical(bare, model)

    return run_mode


def custom_step(folder: Path) -> None:
    def maker() -> Any:
        keras.utils.set_random_seed(1)
        return compiled(own_step(network()))

    sgd(folder, maker=maker)


def from_data(source: Callable[[], Any]) -> Callable[[Path], None]:
    def fit(model: Any, callbacks: Any) -> Any:
        return model.fit(source(), verbose=0, shuffle=False, callbacks=callbacks)

    def run_mode(folder: Path) -> None:
        sgd(folder, fit)
        assert losses(run_of(folder), "examples").tolist() == [BATCH * (i + 1) for i in range(STEPS)]
        first = folder / "without-a-probe"
        make_one = make()
        make_one.fit(source(), verbose=0, shuffle=False, callbacks=[tb_cnnviz.CNNViz(first, every=4)])
        np.testing.assert_array_equal(run_of(first).read("probe", None, 0)["x"], X[:BATCH])
        # With data that end by themselves, Keras on TensorFlow may count one update that never was, without us too.
        counted = int(to_numpy(make_one.optimizer.iterations))
        assert run_of(first).steps("errors") == sorted({0, 4, STEPS, counted})

    return run_mode


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for i in range(0, STEPS * BATCH, BATCH):
        yield X[i : i + BATCH], Y[i : i + BATCH]


def tf_data() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH).prefetch(2)


def py_dataset() -> Any:
    class Pieces(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return STEPS

        def __getitem__(self, i: int) -> Any:
            return X[BATCH * i : BATCH * (i + 1)], Y[BATCH * i : BATCH * (i + 1)]

    return Pieces()


def sample_weights(folder: Path) -> None:
    weight = np.random.default_rng(3).random(len(Y)).astype(np.float32)

    def fit(model: Any, callbacks: Any) -> Any:
        return model.fit(X, Y, BATCH, sample_weight=weight, shuffle=False, verbose=0, callbacks=callbacks)

    oracle = Oracle((X, Y, weight))
    model = both(folder, lambda: make(), oracle, fit)
    check_log(run_of(folder), model, list(range(STEPS)))
    close(received(run_of(folder)), [norms(g) for g in oracle.gradients])
    close(received(run_of(folder)), [norms(c) / RATE for c in oracle.changes()])
    check_activations(run_of(folder), oracle)


def validation(folder: Path) -> None:
    def fit(model: Any, callbacks: Any) -> Any:
        return train(model, callbacks, steps=STEPS // 2, epochs=2, validation_data=images(16, seed=9))

    oracle = Oracle()
    bare, model = make(), make()
    assert fit(bare, []).history == fit(model, [*in_step(folder), oracle]).history
    assert identical(bare, model)
    run = run_of(folder)
    check_log(run, model, list(range(STEPS)))
    close(received(run), [norms(c) / RATE for c in oracle.changes()])
    check_activations(run, oracle, [(i, i % (STEPS // 2)) for i in range(STEPS)])
    assert np.isfinite(float(run.read("epochs", None, STEPS)["val_loss"][0]))


def recompiled(folder: Path) -> None:
    run, changes = fitted_twice(folder, lambda model: compiled(model, keras.optimizers.SGD(RATE / 2)))
    close(received(run)[:STEPS], [norms(c) / RATE for c in changes[:STEPS]])
    close(received(run)[STEPS:], [norms(c) / RATE * 2 for c in changes[STEPS + 1 :]])


def embedding(folder: Path) -> None:
    """Of the rows of an embedding only those that occur have a gradient."""
    words = np.random.default_rng(0).integers(0, 5, (STEPS * BATCH, 3))

    def maker() -> Any:
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Embedding(7, 4), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(5)]
        return compiled(keras.Sequential([keras.Input((3,), dtype="int32"), *layers]))

    def fit(model: Any, callbacks: Any) -> Any:
        return model.fit(words, Y, BATCH, shuffle=False, verbose=0, callbacks=callbacks)

    oracle = Oracle()
    bare, model = maker(), maker()
    fit(bare, [])
    fit(model, [tb_cnnviz.CNNViz(folder, (words[:2], Y[:2]), every=1), oracle])
    assert identical(bare, model)
    run = run_of(folder)
    check_log(run, model, list(range(STEPS)))
    close(received(run), [norms(c) / RATE for c in oracle.changes()])
    for step in range(STEPS):
        absent = 7 - len(np.unique(words[BATCH * step : BATCH * (step + 1)]))
        assert run.read("gradients", None, step)["zeros"][0] == 4 * absent


def mirrored(folder: Path) -> None:
    import tensorflow as tf

    def maker() -> Any:
        with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
            return make()

    sgd(folder, maker=maker, callbacks=everything)
    run = run_of(folder)
    np.testing.assert_allclose(losses(run, "examples"), [BATCH * (i + 1) for i in range(STEPS)])
    for step in range(STEPS):
        record, rows = run.read("batches", None, step), slice(BATCH * step, BATCH * (step + 1))
        check_batch(record, [(record["names"][0], "input", X[rows]), ("y", "label", Y[rows])])
        np.testing.assert_array_equal(record["class_counts"], np.bincount(Y[rows], minlength=5))


def mirrored_float16(folder: Path) -> None:
    with policy("mixed_float16"):
        mirrored(folder)


_WORKER = """
import json, os, sys
cluster = {"worker": ["localhost:" + port for port in sys.argv[2:]]}
os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": int(sys.argv[1])}})
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
from tests.support.modes import make, one_line, train
with strategy.scope():
    model = make()
try:
    train(model)
except Exception as error:
    print(one_line(error))
    os._exit(1)
"""


def multi_worker(folder: Path) -> None:
    """Two workers, in two processes, and a bare fit."""
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("localhost", 0))
        ports = [str(each.getsockname()[1]) for each in (one, two)]
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORKER, str(i), *ports], stdout=subprocess.PIPE, text=True)
        for i in range(2)
    ]
    try:
        said, _ = workers[0].communicate(timeout=90)
        assert workers[0].returncode == 1, "a bare fit works now: this mode needs a check"
        assert "PerReplica" in said, said
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    raise Refused(
        "by Keras, whose own fit with two workers ends in a ValueError: it gives a PerReplica to a layer "
        "(keras-team/keras issue 20585)"
    )


def data_parallel(folder: Path) -> None:
    devices = keras.distribution.list_devices()
    assert len(devices) == 2, devices
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        sgd(folder, callbacks=everything)
        assert len(make().trainable_variables[0].value.sharding.device_set) == 2
    finally:
        keras.distribution.set_distribution(None)


MODES: dict[str, Mode] = {
    "as compiled": Mode("`compile()` as it is", as_compiled),
    "jit": Mode("`jit_compile=True`", jit),
    "no jit": Mode("`jit_compile=False`", unjitted),
    "eager": Mode("`run_eagerly=True`", eager),
    "steps per execution": Mode("`steps_per_execution=8`", steps_per_execution),
    "float16": Mode("`mixed_float16`", mixed_float16),
    "bfloat16": Mode("`mixed_bfloat16`", mixed_bfloat16),
    "overflow": Mode("`LossScaleOptimizer`, one batch overflows", overflow),
    "accumulation": Mode("`gradient_accumulation_steps=4`", accumulation),
    "clipnorm": Mode("`clipnorm`", clipped("clipnorm")),
    "global clipnorm": Mode("`global_clipnorm`", clipped("global_clipnorm")),
    "clipvalue": Mode("`clipvalue`", clipped("clipvalue")),
    "averaged": Mode("EMA, weight decay and a rate schedule", averaged),
    "second fit": Mode("a second `fit`", second_fit),
    "exception": Mode("`fit` ended by an exception", ended_by(ValueError)),
    "interrupt": Mode("`fit` ended by KeyboardInterrupt", ended_by(KeyboardInterrupt)),
    "custom step": Mode("a `train_step` of one's own", custom_step),
    "tf.data": Mode("data from `tf.data`", from_data(tf_data)),
    "generator": Mode("data from a generator", from_data(batches)),
    "PyDataset": Mode("data from a `PyDataset`", from_data(py_dataset)),
    "sample weights": Mode("sample weights", sample_weights),
    "validation": Mode("validation after each epoch", validation),
    "recompile": Mode("`compile` again between two fits", recompiled),
    "embedding": Mode("sparse gradients of an embedding", embedding),
    "mirrored": Mode("`MirroredStrategy`, two replicas", mirrored, ("tensorflow",)),
    "mirrored float16": Mode("`MirroredStrategy` with `mixed_float16`", mirrored_float16, ("tensorflow",)),
    "multi-worker": Mode("`MultiWorkerMirroredStrategy`, two workers", multi_worker, ("tensorflow",)),
    "data parallel": Mode("`keras.distribution.DataParallel`, two devices", data_parallel, ("jax",)),
}


def one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}{text[-200:] if len(text) > 200 else ''}"


def result_of(mode: Mode, folder: Path) -> dict[str, Any]:
    """One cell: its outcome (works, note, refused, failed), what there is to say, and the seconds it took."""
    start = time.perf_counter()
    try:
        note = mode.run(folder)
        outcome, text = ("works" if note is None else "note"), note or ""
    except Refused as why:
        outcome, text = "refused", str(why)
    except Exception:
        outcome, text = "failed", traceback.format_exc()
    return {"outcome": outcome, "text": text, "seconds": round(time.perf_counter() - start, 1)}


def main(results: Path, names: list[str]) -> None:
    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    warnings.filterwarnings("error", message=".*tb_cnnviz.*")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, mode) in enumerate(MODES.items()):
            if backend in mode.backends and (not names or name in names):
                found[name] = result_of(mode, Path(folder) / str(i))
                results.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
