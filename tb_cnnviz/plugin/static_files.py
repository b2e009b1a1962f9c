"""The built page's files. A request is compared with a listing of their folder and never becomes part of a path."""

from __future__ import annotations

import os
from pathlib import Path

from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin.answers import text_answer
from tb_cnnviz.plugin.guard import HttpError
from tb_cnnviz.plugin.query import shown

FOLDER = Path(__file__).resolve().parent / "static"

#: Content types by suffix, and whether compressing pays. No other file is served; HTML would need its own CSP.
_TYPES: dict[str, tuple[str, bool]] = {
    ".js": ("text/javascript; charset=utf-8", True),
    ".css": ("text/css; charset=utf-8", True),
    ".json": ("application/json", True),
    ".map": ("application/json", True),
    ".svg": ("image/svg+xml", True),
    ".png": ("image/png", False),
    ".woff2": ("font/woff2", False),
}


class StaticFiles:
    """Serves the files that lie directly in a folder.

    The folder is listed anew for each request, so that a page which is rebuilt while TensorBoard runs is served
    without a restart.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def serve(self, request: Request) -> Response:
        name = request.path.removeprefix("/data/plugin/cnnviz/")
        entry = self._listing().get(name)
        if entry is None:
            if name == "index.js":
                raise HttpError(404, "the page is not built: run `npm ci && npm run build` in plugin_frontend")
            raise HttpError(404, f"there is no route or file named {shown(name)}")
        content_type, compress = _TYPES[os.path.splitext(entry.name)[1]]
        status = entry.stat()
        etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        return text_answer(request, Path(entry.path).read_bytes(), content_type, etag, compress)

    def _listing(self) -> dict[str, os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                return {entry.name: entry for entry in entries if _served(entry)}
        except FileNotFoundError:
            return {}


def _served(entry: os.DirEntry[str]) -> bool:
    return os.path.splitext(entry.name)[1] in _TYPES and entry.is_file(follow_symlinks=False)
