"""HTTP answers: their headers, compression and revalidation."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

from werkzeug.wrappers import Request, Response

BINARY_TYPE = "application/vnd.cnnviz"

_GZIP_FROM_BYTES = 2048
_PIECE_BYTES = 1 << 18
_GZIP_SUFFIX = "-gzip"
_KEPT = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}


def json_answer(request: Request, value: Any, status: int = 200) -> Response:
    """A dataclass of http_schema as JSON, never stored by a cache."""
    body = to_json(value)
    headers = {"Cache-Control": "no-store"}
    if _takes_gzip(request) and len(body) >= _GZIP_FROM_BYTES:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    return _response(_pieces([body]), status, "application/json", headers)


def binary_answer(
    request: Request, chunks: Iterable[bytes | memoryview], length: int, etag: str, compress: bool
) -> Response:
    """Chunks of `length` bytes together; the browser keeps them and asks by `etag` whether they still hold.

    Args:
        compress: whether that pays; docs/http_api.md says where.
    """
    headers = dict(_KEPT)
    if compress and _takes_gzip(request):
        chunks, length = _squeezed(chunks)
        headers["Content-Encoding"] = "gzip"
        etag += _GZIP_SUFFIX
    headers["Content-Length"] = str(length)
    response = _response(_pieces(chunks), 200, BINARY_TYPE, headers)
    response.set_etag(etag)
    return response


def text_answer(request: Request, body: bytes, content_type: str, etag: str, compress: bool) -> Response:
    """A file of the page, or JSON that a browser keeps, revalidated by `etag`."""
    headers = dict(_KEPT)
    if compress and _takes_gzip(request):
        body = _gzipped(body)
        headers["Content-Encoding"] = "gzip"
        etag += _GZIP_SUFFIX
    response = _response(body, 200, content_type, headers)
    response.set_etag(etag)
    response.make_conditional(request)
    return response


def not_modified(request: Request, etag: str) -> Response | None:
    """The 304 answer where the browser already holds this version, so that nothing needs to be read."""
    for held in (etag, etag + _GZIP_SUFFIX):
        if request.if_none_match.contains_weak(held):
            response = _response(b"", 304, BINARY_TYPE, _KEPT)
            response.set_etag(held)
            return response
    return None


@dataclass(frozen=True)
class Written:
    """A value that is JSON already, as `to_json` writes it."""

    text: bytes


def to_json(value: Any) -> bytes:
    """ASCII JSON of dataclasses, mappings, lists and scalars, with NaN and infinity as the strings of `Real`.

    `Written` may stand for the value of a dataclass' field, or for all items of a list that is one.
    """
    if isinstance(value, Written):
        return value.text
    if isinstance(value, list) and value and isinstance(value[0], Written):
        return b"[" + b",".join(item.text for item in value) + b"]"
    if is_dataclass(value) and not isinstance(value, type):
        parts = (
            json.dumps(field.name).encode() + b":" + to_json(getattr(value, field.name)) for field in fields(value)
        )
        return b"{" + b",".join(parts) + b"}"
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":")).encode("ascii")


def plain(value: Any) -> Any:
    """What JSON can hold of a value: dataclasses as objects, numbers that JSON has not as strings."""
    if value is None or type(value) in (str, int, bool):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _response(body: Any, status: int, content_type: str, headers: Mapping[str, str]) -> Response:
    response = Response(body, status=status, content_type=content_type, headers=dict(headers))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _takes_gzip(request: Request) -> bool:
    return request.accept_encodings.quality("gzip") > 0


def _squeezed(chunks: Iterable[bytes | memoryview]) -> tuple[list[bytes], int]:
    """Gzip at its fastest, and the length in bytes."""
    stream = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    pieces = [piece for chunk in chunks if (piece := stream.compress(chunk))]
    pieces.append(stream.flush())
    return pieces, sum(map(len, pieces))


def _pieces(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """WSGI takes bytes alone: what is copied for it stays small, and is sent while it is in the processor's cache."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE_BYTES):
            yield bytes(chunk[start : start + _PIECE_BYTES])


@lru_cache(maxsize=32)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)
