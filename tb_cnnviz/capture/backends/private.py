"""Every name that Keras does not promise to keep, in one place, each with a test.

A release of Keras that drops one of them makes the part that needs it fail by name, and that part turns itself off.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from tb_cnnviz.capture.hook import Hook, hooked


def sublayers(layer: Any) -> list[Any]:
    """The layers that a layer or model holds directly, in the order in which it got them."""
    return list(layer._layers)


@dataclass(frozen=True)
class RunningFit:
    """What belongs to one call of `fit` alone: its data iterator, and its list of callbacks unless that was given.

    The iterator is None where it is not found.
    """

    iterator: Any
    callbacks: Any


def running_fit(model: Any) -> RunningFit | None:
    """Keras' `fit` that is running this model, found on the stack; None where there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model and _is_keras(frame.f_globals):
            iterator = frame.f_locals.get("epoch_iterator")
            found = hasattr(iterator, "catch_stop_iteration")
            return RunningFit(iterator if found else None, frame.f_locals.get("callbacks"))
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _is_keras(module: Mapping[str, Any]) -> bool:
    return str(module.get("__name__", "")).partition(".")[0] == "keras"


def model_of(callback: Any) -> Any:
    """`Callback.model`, without what that does on JAX: give the variables the values that the last step left.

    Inside a step those are older than the step's own, and what Keras' step gives back would then be dropped.
    """
    if keras.config.backend() == "jax":
        return callback._model
    return keras.callbacks.Callback.model.fget(callback)


def watch_batches(fit: RunningFit, on_error: Callable[[], None]) -> Callable[[], None]:
    """Call `on_error` when an exception leaves fit's loop over an epoch's batches.

    Fit runs the loop inside the iterator's `catch_stop_iteration()`. On PyTorch only the data are taken there, so each
    event of the callbacks is watched as well, and the training step has to watch itself.

    Returns:
        What ends that on the objects that outlive the fit.
    """
    original = fit.iterator.catch_stop_iteration

    @contextlib.contextmanager
    def catch_stop_iteration() -> Iterator[None]:
        try:
            with original():
                yield
        except BaseException:
            with contextlib.suppress(Exception):
                on_error()
            raise

    fit.iterator.catch_stop_iteration = catch_stop_iteration
    if keras.config.backend() != "torch":
        return lambda: None
    for event in _BATCH_EVENTS:
        vars(fit.callbacks)[event] = _watched(getattr(fit.callbacks, event), on_error)

    def unwatch() -> None:
        for event in _BATCH_EVENTS:
            vars(fit.callbacks).pop(event, None)

    return unwatch


_BATCH_EVENTS = ("on_train_batch_begin", "on_train_batch_end")


def _watched(method: Callable[..., Any], on_error: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(method)
    def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except BaseException:
            with contextlib.suppress(Exception):
                on_error()
            raise

    return watched


def around_event(
    callbacks: Any,
    event: str,
    before: Callable[..., None],
    after: Callable[[], None],
    on_error: Callable[[], None],
) -> Callable[[], None]:
    """Call `before` with the event's arguments before any of fit's callbacks gets it, and `after` when all of them had it.

    Args:
        callbacks: fit's list of them.
        on_error: called in the place of `after` when one of them raises.

    Returns:
        What ends that.
    """
    there = vars(callbacks).get(event)
    original = getattr(callbacks, event)

    method = _watched(original, on_error)

    @functools.wraps(original)
    def around(*args: Any, **kwargs: Any) -> Any:
        before(*args, **kwargs)
        result = method(*args, **kwargs)
        after()
        return result

    def undo() -> None:
        if vars(callbacks).get(event) is not around:
            return
        del vars(callbacks)[event]
        if there is not None:
            vars(callbacks)[event] = there

    vars(callbacks)[event] = around
    return undo


def listeners_of(callbacks: Any, event: str) -> list[Any]:
    """Those of fit's callbacks that do something at an event."""
    plain = getattr(keras.callbacks.Callback, event)
    return [each for each in callbacks.callbacks if getattr(getattr(each, event), "__func__", None) is not plain]


def batch_size_of(iterator: Any) -> int | None:
    """The batch size of fit's data iterator, where its data have one."""
    size = getattr(getattr(iterator, "data_adapter", None), "batch_size", None)
    return size if isinstance(size, int) else None


def numpy_as_fit_takes(value: Any, count: int | None = None) -> Any:
    """The first `count` entries of an array of any kind that fit takes, as its data adapter gives them in numpy.

    Raises:
        ValueError: for what fit does not take as an array.
    """
    from keras.src.trainers.data_adapters import array_slicing

    sliceable = array_slicing.convert_to_sliceable(value, target_backend="numpy")
    whole = int(sliceable.shape[0] if hasattr(sliceable, "shape") else value.shape[0])
    return sliceable.convert_to_numpy(sliceable[0 : whole if count is None else min(count, whole)])


def build_step(model: Any) -> Any:
    """A new compiled training step; the model's own stays where it is."""
    own = model.train_function
    try:
        model.make_train_function(force=True)
        return model.train_function
    finally:
        model.train_function = own


def jitted_step(model: Any) -> Any:
    """JAX: a new compiled training step of one batch, which takes (state, data)."""
    found: list[Any] = []

    def wrap(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(step: Any, *args: Any, **kwargs: Any) -> Any:
            found.append(step)
            return make(step, *args, **kwargs)

        return made

    with hooked([Hook(model, "_make_function", wrap)]):
        build_step(model)
    return found[-1]


def over_batches(model: Any, step: Callable[[Any, Any], Any]) -> Any:
    """JAX: of a step of one batch, what fit calls with its iterator."""
    return model._make_function(step)


def only_output(model: Any) -> Any:
    """The symbolic output of a network that was made of tensors and has one; None for any other model."""
    network = getattr(model, "_functional", None) or model
    output = getattr(network, "_outputs_struct", None)
    return output if is_functional(network) and isinstance(output, keras.KerasTensor) else None


def build_metrics(model: Any, labels: Any, output: Any) -> None:
    """Make the state of the metrics that `compile` was given, for symbolic labels and the symbolic output."""
    metrics = model._compile_metrics
    if metrics is not None and not metrics.built:
        metrics.build(labels, output)


@contextlib.contextmanager
def variables_given_back(model: Any, state: Any = None) -> Iterator[None]:
    """JAX: fit took the values of the model's variables into the state of its step; inside they have them again.

    Afterwards they have what they had: none in fit, the same in `train_on_batch`. After an exception they keep the
    state's. Does nothing without a state.
    """
    if state is None:
        yield
        return
    owners = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    pairs = [
        (variable, value)
        for variables, values in zip((*owners, model.metrics_variables), state, strict=True)
        for variable, value in zip(variables, values, strict=True)
    ]
    held = [variable._value for variable, _ in pairs]
    for variable, value in pairs:
        variable._value = value
    yield
    for (variable, _), value in zip(pairs, held, strict=True):
        variable._value = value


def whole_sharding(model: Any) -> Any:
    """JAX: how a value is placed that every device holds whole."""
    return model.optimizer.variables[0].value.sharding


def sharding_hook(model: Any, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Hook:
    """JAX: on what tells the compiled step how its results are placed, where a distribution is set."""
    return Hook(model, "_get_state_sharding_spec", wrap)


def all_layers(model: Any) -> list[Any]:
    """A model and all layers in it, however deep."""
    return list(model._flatten_layers())


def is_functional(layer: Any) -> bool:
    """Is it a network that was made of tensors, and so knows its inputs?"""
    from keras.src.models.functional import Functional

    return isinstance(layer, Functional)


def all_metrics(model: Any) -> list[Any]:
    """The metrics of a model, those too that its `metrics` does not list."""
    found = [*model.metrics, *model._metrics]
    return list({id(metric): metric for metric in found}.values())


def trained_by(optimizer: Any) -> list[Any]:
    """The variables that an optimizer was built for, in its order."""
    return list(optimizer._trainable_variables)


def raw_iterations(optimizer: Any) -> Any:
    """Batches that an optimizer has taken gradients of, micro-batches counted."""
    return optimizer._iterations


def loss_tracker(model: Any) -> Any:
    """The metric that every batch's loss is given to."""
    return model._loss_tracker


def with_mask_of(old: Any, new: Any) -> Any:
    """`new`, with the mask that Keras keeps beside `old`."""
    from keras.src.backend.common.masking import get_keras_mask, set_keras_mask

    mask = get_keras_mask(old)
    if mask is not None:
        set_keras_mask(new, mask)
    return new


@contextlib.contextmanager
def compiled_loss_kept(model: Any) -> Iterator[None]:
    """A compiled loss builds itself at its first call, after the labels that it gets. Inside, a copy does so instead."""
    own = model._compile_loss
    if own is None or own.built:
        yield
        return
    copy = type(own)(own._user_loss, own._user_loss_weights, output_names=own.output_names)
    with hooked([Hook(model, "_compile_loss", lambda _: copy)]):
        yield


@contextlib.contextmanager
def variables_initialized() -> Iterator[None]:
    """At the end: give values to variables that were made in a StatelessScope which leaves that to its caller.

    A compiled loss of several outputs makes a metric for each; inside a traced function they could have none.
    """
    from keras.src.backend.common.variables import initialize_all_variables

    try:
        yield
    finally:
        initialize_all_variables()


def level_on_jax(value: Any) -> Any:
    """JAX: which trace a value belongs to. Inside a loop or a vectorised map that is another one than around it."""
    return getattr(value, "_trace", None)


def is_vectorised_on_torch(value: Any) -> bool:
    """PyTorch: is this a tensor inside `torch.vmap`?"""
    import torch

    return bool(torch._C._functorch.is_batchedtensor(value))


def is_for_shapes() -> bool:
    """Is Keras calling layers here to learn their shapes alone (`compute_output_spec`)?"""
    from keras.src.backend.common.symbolic_scope import in_symbolic_scope

    return bool(in_symbolic_scope())


def is_rematerialised(layer: Any) -> bool:
    """Is the layer called a second time in the backward pass (`keras.RematScope`)?"""
    return layer._remat_mode is not None


def trace_on_jax() -> Any:
    """JAX: what is being traced here. Inside a loop, a vectorised map or a compiled function it is not equal to that around it."""
    try:
        from jax.extend.core import get_opaque_trace_state
    except ImportError:  # until JAX moved it
        from jax.core import get_opaque_trace_state
    return get_opaque_trace_state(convention="flax")


def as_it_is_on_tensorflow(variable: Any) -> Any:
    """TensorFlow: a variable's value in its own dtype, also where Keras casts what is read to the layer's."""
    import tensorflow as tf

    return tf.convert_to_tensor(variable._value)


def graph_on_tensorflow() -> Any:
    """TensorFlow: the graph that is being built here; None where operations run at once."""
    import tensorflow as tf

    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


#: Of TensorFlow's module, those that draw an array of a shape, which is their first argument.
_DRAWN_ON_TENSORFLOW = (
    "stateless_random_normal_v2",
    "stateless_random_uniform_full_int_v2",
    "stateless_random_uniform_int_v2",
    "stateless_random_uniform_v2",
    "stateless_truncated_normal_v2",
)


@contextlib.contextmanager
def drawn_apart_on_tensorflow() -> Iterator[None]:
    """TensorFlow under XLA: inside, random numbers are the same, but are drawn as arrays of a shape that nobody else has.

    XLA makes a function for each shape that random bits are drawn in, and writes it into its caller where there is one
    call only. A second one of the same shape would leave the user's own draw outside of the loops that use it, which
    then round differently.
    """
    import tensorflow as tf
    from tensorflow.python.ops import gen_stateless_random_ops_v2 as draws

    def wrap(draw: Callable[..., Any]) -> Callable[..., Any]:
        def drawn(shape: Any, *args: Any, **kwargs: Any) -> Any:
            # XLA draws in pairs along the first axis of even length, so nothing else about the shape may change.
            apart = tf.concat([shape, tf.ones((3,), shape.dtype)], 0)
            return tf.reshape(draw(apart, *args, **kwargs), shape)

        return drawn

    with hooked([Hook(draws, name, wrap) for name in _DRAWN_ON_TENSORFLOW]):
        yield


def has_logits(tensor: Any) -> bool:
    """TensorFlow: does Keras' cross-entropy take what this softmax or sigmoid was computed from, in the place of it?"""
    if keras.config.backend() != "tensorflow":
        return False
    if hasattr(tensor, "_keras_logits"):
        return True
    import tensorflow as tf

    return tf.is_symbolic_tensor(tensor) and tensor.op.type in ("Softmax", "Sigmoid")
