"""The README shows what the benchmarks wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import operations, table
from benchmarks.readme import block, put

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
TABLES: list[tuple[str, str, Callable[[dict[str, Any]], str]]] = [
    ("bench", "synth", table.table),
    ("operations", "operations", operations.table),
]


@pytest.mark.parametrize(("mark", "name", "made"), TABLES)
def test_the_readme_holds_the_committed_table(mark: str, name: str, made: object) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert block(readme, mark) == (RESULTS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("mark", "name", "made"), TABLES)
def test_the_committed_table_is_made_from_the_committed_figures(
    mark: str, name: str, made: Callable[[dict[str, Any]], str]
) -> None:
    results = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert made(results) == (RESULTS / f"{name}.md").read_text(encoding="utf-8")


def test_a_new_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("# Title\n<!-- x -->\nold\n<!-- /x -->\nend\n", encoding="utf-8")
    put(file, "new\n", "x")
    assert file.read_text(encoding="utf-8") == "# Title\n<!-- x -->\nnew\n<!-- /x -->\nend\n"
