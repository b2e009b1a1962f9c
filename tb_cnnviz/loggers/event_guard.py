"""The guard around an event of Keras: a fault of ours never leaves it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tb_cnnviz.capture.messages import RefusedArgument


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """An event of a `Logger`: a fault of ours that no part is blamed for costs all that this callback logs.

    Events of a fit that this callback does not log, since it logs another thread's, are not for it.
    """

    @functools.wraps(method)
    def event(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if self.is_refused() and method.__name__ != "on_train_begin":
                return None
            return method(self, *args, **kwargs)
        except Exception as error:
            if isinstance(error, RefusedArgument) and self.is_entering:
                self.refuse()
                raise
            return self.give_up(error)

    return event
