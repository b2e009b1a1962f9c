"""A method replaced on one object, and given back in any case."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hook:
    """A method of one object, replaced by `wrap(method)` on that object alone."""

    owner: Any
    name: str
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]]


@contextlib.contextmanager
def hooked(hooks: Sequence[Hook]) -> Iterator[None]:
    """Put the hooks in place, a later one around an earlier one, and take them away again in any case."""
    replaced: list[tuple[Hook, Any]] = []
    try:
        for hook in hooks:
            own = vars(hook.owner).get(hook.name)
            replaced.append((hook, own))
            vars(hook.owner)[hook.name] = hook.wrap(getattr(hook.owner, hook.name))
        yield
    finally:
        for hook, own in reversed(replaced):
            if own is None:
                vars(hook.owner).pop(hook.name, None)
            else:
                vars(hook.owner)[hook.name] = own
