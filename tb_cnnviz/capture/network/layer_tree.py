"""A model's layers, flattened: each layer that computes something itself, under a path that no other layer has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tb_cnnviz.capture.backends import private, torch_modules
from tb_cnnviz.capture.network import layer_kinds


@dataclass(frozen=True)
class PlacedLayer:
    """A layer and its path, unique in the model.

    `is_inside`: is it a part of a recurrent layer's step, which runs in a loop of the backend's?
    """

    layer: Any
    path: str
    is_inside: bool = False


def leaves(model: Any) -> list[PlacedLayer]:
    """Every layer that is not made of others, in the order in which the model holds them; each object once.

    A recurrent layer is one with its cells, and a Bidirectional one with its directions. Convolutions in the cells of
    the user's own stand behind it.

    A path is Keras' own `layer.path`. Layers without weights have none before Keras 3 builds them: theirs is made of
    the path in which their siblings lie and their name. Where a path is taken, as by an inner model that was built on
    its own, the container's path stands before the name, and after that a suffix `:2`, `:3`, ….
    """
    found: list[PlacedLayer] = []
    seen: set[int] = set()
    taken: set[str] = set()

    def place(layer: Any, path: str, inside: str, *, is_inside: bool) -> None:
        path = _free([path, f"{inside}{layer.name}"], taken)
        taken.add(path)
        found.append(PlacedLayer(layer, path, is_inside))

    def visit(parent: Any, inside: str, *, is_step: bool = False) -> None:
        children = private.sublayers(parent)
        folder = _folder(children, inside)
        for child in children:
            if id(child) in seen:
                continue
            seen.add(id(child))
            path = getattr(child, "path", None) or f"{folder}{child.name}"
            if torch_modules.is_wrapper(child) and not torch_modules.is_closed(child):
                for name, module in torch_modules.modules_of(child):
                    if id(module.module) not in seen:
                        seen.add(id(module.module))
                        place(module, f"{path}/{name}" if name else path, inside, is_inside=is_step)
                continue
            role, is_leaf = layer_kinds.role(child), _is_leaf(child)
            if is_leaf and (not is_step or role == "convolution"):
                place(child, path, inside, is_inside=is_step)
            if not is_leaf or role == "recurrent":
                visit(child, f"{path}/", is_step=is_step or role == "recurrent")

    visit(model, "")
    return found


def wrappers(model: Any) -> list[str]:
    """Names of the wrappers (Keras' own such as SpectralNormalization, and classes that extend `Wrapper`) that are not
    among `leaves`: the layers they hold are."""
    found: list[str] = []
    seen: set[int] = set()

    def visit(parent: Any) -> None:
        for child in private.sublayers(parent):
            if id(child) in seen or _is_leaf(child):
                continue
            seen.add(id(child))
            if isinstance(child, keras.layers.Wrapper):
                found.append(str(child.name))
            visit(child)

    visit(model)
    return found


def variable_paths(model: Any, placed: Sequence[PlacedLayer]) -> list[str]:
    """A name for each trainable variable: Keras' `variable.path`.

    Of a PyTorch module the name that `named_parameters()` has for it, below the wrapper's path. Where two variables of
    one layer have the same, as directions of a Bidirectional may, the second has a suffix `:2`.
    """
    owners = {id(v): item.path for item in placed for v in item.layer.weights}
    names: dict[int, str] = {}
    for layer in private.all_layers(model):
        if torch_modules.is_wrapper(layer):
            path = getattr(layer, "path", None) or layer.name
            names |= {key: f"{path}/{name}" for key, name in torch_modules.parameter_names(layer).items()}
    taken: dict[str | None, set[str]] = {}
    paths: list[str] = []
    for variable in model.trainable_variables:
        own = taken.setdefault(owners.get(id(variable)), set())
        paths.append(_free([names.get(id(variable), str(variable.path))], own))
        own.add(paths[-1])
    return paths


def listed(paths: Sequence[str]) -> str:
    """In a sentence: up to eight of them, and how many more there are."""
    return ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")


def _is_leaf(layer: Any) -> bool:
    """Keras' own kinds are leaves even where they hold a layer, such as an activation given as one."""
    return layer_kinds.role(layer) != "other" or not private.sublayers(layer)


def _folder(children: list[Any], fallback: str) -> str:
    for child in children:
        path = getattr(child, "path", None)
        if path and path.endswith(child.name):
            return str(path[: -len(child.name)])
    return fallback


def _free(wishes: list[str], taken: set[str]) -> str:
    for wish in wishes:
        if wish not in taken:
            return wish
    number = 2
    while f"{wishes[0]}:{number}" in taken:
        number += 1
    return f"{wishes[0]}:{number}"
