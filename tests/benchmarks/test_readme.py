"""The README shows what the benchmark wrote."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.readme import BEGIN, END, block, put
from benchmarks.table import table

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def test_the_readme_holds_the_committed_table() -> None:
    assert block((ROOT / "README.md").read_text(encoding="utf-8")) == (RESULTS / "synth.md").read_text(encoding="utf-8")


def test_the_committed_table_is_made_from_the_committed_figures() -> None:
    results = json.loads((RESULTS / "synth.json").read_text(encoding="utf-8"))
    assert table(results) == (RESULTS / "synth.md").read_text(encoding="utf-8")


def test_a_new_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"# Title\n{BEGIN}old\n{END}\nend\n", encoding="utf-8")
    put(file, "new\n")
    assert file.read_text(encoding="utf-8") == f"# Title\n{BEGIN}new\n{END}\nend\n"
