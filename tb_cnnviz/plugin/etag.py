"""The name of an answer's content, by which a browser asks whether it still holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tb_cnnviz.version import __version__


def etag_of(question: str, places: Iterable[object]) -> str:
    """Names what an answer is made from.

    Args:
        places: of a record what it is of, its length and CRC, which tell of a run that was written anew; of a series its
            index, and how many records of which files it has; of verdicts the state of the run; of a scalar its run and tag,
            and how far they go.
    """
    digest = hashlib.sha256(f"{__version__} {question}".encode("utf-8", "surrogatepass"))
    for place in places:
        digest.update(repr(place).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]
