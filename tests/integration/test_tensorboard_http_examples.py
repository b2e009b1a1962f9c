"""The examples of docs/http_api.md, sent to a real TensorBoard: status, headers and shape of the answer are those shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.conftest import ROUTE, Answer, Board

DOCS = Path(__file__).parents[2] / "docs" / "http_api.md"
MORE = "…"

#: Whole numbers that depend on the machine, or on what else is logged: compared by their type alone.
MEASURED = {"records", "bytes", "points", "shape", "offset", "length"}


class Example(NamedTuple):
    method: str
    path: str
    sent: dict[str, str]
    status: int
    headers: dict[str, str]
    body: Any


def examples() -> list[Example]:
    return [_example(block) for block in re.findall(r"```http\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)]


def _example(block: str) -> Example:
    request, answer, *body = block.strip().split("\n\n", 2)
    line, *sent = request.splitlines()
    status, *headers = answer.splitlines()
    method, path = line.split(" ")
    return Example(method, path, _headers(sent), int(status), _headers(headers), json.loads(body[0]) if body else None)


def _headers(lines: list[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in lines)


def differences(shown: Any, found: Any, where: str = "") -> list[str]:
    """Where an answer is not what the example shows."""
    if shown == MORE:
        return []
    if isinstance(shown, dict) and isinstance(found, dict):
        keys = set(shown) - {MORE}
        wrong = [f"{where}: {key} is missing" for key in keys - set(found)]
        wrong += [f"{where}: {key} is not shown" for key in set(found) - keys if MORE not in shown]
        return wrong + [line for key in keys & set(found) for line in _value(shown[key], found[key], f"{where}.{key}")]
    if isinstance(shown, list) and isinstance(found, list):
        items = [item for item in shown if item != MORE]
        wrong = [f"{where}: nothing is like {item}" for item in items if all(differences(item, one) for one in found)]
        return wrong + [f"{where}: {len(found)} items"] * (MORE not in shown and len(found) != len(items))
    is_real = isinstance(shown, float) and (isinstance(found, float) or found in ("NaN", "Infinity", "-Infinity"))
    return [] if is_real or (type(shown) is type(found) and shown == found) else [f"{where}: {found!r}, not {shown!r}"]


def _value(shown: Any, found: Any, where: str) -> list[str]:
    if where.rsplit(".", 1)[-1] not in MEASURED or (isinstance(shown, list) and isinstance(shown[0], dict)):
        return differences(shown, found, where)
    same = isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found)
    return [] if same or (type(shown) is int and type(found) is int) else [f"{where}: {found!r}, not like {shown!r}"]


def _json(answer: Answer) -> Any:
    if answer.headers["Content-Type"] == "application/json":
        return answer.json
    size = int.from_bytes(answer.body[4:8], "little")
    return json.loads(answer.body[8 : 8 + size])


def _matches(shown: str, found: str | None) -> bool:
    return found is not None and re.fullmatch(".+".join(map(re.escape, shown.split(MORE))), found) is not None


def test_every_example_is_answered_as_it_is_shown(board: Board) -> None:
    etag = ""
    for example in examples():
        sent = {name: etag if value == f'"{MORE}"' else value for name, value in example.sent.items()}
        answer = board.fetch(example.path, example.method, sent)
        assert answer.status == example.status, (example.path, answer.body[:300])
        for name, value in example.headers.items():
            assert _matches(value, answer.headers[name]), (example.path, name, answer.headers[name])
        etag = answer.headers["ETag"] or etag
        if example.body is None:
            assert example.method == "HEAD" or example.status == 304 or example.path.endswith(".js"), example.path
        else:
            assert not differences(example.body, _json(answer)), example.path


def test_every_route_has_an_example() -> None:
    named = re.findall(
        r"^\| `([a-z.]+)`(?:, `([a-z.]+)`)? \|", DOCS.read_text("utf-8").split("| status |")[0], re.MULTILINE
    )
    routes = {name for names in named for name in names if name}
    assert routes == {"runs", "run", "records", "series", "weights", "verdicts", "index.js"}
    answered = {example.path.removeprefix(ROUTE).split("?")[0] for example in examples() if example.status == 200}
    assert answered == routes
    assert {200, 304, 400, 403, 404, 405} == {example.status for example in examples()}


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, MORE: MORE}, {"b": 2}),
        ({"steps": [0, 4, MORE]}, {"steps": [0, 5]}),
        ({"steps": [0]}, {"steps": [0, 5]}),
        ({"a": 1.5}, {"a": 1}),
        ({"a": None}, {"a": 1}),
        ({"a": True}, {"a": 1}),
        ({"shape": [1, 2]}, {"shape": [1]}),
        ({"bytes": 3}, {"bytes": "3"}),
        ({"records": [{"kind": "a"}]}, {"records": [{"kind": "b"}]}),
        ({"schema": 1}, {"schema": 2}),
    ],
)
def test_the_comparison_can_fail(shown: Any, found: Any) -> None:
    assert differences(shown, shown) == []
    assert differences(shown, found)
