"""The ring, the rhythm, the statistics and the private names that capture stands on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tb_cnnviz.capture.backends import private
from tb_cnnviz.capture.hook import Hook, hooked
from tb_cnnviz.capture.in_step.first_batch import NotPossible, peek
from tb_cnnviz.capture.in_step.ring_buffer import RecordingSteps, RingBuffer
from tb_cnnviz.capture.quantities.exponent_counts import raw_histogram
from tb_cnnviz.capture.quantities.statistics import norm, statistics_of_any, statistics_of_finite
from tb_cnnviz.records.histogram import raw_bins


@pytest.mark.parametrize("jit", [False, True])
def test_a_ring_gives_rows_in_order_and_counts_what_it_lost(jit: bool) -> None:
    numbers = {"a": ((), "int32"), "b": ((2,), "float32"), "c": ((2, 2), "int32")}
    ring = RingBuffer(32, numbers, {"after": ((), "float32"), "none": ((0,), "float32")})

    @tf.function(jit_compile=jit)
    def write(i: Any) -> None:
        slot = ring.slot()
        ring.put(slot, {"c": [[i, i + 1], [i + 2, i + 3]], "b": tf.stack([i, -i]), "a": i})
        ring.put(slot, {"after": 0.5, "none": tf.zeros(0)})
        ring.advance(after=i)

    assert {name: rows.shape for name, rows in ring.drain().items()} == {
        "a": (0,),
        "b": (0, 2),
        "c": (0, 2, 2),
        "after": (0,),
        "none": (0, 0),
    }
    for i in range(20):
        write(tf.constant(i))
    rows = ring.drain()
    assert rows["a"].tolist() == list(range(20))
    assert rows["b"].tolist() == [[i, -i] for i in range(20)]
    assert rows["c"].tolist() == [[[i, i + 1], [i + 2, i + 3]] for i in range(20)]
    assert rows["after"].tolist() == [0.5] * 20
    for i in range(20, 70):
        write(tf.constant(i))
    assert ring.drain()["a"].tolist() == list(range(38, 70))
    assert ring.lost == 18


def test_a_rhythm_can_be_changed_from_outside() -> None:
    due = RecordingSteps(2, 3)
    ask = tf.function(due.at)
    assert [i for i in range(12) if ask(tf.constant(i))] == [2, 5, 8, 11]
    due.set(7, 2)
    assert [i for i in range(12) if ask(tf.constant(i))] == [7, 9, 11]


SPECIAL = np.array([0, -0.0, 1, -1.5, 3e38, -2e-20, 1e-45, 7e-39], np.float32)


@pytest.mark.parametrize("jit", [False, True])
def test_raw_histograms_equal_numpys(jit: bool) -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([SPECIAL, np.float32([np.nan, np.inf, -np.inf]), rng.normal(size=999).astype(np.float32)])
    values[-500:] *= np.exp2(rng.integers(-120, 120, 500))
    count = tf.function(lambda v: raw_histogram(v, jit=jit), jit_compile=jit)
    np.testing.assert_array_equal(count(tf.constant(values)), raw_bins(values))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e25])
def test_norms_survive_vanishing_and_exploding_values(scale: float) -> None:
    values = (np.random.default_rng(0).normal(size=1000) * scale).astype(np.float32)
    expected = np.linalg.norm(values.astype(np.float64))
    assert float(norm(tf.constant(values), tf.reduce_max(tf.abs(values)))) == pytest.approx(expected, rel=1e-5)
    assert float(norm(tf.zeros(3), tf.constant(0.0))) == 0


def test_statistics_agree_with_numpy_and_with_each_other() -> None:
    values = np.random.default_rng(1).normal(size=500).astype(np.float32)
    values[:7] = 0
    finite = {k: float(v) for k, v in statistics_of_finite(tf.constant(values)).items()}
    general = {k: float(v) for k, v in statistics_of_any(tf.constant(values)).items()}
    assert finite == pytest.approx({name: general[name] for name in finite}, rel=1e-6)
    assert finite["mean"] == pytest.approx(float(values.astype(np.float64).mean()), rel=1e-4)
    assert (finite["min"], finite["max"]) == (float(values.min()), float(values.max()))
    assert (finite["zeros"], finite["nan"], finite["inf"]) == (7, 0, 0)
    nothing = {k: float(v) for k, v in statistics_of_any(tf.constant([np.nan, np.nan], tf.float32)).items()}
    assert np.isnan([nothing[k] for k in ("norm", "mean", "min", "max")]).all()
    assert nothing["nan"] == 2


def test_hooks_are_removed_however_the_block_ends() -> None:
    class Thing:
        def act(self) -> str:
            return "own"

    thing, other = Thing(), Thing()
    vars(other)["act"] = lambda: "theirs"
    hooks = [Hook(t, "act", lambda original: lambda: "ours, then " + original()) for t in (thing, other)]
    said: list[str] = []

    def interrupted() -> None:
        with hooked(hooks):
            said.extend([thing.act(), other.act()])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert said == ["ours, then own", "ours, then theirs"]
    assert vars(thing) == {}
    assert (thing.act(), other.act()) == ("own", "theirs")


def test_every_private_name_is_where_it_was() -> None:
    """A Keras that fails here needs a new `private`; the parts that use it turn themselves off until then."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 2), keras.layers.Flatten()])
    model.compile("sgd", "mse")
    assert [type(layer).__name__ for layer in private.sublayers(model)][:2] == ["InputLayer", "Conv2D"]
    seen: list[Any] = []

    class Looks(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            assert private.model_of(self) is self.model
            seen.append(private.running_fit(self.model).iterator)
            own = self.model.train_function
            built = private.build_step(self.model)
            seen.extend([own, self.model.train_function, built])

    model.fit(np.zeros((6, 4, 4, 1)), np.zeros((6, 9)), batch_size=3, verbose=0, callbacks=[Looks()])
    iterator, own, still, built = seen
    assert private.batch_size_of(iterator) == 3
    assert callable(iterator.catch_stop_iteration)
    assert own is still
    assert callable(built)
    assert built is not own
    assert private.running_fit(model) is None


def test_a_batch_that_was_looked_at_comes_again() -> None:
    data = tf.data.Dataset.range(10).map(lambda i: (tf.fill((2,), i), i)).prefetch(3)
    iterator = iter(data)
    batch, again = peek(iterator, 3)
    assert int(batch[1]) == 0
    assert again.element_spec == iterator.element_spec
    assert [int(i) for _, i in again] == [0, 1, 2]
    assert [int(i) for _, i in iterator] == list(range(3, 10))


def test_data_that_cannot_be_looked_at_are_left_alone() -> None:
    with pytest.raises(NotPossible, match="list_iterator"):
        peek(iter([1, 2]), 1)


def test_a_ragged_batch_that_was_looked_at_comes_again() -> None:
    data = iter(tf.data.Dataset.from_tensors(tf.ragged.constant([[1], [2, 3]])))
    batch, again = peek(data, 1)
    assert batch.to_list() == [[1], [2, 3]]
    assert [each.to_list() for each in again] == [[[1], [2, 3]]]
