"""One side of a pair, and the digest by which both are known to be made from the same."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import Backups, Pool
from stacks import side as module
from stacks.infrastructure import load
from stacks.program import side_of
from stacks.side import HERE, Side
from tests.support.stacks import changed, first

SIDE = first("apps")
POOL = Pool(name="other", size="L", min=7, max=9)


def _inputs(**fields: Any) -> str:
    return side_of(SIDE.name, changed(SIDE, **fields)).inputs()


@pytest.mark.parametrize(
    "fields", [{"pair__apps": (POOL,)}, {"pair__ops": (POOL,)}, {"domain": "example.org"}], ids=str
)
def test_what_one_side_has_for_itself_is_no_part_of_the_digest(fields: dict[str, Any]) -> None:
    assert _inputs(**fields) == SIDE.inputs()


@pytest.mark.parametrize(
    "fields",
    [
        {"pair__kubernetes": "v1.37.0"},
        {"pair__infrastructure": "docker"},
        {"pair__control_plane": 5},
        {"pair__region": "elsewhere"},
        {"pair__apps_network": "10.9.0.0/16"},
        {"pair__protected": not SIDE.pair.protected},
        {"database__instances": 5},
        {"database__backups": Backups(to="s3://others")},
        {"zones": ("x", "y")},
        {"storage_class": "faster"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_both_sides_are_made_from_changes_the_digest(fields: dict[str, Any]) -> None:
    assert _inputs(**fields) != SIDE.inputs()


def test_another_content_of_the_infrastructure_changes_the_digest() -> None:
    infrastructure = load(SIDE.infrastructure.name)
    first_one, *others = infrastructure.objects
    other = infrastructure._replace(objects=({**first_one, "spec": {"other": True}}, *others))
    assert SIDE._replace(infrastructure=other).inputs() != SIDE.inputs()


def _modules() -> dict[str, set[str]]:
    """The modules of the stacks by those that they import."""
    found = {}
    for file in HERE.glob("*.py"):
        imports = [each for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.ImportFrom)]
        ours = [each for each in imports if each.level == 1 or (each.module or "").startswith("stacks.")]
        named = {(each.module or "").removeprefix("stacks.") for each in ours if each.module}
        found[file.stem] = named | {name.name for each in ours if not each.module for name in each.names}
    return found


def _reached(name: str, modules: dict[str, set[str]]) -> set[str]:
    found, pending = set(), [name]
    while pending:
        if (each := pending.pop()) not in found:
            found.add(each)
            pending += modules[each]
    return found


MODULES = _modules()
MAKE_OBJECTS = sorted(_reached("__main__", MODULES) - {"policies"})


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code that may be changed."""
    copy = tmp_path / "stacks"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "HERE", copy)
    return copy


def _change(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")


@pytest.mark.parametrize("name", MAKE_OBJECTS)
def test_a_change_of_the_code_that_makes_objects_changes_the_digest(code: Path, name: str) -> None:
    before = SIDE.inputs()
    _change(code / f"{name}.py")
    assert SIDE.inputs() != before


@pytest.mark.parametrize("name", sorted(set(MODULES) - set(MAKE_OBJECTS) - {"__init__"}))
def test_a_change_of_the_code_that_only_looks_stops_no_apps(code: Path, name: str) -> None:
    before = SIDE.inputs()
    _change(code / f"{name}.py")
    assert SIDE.inputs() == before


def test_another_version_of_a_tool_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = SIDE.inputs()
    lock = tmp_path / "stacks.txt"
    lock.write_text("pulumi==0\n", encoding="utf-8")
    monkeypatch.setattr(module, "_LOCK", lock)
    assert SIDE.inputs() != before


def test_every_object_says_whose_it_is_and_of_which_cluster() -> None:
    side = Side(SIDE.environment, "ops", SIDE.infrastructure)
    assert side.labels == {
        "app.kubernetes.io/managed-by": "desired",
        "desired.dev/environment": SIDE.environment.name,
        "desired.dev/role": "ops",
        "desired.dev/owner": SIDE.pair.owner,
        "desired.dev/protected": str(SIDE.pair.protected).lower(),
    }
