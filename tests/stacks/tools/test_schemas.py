"""The schemas by which editors check a stack's settings."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from stacks.resources.cluster_spec import HERE, ROOT
from stacks.resources.settings import MANAGEMENT, PROJECT, ManagementSettings, PairSettings
from stacks.tools.schemas import files, main, schema
from tests.support.stacks import SECRETS, STACKS

PAIR, OF_MANAGEMENT = schema(PairSettings), schema(ManagementSettings)
SECURE = {"secure": "v1:abc"}
RESTORE = {"source": "postgres", "archive": "second", "time": "2026-11-20T08:30:00Z"}


def _fits(given: dict[str, Any], made: dict[str, Any] = PAIR, **beside: Any) -> bool:
    config = {f"{PROJECT}:{key}": value for key, value in given.items()}
    return jsonschema.Draft202012Validator(made).is_valid({"config": config, **beside})


@pytest.mark.parametrize("path", files())
def test_the_committed_schema_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == files()[path], f"{path} is old; run `make schemas`"


def test_the_command_writes_the_schemas(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs" / "schemas").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main() == 0
    assert {path: (tmp_path / path).read_text(encoding="utf-8") for path in files()} == files()


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_settings_match_their_schema(stack: str) -> None:
    text = (HERE.parent / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    file = "stack-management" if stack == MANAGEMENT else "stack-pair"
    assert text.startswith(f"# yaml-language-server: $schema=../docs/schemas/{file}.schema.json\n")
    made = OF_MANAGEMENT if stack == MANAGEMENT else PAIR
    jsonschema.Draft202012Validator(made).validate(yaml.safe_load(text))


def test_every_stack_has_a_settings_file() -> None:
    assert {file.name for file in HERE.parent.glob("Pulumi.*.yaml")} == {f"Pulumi.{stack}.yaml" for stack in STACKS}


@pytest.mark.parametrize("made", [PAIR, OF_MANAGEMENT], ids=["pair", "management"])
def test_each_schema_is_a_valid_json_schema(made: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(made)


@pytest.mark.parametrize("key", [*SECRETS, "kubeconfig"])
def test_a_secret_matches_only_if_it_is_encrypted(key: str) -> None:
    assert _fits({key: SECURE})
    assert not _fits({key: "planted"})


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({}, True),
        ({"restore": RESTORE, "unprotected": ["database"]}, True),
        ({"unprotected": ["databases"]}, False),
        ({"restore": {**RESTORE, "to": "x"}}, False),
        ({"restore": {"source": "postgres"}}, False),
        ({"gitPasword": SECURE}, False),
        ({"git_password": SECURE}, False),
    ],
    ids=str,
)
def test_the_schema_accepts_valid_settings_only(given: dict[str, Any], fits: bool) -> None:
    assert _fits(given) is fits


def test_fields_that_pulumi_writes_match_the_schema() -> None:
    assert _fits({}, encryptionsalt="v1:x", secretsprovider="passphrase")
    assert not _fits({}, config_of="x")


@pytest.mark.parametrize(("access", "fits"), [({"here": {"view": ["all"]}}, True), ({"here": {"own": ["all"]}}, False)])
def test_the_schema_accepts_known_rights_only(access: dict[str, Any], fits: bool) -> None:
    assert _fits({"owner": "team", "access": access}, OF_MANAGEMENT) is fits
