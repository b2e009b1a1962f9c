"""The page's types are those of the schema, and the check notices when they are not."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import ModuleType

import pytest

from tb_cnnviz.plugin import http_schema
from tb_cnnviz.records import model
from tests.support.scripts import script

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return script("scripts/generate_types.py")


def test_the_types_in_the_repository_are_up_to_date(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0


def test_the_check_fails_when_a_field_is_missing(generator: ModuleType, tmp_path: Path) -> None:
    target = tmp_path / "schema.ts"
    assert generator.main(["--check", "--output", str(target)]) == 1
    assert generator.main(["--output", str(target)]) == 0
    assert generator.main(["--check", "--output", str(target)]) == 0
    target.write_text(target.read_text().replace("  last_step: number;\n", ""))
    assert generator.main(["--check", "--output", str(target)]) == 1


def test_every_dataclass_and_field_is_there(generator: ModuleType) -> None:
    text = generator.generate()
    for module in (model, http_schema):
        for item in vars(module).values():
            if dataclasses.is_dataclass(item) and item.__module__ == module.__name__:
                body = text.split(f"export interface {item.__name__} {{")[1].split("\n}")[0]
                assert [line.split(":")[0].strip() for line in body.strip().split("\n")] == [
                    field.name for field in dataclasses.fields(item)
                ]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (list[int | None], "(number | null)[]"),
        (dict[str, float | int | str], "Record<string, number | string>"),
        (list[list[str]], "string[][]"),
        (list[http_schema.Real], "Real[]"),
        (model.ReceptiveField | None, "ReceptiveField | null"),
    ],
)
def test_types_as_typescript_writes_them(generator: ModuleType, hint: object, expected: str) -> None:
    assert generator._type(hint) == expected


def test_a_type_that_is_not_known_is_an_error(generator: ModuleType) -> None:
    with pytest.raises(TypeError, match="no TypeScript counterpart"):
        generator._type(set[int])
