"""TensorFlow under XLA: random numbers drawn in a shape of their own are those that would have been drawn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tb_cnnviz.capture.backends.private import drawn_apart_on_tensorflow

SEED = (3, 5)
DRAWS: dict[str, Any] = {
    "uniform": lambda shape: tf.random.stateless_uniform(shape, SEED),
    "integers": lambda shape: tf.random.stateless_uniform(shape, SEED, 0, 1000, tf.int32),
    "all integers": lambda shape: tf.random.stateless_uniform(shape, SEED, None, None, tf.int32),
    "normal": lambda shape: tf.random.stateless_normal(shape, SEED),
    "truncated": lambda shape: tf.random.stateless_truncated_normal(shape, SEED),
    "half": lambda shape: tf.random.stateless_normal(shape, SEED, dtype=tf.float16),
    "dropout": lambda shape: keras.random.dropout(tf.ones(shape), 0.4, seed=5),
}


@pytest.mark.parametrize("shape", [(), (7,), (6,), (3, 5, 4), (1, 6, 1, 2), (4, 5, 6)])
@pytest.mark.parametrize("name", DRAWS)
def test_numbers_are_the_same_and_their_shape_in_xla_is_another(name: str, shape: tuple[int, ...]) -> None:
    def apart() -> Any:
        with drawn_apart_on_tensorflow():
            return DRAWS[name](shape)

    there = tf.function(lambda: DRAWS[name](shape), jit_compile=True)
    elsewhere = tf.function(apart, jit_compile=True)
    np.testing.assert_array_equal(elsewhere().numpy(), there().numpy())
    own = f"[{','.join(map(str, (*shape, 1, 1, 1)))}]"
    assert own in elsewhere.experimental_get_compiler_ir()(stage="hlo")
    assert own not in there.experimental_get_compiler_ir()(stage="hlo")


def test_nothing_is_left_replaced() -> None:
    from tensorflow.python.ops import gen_stateless_random_ops_v2 as draws

    before = dict(vars(draws))
    with pytest.raises(ZeroDivisionError), drawn_apart_on_tensorflow():
        raise ZeroDivisionError
    assert dict(vars(draws)) == before
