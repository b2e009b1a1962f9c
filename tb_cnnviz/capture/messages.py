"""What a user is told: the error for an argument that does not fit the model, and other errors in one line."""

from __future__ import annotations

import re

#: Characters of an error's text that a warning, a notice and an error of ours repeat.
_LONGEST = 400


class RefusedArgument(ValueError):
    """An argument that the user gave does not fit the model. The only error of ours that ends a fit, before its first step."""


def in_one_line(error: Exception) -> str:
    """What went wrong, without the colours and line breaks that Keras gives its messages."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())
    return f"{type(error).__name__}: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}"
