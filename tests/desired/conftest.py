"""A published fork for the tests of a folder; each test gets a copy of its remote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fork as forks
from tests.support.fork import Fork


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Caches of these tests alone, which are trusted also in CI: they begin empty."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESIRED_CACHE_DIR", str(folder))
        patch.delenv("CI", raising=False)
        patch.delenv("DESIRED_CACHE", raising=False)
        yield folder


@pytest.fixture(scope="session")
def template(_caches: Path, tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """A fork that is published and never changed."""
    return forks.make(tmp_path_factory.mktemp("template"))


@pytest.fixture
def fork(template: Fork, tmp_path: Path) -> Fork:
    """A fork of its own for each test."""
    return template.copied(tmp_path / "fork")
