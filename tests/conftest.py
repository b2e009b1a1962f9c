"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's own cache of indexes; processes that tests start inherit this."""
    before = os.environ.get("TB_CNNVIZ_CACHE_DIR")
    os.environ["TB_CNNVIZ_CACHE_DIR"] = str(tmp_path_factory.mktemp("index-cache"))
    yield
    if before is None:
        del os.environ["TB_CNNVIZ_CACHE_DIR"]
    else:
        os.environ["TB_CNNVIZ_CACHE_DIR"] = before
