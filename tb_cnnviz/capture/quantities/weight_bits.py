"""A fingerprint of a model's weights, by which it is seen that somebody set them."""

from __future__ import annotations

from typing import Any

import google_crc32c
import numpy as np
from keras import tree

from tb_cnnviz.capture.backends.host import to_numpy
from tb_cnnviz.capture.network.layer_tree import leaves


def watched_weights(model: Any) -> list[Any]:
    """All weights of a model, moving statistics too; not the states of recurrent layers, which each call changes."""
    stateful = [item.layer for item in leaves(model) if getattr(item.layer, "stateful", False)]
    states = {id(each) for layer in stateful for each in tree.flatten(getattr(layer, "states", None))}
    return [weight for weight in model.weights if id(weight) not in states]


def bits_of(weights: list[Any]) -> np.ndarray:
    """A checksum of each weight's bytes, uint32. Waits for the device."""
    return np.array([_checksum(to_numpy(weight)) for weight in weights], np.uint32)


def joined(bits: np.ndarray) -> int:
    """One number for all of them."""
    return int(google_crc32c.value(bits.astype("<u4").tobytes()))


def _checksum(values: np.ndarray) -> int:
    return int(google_crc32c.value(np.ascontiguousarray(values).reshape(-1).view(np.uint8)))
