"""TensorBoard with one route more, which answers a plain read: the peer of ours over HTTP.

    python benchmarks/plain_server.py FOLDER [TensorBoard's own arguments]

`/data/plugin/plain/read?offset=…&length=…` opens the only records file below FOLDER, reads those bytes and answers them.
For benchmarks alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tensorboard import default, program
from tensorboard.plugins import base_plugin
from werkzeug.wrappers import Request, Response


class PlainRead(base_plugin.TBPlugin):  # type: ignore[misc]
    plugin_name = "plain"
    folder: Path

    def __init__(self, context: base_plugin.TBContext) -> None:
        (self._path,) = self.folder.rglob("*.records")

    def is_active(self) -> bool:
        return False

    def get_plugin_apps(self) -> dict[str, Callable[..., object]]:
        return {"/read": Request.application(self._read)}

    def _read(self, request: Request) -> Response:
        with self._path.open("rb", buffering=0) as file:
            file.seek(int(request.args["offset"]))
            content = file.read(int(request.args["length"]))
        headers = {"Content-Length": str(len(content)), "X-Content-Type-Options": "nosniff"}
        return Response([content], content_type="application/octet-stream", headers=headers)


def main() -> None:
    PlainRead.folder = Path(sys.argv.pop(1))
    board = program.TensorBoard(plugins=[*default.get_plugins(), PlainRead])
    board.configure(sys.argv)
    sys.exit(board.main())


if __name__ == "__main__":
    main()
