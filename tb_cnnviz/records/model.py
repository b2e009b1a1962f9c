"""The model record: what the network is, once a session; everything else in a log refers to it by path or column."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True)
class ReceptiveField:
    """The part of the input on which one output cell can depend, per spatial axis.

    The cell at index i sees input positions from `offset + i * stride` to `offset + i * stride + size - 1`, before
    clipping to the image; offset is negative where padding reaches over the edge. Where branches join, the union.
    Source of the recurrence: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks",
    Distill 2019, https://doi.org/10.23915/distill.00021
    """

    size: list[int]
    stride: list[int]
    offset: list[int]


@dataclass(frozen=True)
class LayerRecord:
    """One layer. Shapes are without the batch axis and as the layer has them; None is an axis of unknown length.

    `role` is one of input, convolution, pooling, dense, normalization, activation, merge, recurrent, reshape, dropout,
    other. A recurrent layer is one with its cells, a Bidirectional with its directions: kernel, filters and activation are
    those of the forward one, `filters` the units where it has no kernel of a convolution.
    `pool` is max or average for pooling layers (global ones have kernel_size None; an adaptive one has the size of its
    windows, and the role `other` where they differ in size); padding is valid, same or causal,
    or what a PyTorch module was given where that means none of these ("1", "1×2", "1 reflect", "0 ceil").
    `transposed` is known of convolutions; `output_padding` stands where a transposed one was given it.
    `depth_multiplier` is the number of filters that a depthwise or separable layer has for each input channel.
    `multiply_adds` counts products with weights for one image, those with padding too; None where it is not known.
    `receptive_field` is None where output cells do not each see a window, or where that is not known.
    """

    path: str
    name: str
    type: str
    role: str
    inbound: list[str] = field(default_factory=list)
    input_shapes: list[list[int | None]] = field(default_factory=list)
    output_shape: list[int | None] = field(default_factory=list)
    data_format: str | None = None
    kernel_size: list[int] | None = None
    strides: list[int] | None = None
    padding: str | None = None
    dilation: list[int] | None = None
    groups: int | None = None
    transposed: bool | None = None
    depth_multiplier: int | None = None
    output_padding: list[int] | None = None
    filters: int | None = None
    pool: str | None = None
    activation: str | None = None
    use_bias: bool | None = None
    receptive_field: ReceptiveField | None = None
    parameters: int = 0
    trainable: bool = True
    multiply_adds: int | None = None


@dataclass(frozen=True)
class VariableRecord:
    """One trainable variable: a column of the gradient records, in this order. `layer` is its owner's path.

    `optimizers` are names of those that update it, where the model's training step uses several.
    """

    path: str
    layer: str | None
    role: str
    shape: list[int]
    dtype: str
    size: int
    optimizers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ModelRecord:
    """The whole network as one session trains it.

    `channel_order` is rgb or bgr: what the three channels of its images are. Older logs do not say it: rgb.
    `optimizer` names the classes of the optimizers that are used. `steps` says what the log's steps count: `optimizer
    updates`, or `train steps` where no single optimizer counts them; None in logs that are older than that.
    `loss_config` is of a single loss: `from_logits`, `label_smoothing` and `reduction`, those of them that it has. None of
    several losses, of a function of the user's own, and in older logs.
    """

    name: str
    layers: list[LayerRecord]
    variables: list[VariableRecord]
    parameters: int
    optimizer: str | None = None
    loss: str | None = None
    hparams: dict[str, str | float | int | bool] = field(default_factory=dict)
    class_names: list[str] | None = None
    backend: str | None = None
    keras_version: str | None = None
    channel_order: str = "rgb"
    steps: str | None = None
    loss_config: dict[str, str | float | int | bool | None] | None = None

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes | str) -> ModelRecord:
        """Read a model record back, ignoring fields of a newer schema.

        Raises:
            ValueError: when the text is no JSON object, a field is missing, or one is of another type than it should be.
        """
        try:
            return _built(cls, json.loads(text, parse_constant=_refuse), "the model record")
        except RecursionError as error:
            raise ValueError("not a model record: nested too deep") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"not a model record: it holds {name}")


def _built(cls: type[T], raw: object, where: str) -> T:
    """A dataclass from what JSON gave, field by field: a log is not trusted to hold what its fields say."""
    if not isinstance(raw, dict):
        raise ValueError(f"not a model record: {where} is no JSON object")
    own: type = cls
    types, simple = _types(own), _simple_types(own)
    values = {
        key: raw[key] if _is_simple(simple[key], raw[key]) else _checked(types[key], raw[key], f"{where}, {key}")
        for key in types
        if key in raw
    }
    try:
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"not a model record: {where}: {error}") from error


@lru_cache
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


@lru_cache
def _simple_types(cls: type) -> dict[str, tuple[frozenset[type], frozenset[type]]]:
    """By field, the types of its plain values, and those of the items of its lists, which need no closer look."""
    simple: dict[str, tuple[frozenset[type], frozenset[type]]] = {}
    for key, wanted in _types(cls).items():
        choices = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
        items = [get_args(choice)[0] for choice in choices if get_origin(choice) is list]
        inner = [
            each for item in items for each in (get_args(item) if get_origin(item) in (Union, UnionType) else (item,))
        ]
        simple[key] = frozenset(filter(_is_scalar, choices)), frozenset(filter(_is_scalar, inner))
    return simple


def _is_scalar(wanted: Any) -> bool:
    return wanted in (str, int, float, bool, type(None))


def _is_simple(types: tuple[frozenset[type], frozenset[type]], value: object) -> bool:
    if type(value) is list:
        return bool(types[1]) and types[1].issuperset(map(type, value))
    return type(value) in types[0]


def _checked(wanted: Any, value: object, where: str) -> Any:
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        for choice in inner:
            try:
                return _checked(choice, value, where)
            except ValueError:
                continue
    elif origin is list and isinstance(value, list):
        return [_checked(inner[0], item, where) for item in value]
    elif origin is dict and isinstance(value, dict):
        return {key: _checked(inner[1], item, where) for key, item in value.items()}
    elif is_dataclass(wanted) and isinstance(wanted, type):
        return _built(wanted, value, where)
    elif isinstance(wanted, type) and origin is None and type(value) is wanted:
        return value
    raise ValueError(f"not a model record: {where} has the wrong type")
