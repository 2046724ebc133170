"""The pages that people write: their links lead somewhere, and their lines fit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_WIDTH = 100
_MADE = ("<!-- operations -->", "<!-- bench -->")
"""Programs write what stands below these marks."""
_LONG = {"cli.md", "defects.md", "guide.md", "reference.md", "rules.md", "stacks.md", "topology.md"}
"""Pages that programs write, or whose examples are wide."""


def without_code(page: Path) -> str:
    """The text of a page without its fenced blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Git servers make them."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.strip().lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in _LONG and "report" not in page.parts],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_lines_of_a_page_fit(page: Path) -> None:
    text = without_code(page)
    for mark in _MADE:
        text = re.sub(f"{mark}.*?{mark.replace('<!-- ', '<!-- /')}", "", text, flags=re.DOTALL)
    long = [line for line in text.splitlines() if len(line) > _WIDTH and not line.startswith(("|", "    "))]
    assert long == []


@pytest.mark.parametrize("folder", ["docs", "docs/how-to"])
def test_the_index_names_every_page(folder: str) -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / folder).glob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in index] == []
