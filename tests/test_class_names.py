"""One class per name: who reads `Release` or `Target` anywhere in the house knows which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.repository import ROOT

FOLDERS = ("constructs_lib", "desired", "apps", "envs", "stacks", "testbed", "benchmarks")


def shared_names(files: Iterable[Path]) -> Iterator[str]:
    """The public names of classes that more than one file defines, with these files."""
    homes: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(file.name)
    return (f"{name}: {', '.join(found)}" for name, found in homes.items() if len(found) > 1)


def test_no_two_files_define_a_class_of_one_name() -> None:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    assert list(shared_names(files)) == []


def test_a_shared_name_is_found(tmp_path: Path) -> None:
    for name in ("one.py", "other.py"):
        (tmp_path / name).write_text("class Target: ...\nclass _Own: ...\n", encoding="utf-8")
    assert list(shared_names(sorted(tmp_path.iterdir()))) == ["Target: one.py, other.py"]
