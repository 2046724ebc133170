"""What editors and people read about the values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import constructs_lib
from constructs_lib import Dependency, Port, Release, Service, Value
from desired.documents import schemas
from desired.render import yaml
from stacks.tools import schemas as stack_schemas
from tests.support.repository import ROOT

FILES = schemas.files()
COMMITTED_RELEASES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("releases/*/*.yaml"))


def _check(schema: dict[str, Any], data: object) -> None:
    jsonschema.Draft202012Validator(schema).validate(data)


@pytest.mark.parametrize("path", FILES)
def test_the_committed_file_is_the_one_that_is_made(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == FILES[path], f"{path} is old; run `make schemas`"


def test_nothing_else_lies_among_the_schemas() -> None:
    found = {file.relative_to(ROOT).as_posix() for file in (ROOT / "docs" / "schemas").iterdir()}
    assert found == {path for path in FILES if path.startswith("docs/schemas/")} | set(stack_schemas.files())


def test_the_command_writes_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert schemas.main() == 0
    written = {
        file.relative_to(tmp_path).as_posix(): file.read_text() for file in tmp_path.rglob("*") if file.is_file()
    }
    assert written == FILES


@pytest.mark.parametrize("value", schemas.VALUES, ids=lambda value: str(value.__name__))
def test_a_schema_is_a_schema_without_an_address(value: type[Value]) -> None:
    made = schemas.schema(value)
    jsonschema.Draft202012Validator.check_schema(made)
    assert re.search(r"https?://\w", json.dumps(made)) is None


@pytest.mark.parametrize("path", COMMITTED_RELEASES)
def test_every_committed_release_fits_its_schema(path: str) -> None:
    _check(schemas.schema(Release), yaml.load((ROOT / path).read_text(encoding="utf-8")))


SPEC = {"name": "a", "owner": "team-a", "image": "example.com/a"}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="shortest"),
        pytest.param({"schema": 1}, id="with-its-version"),
        pytest.param({"depends_on": ["b", {"service": "c", "port": "grpc"}]}, id="dependencies-short-and-long"),
        pytest.param({"env": {"A": 1, "B": "b", "C": {"secret": "s", "key": "k"}}}, id="variables"),
        pytest.param({"size": {"cpu": "1", "memory": "1Gi"}, "scale": "L"}, id="sizes"),
    ],
)
def test_a_spec_that_can_be_read_fits(more: dict[str, Any]) -> None:
    _check(schemas.schema(Service), SPEC | more)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"schema": 2}, id="another-version"),
        pytest.param({"name": "Not_A_Name"}, id="bad-name"),
        pytest.param({"retrys": 3}, id="unknown-field"),
        pytest.param({"tier": 4}, id="unknown-tier"),
        pytest.param({"depends_on": ["Not A Name"]}, id="bad-dependency"),
        pytest.param({"ports": [{"number": 70000, "protocol": "http", "name": "http"}]}, id="bad-port"),
    ],
)
def test_a_spec_that_is_refused_does_not_fit(more: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        _check(schemas.schema(Service), SPEC | more)


def test_what_a_service_writes_fits() -> None:
    made = Service(**SPEC, ports=(Port.http(80),), depends_on=("b", Dependency(service="c", env={"C": "{host}"})))
    _check(schemas.schema(Service), made.written())


def _exported() -> list[type[Value]]:
    found = [getattr(constructs_lib, name) for name in constructs_lib.__all__]
    return [each for each in found if isinstance(each, type) and issubclass(each, Value) and each is not Value]


@pytest.mark.parametrize("value", _exported(), ids=lambda value: str(value.__name__))
def test_every_value_and_field_stands_in_the_reference(value: type[Value]) -> None:
    page = FILES["docs/reference.md"]
    _, heading, after = page.partition(f"\n## {value.__name__}\n")
    assert heading
    section = after.partition("\n## ")[0]
    rows = [row.split(" | ") for row in section.splitlines() if row.startswith("| `")]
    assert [cells[0].strip("| `") for cells in rows] == [
        field.alias or name for name, field in value.model_fields.items()
    ]
    assert all(len(cells) == 4 and cells[1] for cells in rows)


def test_every_link_of_the_reference_leads_to_a_heading() -> None:
    page = FILES["docs/reference.md"]
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    assert {*re.findall(r"\]\(#(\w+)\)", page)} <= headings


def test_every_field_of_every_value_has_a_sentence() -> None:
    rows = [line for line in (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").splitlines() if "| `" in line]
    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []
