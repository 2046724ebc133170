"""From the files of two commits to what happens to the objects in them."""

from __future__ import annotations

from typing import Any

import pytest

from desired.diff.comparison import FileDiff, ObjectDiff, compare
from desired.render import yaml


def _text(kind: str, name: str, **fields: Any) -> str:
    return yaml.header(["apps/a.py"]) + yaml.dump({"kind": kind, "metadata": {"name": name}, **fields})


def _config(name: str, text: str) -> str:
    return _text("ConfigMap", name, data={"flags": text})


ROLE, OTHER_ROLE = _text("Role", "a", rules=[1]), _text("Role", "a", rules=[2])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(None, ROLE, ObjectDiff("added", "apps/a", "Role", "a"), id="added"),
        pytest.param(ROLE, None, ObjectDiff("removed", "apps/a", "Role", "a"), id="removed"),
        pytest.param(
            ROLE,
            OTHER_ROLE,
            ObjectDiff("changed", "apps/a", "Role", "a", ("rules: 2 added, 1 removed",)),
            id="changed",
        ),
        pytest.param(
            ROLE,
            ROLE.replace("apps/a.py", "apps/b.py"),
            ObjectDiff("changed", "apps/a", "Role", "a", ("only the comment that names its source",)),
            id="only-its-comment",
        ),
        pytest.param(
            "{not: [yaml",
            None,
            ObjectDiff("removed", "apps/a", "file", "role-a.yaml"),
            id="no-yaml",
        ),
        pytest.param(None, "just text", ObjectDiff("added", "apps/a", "file", "role-a.yaml"), id="no-object"),
    ],
)
def test_a_file_is_an_object(old: str | None, new: str | None, expected: ObjectDiff) -> None:
    assert compare("test-apps", [FileDiff("apps/a/role-a.yaml", old, new)]).objects == (expected,)


def test_a_config_map_with_new_content_is_one_change_with_its_lines() -> None:
    files = [
        FileDiff("apps/a/configmap-a-flags-0000000000.yaml", _config("a-flags-0000000000", "on\nold\n"), None),
        FileDiff("apps/a/configmap-a-flags-1111111111.yaml", None, _config("a-flags-1111111111", "on\nnew\n")),
    ]
    (found,) = compare("test-apps", files).objects
    assert (found.mark, found.name) == ("changed", "a-flags-1111111111")
    assert found.words == ("renamed from a-flags-0000000000", "key flags: 1 line added, 1 line removed")
    assert found.texts[-2:] == ("-old", "+new")


def test_config_maps_of_two_slots_are_two_objects() -> None:
    files = [
        FileDiff("apps/a-blue/configmap-x-0000000000.yaml", _config("x-0000000000", "a"), None),
        FileDiff("apps/a-green/configmap-x-1111111111.yaml", None, _config("x-1111111111", "b")),
    ]
    assert [each.mark for each in compare("test-apps", files).objects] == ["removed", "added"]


def test_a_list_of_files_is_in_the_patch_and_is_no_object() -> None:
    found = compare("test-apps", [FileDiff("apps/a/kustomization.yaml", "kind: Kustomization", None)])
    assert (found.objects, len(found.files)) == ((), 1)


def test_objects_stand_in_the_order_of_their_files() -> None:
    files = [FileDiff(f"apps/{name}/role-{name}.yaml", None, _text("Role", name)) for name in ("b", "c", "a")]
    found = compare("test-apps", files)
    assert [each.name for each in found.objects] == ["a", "b", "c"]
    assert found.count("added") == 3
