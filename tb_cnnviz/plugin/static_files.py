"""The built page's files. A request is compared with a listing of their folder and never becomes part of a path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin.answers import text_answer
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown

FOLDER = Path(__file__).resolve().parent / "static"
ENTRY = "index.js"

#: What Vite names a chunk. The hash is of all that is in it, so a browser need never ask for it again.
_CHUNK = re.compile(r"[a-z_]+-[A-Za-z0-9_-]{8}\.js", re.ASCII)
_IMMUTABLE = "private, max-age=31536000, immutable"
_TYPE = "text/javascript; charset=utf-8"


class StaticFiles:
    """Serves the page's entry and its chunks, which lie directly in a folder.

    The folder is listed anew for each request, so that a page which is rebuilt while TensorBoard runs is served
    without a restart.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def serve(self, request: Request) -> Response:
        name = request.path.removeprefix("/data/plugin/cnnviz/")
        entry = self._listing().get(name)
        if entry is None:
            if name == ENTRY:
                raise HttpError(404, "the page is not built: run `npm ci && npm run build` in plugin_frontend")
            raise HttpError(404, f"there is no route or file named {shown(name)}")
        status = entry.stat()
        etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        answer = text_answer(request, Path(entry.path).read_bytes(), _TYPE, etag, compress=True)
        if name != ENTRY:
            answer.headers["Cache-Control"] = _IMMUTABLE
        return answer

    def _listing(self) -> dict[str, os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                return {entry.name: entry for entry in entries if _is_of_the_page(entry)}
        except FileNotFoundError:
            return {}


def _is_of_the_page(entry: os.DirEntry[str]) -> bool:
    named = entry.name == ENTRY or _CHUNK.fullmatch(entry.name) is not None
    return named and entry.is_file(follow_symlinks=False)
