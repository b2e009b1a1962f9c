"""The probe: the few images that every picture in the log is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import tree

from tb_cnnviz.capture.messages import RefusedArgument
from tb_cnnviz.capture.network import arrays as arrays_of
from tb_cnnviz.capture.network.arrays import is_numbers, kind, rank
from tb_cnnviz.capture.network.model_inputs import (
    Shapes,
    adjusted,
    fits,
    has_names,
    in_order,
    input_names,
    input_shapes,
    stacked,
    text,
)
from tb_cnnviz.capture.network.probe_display import Display, as_picture, as_rgb, to_bytes
from tb_cnnviz.records import Record

__all__ = ["NotUsable", "Probe", "input_names", "input_shapes", "left_out_of", "of_batch", "read", "record", "unpacked"]

#: Why Keras does not let the model take some inputs; None where it does.
Refusal = Callable[[Any], str | None]


class NotUsable(Exception):
    """A training batch gives no probe; says why."""


@dataclass(frozen=True)
class Probe:
    """`x` as the model takes it (an array, or a list, tuple or dict of them), `y` where it is labelled.

    What holds no numbers that numpy knows (text, complex numbers, ragged tensors) stands in `x` as the backend has it: the
    model can be run on it, but it is not stored.

    `of`: how many images there were to choose from. `names`: which entries of a dict are the model's inputs; all where it
    is empty. `lost`: what of the labels could not be kept, in words.
    """

    x: Any
    y: Any = None
    of: int = 0
    names: Sequence[str] = ()
    lost: Sequence[str] = ()

    @property
    def images(self) -> int:
        return next(int(leaf.shape[0]) for leaf in tree.flatten(self.x) if rank(leaf))

    @property
    def inputs(self) -> list[Any]:
        """The model's inputs: those of a dict in the order of its names."""
        is_more = has_names(self.x, self.names)
        return list(tree.flatten({name: self.x[name] for name in self.names} if is_more else self.x))

    @property
    def left_out(self) -> list[str]:
        """What of the inputs is not stored, in words."""
        return sorted({kind(leaf) for leaf in self.inputs if leaf is not None and not is_numbers(leaf)})


def read(
    given: Any, shapes: Shapes, max_images: int, names: Sequence[str] = (), refusal: Refusal | None = None
) -> Probe:
    """A probe as the user gave it, adapted as Keras adapts what `fit` gets.

    A pair is (x, y), except for a model of two inputs, which takes a pair of plain arrays as those. An axis of length 1
    may be missing at the end, or one too many. A list of single images is stacked where the model has one input.

    Args:
        given: an array, a list, tuple or dict of arrays, or (x, y); arrays of numpy, pandas, scipy or any backend.
        shapes: of the model's inputs, with the batch axis; none where they are not known.
        max_images: images beyond it are left out.
        names: under which the model takes them out of a dict, in the order of the shapes; none where it takes no dict.
        refusal: asked where names, shapes or dtypes are not the model's own. Without it such inputs are refused, but for
            a dict with more than the model takes.

    Raises:
        RefusedArgument: for something else, for arrays without images or of unequal number, and for what the model does
            not take.
    """
    x, y = given, None
    if isinstance(given, tuple) and len(given) == 2 and not _is_inputs(given, shapes):
        x, y = given
    x, y = adjusted(_arrays(x, shapes), shapes, names), None if y is None else _arrays(y, ())
    inputs, labels = tree.flatten(x), [] if y is None else tree.flatten(y)
    of = _number_of_images(given, inputs, labels)
    for label in labels:
        if not is_numbers(label):
            raise RefusedArgument(_no_numbers(label))
    x, y = tree.map_structure(lambda array: arrays_of.as_backend_has_it(array[:max_images]), (x, y), none_is_leaf=False)
    _check(x, shapes, names, refusal)
    return Probe(x, y, of, names if has_names(x, names) else ())


def of_batch(batch: Any, max_images: int, names: Sequence[str] = ()) -> Probe:
    """The first images of a training batch, and those of its labels that can be stored.

    Raises:
        NotUsable: where there are none.
    """
    try:
        x, y = unpacked(batch)
        counts = [int(leaf.shape[0]) for leaf in tree.flatten(x) if rank(leaf)]
        if not counts or not min(counts):
            raise NotUsable("it holds no images")
        x = tree.map_structure(lambda leaf: arrays_of.first_of_batch(leaf, max_images), x)
    except NotUsable:
        raise
    except Exception as error:
        raise NotUsable(f"its images cannot be taken out of it: {type(error).__name__}: {error}") from error
    y, lost = _storable(y, max_images)
    return Probe(x, y, counts[0], names if has_names(x, names) else (), lost)


def left_out_of(probe: Probe) -> str | None:
    """What to tell of what a log cannot hold of it; None where it holds all."""
    lost = [f"inputs ({each})" for each in probe.left_out] + [f"labels ({each})" for each in probe.lost]
    if not lost:
        return None
    because = ", and without all labels no errors are" if probe.lost else ""
    return f"not logged{because}, since a log holds numbers: {', '.join(lost)}"


def unpacked(batch: Any) -> tuple[Any, Any]:
    """Inputs and labels of a training batch, also of one that the model's own `train_step` alone understands."""
    try:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
    except ValueError:  # of more than three parts
        x, y = batch[0], batch[1]
    return x, y


def _is_inputs(pair: tuple[Any, Any], shapes: Shapes) -> bool:
    return len(shapes) == 2 and not any(isinstance(item, tuple | list | Mapping) for item in pair)


def _arrays(given: Any, shapes: Shapes) -> Any:
    """The nest with arrays in it; a list of numbers, or of single images, as one array."""
    is_list = isinstance(given, list | tuple) and len(given) > 0
    if is_list and all(isinstance(leaf, str | bytes | int | float | np.generic) for leaf in tree.flatten(given)):
        try:
            return arrays_of.dense(np.asarray(given))
        except ValueError as error:
            raise RefusedArgument("probe: lists of unequal lengths given; give an array [images, …]") from error
    nest = tree.map_structure(_array, given)
    is_flat = is_list and not any(map(tree.is_nested, given))
    whole = stacked(list(nest), shapes) if is_flat else None
    return nest if whole is None else whole


def _array(value: Any) -> np.ndarray:
    try:
        return arrays_of.dense(value)
    except Exception as error:
        if isinstance(value, np.ndarray):  # which needs no conversion: a fault of ours
            raise
        raise RefusedArgument(
            f"probe: {kind(value)} given, which Keras does not take as an array; give images as an array [images, …]"
        ) from error


def _number_of_images(given: Any, inputs: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> int:
    if not inputs:
        raise RefusedArgument(
            f"probe: {type(given).__name__} without arrays given; give images as an array [images, …]"
        )
    counts = {a.shape[0] if a.ndim else 0 for a in [*inputs, *labels]}
    if len(counts) != 1 or 0 in counts:
        texts = ", ".join(text(a.shape) for a in [*inputs, *labels])
        raise RefusedArgument(
            f"probe: arrays of shape {texts} given; each needs the same number of images, at least one"
        )
    return counts.pop()


def _check(x: Any, shapes: Shapes, names: Sequence[str], refusal: Refusal | None) -> None:
    """Refuse what the model does not take: what is not in its own form is left to Keras to decide."""
    arrays, is_more = in_order(x, names), has_names(x, names) and len(x) > len(names)
    if shapes and not isinstance(x, Mapping) and len(arrays) != len(shapes):
        wanted = ", ".join(text((None, *shape[1:])) for shape in shapes)
        raise RefusedArgument(f"probe: {len(arrays)} inputs given, but the model has {len(shapes)}, of shape {wanted}")
    problem = _problem(x, arrays, shapes, names)
    if problem is None and not is_more:
        return
    why = refusal(x) if refusal is not None else None
    if why is not None or (problem is not None and refusal is None):
        raise RefusedArgument((problem or _other_names(x, names)) + ("" if why is None else f" (Keras: {why})"))


def _problem(x: Any, arrays: Sequence[Any], shapes: Shapes, names: Sequence[str]) -> str | None:
    """What is not as the model's inputs are; None where all is."""
    for array in arrays:
        if not is_numbers(array):
            return _no_numbers(array)
    if isinstance(x, Mapping) and names and not has_names(x, names):
        return _other_names(x, names)
    for array, shape in zip(arrays, shapes, strict=False):
        if not fits(array, shape):
            return (
                f"probe: an array of shape {text(array.shape)} given, but the model takes {text((None, *shape[1:]))}; give images as "
                "the model gets them in training, with the batch axis first"
            )
    return None


def _no_numbers(array: Any) -> str:
    return f"probe: {kind(array)} given; accepted are numbers, such as uint8 or float32"


def _other_names(x: Mapping[str, Any], names: Sequence[str]) -> str:
    return f"probe: a dict with {', '.join(map(str, x))} given, but the model takes its inputs as {', '.join(names)}"


def _storable(y: Any, count: int) -> tuple[Any, list[str]]:
    """The first labels of a batch that can be stored, of a dict its entries; and what cannot, in words."""
    if isinstance(y, Mapping):
        parts = {name: _storable(part, count) for name, part in y.items()}
        kept = {name: part for name, (part, lost) in parts.items() if not lost}
        return kept or None, [f"{name}: {each}" for name, (_, lost) in parts.items() for each in lost]
    if y is None:
        return None, []
    try:
        first = tree.map_structure(lambda leaf: arrays_of.first_of_batch(leaf, count), y)
        lost = {kind(leaf) for leaf in tree.flatten(first) if not is_numbers(leaf)}
    except Exception as error:
        return None, [f"{type(error).__name__}: {error}"]
    return (None, sorted(lost)) if lost else (first, [])


def record(probe: Probe, step: int, display: Display | None = None, channel_order: str = "rgb") -> Record:
    """The probe as a record: inputs, labels, and uint8 pictures of the first input that is an image.

    Args:
        probe: the probe.
        step: the step of the session's first record.
        display: (mean, std) that undoes a normalisation, x * std + mean, or a callable that turns x into pictures;
            None shows uint8 as it is and scales floats over their whole range.
        channel_order: of the model's images, "rgb" or "bgr". Pictures are turned to RGB after `display`, which is in the
            model's own order.
    """
    arrays: dict[str, np.ndarray] = {}
    inputs = probe.inputs
    for i, array in enumerate(inputs):
        if is_numbers(array):
            arrays["x" if i == 0 else f"x_{i}"] = _as_stored(array)
    for i, array in enumerate(tree.flatten(probe.y) if probe.y is not None else []):
        arrays["y" if i == 0 else f"y_{i}"] = _as_stored(array)
    attributes: dict[str, Any] = {"labelled": probe.y is not None, "of": probe.of}
    pictures = (as_picture(array) for array in inputs if is_numbers(array))
    picture = next((p for p in pictures if p is not None), None)
    if picture is not None:
        shown, limits = to_bytes(picture, display)
        arrays["display"], attributes["display_range"] = as_rgb(shown, channel_order), limits
    return Record("probe", step, arrays=arrays, attributes=attributes)


def _as_stored(array: np.ndarray) -> np.ndarray:
    if array.dtype.name in ("uint8", "float32", "float16", "int32", "int64", "int8", "uint32"):
        return np.ascontiguousarray(array)
    return np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int64)
