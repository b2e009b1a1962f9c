"""The model record of a Keras model, from one watched pass over the probe. Never fails: what is not known is None."""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
from keras import layers, tree

from tb_cnnviz.capture.backends.dataflow import Dataflow, Origin, same_cells
from tb_cnnviz.capture.network import geometry, layer_kinds
from tb_cnnviz.capture.network.forward import Call, ForwardTrace
from tb_cnnviz.capture.network.layer_tree import PlacedLayer, variable_paths
from tb_cnnviz.capture.network.networks import SeenNetwork
from tb_cnnviz.capture.network.receptive_field import IDENTITY, Window, start_field, through, union
from tb_cnnviz.capture.network.tracing import traced
from tb_cnnviz.records import LayerRecord, ModelRecord, ReceptiveField, VariableRecord

Scalar = str | float | int | bool


def model_record(
    model: Any,
    placed: Sequence[PlacedLayer],
    seen: ForwardTrace | None,
    *,
    networks: Sequence[SeenNetwork] = (),
    optimizer: str | None = None,
    optimizers_of: Callable[[Any], list[str]] = lambda variable: [],
    steps: str | None = None,
    hparams: Mapping[str, Scalar] | None = None,
    class_names: Sequence[str] | None = None,
    channel_order: str = "rgb",
) -> ModelRecord:
    """What the network is.

    Args:
        model: built; compiled or not.
        placed: its layers, see `layer_tree.leaves`.
        seen: a watched pass; without one, shapes and connections stay unknown but for those of `networks`.
        networks: parts of the model that were run by themselves, where it could not be run as a whole.
        optimizer: the classes of the optimizers that train it.
        optimizers_of: gives names of those that update a variable, where there are several.
        steps: what the log's steps count.
        hparams: to stand in the record.
        class_names: one for each class of the output.
        channel_order: "rgb" or "bgr", of the three channels of its images.
    """
    records = _in_networks(placed, networks) if seen is None else _connected(model, placed, seen)
    return ModelRecord(
        name=str(model.name),
        layers=records,
        variables=variable_records(model, placed, optimizers_of),
        parameters=sum(map(_size, model.weights)),
        optimizer=optimizer,
        steps=steps,
        loss=loss_name(getattr(model, "loss", None)),
        loss_config=loss_config(getattr(model, "loss", None)),
        hparams=dict(hparams or {}),
        class_names=[str(name) for name in class_names] if class_names is not None else None,
        channel_order=channel_order,
        backend=keras.config.backend(),
        keras_version=keras.__version__,
    )


def variable_records(
    model: Any, placed: Sequence[PlacedLayer], optimizers_of: Callable[[Any], list[str]] = lambda variable: []
) -> list[VariableRecord]:
    """The trainable variables in the order in which the optimizer gets them."""
    owners = {id(v): item.path for item in placed for v in item.layer.weights}
    return [
        VariableRecord(
            path=path,
            layer=owners.get(id(v)),
            role=re.split(r"[/.]", path)[-1].split(":")[0],
            shape=[int(n) for n in v.shape],
            dtype=str(v.dtype),
            size=_size(v),
            optimizers=optimizers_of(v),
        )
        for path, v in zip(variable_paths(model, placed), model.trainable_variables, strict=True)
    ]


def _in_networks(placed: Sequence[PlacedLayer], networks: Sequence[SeenNetwork]) -> list[LayerRecord]:
    """Layers of each network in the order of its pass, then those that are in none; each once."""
    found: dict[str, LayerRecord] = {}
    for each in networks:
        for record in _connected(each.network, each.placed, each.seen):
            found.setdefault(record.path, record)
    return [*found.values(), *(_plain(item) for item in placed if item.path not in found)]


def _connected(model: Any, placed: Sequence[PlacedLayer], seen: ForwardTrace) -> list[LayerRecord]:
    """Layers in the order of the pass, inputs first; then those that the pass never called."""
    flow = Dataflow(traced(model, placed, seen))
    axis = layer_kinds.channel_axis([item.layer for item in placed])
    names = _input_names(model, placed, len(seen.inputs))
    fields: list[ReceptiveField | None] = [_input_field(shape_of(t)) for t in seen.inputs]
    records = [
        LayerRecord(
            path=path,
            name=path.rsplit("/", 1)[-1],
            type="InputLayer",
            role="input",
            output_shape=shape_of(tensor),
            receptive_field=field,
            multiply_adds=0,
        )
        for path, tensor, field in zip(names, seen.inputs, fields, strict=True)
    ]
    outputs: list[ReceptiveField | None] = []
    done: set[str] = set()
    for call, origins, is_local in zip(seen.calls, flow.inputs, flow.is_local, strict=True):
        before = _input_of(origins, fields, outputs)
        windows = _quietly(lambda: _windows(call, is_local, axis))  # noqa: B023 - called at once
        field = through(before, windows) if before is not None and windows else None
        outputs.append(field)
        if call.placed.path in done:  # a shared layer: the record is of its first call
            continue
        done.add(call.placed.path)
        inbound = [_name(source, names, seen.calls) for origin in origins for source in origin.sources]
        records.append(_full(call, list(dict.fromkeys(inbound)), field))
    rest = [item for item in placed if item.path not in done and layer_kinds.role(item.layer) != "input"]
    return records + [_plain(item) for item in rest]


def _name(source: int, names: Sequence[str], calls: Sequence[Call]) -> str:
    return names[-1 - source] if source < 0 else calls[source].placed.path


def _input_names(model: Any, placed: Sequence[PlacedLayer], count: int) -> list[str]:
    """Paths of the model's own input layers, in the order of its inputs; made up where it has none."""
    taken = {item.path for item in placed}
    with contextlib.suppress(Exception):  # a subclassed model has no `inputs`
        made = {id(item.layer.output): item.path for item in placed if layer_kinds.role(item.layer) == "input"}
        inputs = [made.get(id(t)) for t in tree.flatten(model.inputs)]
        if len(inputs) == count and all(inputs):
            return [str(path) for path in inputs]
    names = ["input"] if count == 1 else [f"input_{i + 1}" for i in range(count)]
    return [name if name not in taken else f"{name}:2" for name in names]


def _input_of(
    origins: Sequence[Origin],
    inputs: Sequence[ReceptiveField | None],
    outputs: Sequence[ReceptiveField | None],
) -> ReceptiveField | None:
    """The union over what a call reads."""
    joined: list[ReceptiveField | None] = []
    for origin in origins:
        if origin.sources or not origin.local:  # else it is a constant
            sources = [inputs[-1 - s] if s < 0 else outputs[s] for s in origin.sources]
            joined.append(union(sources) if origin.local else None)
    return union(joined)


def _windows(call: Call, is_local: bool, channel_axis: int | None) -> list[Window] | None:
    """How a call's output cells read its inputs, on each axis; `is_local` tells it of layers of the user's own."""
    layer = call.placed.layer
    inputs, output = [shape_of(t) for t in call.inputs], shape_of(call.outputs[0])
    axes = geometry.spatial(inputs[0], layer_kinds.is_channels_first(layer))
    if layer_kinds.role(layer) == "other" or layer_kinds.has_own_call(layer):
        windows = [IDENTITY] * len(axes) if is_local else None
    elif layer_kinds.role(layer) == "merge" and not _joins_channels_only(layer, inputs, output, channel_axis):
        windows = None
    else:
        windows = geometry.windows(layer, inputs[0])
    made = geometry.spatial(output, layer_kinds.is_channels_first(layer))
    return windows if windows is not None and len(windows) == len(axes) == len(made) else None


def _joins_channels_only(layer: Any, inputs: Sequence[Any], output: Any, channel_axis: int | None) -> bool:
    """A Dot, a Concatenate along a spatial axis or a broadcast would join other cells than the same one."""
    if isinstance(layer, layers.Dot):
        return False
    return all(same_cells([None, *shape], [None, *output], channel_axis) for shape in inputs)


def _input_field(shape: Sequence[int | None]) -> ReceptiveField | None:
    return start_field(len(shape) - 1) if len(shape) > 1 else None


def _plain(item: PlacedLayer) -> LayerRecord:
    layer = item.layer
    return LayerRecord(
        path=item.path,
        name=str(layer.name),
        type=layer_kinds.type_name(layer),
        parameters=_quietly(lambda: sum(_size(v) for v in layer.weights)) or 0,
        trainable=bool(layer.trainable),
        **_settings(layer, None),
    )


def _full(call: Call, inbound: list[str], field: ReceptiveField | None) -> LayerRecord:
    layer = call.placed.layer
    shapes = [shape_of(t) for t in call.inputs]
    output = shape_of(call.outputs[0]) if call.outputs else []
    lengths = geometry.spatial(shapes[0], layer_kinds.is_channels_first(layer)) if shapes else None
    return LayerRecord(
        path=call.placed.path,
        name=str(layer.name),
        type=layer_kinds.type_name(layer),
        inbound=inbound,
        input_shapes=shapes,
        output_shape=output,
        receptive_field=field,
        parameters=_quietly(lambda: sum(_size(v) for v in layer.weights)) or 0,
        trainable=bool(layer.trainable),
        multiply_adds=_quietly(lambda: geometry.multiply_adds(layer, shapes[0], output)) if shapes else None,
        **_settings(layer, lengths),
    )


def _settings(layer: Any, lengths: Sequence[int | None] | None) -> dict[str, Any]:
    """The fields that come from the layer's own arguments, and for some kinds from the lengths of its input's axes."""
    role = layer_kinds.role(layer)
    found: dict[str, Any] = {
        "role": role,
        "activation": _activation_name(layer),
        "use_bias": getattr(layer, "use_bias", None),
        "data_format": getattr(layer, "data_format", None),
    }
    if role == "dense":
        found["filters"] = getattr(layer, "units", None)
    if role == "recurrent":
        found |= _recurrent(layer)
    if role == "pooling":
        found["pool"] = layer_kinds.pool_kind(layer)
    if layer_kinds.is_adaptive(layer):
        sizes = geometry.even_pool(layer, lengths)
        # Without a size it would pass for a global one: windows of several sizes have no name here.
        return found | (
            {"kernel_size": sizes, "strides": sizes, "padding": "valid"} if sizes else {"role": "other", "pool": None}
        )
    if role in ("convolution", "pooling") and not layer_kinds.is_global_pooling(layer):
        count = len(lengths or ()) or len(tuple(getattr(layer, "kernel_size", getattr(layer, "pool_size", ()))))
        sizes, strides, dilation = geometry.sizes_of(layer, count)
        found |= {"kernel_size": sizes, "strides": strides, "padding": str(layer.padding)}
        if role == "convolution":
            found |= {"dilation": dilation, "groups": _groups(layer), "filters": _filters(layer)}
            found["transposed"] = layer_kinds.is_transposed(layer)
            if isinstance(layer, layer_kinds.DEPTHWISE + layer_kinds.SEPARABLE):
                found["depth_multiplier"] = int(layer.depth_multiplier)
            if found["transposed"] and layer.output_padding is not None:
                found["output_padding"] = geometry.per_axis(layer.output_padding, count)
    return found


def _recurrent(layer: Any) -> dict[str, Any]:
    """Of a Bidirectional, what its forward layer says."""
    part = layer_kinds.directions(layer)[0]
    found: dict[str, Any] = {
        "activation": _activation_name(part),
        "use_bias": getattr(part, "use_bias", None),
        "filters": getattr(part, "units", None),
    }
    if layer_kinds.convolutional_recurrent(layer):
        sizes, strides, dilation = geometry.sizes_of(part, len(part.kernel_size))
        found |= {"kernel_size": sizes, "strides": strides, "padding": str(part.padding), "dilation": dilation}
        found |= {"filters": _filters(part), "groups": 1, "data_format": part.data_format}
    return found


def _groups(layer: Any) -> int | None:
    if isinstance(layer, layer_kinds.DEPTHWISE + layer_kinds.SEPARABLE):
        kernel = getattr(layer, "depthwise_kernel", getattr(layer, "kernel", None))
        return int(kernel.shape[-2]) if kernel is not None else None
    return int(getattr(layer, "groups", 1))


def _filters(layer: Any) -> int | None:
    if isinstance(layer, layer_kinds.DEPTHWISE):
        return int(layer.kernel.shape[-2] * layer.kernel.shape[-1]) if layer.built else None
    filters = getattr(layer, "filters", None)
    return None if filters is None else int(filters)


def _activation_name(layer: Any) -> str | None:
    activation = getattr(layer, "activation", None)
    if activation is None:
        return layer_kinds.type_name(layer) if layer_kinds.role(layer) == "activation" else None
    return str(getattr(activation, "__name__", None) or getattr(activation, "name", type(activation).__name__))


def shape_of(tensor: Any) -> list[int | None]:
    """A tensor's shape without its batch axis."""
    with contextlib.suppress(ValueError, TypeError):  # unknown rank
        return [None if n is None else int(n) for n in tuple(tensor.shape)[1:]]
    return []


def _size(variable: Any) -> int:
    size = 1
    for n in variable.shape:
        size *= int(n)
    return size


def loss_name(loss: Any) -> str | None:
    """Names of what `compile` was given as loss, in one line; None for nothing."""
    if loss is None:
        return None
    names = [
        each if isinstance(each, str) else getattr(each, "name", None) or getattr(each, "__name__", None)
        for each in tree.flatten(loss)
    ]
    return ", ".join(str(name) for name in names if name) or None


def loss_config(loss: Any) -> dict[str, str | float | int | bool | None] | None:
    """`from_logits`, `label_smoothing` and `reduction` of Keras' own losses, as far as each has them.

    Args:
        loss: as `compile` was given it. None is given for several, and for what is not of Keras.
    """
    try:
        return _loss_config(loss)
    except Exception:  # a text that names no loss
        return None


def _loss_config(loss: Any) -> dict[str, str | float | int | bool | None] | None:
    if isinstance(loss, str) or inspect.isfunction(loss):  # compile makes the mean over the batch of it
        function = keras.losses.get(loss) if isinstance(loss, str) else loss
        if not getattr(function, "__module__", "").startswith("keras."):
            return None
        parameters = inspect.signature(function).parameters
        found = {name: each.default for name, each in parameters.items()} | {"reduction": "sum_over_batch_size"}
    elif isinstance(loss, keras.losses.Loss) and type(loss).__module__.startswith("keras."):
        found = loss.get_config()
    else:
        return None
    kept = {name: found[name] for name in ("from_logits", "label_smoothing", "reduction") if name in found}
    return {name: value for name, value in kept.items() if value is None or isinstance(value, str | float | int | bool)}


def _quietly(compute: Callable[[], Any]) -> Any:
    """None instead of an error: a layer of the user's may have any attribute, of any type."""
    try:
        return compute()
    except Exception:
        return None


def outputs_by_path(seen: ForwardTrace) -> Iterator[tuple[str, Call]]:
    """The first call of each layer."""
    done: set[str] = set()
    for call in seen.calls:
        if call.placed.path not in done:
            done.add(call.placed.path)
            yield call.placed.path, call
