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
    """A method of one object, replaced by `wrap(method)` on that object alone.

    `is_copied`: is the object copied attribute by attribute, as PyTorch's modules are?
    """

    owner: Any
    name: str
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
    is_copied: bool = False


class Replacement:
    """Stands in the place of a method. A copy of the object that is made meanwhile gets its own method."""

    def __init__(self, hook: Hook, call: Callable[..., Any]) -> None:
        self._hook, self._call = hook, call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._hook.owner, self._hook.name)


@contextlib.contextmanager
def hooked(hooks: Sequence[Hook]) -> Iterator[None]:
    """Put the hooks in place, a later one around an earlier one, and take them away again in any case."""
    replaced: list[tuple[Hook, Any]] = []
    try:
        for hook in hooks:
            own = vars(hook.owner).get(hook.name)
            replaced.append((hook, own))
            call = hook.wrap(getattr(hook.owner, hook.name))
            vars(hook.owner)[hook.name] = Replacement(hook, call) if hook.is_copied else call
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

    return Hook(hook.owner, hook.name, wrap, hook.is_copied)
