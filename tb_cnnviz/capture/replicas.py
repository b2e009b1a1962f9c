"""Training on several replicas, each with a share of the batch: what is recorded is recorded once, of the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import tree


def on_one_replica(record: Callable[[Any], Any], shares: Any) -> Any:
    """Inside the step: `record(shares)`; where replicas run it, once, with the sums over all of them.

    Args:
        record: reads variables and writes to cells.
        shares: a nest of this replica's tensors, such as gradients of its share of the loss, and None.
    """
    if keras.config.backend() != "tensorflow":
        return record(shares)
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return record(shares)

    def merged(strategy: Any, per_replica: list[Any]) -> Any:
        sums = [strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None) for each in per_replica]
        filled = iter(sums)
        return record(
            tree.pack_sequence_as(shares, [None if t is None else next(filled) for t in tree.flatten(shares)])
        )

    return replica.merge_call(merged, args=([tf.convert_to_tensor(t) for t in tree.flatten(shares) if t is not None],))
