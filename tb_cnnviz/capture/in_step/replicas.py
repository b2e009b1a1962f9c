"""Training on several replicas, each with a share of the batch: what is recorded is recorded once, of the whole batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops, tree


def on_one_replica(record: Callable[[Any], Any], shares: Any) -> Any:
    """Inside the step: `record(shares)`; where replicas run it, once, with the sums over all of them.

    Args:
        record: reads variables and writes to cells.
        shares: a nest of this replica's tensors, such as gradients of its share of the loss, and None.
    """
    if number_of_replicas() == 1:
        return record(shares)
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()

    def merged(strategy: Any, per_replica: list[Any]) -> Any:
        sums = [strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None) for each in per_replica]
        filled = iter(sums)
        return record(
            tree.pack_sequence_as(shares, [None if t is None else next(filled) for t in tree.flatten(shares)])
        )

    return replica.merge_call(merged, args=([tf.convert_to_tensor(t) for t in tree.flatten(shares) if t is not None],))


def number_of_replicas() -> int:
    """Inside the step: how many there are that run it."""
    if keras.config.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    replica = tf.distribute.get_replica_context()
    return 1 if replica is None else int(replica.num_replicas_in_sync)


def own_share(values: dict[str, Any]) -> dict[str, Any]:
    """Inside the step: tensors [replicas, …] that hold this replica's values in its place, and zeros elsewhere.

    Their sums over all replicas, as `on_one_replica` gives them, hold what each replica has.
    """
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        if number_of_replicas() > 1:
            replica = tf.distribute.get_replica_context()
            is_own = tf.equal(tf.range(replica.num_replicas_in_sync), replica.replica_id_in_sync_group)
            return {
                name: tf.where(
                    tf.reshape(is_own, (-1, *[1] * len(value.shape))), value[None], tf.zeros_like(value)[None]
                )
                for name, value in values.items()
            }
    return {name: ops.expand_dims(value, 0) for name, value in values.items()}


def of_all_replicas(shares: dict[str, Any]) -> list[dict[str, Any]]:
    """What was given to `own_share`, of each replica."""
    count = next(iter(shares.values())).shape[0]
    return [{name: value[i] for name, value in shares.items()} for i in range(count)]
