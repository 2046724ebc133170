"""A cluster of a pair, and the digest of what both clusters are made from."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import Backups, Pool
from stacks.resources import cluster_spec as module
from stacks.resources.cluster_spec import HERE, ClusterSpec
from stacks.resources.infrastructure import load
from stacks.resources.program import cluster_spec_of
from tests.support.stacks import changed, first

SPEC = first("apps")
POOL = Pool(name="other", size="L", min=7, max=9)


def _inputs(**fields: Any) -> str:
    return cluster_spec_of(SPEC.name, changed(SPEC, **fields)).inputs()


@pytest.mark.parametrize(
    "fields", [{"pair__apps": (POOL,)}, {"pair__ops": (POOL,)}, {"domain": "example.org"}], ids=str
)
def test_pools_and_domains_do_not_change_the_digest(fields: dict[str, Any]) -> None:
    assert _inputs(**fields) == SPEC.inputs()


@pytest.mark.parametrize(
    "fields",
    [
        {"pair__kubernetes": "v1.37.0"},
        {"pair__infrastructure": "docker"},
        {"pair__control_plane": 5},
        {"pair__region": "elsewhere"},
        {"pair__apps_network": "10.9.0.0/16"},
        {"pair__protected": not SPEC.pair.protected},
        {"database__instances": 5},
        {"database__backups": Backups(to="s3://others")},
        {"zones": ("x", "y")},
        {"storage_class": "faster"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_shared_inputs_change_the_digest(fields: dict[str, Any]) -> None:
    assert _inputs(**fields) != SPEC.inputs()


def test_a_changed_infrastructure_changes_the_digest() -> None:
    infrastructure = load(SPEC.infrastructure.name)
    first_one, *others = infrastructure.objects
    other = infrastructure._replace(objects=({**first_one, "spec": {"other": True}}, *others))
    assert SPEC._replace(infrastructure=other).inputs() != SPEC.inputs()


RESOURCES = sorted(file.name for file in HERE.rglob("*.py"))


@pytest.mark.parametrize("name", RESOURCES)
def test_a_change_in_the_folder_resources_changes_the_digest(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "resources"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "HERE", copy)
    before = SPEC.inputs()
    assert before == _inputs()
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert SPEC.inputs() != before


def test_the_folder_resources_imports_nothing_of_the_folder_tools() -> None:
    """So the digest covers all code of the stacks that registers objects."""
    for file in HERE.rglob("*.py"):
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(each, ast.ImportFrom):
                assert each.level < 2, f"{file.name} imports from outside of its folder"
                names = {f"{each.module}.{name.name}" for name in each.names}
            else:
                names = {name.name for name in each.names} if isinstance(each, ast.Import) else set()
            assert not [name for name in names if name.startswith("stacks.tools")], file.name


def test_a_changed_lock_file_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = SPEC.inputs()
    lock = tmp_path / "stacks.txt"
    lock.write_text("pulumi==0\n", encoding="utf-8")
    monkeypatch.setattr(module, "_LOCK", lock)
    assert SPEC.inputs() != before


def test_every_object_is_labelled_with_its_owner_and_cluster() -> None:
    cluster_spec = ClusterSpec(SPEC.environment, "ops", SPEC.infrastructure)
    assert cluster_spec.labels == {
        "app.kubernetes.io/managed-by": "desired",
        "desired.dev/environment": SPEC.environment.name,
        "desired.dev/role": "ops",
        "desired.dev/owner": SPEC.pair.owner,
        "desired.dev/protected": str(SPEC.pair.protected).lower(),
    }
