"""A model's layers, flattened: each layer that computes something itself, under a path that no other layer has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tb_cnnviz.capture import layer_kinds, private


@dataclass(frozen=True)
class PlacedLayer:
    """A layer and its path, unique in the model."""

    layer: Any
    path: str


def leaves(model: Any) -> list[PlacedLayer]:
    """Every layer that is not made of others, in the order in which the model holds them; each object once.

    A path is Keras' own `layer.path`. Layers without weights have none before Keras 3 builds them: theirs is made of
    the path in which their siblings lie and their name. Where a path is taken, as by an inner model that was built on
    its own, the container's path stands before the name, and after that a suffix `:2`, `:3`, ….
    """
    found: list[PlacedLayer] = []
    seen: set[int] = set()
    taken: set[str] = set()

    def visit(parent: Any, inside: str) -> None:
        children = private.sublayers(parent)
        folder = _folder(children, inside)
        for child in children:
            if id(child) in seen:
                continue
            seen.add(id(child))
            path = getattr(child, "path", None) or f"{folder}{child.name}"
            if _is_leaf(child):
                path = _free([path, f"{inside}{child.name}"], taken)
                taken.add(path)
                found.append(PlacedLayer(child, path))
            else:
                visit(child, f"{path}/")

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
