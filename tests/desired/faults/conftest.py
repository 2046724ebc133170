"""The fork for tests of faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desired.conftest import use
from tests.support.fork import Fork


@pytest.fixture(autouse=True)
def with_cache(cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only in these tests: what runs beside them has caches of its own."""
    use(cache, monkeypatch)


@pytest.fixture
def fleet(template: Fork, tmp_path: Path) -> Fork:
    """A published remote."""
    return template.copied(tmp_path / "fleet")


@pytest.fixture
def start(fleet: Fork) -> str:
    """The commit at which both branches of the remote are before the test."""
    return fleet.tip("main")
