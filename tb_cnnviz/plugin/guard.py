"""What every route has in common: who may ask, how it is refused, and that no fault of ours leaks into an answer."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from tb_cnnviz.plugin.answers import json_answer
from tb_cnnviz.plugin.http_schema import Failure

Handler = Callable[[Request], Response]

ALLOWED_HOSTS_VARIABLE = "TB_CNNVIZ_ALLOWED_HOSTS"
METHODS = ("GET", "HEAD")
#: For who is told to ask again.
RETRY_SECONDS = 2
#: A piece of an answer that is not taken for so long is not sent: who stops reading must not keep memory for ever.
SENDING_SECONDS = 30.0

_ERRORS = {
    400: "malformed request",
    403: "refused",
    404: "not found",
    405: "method not allowed",
    410: "damaged",
    500: "internal error",
    503: "unavailable",
}
_log = logging.getLogger("tb_cnnviz")


class HttpError(Exception):
    """A request that is not answered with 200; `reason` is for the person who reads it, and holds no path of ours."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def guarded(handler: Handler, allowed_hosts: frozenset[str]) -> Callable[..., object]:
    """The WSGI app of a route.

    Args:
        handler: answers a request, or raises HttpError.
        allowed_hosts: host names without port, in lower case; empty accepts every host.
    """

    @Request.application
    def app(request: Request) -> Response:
        try:
            _admit(request, allowed_hosts)
            _limit_sending(request)
            return handler(request)
        except HttpError as refused:
            return _failure(request, refused.status, refused.reason)
        except Exception:
            _log.exception("a request could not be answered")
            return _failure(
                request, 500, "a fault in tb_cnnviz; TensorBoard's own output in the terminal has the details"
            )

    return app


def allowed_hosts() -> frozenset[str]:
    """The hosts that TB_CNNVIZ_ALLOWED_HOSTS lists, with commas between; empty, which accepts all, where it is unset."""
    listed = os.environ.get(ALLOWED_HOSTS_VARIABLE, "").split(",")
    return frozenset(_host_name(host) for host in listed if host.strip())


def _admit(request: Request, hosts: frozenset[str]) -> None:
    if request.method not in METHODS:
        raise HttpError(405, f"{request.method[:20]} is not answered here; use GET or HEAD")
    # A page of another site must not read a log through the reader's browser.
    if request.headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
        raise HttpError(403, "requests from another site are refused")
    if hosts and _host_name(request.headers.get("Host", "")) not in hosts:
        raise HttpError(403, f"this host is not listed in {ALLOWED_HOSTS_VARIABLE}")


def _limit_sending(request: Request) -> None:
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.settimeout(SENDING_SECONDS)


def _host_name(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):  # [::1]:6006
        return host[: host.find("]") + 1]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host


def _failure(request: Request, status: int, reason: str) -> Response:
    response = json_answer(request, Failure(_ERRORS[status], reason), status)
    if status == 405:
        response.headers["Allow"] = ", ".join(METHODS)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
