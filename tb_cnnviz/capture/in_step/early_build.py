"""TensorFlow: what the first training step would make variables for is built before the step is traced.

A `tf.function` whose first trace makes variables is traced a second time, without them. Keras leaves the state of
optimizer and metrics to that trace, so a bare fit traces its step twice. With everything built, ours is traced once,
which is worth more than what our operations add to it.
"""

from __future__ import annotations

import contextlib
from typing import Any

import keras
from keras import tree

from tb_cnnviz.capture.backends import private


def build_early(model: Any, data: Any) -> None:
    """Build the optimizer of a model with Keras' own train step, and its metrics, as that step would.

    Args:
        model: built and compiled.
        data: fit's iterator, whose `element_spec` says what the labels are like. Where it has none, or the model has
            several outputs or does not know its output before it is called, the metrics are left to the step.
    """
    if keras.config.backend() != "tensorflow" or model.run_eagerly or model.optimizer is None:
        return
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    spec, output = getattr(data, "element_spec", None), private.only_output(model)
    if spec is None or output is None:
        return
    with contextlib.suppress(Exception):  # then the step does it, or says what is wrong
        labels = keras.utils.unpack_x_y_sample_weight(spec)[1]
        if labels is not None:
            private.build_metrics(model, tree.map_structure(_symbolic, labels), output)


def _symbolic(spec: Any) -> Any:
    return keras.KerasTensor(spec.shape, keras.backend.standardize_dtype(spec.dtype))
