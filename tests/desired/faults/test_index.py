"""A file of the index that cannot be used is made anew, or said; it is never tried for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from desired.core.errors import Problem
from desired.history.index import Index
from tests.support.command_line import Desired
from tests.support.fork import Fork
from tests.support.people import deploy


def index_of(clone: Path) -> Path:
    return clone / ".git" / "desired" / "index.db"


def test_an_index_that_is_no_database_is_made_anew(fork: Fork) -> None:
    with fork.publisher() as publisher:
        deploy(publisher, "search", 2)
    file = index_of(fork.clone("clone"))
    for each in file.parent.glob("index.db*"):
        each.unlink()
    file.write_bytes(b"no database" * 1000)
    assert "search 0000002: deploy" in Desired(fork.clone("clone"))("history", "search").output


def test_an_index_that_cannot_be_opened_is_a_sentence(fork: Fork) -> None:
    file = index_of(fork.clone("clone"))
    file.mkdir(parents=True)
    with pytest.raises(Problem, match=r"unable to open database file\. Free space on the disk"):
        Index(fork.publisher().git, file)
    assert "Cannot use the index" in Desired(fork.clone("clone"))("history", code=1).output
