"""What a change does, as text, patch, Markdown and JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from desired.diff.comparison import ClusterDiff, Diff, FileDiff, ObjectDiff
from desired.diff.report import LIMIT, as_json, as_markdown, as_patch, as_text

BASE = "0123456789abcdef" * 2 + "01234567"
ADDED = ObjectDiff("added", "apps/a-green", "Deployment", "a-green")
CHANGED = ObjectDiff("changed", "apps/a-blue", "Deployment", "a-blue", ("image old → new", "replicas 2 → 3"))
REMOVED = ObjectDiff("removed", "apps/a-blue", "Service", "a-blue")
FILES = (
    FileDiff("apps/a-blue/deployment-a-blue.yaml", "a: 1\nb: 2\n", "a: 1\nb: 3\n"),
    FileDiff("apps/a-blue/service-a-blue.yaml", "gone: 1\n", None),
    FileDiff("apps/a-green/deployment-a-green.yaml", None, "new: 1\n"),
)
DIFF = Diff(BASE, (ClusterDiff("test-apps", (CHANGED, REMOVED, ADDED), FILES), ClusterDiff("test-ops")))
UNCHANGED = Diff(BASE, (ClusterDiff("test-apps"), ClusterDiff("test-ops")))


def test_text_says_for_each_cluster_folder_and_object_what_happens() -> None:
    assert as_text(DIFF).splitlines() == [
        "test-apps: 1 added, 1 changed, 1 removed",
        "  apps/a-blue",
        "  ~ Deployment a-blue: image old → new; replicas 2 → 3",
        "  - Service a-blue removed",
        "  apps/a-green",
        "  + Deployment a-green added",
    ]


def test_many_words_stand_one_on_a_line() -> None:
    many = ObjectDiff("changed", "apps/a", "Deployment", "a", tuple(f"env NUMBER_{n} old → new" for n in range(9)))
    lines = as_text(Diff(BASE, (ClusterDiff("test-apps", (many,), FILES),))).splitlines()
    assert lines[2:4] == ["  ~ Deployment a:", "      env NUMBER_0 old → new"]
    assert len(lines) == 12


def test_clusters_to_which_the_same_happens_stand_together() -> None:
    same = tuple(ClusterDiff(f"{name}-ops", (ADDED,), FILES) for name in ("first", "second"))
    assert as_text(Diff(BASE, same)).splitlines()[0] == "first-ops, second-ops: 1 added"


def test_a_long_file_is_cut_among_the_words_and_says_so() -> None:
    long = ObjectDiff("changed", "apps/a", "ConfigMap", "a", ("key a",), tuple(f"+line {n}" for n in range(45)))
    lines = as_text(Diff(BASE, (ClusterDiff("test-apps", (long,), FILES),))).splitlines()
    assert lines[-1].strip() == "… and 5 lines more, which the patch has"
    assert "+line 39" in lines[-2]


def test_only_a_terminal_gets_colours() -> None:
    assert "\x1b[" not in as_text(DIFF) + as_patch(DIFF)
    assert "\x1b[32m  + Deployment a-green added\x1b[0m" in as_text(DIFF, colours=True)
    assert "\x1b[31m-b: 2\x1b[0m" in as_patch(DIFF, colours=True)


def test_no_change_is_a_sentence() -> None:
    assert as_text(UNCHANGED) == "Nothing changes in any cluster, compared with 0123456789ab.\n"
    assert as_markdown(UNCHANGED) == "No manifest changes, compared with `0123456789ab`.\n"
    assert as_patch(UNCHANGED) == ""


def test_git_applies_the_patch(tmp_path: Path) -> None:
    root = tmp_path / "manifests" / "test-apps"
    for each in FILES:
        if each.old is not None:
            (root / each.path).parent.mkdir(parents=True, exist_ok=True)
            (root / each.path).write_text(each.old)
    git = shutil.which("git") or "git"
    subprocess.run([git, "apply", "-"], cwd=tmp_path, input=as_patch(DIFF), text=True, check=True)
    assert {str(file.relative_to(root)): file.read_text() for file in root.rglob("*.yaml")} == {
        each.path: each.new for each in FILES if each.new is not None
    }


def test_json_has_every_object() -> None:
    found = json.loads(as_json(DIFF))
    assert found["base"] == BASE
    assert [cluster["name"] for cluster in found["clusters"]] == ["test-apps", "test-ops"]
    assert found["clusters"][0]["objects"][0] == {
        "mark": "changed", "folder": "apps/a-blue", "kind": "Deployment", "name": "a-blue",
        "words": ["image old → new", "replicas 2 → 3"], "texts": [],
    }  # fmt: skip


def test_markdown_has_a_table_and_for_each_cluster_words_and_patch() -> None:
    text = as_markdown(DIFF)
    assert "| test-apps | 1 | 1 | 1 |" in text
    assert "Nothing changes in test-ops." in text
    assert "<details><summary>test-apps: 1 added, 1 changed, 1 removed</summary>" in text
    assert "~ Deployment a-blue: image old → new; replicas 2 → 3" in text
    assert "+++ b/manifests/test-apps/apps/a-green/deployment-a-green.yaml" in text
    assert text.count("```diff") == 2
    assert "Left out" not in text


def test_no_value_can_close_the_fence_that_it_stands_in() -> None:
    bad = ObjectDiff("changed", "apps/a", "ConfigMap", "a", ("key ```` x",), ("+```", "+</details>"))
    lines = as_markdown(Diff(BASE, (ClusterDiff("test-apps", (bad,), ()),))).splitlines()
    assert lines == ["No manifest changes, compared with `0123456789ab`."]
    lines = as_markdown(Diff(BASE, (ClusterDiff("test-apps", (bad,), FILES[:1]),))).splitlines()
    assert lines.count("`````diff") == 2
    assert lines.count("`````") == 2


@pytest.mark.parametrize("limit", [LIMIT, 5_000, 900])
@pytest.mark.parametrize("objects", [1, 50, 3_000], ids="{}-objects".format)
def test_a_comment_is_never_longer_than_its_limit(limit: int, objects: int) -> None:
    changed = tuple(ObjectDiff("changed", f"apps/a{n}", "Role", f"a{n}", ("words " * 9,)) for n in range(objects))
    files = tuple(FileDiff(f"apps/a{n}/role-a{n}.yaml", "a: 1\n" * 9, None) for n in range(objects))
    text = as_markdown(Diff(BASE, (ClusterDiff("test-apps", changed, files), ClusterDiff("test-ops"))), limit)
    assert len(text) <= limit
    assert f"| test-apps | 0 | {objects} | 0 |" in text
    left_out = "+++ /dev/null\n@@ -1,9 +0,0 @@" not in text or text.count("+++ /dev/null") < objects
    assert left_out == ("Left out" in text)
    if left_out:
        assert "`make diff BASE=0123456789ab FORMAT=patch`" in text
