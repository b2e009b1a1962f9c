"""The probe: the few images that every picture in the log is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops, tree

from tb_cnnviz.capture.host import to_numpy
from tb_cnnviz.records import Record

Display = tuple[Any, Any] | Callable[[np.ndarray], np.ndarray]


Shapes = Sequence[tuple[int | None, ...]]


@dataclass(frozen=True)
class Probe:
    """`x` as the model takes it (an array, or a list, tuple or dict of them), `y` where it is labelled.

    `of`: how many images there were to choose from.
    """

    x: Any
    y: Any = None
    of: int = 0

    @property
    def images(self) -> int:
        return int(tree.flatten(self.x)[0].shape[0])


def read(given: Any, shapes: Shapes, max_images: int, names: Sequence[str] = ()) -> Probe:
    """A probe as the user gave it.

    A pair is (x, y), except for a model of two inputs, which takes a pair of plain arrays as those.

    Args:
        given: an array, a list, tuple or dict of arrays, or (x, y).
        shapes: of the model's inputs, with the batch axis; none where they are not known.
        max_images: images beyond it are left out.
        names: under which the model takes them out of a dict, in the order of the shapes; none where it takes no dict.

    Raises:
        ValueError: for something else, for a dict with other names, for arrays without images or of unequal number, or whose shape the model does
            not take.
    """
    x, y = given, None
    if isinstance(given, tuple) and len(given) == 2 and not _is_inputs(given, shapes):
        x, y = given
    x, y = tree.map_structure(_array, x), None if y is None else tree.map_structure(_array, y)
    arrays, labels = tree.flatten(x), [] if y is None else tree.flatten(y)
    if not arrays:
        raise ValueError(f"probe: {type(given).__name__} without arrays given; give images as an array [images, …]")
    counts = {a.shape[0] if a.ndim else 0 for a in arrays + labels}
    if len(counts) != 1 or 0 in counts:
        texts = ", ".join(_text(a.shape) for a in arrays + labels)
        raise ValueError(f"probe: arrays of shape {texts} given; each needs the same number of images, at least one")
    _check_shapes(_in_order(x, names), shapes)
    return first_images(x, y, max_images)


def first_images(x: Any, y: Any, max_images: int) -> Probe:
    """The first images of arrays or tensors that the model takes."""

    def first(value: Any) -> np.ndarray:
        return _array(value[:max_images])

    of = int(tree.flatten(x)[0].shape[0])
    return Probe(tree.map_structure(first, x), None if y is None else tree.map_structure(first, y), of)


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


def _in_order(x: Any, names: Sequence[str]) -> list[np.ndarray]:
    """The arrays in the order of the model's inputs."""
    if not isinstance(x, Mapping) or not names:
        return list(tree.flatten(x))
    if set(x) != set(names):
        raise ValueError(
            f"probe: a dict with {', '.join(map(str, x))} given, but the model takes its inputs as {', '.join(names)}"
        )
    return [x[name] for name in names]


def shapes_of(x: Any) -> Shapes:
    """Shapes of a batch with any number of images; none for no batch."""
    return [] if x is None else [(None, *t.shape[1:]) for t in tree.flatten(x)]


def _is_inputs(pair: tuple[Any, Any], shapes: Shapes) -> bool:
    return len(shapes) == 2 and not any(isinstance(item, tuple | list | Mapping) for item in pair)


def _array(value: Any) -> np.ndarray:
    array = to_numpy(value) if ops.is_tensor(value) else np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"probe: an array of dtype {array.dtype} given; accepted are numbers, such as uint8 or float32"
        )
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _check_shapes(arrays: Sequence[np.ndarray], shapes: Shapes) -> None:
    if not shapes:
        return
    wanted = ", ".join(_text(shape) for shape in shapes)
    if len(arrays) != len(shapes):
        raise ValueError(f"probe: {len(arrays)} inputs given, but the model has {len(shapes)}, of shape {wanted}")
    for array, shape in zip(arrays, shapes, strict=True):
        fits = len(array.shape) == len(shape) and all(
            want is None or have == want for have, want in zip(array.shape[1:], shape[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"probe: an array of shape {_text(array.shape)} given, but the model takes {_text(shape)}; give images "
                "as the model gets them in training, with the batch axis first"
            )


def _text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"


def check_display(display: Any) -> Display | None:
    """`probe_display` as given.

    Raises:
        ValueError: for anything but None, a pair (mean, std) or a callable.
    """
    if display is None or callable(display) or (isinstance(display, tuple | list) and len(display) == 2):
        return display if callable(display) or display is None else (display[0], display[1])
    raise ValueError(f"probe_display: {display!r} given; accepted are (mean, std), or a callable that gives pictures")


def record(probe: Probe, step: int, display: Display | None = None) -> Record:
    """The probe as a record: inputs, labels, and uint8 pictures of the first input that is an image.

    Args:
        probe: the probe.
        step: the step of the session's first record.
        display: (mean, std) that undoes a normalisation, x * std + mean, or a callable that turns x into pictures;
            None shows uint8 as it is and scales floats over their whole range.
    """
    arrays: dict[str, np.ndarray] = {}
    for i, array in enumerate(tree.flatten(probe.x)):
        arrays["x" if i == 0 else f"x_{i}"] = _storable(array)
    for i, array in enumerate(tree.flatten(probe.y) if probe.y is not None else []):
        arrays["y" if i == 0 else f"y_{i}"] = _storable(array)
    attributes: dict[str, Any] = {"labelled": probe.y is not None, "of": probe.of}
    picture = next((p for p in map(as_picture, tree.flatten(probe.x)) if p is not None), None)
    if picture is not None:
        shown, limits = to_bytes(picture, display)
        arrays["display"], attributes["display_range"] = shown, limits
    return Record("probe", step, arrays=arrays, attributes=attributes)


def as_picture(x: np.ndarray) -> np.ndarray | None:
    """An input as [images, height, width, 1 or 3], moving a leading channel axis back; None where it is no image."""
    if x.ndim == 3:
        return x[..., None]
    if x.ndim != 4:
        return None
    if x.shape[-1] in (1, 3):
        return x
    if x.shape[1] in (1, 3):
        return np.moveaxis(x, 1, -1)
    return np.moveaxis(x, 1, -1)[..., :1] if x.shape[1] < x.shape[-1] else x[..., :1]


@np.errstate(over="ignore", invalid="ignore")  # NaN and Inf are to be shown
def to_bytes(picture: np.ndarray, display: Display | None) -> tuple[np.ndarray, list[float]]:
    """Pictures [images, height, width, channels] as uint8, and the values that became 0 and 255."""
    shown = picture
    if display is not None:
        shown = np.asarray(
            display(picture) if callable(display) else picture * np.asarray(display[1]) + np.asarray(display[0])
        )
        if shown.shape[:3] != picture.shape[:3] or shown.ndim != 4 or shown.shape[-1] not in (1, 3):
            raise ValueError(
                f"probe_display: pictures of shape {shown.shape} came out of it; accepted is [images, height, width, "
                f"1 or 3], here {(*picture.shape[:3], '1 or 3')}"
            )
    if shown.dtype == np.uint8:
        return np.ascontiguousarray(shown), [0.0, 255.0]
    finite = shown[np.isfinite(shown)]
    lo, hi = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if display is not None:  # what undoes a normalisation gives either 0 … 1 or 0 … 255
        lo, hi = 0.0, 1.0 if hi <= 1.5 else 255.0
    scaled = (np.nan_to_num(shown.astype(np.float64), nan=lo, posinf=hi, neginf=lo) - lo) / ((hi - lo) or 1.0)
    return np.rint(scaled.clip(0, 1) * 255).astype(np.uint8), [lo, hi]


def _storable(array: np.ndarray) -> np.ndarray:
    if array.dtype.name in ("uint8", "float32", "float16", "int32", "int64", "int8", "uint32"):
        return np.ascontiguousarray(array)
    return np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int64)
