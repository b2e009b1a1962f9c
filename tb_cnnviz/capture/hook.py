"""A method replaced on one object, and given back in any case."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

#: Makes a context in which a fault of ours is told, and ends.
Guard = Callable[[], AbstractContextManager[Any]]


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


def forgiving(hook: Hook, guard: Guard) -> Hook:
    """The same hook, whose own fault goes to `guard`, and never to who calls the method.

    The method is called once in any case, and what it raises is raised.
    """

    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            results: list[Any] = []
            is_theirs = False

            def watched(*args: Any, **kwargs: Any) -> Any:
                nonlocal is_theirs
                try:
                    results.append(method(*args, **kwargs))
                except BaseException:
                    is_theirs = True
                    raise
                return results[-1]

            try:
                return hook.wrap(watched)(*args, **kwargs)
            except Exception as error:
                if is_theirs:
                    raise
                with contextlib.suppress(Exception), guard():
                    raise error
            return results[-1] if results else method(*args, **kwargs)

        return call

    return Hook(hook.owner, hook.name, wrap)
