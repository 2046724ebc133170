"""A published fork, made once; each test gets a copy of its remote, and caches that are made here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fork as forks
from tests.support.fork import Fork


@pytest.fixture(scope="session")
def cache() -> Iterator[str]:
    """The folder of the caches that all tests here share."""
    # Not below pytest's folder: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="desired-", ignore_cleanup_errors=True) as folder:
        yield folder


def use(cache: str, patch: pytest.MonkeyPatch) -> None:
    """The caches, trusted also in CI: they were made here."""
    patch.setenv("DESIRED_CACHE_DIR", cache)
    for name in ("CI", "DESIRED_CACHE"):
        patch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def template(cache: str, tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """The fork, published. Not to be changed: see `fork`."""
    with pytest.MonkeyPatch.context() as patch:
        use(cache, patch)
        return forks.make(tmp_path_factory.mktemp("fork"))


@pytest.fixture
def fork(template: Fork, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fork:
    """A fork of its own for each test."""
    use(cache, monkeypatch)
    return template.copied(tmp_path / "fork")
