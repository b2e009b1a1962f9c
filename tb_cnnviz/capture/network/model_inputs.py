"""What a model takes, and arrays brought into that form as Keras brings what `fit` gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import tree

from tb_cnnviz.capture.network.arrays import rank

Shape = tuple[int | None, ...]
Shapes = Sequence[Shape]


def input_shapes(model: Any) -> Shapes:
    """Shapes of the model's inputs with the batch axis; none for a model that does not know them."""
    try:
        return [tuple(t.shape) for t in tree.flatten(model.inputs)]
    except Exception:  # a subclassed or unbuilt model has no `inputs`
        return []


def input_names(model: Any) -> list[str]:
    """Names under which the model takes its inputs out of a dict, in the order of `input_shapes`."""
    try:
        struct = model.input
        return sorted(struct) if isinstance(struct, Mapping) else [str(t.name) for t in model.inputs]
    except Exception:
        return []


def shapes_of(x: Any) -> Shapes:
    """Shapes of a batch with any number of images; none for no batch, or one with parts that are no arrays."""
    leaves = [] if x is None else tree.flatten(x)
    return [(None, *leaf.shape[1:]) for leaf in leaves] if all(map(rank, leaves)) else []


def has_names(x: Any, names: Sequence[str]) -> bool:
    """Is `x` a dict with all of the model's inputs? It may have more."""
    return isinstance(x, Mapping) and bool(names) and set(names) <= set(x)


def in_order(x: Any, names: Sequence[str]) -> list[Any]:
    """The arrays in the order of the model's inputs."""
    return [x[name] for name in names] if has_names(x, names) else list(tree.flatten(x))


def adjusted(x: Any, shapes: Shapes, names: Sequence[str]) -> Any:
    """The same nest, where each array has as many axes as the model's input: one of length 1 is added or taken at the end."""
    if has_names(x, names):
        own = dict(zip(names, shapes, strict=False))
        return {name: _with_rank(array, own[name]) if name in own else array for name, array in x.items()}
    leaves = tree.flatten(x)
    if len(leaves) != len(shapes):
        return x
    fitted = [_with_rank(array, shape) for array, shape in zip(leaves, shapes, strict=True)]
    return tree.pack_sequence_as(x, fitted) if tree.is_nested(x) else fitted[0]


def _with_rank(array: np.ndarray, shape: Shape) -> np.ndarray:
    if array.ndim == len(shape) - 1 and shape[-1] == 1:
        return array[..., None]
    return array[..., 0] if array.ndim == len(shape) + 1 and array.shape[-1] == 1 else array


def fits(array: Any, shape: Shape) -> bool:
    return len(array.shape) == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape[1:], shape[1:], strict=True)
    )


def stacked(images: Sequence[np.ndarray], shapes: Shapes) -> np.ndarray | None:
    """Single images as one array for a model of one input; None where they are no single images of it."""
    if len(shapes) != 1 or not images or len({image.shape for image in images}) != 1:
        return None
    (shape,) = shapes
    if len(images) == 1 and fits(_with_rank(images[0], shape), shape):  # a list of inputs, as Keras takes it
        return None
    whole = _with_rank(np.stack(images), shape)
    return whole if fits(whole, shape) else None


def text(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
