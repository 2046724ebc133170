"""The page docs/troubleshooting.md explains every sentence with which the core refuses an operation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from desired.core.facts import unknown_environment
from desired.core.transitions import REFUSALS
from tests.support.repository import ROOT

_CORE = ROOT / "desired" / "core"
_ERRORS = {"Refused", "Conflict"}
_VALUE = "…"


def page() -> str:
    """The page on one line, with `…` for every value."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    return _plain(re.sub(r"\*[^*\n]+\*", _VALUE, text.replace("\n> ", "\n")))


def _plain(text: str) -> str:
    """One line in small letters, with one `…` where values follow each other."""
    return re.sub(r"…( ?…)+", _VALUE, " ".join(text.lower().split()))


def refusals() -> Iterator[tuple[str, str]]:
    """Every sentence in the core that is raised: its place, and its words."""
    for file in sorted(_CORE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ERRORS:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", _words(node.args[0])


def _words(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in node.values)
    return _VALUE


def first(sentence: str) -> str:
    """What happened, without the next step."""
    return _plain(re.split(r"[.;] ", sentence)[0].removesuffix("."))


@pytest.mark.parametrize(("place", "sentence"), list(refusals()))
def test_the_page_has_every_refusal_of_the_core(place: str, sentence: str) -> None:
    assert first(sentence) in page(), f"{place}: explain this in docs/troubleshooting.md"


@pytest.mark.parametrize("reason", sorted({why for row in REFUSALS.values() for why in row.values() if why}))
def test_the_page_has_every_reason_of_the_table_of_transitions(reason: str) -> None:
    assert first(re.sub(r"\{\w+\}", _VALUE, reason)) in page()


def test_the_page_has_the_sentence_for_an_unknown_environment() -> None:
    assert first(unknown_environment(_VALUE, ["staging"]).replace(repr(_VALUE), _VALUE)) in page()


def test_the_sentences_are_found() -> None:
    sentences = [sentence for _, sentence in refusals()]
    assert any(sentence.startswith("Cannot retire …") for sentence in sentences)
    assert len(sentences) > 25
