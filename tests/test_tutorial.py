"""The tutorial, done from its first command to its last in a clone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import pages
from tests.support.clone import cloned
from tests.support.repository import ROOT


def test_the_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    assert pages.check(ROOT / "docs" / "tutorial.md", cloned(tmp_path / "fleet"), tmp_path / "cache") == []


def test_a_page_with_another_output_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("```console\n$ echo one; echo two\none\n$ echo three\n…\n```\n")
    (found,) = pages.check(tmp_path / "page.md", tmp_path, tmp_path / "cache")
    assert (found.command, found.shown, found.printed) == ("echo one; echo two", "one\n", "one\ntwo\n")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("made by 0123456789ab", "made by fedcba987654"),
        ("2026-11-30 07:28:03Z  Ada", "2027-01-01 00:00:00Z Ada"),
        ("…", ""),
    ],
)
def test_what_differs_from_run_to_run_is_not_compared(shown: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"```console\n$ printf '{printed}'\n{shown}\n```\n")
    assert pages.check(tmp_path / "page.md", tmp_path, tmp_path / "cache") == []


def test_an_edit_of_a_page_is_made_in_the_clone(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "page.md").write_text("```diff\n# file.py\n a = 1\n-b = 2\n+b = 3\n```\n")
    assert pages.check(tmp_path / "page.md", tmp_path, tmp_path / "cache") == []
    assert (tmp_path / "file.py").read_text() == "a = 1\nb = 3\n"
